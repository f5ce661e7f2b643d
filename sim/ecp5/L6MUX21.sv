// ECP5 multiplexer of the results of two slices, simulation model: SD selects D1.
`default_nettype none

module L6MUX21 (
    input wire logic D0, D1, SD,
    output logic Z
);
    assign Z = SD ? D1 : D0;
endmodule
