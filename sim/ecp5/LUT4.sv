// ECP5 look-up table, simulation model.
`default_nettype none

module LUT4 #(
    parameter logic [15:0] INIT = 16'h0000
) (
    input wire logic A, B, C, D,
    output logic Z
);
    assign Z = INIT[{D, C, B, A}];
endmodule
