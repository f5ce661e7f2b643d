// ECP5 carry cell, simulation model: two bits of a carry chain, each with a LUT4 that propagates the carry (Z = 1) and
// the LUT2 of its lower four entries that generates it. Z ^ carry leaves on S0, S1. Only without INJECT.
`default_nettype none

module CCU2C #(
    parameter logic [15:0] INIT0 = 16'h0000,
    parameter logic [15:0] INIT1 = 16'h0000,
    parameter INJECT1_0 = "YES",
    parameter INJECT1_1 = "YES"
) (
    input wire logic CIN, A0, B0, C0, D0, A1, B1, C1, D1,
    output logic S0, S1, COUT
);
    if (INJECT1_0 != "NO" || INJECT1_1 != "NO") begin : gen_bad
        $error("CCU2C: the model knows only INJECT1_0 and INJECT1_1 NO");
    end

    logic propagate0, propagate1, carry;

    assign propagate0 = INIT0[{D0, C0, B0, A0}];
    assign propagate1 = INIT1[{D1, C1, B1, A1}];
    assign carry = propagate0 ? CIN : INIT0[{2'b00, B0, A0}];
    assign S0 = propagate0 ^ CIN;
    assign S1 = propagate1 ^ carry;
    assign COUT = propagate1 ? carry : INIT1[{2'b00, B1, A1}];
endmodule
