// First level of lacuna_booth_mult: a_i times two Booth digits, on one carry chain behind one LUT.
//
// With the carries that are left to others, sum_o + 16 * carry_o[1] = a_i * (low digit + 4 * high digit), signed; the chain
// takes the low digit's, carry_o[0], itself. Combinational.
//
// A digit is {negate, twice, once} and stands for -2, -1, 0, 1 or 2. Its multiple of a_i is negated as ~x + 1, and the 1 is
// carried through the two lowest bits at once: they are those of the negated multiple, and the carry counts 4 digits' worth
// of a bit. A CCU2C's LUT4 computes (A ^ B) ^ (C ^ D), two multiples that each may be inverted, and its LUT2, the entries for
// C = D = 0, the carry A ^ B: INIT 6996.
`default_nettype none

module lacuna_booth_pair #(
    parameter int unsigned Width = 24
) (
    input wire logic signed [Width-1:0] a_i,
    input wire logic [2:0] low_i,
    input wire logic [2:0] high_i,
    output logic signed [Width+3:0] sum_o,
    output logic carry_o
);
    localparam int unsigned Slices = (Width + 3) / 2;  // of the chain, which starts at bit 2 of the sum

    // Multiples of a_i, wide enough for all slices.
    logic [2*Slices+1:0] single, double, low, high;
    logic [1:0] low_end, high_end;

    assign single = (2 * Slices + 2)'(a_i);
    assign double = single << 1;
    assign low = ({(2 * Slices + 2){low_i[0]}} & single) | ({(2 * Slices + 2){low_i[1]}} & double);
    assign high = ({(2 * Slices + 2){high_i[0]}} & single) | ({(2 * Slices + 2){high_i[1]}} & double);
    assign low_end = {low[1] ^ (low_i[2] & low[0]), low[0]};
    assign high_end = {high[1] ^ (high_i[2] & high[0]), high[0]};
    assign carry_o = high_i[2] && high[1:0] == 2'b00;

    logic [2*Slices-1:0] high_bit, high_invert, sum;
    logic [Slices:0] carry;

    assign high_bit = {high[2*Slices-1:2], high_end};
    assign high_invert = {{(2 * Slices - 2){high_i[2]}}, 2'b00};
    assign carry[0] = low_i[2] && low[1:0] == 2'b00;

    for (genvar s = 0; s < Slices; s++) begin : gen_slice
        CCU2C #(
            .INIT0(16'h6996),
            .INIT1(16'h6996),
            .INJECT1_0("NO"),
            .INJECT1_1("NO")
        ) u_carry (
            .CIN(carry[s]),
            .A0(high_bit[2*s]), .B0(high_invert[2*s]), .C0(low[2*s+2]), .D0(low_i[2]),
            .A1(high_bit[2*s+1]), .B1(high_invert[2*s+1]), .C1(low[2*s+3]), .D1(low_i[2]),
            .S0(sum[2*s]), .S1(sum[2*s+1]),
            .COUT(carry[s+1])
        );
    end

    assign sum_o = {sum[Width+1:0], low_end};

    logic unused;
    assign unused = ^{carry[Slices], high[2*Slices+1-:2]};

    if (2 * Slices > Width + 2) begin : gen_unused
        logic unused_top;
        assign unused_top = sum[2*Slices-1];
    end
endmodule
