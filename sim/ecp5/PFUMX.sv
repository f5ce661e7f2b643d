// ECP5 multiplexer behind the two LUT4 of a slice, simulation model: C0 selects ALUT.
`default_nettype none

module PFUMX (
    input wire logic ALUT, BLUT, C0,
    output logic Z
);
    assign Z = C0 ? ALUT : BLUT;
endmodule
