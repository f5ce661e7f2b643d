// Accumulator: sum_o <= (first_i ? 0 : sum_o) + addend_i, signed, modulo 2^Width. One carry chain without any other LUT.
//
// A CCU2C's LUT4 computes A ^ (B & ~C) of addend A, sum B and first C (INIT with D = 1: A6 AA; the LUT2, the entries for
// C = D = 0, generates the carry A): where the carry is not propagated, both operand bits equal the addend's.
// Twin of generic/lacuna_accumulate.sv.
//
// Width 2..64.
`default_nettype none

module lacuna_accumulate #(
    parameter int unsigned Width = 24
) (
    input wire logic clk_i,
    input wire logic first_i,
    input wire logic signed [Width-1:0] addend_i,
    output logic signed [Width-1:0] sum_o
);
    if (Width < 2 || Width > 64) begin : gen_bad
        $error("lacuna_accumulate: Width must be 2..64");
    end

    localparam int unsigned Slices = (Width + 1) / 2;
    // Entries D C B A: 1 1 - - : A; 1 0 - - : A ^ B; below, with D = 0, A.
    localparam logic [15:0] Init = 16'hA6AA;

    logic [2*Slices-1:0] addend, kept, sum;
    logic [Slices:0] carry;

    assign addend = (2 * Slices)'(addend_i);
    assign kept = (2 * Slices)'(sum_o);
    assign carry[0] = 1'b0;

    for (genvar s = 0; s < Slices; s++) begin : gen_slice
        CCU2C #(
            .INIT0(Init),
            .INIT1(Init),
            .INJECT1_0("NO"),
            .INJECT1_1("NO")
        ) u_carry (
            .CIN(carry[s]),
            .A0(addend[2*s]), .B0(kept[2*s]), .C0(first_i), .D0(1'b1),
            .A1(addend[2*s+1]), .B1(kept[2*s+1]), .C1(first_i), .D1(1'b1),
            .S0(sum[2*s]), .S1(sum[2*s+1]),
            .COUT(carry[s+1])
        );
    end

    always_ff @(posedge clk_i) sum_o <= sum[Width-1:0];

    logic unused;
    assign unused = carry[Slices];

    if (2 * Slices > Width) begin : gen_unused
        logic unused_top;
        assign unused_top = sum[2*Slices-1];
    end
endmodule
