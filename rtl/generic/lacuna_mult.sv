// Pipelined multiplier of the gates: product_o = a_i * b_i of Latency cycles earlier, signed; with Half 1 that and
// 2 ** (WidthB - 2), half a step of a product of two fractions that is rounded to WidthB bits less one.
// Behavioural twin of ecp5/lacuna_mult.sv (a tree of carry chains, since the PEs may own every DSP, or with Dsp one).
//
// WidthA 2..36, WidthB 2..18, Latency 2..3; Dsp, PositiveB and FarInputs, of no effect here, and Half 0 or 1; Half 1 wants
// Latency 3, WidthB a multiple of 4, and PositiveB 0.
`default_nettype none

module lacuna_mult #(
    parameter int unsigned WidthA = 24,
    parameter int unsigned WidthB = 16,
    parameter int unsigned Latency = 3,
    parameter int unsigned Dsp = 0,
    parameter int unsigned PositiveB = 0,
    parameter int unsigned FarInputs = 0,
    parameter int unsigned Half = 0
) (
    input wire logic clk_i,
    input wire logic signed [WidthA-1:0] a_i,
    input wire logic signed [WidthB-1:0] b_i,
    output logic signed [WidthA+WidthB-1:0] product_o
);
    if (WidthA < 2 || WidthA > 36 || WidthB < 2 || WidthB > 18 || Latency < 2 || Latency > 3 || Dsp > 1 || PositiveB > 1 || FarInputs > 1 || Half > 1
        || (Half != 0 && (Latency != 3 || PositiveB != 0 || WidthB % 4 != 0))) begin : gen_bad
        $error("lacuna_mult: WidthA must be 2..36, WidthB 2..18, Latency 2..3, Dsp, PositiveB, FarInputs and Half 0 or 1 (1: Latency 3, WidthB a multiple of 4)");
    end

    logic [Latency-1:0][WidthA+WidthB-1:0] product_q;

    always_ff @(posedge clk_i) begin
        product_q[0] <= a_i * b_i + $signed((WidthA + WidthB)'(Half << (WidthB - 2)));
        for (int unsigned s = 1; s < Latency; s++) product_q[s] <= product_q[s-1];
    end

    assign product_o = product_q[Latency-1];
endmodule
