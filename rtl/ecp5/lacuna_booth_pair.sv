// First level of lacuna_booth_mult: a_i times two Booth digits, on one carry chain behind one LUT.
//
// sum_o + 16 * (high digit's carry) = a_i * (low digit + 4 * high digit), signed; the low digit's carry, low_carry_i, goes
// into the chain. Combinational.
//
// A digit is {negate, twice, once} and stands for -2, -1, 0, 1 or 2. Its multiple of a_i is negated as ~x + 1, and the 1 is
// carried through the two lowest bits at once: they are *_end_i, those of the negated multiple, and the carry out of them
// counts 4 times the digit's own weight. Both are made where the digits are. A CCU2C's LUT4 computes (A ^ B) ^ (C ^ D), two
// multiples that each may be inverted, and its LUT2, the entries for C = D = 0, the carry A ^ B: INIT 6996.
//
// Width 2..36.
`default_nettype none

module lacuna_booth_pair #(
    parameter int unsigned Width = 24
) (
    input wire logic signed [Width-1:0] a_i,
    input wire logic [2:0] low_i,
    input wire logic [2:0] high_i,
    input wire logic [1:0] low_end_i,
    input wire logic [1:0] high_end_i,
    input wire logic low_carry_i,
    output logic signed [Width+3:0] sum_o
);
    if (Width < 2 || Width > 36) begin : gen_bad
        $error("lacuna_booth_pair: Width must be 2..36");
    end

    localparam int unsigned Slices = (Width + 3) / 2;  // of the chain, which starts at bit 2 of the sum

    // Multiples of a_i, wide enough for all slices.
    logic [2*Slices+1:0] single, double, low, high;

    assign single = (2 * Slices + 2)'(a_i);
    assign double = single << 1;
    assign low = ({(2 * Slices + 2){low_i[0]}} & single) | ({(2 * Slices + 2){low_i[1]}} & double);
    assign high = ({(2 * Slices + 2){high_i[0]}} & single) | ({(2 * Slices + 2){high_i[1]}} & double);

    logic [2*Slices-1:0] high_bit, high_invert, sum;
    logic [Slices:0] carry;

    assign high_bit = {high[2*Slices-1:2], high_end_i};
    assign high_invert = {{(2 * Slices - 2){high_i[2]}}, 2'b00};
    assign carry[0] = low_carry_i;

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

    assign sum_o = {sum[Width+1:0], low_end_i};

    logic unused;
    assign unused = ^{carry[Slices], high[2*Slices+1-:2], high[1:0], low[1:0]};

    if (2 * Slices > Width + 2) begin : gen_unused
        logic unused_top;
        assign unused_top = sum[2*Slices-1];
    end
endmodule
