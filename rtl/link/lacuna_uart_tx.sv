// UART transmitter, 8N1, least significant bit first.
//
// valid/ready bytes; one waits while another is on the line, so bytes follow each other without a gap.
// increment_i: clock periods a bit, as a fraction of 2^32 (lacuna_uart_rx). busy_o: a byte is on the line, or waits.
`default_nettype none

module lacuna_uart_tx (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic [31:0] increment_i,
    input wire logic valid_i,
    output logic ready_o,
    input wire logic [7:0] data_i,
    output logic busy_o,
    output logic tx_o
);
    localparam logic [3:0] Bits = 4'd10;

    logic [31:0] phase_q, phase;
    logic tick, tick_q;
    logic [3:0] left_q;  // bits, that on the line included
    logic idle_q, last_q;  // there are none, there is one
    logic waiting_q, load;
    logic [7:0] next_q;  // the byte that waits
    logic [9:0] shift_q;

    assign {tick, phase} = {1'b0, phase_q} + {1'b0, increment_i};
    assign busy_o = !idle_q || waiting_q;
    assign ready_o = !waiting_q;
    assign load = waiting_q && (idle_q || (last_q && tick_q));
    assign tx_o = shift_q[0];

    always_ff @(posedge clk_i) begin
        phase_q <= idle_q ? '0 : phase;
        tick_q <= tick && !idle_q;
        if (!waiting_q) next_q <= data_i;
        waiting_q <= waiting_q ? !load : valid_i;
        if (load) begin
            shift_q <= {1'b1, next_q, 1'b0};
            left_q <= Bits;
            idle_q <= 1'b0;
            last_q <= 1'b0;
        end else if (tick_q) begin
            shift_q <= {1'b1, shift_q[9:1]};
            left_q <= left_q - 1'b1;
            idle_q <= last_q;
            last_q <= left_q == 4'd2;
        end
        if (!rst_ni) begin
            tick_q <= 1'b0;
            waiting_q <= 1'b0;
            idle_q <= 1'b1;
            last_q <= 1'b0;
            shift_q <= '1;
        end
    end
endmodule
