// Pipelined multiplier of carry chains: product_o = a_i * b_i of Latency cycles earlier, signed. Part of lacuna_mult.
//
// Level 0 takes the multiplier b_i two bits at a time (lacuna_pair_rows); every further level adds neighbouring sums,
// so a sum of level n covers 2 * 2^n bits of b_i. The Latency registers are spread evenly over the levels: with a
// 16-bit multiplier and Latency 3 behind the levels 0, 2 and 3. With FarInputs one of them is at the inputs, and none behind
// the last level.
//
// WidthA 2..36, WidthB 2..18, Latency 2..3; PositiveB 1: b_i is never negative, so that its top bit takes no row; FarInputs
// 0 or 1; Half 1: and 2 ** (WidthB - 2), the carry into level 1's sum of the last two pairs (an even number of pairs).
`default_nettype none

module lacuna_tree_mult #(
    parameter int unsigned WidthA = 24,
    parameter int unsigned WidthB = 16,
    parameter int unsigned Latency = 3,
    parameter int unsigned PositiveB = 0,
    parameter int unsigned FarInputs = 0,
    parameter int unsigned Half = 0
) (
    input wire logic clk_i,
    input wire logic signed [WidthA-1:0] a_i,
    input wire logic signed [WidthB-1:0] b_i,
    output logic signed [WidthA+WidthB-1:0] product_o
);
    if (WidthA < 2 || WidthA > 36 || WidthB < 2 || WidthB > 18 || Latency < 2 || Latency > 3 || PositiveB > 1 || FarInputs > 1 || Half > 1
        || (Half != 0 && (PositiveB != 0 || WidthB % 4 != 0))) begin : gen_bad
        $error("lacuna_tree_mult: WidthA must be 2..36, WidthB 2..18, Latency 2..3, PositiveB, FarInputs and Half 0 or 1 (1: PositiveB 0, WidthB a multiple of 4)");
    end

    localparam int unsigned Pairs = (WidthB + 1 - PositiveB) / 2;
    localparam int unsigned Levels = $clog2(Pairs) + 1;

    // Levels up to the last register; cycles from the inputs to the inputs of level 0, where they are far or there are more
    // registers than levels; registers for the levels.
    localparam int unsigned Closed = FarInputs != 0 && Levels > 1 ? Levels - 1 : Levels;
    localparam int unsigned Early = Latency > Closed ? Latency - Closed : FarInputs;
    localparam int unsigned Spread = Latency - Early;

    logic signed [WidthA-1:0] a;
    logic signed [2*Pairs-1:0] b;

    if (WidthB > 2 * Pairs) begin : gen_positive
        logic unused_sign;
        assign unused_sign = b_i[WidthB-1];
    end

    if (Early == 0) begin : gen_at_once
        assign a = a_i;
        assign b = (2 * Pairs)'(b_i);
    end else begin : gen_early
        // Flat, latest lowest; see below.
        logic [Early*WidthA-1:0] a_q;
        logic [Early*2*Pairs-1:0] b_q;

        always_ff @(posedge clk_i) begin
            a_q <= (Early * WidthA)'({a_q, a_i});
            b_q <= (Early * 2 * Pairs)'({b_q, (2 * Pairs)'(b_i)});
        end
        assign a = $signed(a_q[Early*WidthA-1-:WidthA]);
        assign b = $signed(b_q[Early*2*Pairs-1-:2*Pairs]);
    end

    for (genvar l = 0; l < Levels; l++) begin : gen_level
        localparam int unsigned Rows = (Pairs + (1 << l) - 1) >> l;
        localparam int unsigned RowW = WidthA + (2 << l);
        localparam bit Registered = l < Closed
            && (((2 * l + 3) * Spread) / (2 * Closed) != ((2 * l + 1) * Spread) / (2 * Closed) || l == Closed - 1);

        // Sums, lowest first; flat, since Yosys 0.52 cannot size a 2-D array of a generate block from a nested one.
        logic [Rows*RowW-1:0] row, row_next;

        for (genvar r = 0; r < Rows; r++) begin : gen_row
            if (l == 0) begin : gen_pair
                logic signed [RowW-1:0] sum;

                lacuna_pair_rows #(
                    .Width(WidthA),
                    .Top(r == Pairs - 1 && PositiveB == 0)
                ) u_pair (
                    .a_i(a),
                    .low_i(b[2*r]),
                    .high_i(b[2*r+1]),
                    .sum_o(sum)
                );
                assign row[r*RowW+:RowW] = sum;
            end else begin : gen_sum
                localparam int unsigned BeforeW = WidthA + (1 << l);
                localparam int unsigned BeforeRows = (Pairs + (1 << (l - 1)) - 1) >> (l - 1);

                logic [BeforeW-1:0] low;
                assign low = gen_level[l-1].row_next[2*r*BeforeW+:BeforeW];

                if (2 * r + 1 < BeforeRows) begin : gen_add
                    localparam bit Carry = Half != 0 && l == 1 && r == Rows - 1;
                    logic [BeforeW-1:0] high, upper;
                    logic unused_carry;

                    // The lowest 2^l bits are those of the lower sum.
                    assign high = gen_level[l-1].row_next[(2*r+1)*BeforeW+:BeforeW];
                    assign {upper, unused_carry} = {BeforeW'($signed(low[BeforeW-1:1<<l])), 1'b1} + {high, Carry};
                    assign row[r*RowW+:RowW] = {upper, low[(1<<l)-1:0]};
                end else begin : gen_extend
                    assign row[r*RowW+:RowW] = RowW'($signed(low));
                end
            end
        end

        if (Registered) begin : gen_register
            always_ff @(posedge clk_i) row_next <= row;
        end else begin : gen_through
            assign row_next = row;
        end
    end

    localparam int unsigned LastW = WidthA + (1 << Levels);

    logic [LastW-1:0] product;

    assign product = gen_level[Levels-1].row_next;
    assign product_o = (WidthA + WidthB)'($signed(product));

    if (LastW > WidthA + WidthB) begin : gen_unused
        logic unused;
        assign unused = ^product[LastW-1:WidthA+WidthB];
    end
endmodule
