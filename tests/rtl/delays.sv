// lacuna_delay in every length that the engine uses, and in its extremes, side by side.
`default_nettype none

module delays #(
    localparam int unsigned Lengths = 8
) (
    input wire logic clk_i,
    input wire logic [15:0] data_i,
    output logic [Lengths-1:0][15:0] data_o
);
    localparam logic [Lengths*8-1:0] Cycles = {8'd64, 8'd33, 8'd14, 8'd12, 8'd8, 8'd5, 8'd4, 8'd3};

    for (genvar d = 0; d < Lengths; d++) begin : gen_delay
        lacuna_delay #(.Width(16), .Cycles(32'(Cycles[d*8+:8]))) u_delay (.clk_i, .data_i, .data_o(data_o[d]));
    end
endmodule
