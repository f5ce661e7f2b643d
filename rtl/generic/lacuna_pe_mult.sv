// Multiplier of a PE with input and output registers: product_o = a_i * b_i of two cycles earlier.
// Behavioural twin of ecp5/lacuna_pe_mult.sv (MULT18X18D with REG_INPUT and REG_OUTPUT).
//
// WidthA, WidthB 2..18, signed.
`default_nettype none

module lacuna_pe_mult #(
    parameter int unsigned WidthA = 15,
    parameter int unsigned WidthB = 8
) (
    input wire logic clk_i,
    input wire logic signed [WidthA-1:0] a_i,
    input wire logic signed [WidthB-1:0] b_i,
    output logic signed [WidthA+WidthB-1:0] product_o
);
    if (WidthA < 2 || WidthA > 18 || WidthB < 2 || WidthB > 18) begin : gen_bad
        $error("lacuna_pe_mult: WidthA and WidthB must be 2..18");
    end

    logic signed [WidthA-1:0] a_q;
    logic signed [WidthB-1:0] b_q;

    always_ff @(posedge clk_i) begin
        a_q <= a_i;
        b_q <= b_i;
        product_o <= a_q * b_q;
    end
endmodule
