// Delays a word by Cycles cycles in a ring of distributed RAM.
//
// There is no reset: the output is undefined for the first Cycles + 2^ceil(log2(Cycles)) cycles; users hold their
// own reset, with an idle input, that long.
// Cycles 3..64, Width >= 1.
`default_nettype none

module lacuna_delay #(
    parameter int unsigned Width = 8,
    parameter int unsigned Cycles = 8
) (
    input wire logic clk_i,
    input wire logic [Width-1:0] data_i,
    output logic [Width-1:0] data_o
);
    localparam int unsigned Depth = Cycles - 1;
    localparam int unsigned AddrW = $clog2(Depth);

    if (Cycles < 3 || Cycles > 64 || Width < 1) begin : gen_bad
        $error("lacuna_delay: Cycles must be 3..64 and Width at least 1");
    end

    (* ram_style = "distributed" *) logic [Width-1:0] ring[0:Depth-1];
    logic [AddrW-1:0] place_q;

    always_ff @(posedge clk_i) begin
        data_o <= ring[place_q];
        ring[place_q] <= data_i;
        if (place_q >= AddrW'(Depth - 1)) place_q <= '0;
        else place_q <= place_q + 1'b1;
    end
endmodule
