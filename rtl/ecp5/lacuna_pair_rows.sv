// First level of lacuna_mult: a_i times two bits of the multiplier, on one carry chain without any other LUT.
//
// sum_o = a_i * (low_i + 2 * high_i), or a_i * (low_i - 2 * high_i) for the two topmost bits (Top = 1): the top bit of
// a two's complement number counts negative. Combinational, signed.
//
// A CCU2C's LUT4 computes x ^ y of two partial product bits x = A & B and y = C & D, and its LUT2, the entries for
// C = D = 0, gives the carry x: INIT 7888. Subtracting takes the bits of the negated product as x = ~(A & B): 8777.
`default_nettype none

module lacuna_pair_rows #(
    parameter int unsigned Width = 24,
    parameter bit Top = 1'b0
) (
    input wire logic signed [Width-1:0] a_i,
    input wire logic low_i,
    input wire logic high_i,
    output logic signed [Width+1:0] sum_o
);
    localparam int unsigned Slices = (Width + 3) / 2;
    localparam logic [15:0] Init = Top ? 16'h8777 : 16'h7888;

    // Multiples of a_i, wide enough for all slices: single counts once, double twice.
    logic signed [2*Slices-1:0] single, double, sum;
    logic [Slices:0] carry;

    assign single = (2 * Slices)'(a_i);
    assign double = (2 * Slices)'(a_i) <<< 1;
    assign carry[0] = Top;

    for (genvar s = 0; s < Slices; s++) begin : gen_slice
        CCU2C #(
            .INIT0(Init),
            .INIT1(Init),
            .INJECT1_0("NO"),
            .INJECT1_1("NO")
        ) u_carry (
            .CIN(carry[s]),
            .A0(double[2*s]), .B0(high_i), .C0(single[2*s]), .D0(low_i),
            .A1(double[2*s+1]), .B1(high_i), .C1(single[2*s+1]), .D1(low_i),
            .S0(sum[2*s]), .S1(sum[2*s+1]),
            .COUT(carry[s+1])
        );
    end

    assign sum_o = sum[Width+1:0];

    logic unused;
    assign unused = carry[Slices];

    if (2 * Slices > Width + 2) begin : gen_unused
        logic unused_top;
        assign unused_top = sum[2*Slices-1];
    end
endmodule
