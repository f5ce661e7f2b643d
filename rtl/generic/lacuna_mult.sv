// Pipelined multiplier of the gates: product_o = a_i * b_i of Latency cycles earlier, signed.
// Behavioural twin of ecp5/lacuna_mult.sv (a tree of carry chains, since the PEs may own every DSP, or with Dsp one).
//
// WidthA 2..36, WidthB 2..18, Latency 2..3; Dsp, PositiveB and FarInputs, of no effect here, 0 or 1.
`default_nettype none

module lacuna_mult #(
    parameter int unsigned WidthA = 24,
    parameter int unsigned WidthB = 16,
    parameter int unsigned Latency = 3,
    parameter int unsigned Dsp = 0,
    parameter int unsigned PositiveB = 0,
    parameter int unsigned FarInputs = 0
) (
    input wire logic clk_i,
    input wire logic signed [WidthA-1:0] a_i,
    input wire logic signed [WidthB-1:0] b_i,
    output logic signed [WidthA+WidthB-1:0] product_o
);
    if (WidthA < 2 || WidthA > 36 || WidthB < 2 || WidthB > 18 || Latency < 2 || Latency > 3 || Dsp > 1 || PositiveB > 1 || FarInputs > 1) begin : gen_bad
        $error("lacuna_mult: WidthA must be 2..36, WidthB 2..18, Latency 2..3, Dsp, PositiveB and FarInputs 0 or 1");
    end

    logic [Latency-1:0][WidthA+WidthB-1:0] product_q;

    always_ff @(posedge clk_i) begin
        product_q[0] <= a_i * b_i;
        for (int unsigned s = 1; s < Latency; s++) product_q[s] <= product_q[s-1];
    end

    assign product_o = product_q[Latency-1];
endmodule
