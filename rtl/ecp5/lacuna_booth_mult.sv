// Pipelined multiplier of carry chains by a number that is never negative: product_o = a_i * b_i of 3 cycles earlier. Part
// of lacuna_mult.
//
// b_i in Booth digits of two bits each (radix 4: A. D. Booth 1951 as modified by O. L. MacSorley, Proc. IRE 49, 1961), pairs
// of them added behind a register at the ports, pairs of pairs behind the next, and the halves behind the last: no cycle
// has two carry chains, as lacuna_tree_mult's have. The 1 that negating digit k leaves over counts 4^(k+1), the lowest bit
// of the upper operand of exactly one sum; it is that sum's carry.
//
// WidthA 2..36, WidthB 10..16.
`default_nettype none

module lacuna_booth_mult #(
    parameter int unsigned WidthA = 24,
    parameter int unsigned WidthB = 16
) (
    input wire logic clk_i,
    input wire logic signed [WidthA-1:0] a_i,
    input wire logic signed [WidthB-1:0] b_i,
    output logic signed [WidthA+WidthB-1:0] product_o
);
    if (WidthA < 2 || WidthA > 36 || WidthB < 10 || WidthB > 16) begin : gen_bad
        $error("lacuna_booth_mult: WidthA must be 2..36, WidthB 10..16");
    end

    localparam int unsigned Digits = 8;
    localparam int unsigned Pairs = Digits / 2;
    localparam int unsigned PairW = WidthA + 4;
    localparam int unsigned HalfW = WidthA + 8;
    localparam int unsigned FullW = WidthA + 16;

    logic [2*Digits:0] bits;
    logic [Digits-1:0][2:0] digit, digit_q;      // {negate, twice, once}
    logic [Digits-1:0][1:0] end_bits, end_bits_q;  // of a digit's multiple, the lowest two
    logic [Digits-1:0] end_carry, end_carry_q;     // out of those, where it is negated
    logic signed [WidthA-1:0] a_q;

    assign bits = {(2 * Digits)'(b_i[WidthB-2:0]), 1'b0};

    for (genvar d = 0; d < Digits; d++) begin : gen_digit
        logic [1:0] multiple;

        assign digit[d] = {
            bits[2*d+2] && bits[2*d+:2] != 2'b11,
            bits[2*d+:3] == 3'b011 || bits[2*d+:3] == 3'b100,
            bits[2*d+1] ^ bits[2*d]
        };
        assign multiple = ({2{digit[d][0]}} & a_i[1:0]) | ({2{digit[d][1]}} & {a_i[0], 1'b0});
        assign end_bits[d] = {multiple[1] ^ (digit[d][2] & multiple[0]), multiple[0]};
        assign end_carry[d] = digit[d][2] && multiple == '0;
    end

    always_ff @(posedge clk_i) begin
        a_q <= a_i;
        digit_q <= digit;
        end_bits_q <= end_bits;
        end_carry_q <= end_carry;
    end

    logic [Pairs-1:0][PairW-1:0] pair, pair_q;
    logic [Pairs-1:0] carry_q;  // of each pair's high digit

    for (genvar p = 0; p < Pairs; p++) begin : gen_pair
        lacuna_booth_pair #(.Width(WidthA)) u_pair (
            .a_i(a_q), .low_i(digit_q[2*p]), .high_i(digit_q[2*p+1]), .low_end_i(end_bits_q[2*p]), .high_end_i(end_bits_q[2*p+1]),
            .low_carry_i(end_carry_q[2*p]), .sum_o(pair[p])
        );
    end

    logic [1:0][HalfW-1:0] half, half_q;
    logic middle_q;

    for (genvar h = 0; h < 2; h++) begin : gen_half
        logic unused_carry;
        logic [PairW-1:0] upper;

        assign {upper, unused_carry} = {PairW'($signed(pair_q[2*h][PairW-1:4])), 1'b1} + {pair_q[2*h+1], carry_q[2*h]};
        assign half[h] = {upper, pair_q[2*h][3:0]};
    end

    logic [FullW-1:0] full;
    logic [HalfW-1:0] full_upper;
    logic unused_carry;

    assign {full_upper, unused_carry} = {HalfW'($signed(half_q[0][HalfW-1:8])), 1'b1} + {half_q[1], middle_q};
    assign full = {full_upper, half_q[0][7:0]};
    assign product_o = (WidthA + WidthB)'($signed(full));

    always_ff @(posedge clk_i) begin
        pair_q <= pair;
        for (int unsigned p = 0; p < Pairs; p++) carry_q[p] <= end_carry_q[2*p+1];
        half_q <= half;
        middle_q <= carry_q[1];
    end

    // The topmost digits are never negative, and neither is b_i.
    logic unused;
    assign unused = ^{carry_q[3], b_i[WidthB-1]};

    if (FullW > WidthA + WidthB) begin : gen_unused
        logic unused_top;
        assign unused_top = ^full[FullW-1:WidthA+WidthB];
    end
endmodule
