// Stream register for a long way: valid, ready and data all come out of flip-flops, and what enables the data's is one too.
//
// in_*, out_*: valid/ready. One word is held; while it is, none is taken. So a word leaves one cycle after it came at the
// earliest, and the next comes two cycles after it. lacuna_skid takes one a cycle, for twice the registers.
//
// Width at least 1.
`default_nettype none

module lacuna_relay #(
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
    if (Width < 1) begin : gen_bad
        $error("lacuna_relay: Width must be at least 1");
    end

    assign in_ready_o = !out_valid_o;

    always_ff @(posedge clk_i) begin
        if (!out_valid_o) out_data_o <= in_data_i;
        out_valid_o <= rst_ni && (out_valid_o ? !out_ready_i : in_valid_i);
    end
endmodule
