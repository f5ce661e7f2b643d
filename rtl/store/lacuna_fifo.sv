// First-in first-out queue of small records in distributed RAM.
//
// valid/ready on both sides, but in_valid_i must wait for in_ready_o: every user has made sure of room, and the memory's
// write enable has no gate on its way; an assertion guards it in simulation. out_data_o is valid in the cycle after the push
// at the earliest and holds while stalled.
// Depth: a power of two, 2..64; Width >= 1.
`default_nettype none

module lacuna_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 16
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic in_valid_i,
    output logic in_ready_o,
    input wire logic [Width-1:0] in_data_i,
    output logic out_valid_o,
    input wire logic out_ready_i,
    output logic [Width-1:0] out_data_o
);
    localparam int unsigned AddrW = $clog2(Depth);

    if (Depth < 2 || Depth > 64 || Depth != (1 << AddrW) || Width < 1) begin : gen_bad
        $error("lacuna_fifo: Depth must be a power of two in 2..64 and Width at least 1");
    end

    (* ram_style = "distributed" *) logic [Width-1:0] queue[0:Depth-1];
    logic [AddrW-1:0] head_q, tail_q;
    logic [AddrW:0] count_q;
    logic one_q, room_one_q;  // one is in the queue; one more goes into it
    logic pop;

    assign pop = out_valid_o && out_ready_i;
    assign out_data_o = queue[tail_q];

    always_ff @(posedge clk_i) begin
        if (in_valid_i) begin
            queue[head_q] <= in_data_i;
            head_q <= head_q + 1'b1;
        end
        if (pop) tail_q <= tail_q + 1'b1;
        if (in_valid_i && !pop) begin
            count_q <= count_q + 1'b1;
            one_q <= count_q == '0;
            room_one_q <= count_q == (AddrW + 1)'(Depth - 2);
            in_ready_o <= !room_one_q;
            out_valid_o <= 1'b1;
        end else if (pop && !in_valid_i) begin
            count_q <= count_q - 1'b1;
            one_q <= count_q == (AddrW + 1)'(2);
            room_one_q <= count_q == (AddrW + 1)'(Depth);
            in_ready_o <= 1'b1;
            out_valid_o <= !one_q;
        end
        if (!rst_ni) begin
            head_q <= '0;
            tail_q <= '0;
            count_q <= '0;
            one_q <= 1'b0;
            room_one_q <= 1'b0;
            in_ready_o <= 1'b1;
            out_valid_o <= 1'b0;
        end
    end

`ifndef SYNTHESIS
    always_ff @(posedge clk_i) begin
        a_room : assert (!rst_ni || !in_valid_i || in_ready_o);
    end
`endif
endmodule
