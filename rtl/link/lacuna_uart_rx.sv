// UART receiver, 8N1, least significant bit first.
//
// A 32-bit phase accumulator counts bit times: increment_i is clock periods a bit, as a fraction of 2^32, and may change
// while restart_i is high. The line passes two flip-flops and a vote of three samples, so a glitch of one cycle is not
// seen; each bit is sampled once, in its middle to within half a clock. valid_o is high for one cycle a byte,
// framing_error_o in its place where there was no stop bit; break_o once when the line has been low for 20 bit times.
// low_o: the line as it is sampled. At least 4 clocks a bit.
`default_nettype none

module lacuna_uart_rx (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic restart_i,
    input wire logic [31:0] increment_i,
    input wire logic rx_i,
    output logic valid_o,
    output logic [7:0] data_o,
    output logic framing_error_o,
    output logic break_o,
    output logic low_o
);
    localparam int unsigned LowW = $clog2(lacuna_link_pkg::BreakBits + 1);
    localparam logic [3:0] StopBit = 4'd9;

    logic [3:0] sample_q;  // [1]: behind two flip-flops
    logic line_q, before_q;
    logic [31:0] phase_q, phase;
    logic active_q, start, tick, tick_q;
    logic [3:0] bit_q;
    logic [LowW-1:0] low_q;

    assign start = !active_q && before_q && !line_q;
    assign {tick, phase} = {1'b0, start ? 32'h8000_0000 : phase_q} + {1'b0, increment_i};
    assign low_o = !line_q;

    always_ff @(posedge clk_i) begin
        sample_q <= {sample_q[2:0], rx_i};
        line_q <= (sample_q[1] && sample_q[2]) || (sample_q[2] && sample_q[3]) || (sample_q[1] && sample_q[3]);
        before_q <= line_q;
        phase_q <= phase;
        tick_q <= tick;  // so bits are taken from before_q
        valid_o <= 1'b0;
        framing_error_o <= 1'b0;
        if (start) begin
            active_q <= 1'b1;
            bit_q <= '0;
        end else if (active_q && tick_q) begin
            bit_q <= bit_q + 1'b1;
            if (bit_q == '0 && before_q) active_q <= 1'b0;  // no start bit: a disturbance
            if (bit_q == StopBit) begin
                active_q <= 1'b0;
                valid_o <= before_q;
                framing_error_o <= !before_q;
            end else begin
                data_o <= {before_q, data_o[7:1]};
            end
        end

        break_o <= 1'b0;
        if (line_q) begin
            low_q <= '0;
        end else if (tick_q && low_q != LowW'(lacuna_link_pkg::BreakBits)) begin
            low_q <= low_q + 1'b1;
            break_o <= low_q == LowW'(lacuna_link_pkg::BreakBits - 1);
        end

        if (!rst_ni || restart_i) begin
            active_q <= 1'b0;
            valid_o <= 1'b0;
            framing_error_o <= 1'b0;
            break_o <= 1'b0;
            low_q <= '0;
        end
        if (!rst_ni) begin
            sample_q <= '1;
            line_q <= 1'b1;
            before_q <= 1'b1;
        end
    end
endmodule
