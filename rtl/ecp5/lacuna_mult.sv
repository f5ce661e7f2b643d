// Pipelined multiplier of the gates: product_o = a_i * b_i of Latency cycles earlier, signed; with Half 1 that and
// 2 ** (WidthB - 2), half a step of a product of two fractions that is rounded to WidthB bits less one.
// A tree of carry chains, since the PEs may own every DSP; with Dsp one MULT18X18D, where both operands fit it (where one
// does not, the tree all the same). Twin of generic/lacuna_mult.sv.
//
// PositiveB 1: b_i is never negative, and its sign takes no row of the tree. FarInputs 1: the operands come from afar, so
// the first register stands at the ports, and the last level of sums behind the last register, before what follows. With
// both and Latency 3, a b_i of 10 to 16 bits is taken in Booth digits, half as many sums in as many LUTs (lacuna_booth_mult).
//
// WidthA 2..36, WidthB 2..18, Latency 2..3; Dsp, PositiveB, FarInputs and Half 0 or 1; Half 1 wants Latency 3, WidthB a
// multiple of 4, and PositiveB 0.
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
    localparam int unsigned DspWidth = 18;
    localparam int unsigned DspLatency = 2;
    localparam bit Booth = PositiveB != 0 && FarInputs != 0 && Latency == 3 && WidthB >= 10 && WidthB <= 16;

    if (Dsp != 0 && WidthA <= DspWidth) begin : gen_dsp
        logic signed [WidthA+WidthB-1:0] product;

        lacuna_pe_mult #(
            .WidthA(WidthA), .WidthB(WidthB)
        ) u_mult (
            .clk_i, .a_i, .b_i,
            .product_o(product)
        );

        if (Latency == DspLatency) begin : gen_at_once
            assign product_o = product;
        end else begin : gen_late
            always_ff @(posedge clk_i) product_o <= product + $signed((WidthA + WidthB)'(Half << (WidthB - 2)));
        end
    end else if (Booth) begin : gen_booth
        lacuna_booth_mult #(
            .WidthA(WidthA), .WidthB(WidthB)
        ) u_mult (
            .clk_i, .a_i, .b_i, .product_o
        );
    end else begin : gen_tree
        lacuna_tree_mult #(
            .WidthA(WidthA), .WidthB(WidthB), .Latency(Latency), .PositiveB(PositiveB), .FarInputs(FarInputs), .Half(Half)
        ) u_mult (
            .clk_i, .a_i, .b_i, .product_o
        );
    end

    if (WidthA < 2 || WidthA > 36 || WidthB < 2 || WidthB > 18 || Latency < 2 || Latency > 3 || Dsp > 1 || PositiveB > 1 || FarInputs > 1 || Half > 1
        || (Half != 0 && (Latency != 3 || PositiveB != 0 || WidthB % 4 != 0))) begin : gen_bad
        $error("lacuna_mult: WidthA must be 2..36, WidthB 2..18, Latency 2..3, Dsp, PositiveB, FarInputs and Half 0 or 1 (1: Latency 3, WidthB a multiple of 4)");
    end
endmodule
