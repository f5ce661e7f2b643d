// Stream register that cuts both ways: valid, ready and data all come out of flip-flops.
//
// in_*, out_*: valid/ready. A word leaves one cycle after it came at the earliest, one word a cycle. Two words are held at
// most: the second waits in a place of its own while the first is not taken.
//
// Width at least 1.
`default_nettype none

module lacuna_skid #(
    parameter int unsigned Width = 8
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
    logic [Width-1:0] wait_q;
    logic free;

    if (Width < 1) begin : gen_bad
        $error("lacuna_skid: Width must be at least 1");
    end

    assign free = !out_valid_o || out_ready_i;

    always_ff @(posedge clk_i) begin
        if (free) begin
            out_valid_o <= !in_ready_o || in_valid_i;
            out_data_o <= in_ready_o ? in_data_i : wait_q;
        end
        in_ready_o <= !rst_ni || free || (in_ready_o && !in_valid_i);
        if (in_ready_o) wait_q <= in_data_i;
        if (!rst_ni) out_valid_o <= 1'b0;
    end
endmodule
