// Readiness tags of the activation memory: which step's value a bank holds.
//
// A bank of step t carries tag (t / 2) mod 4 (t mod 2 selects the half of the double buffer). Set by the write port when
// a bank is complete; the two lookups are combinational and see a tag from the cycle after its write.
// Banks that were never written since the last clearing carry TagNever, which no step meets before every bank of its
// half was written.
//
// Depth 2..4096.
`default_nettype none

module lacuna_readiness #(
    parameter int unsigned Depth = 512,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [lacuna_pkg::TagW-1:0] tag_i,
    input wire logic [1:0][AddrW-1:0] raddr_i,
    output logic [1:0][lacuna_pkg::TagW-1:0] tag_o
);
    if (Depth < 2 || Depth > 4096) begin : gen_bad
        $error("lacuna_readiness: Depth must be 2..4096");
    end

    for (genvar r = 0; r < 2; r++) begin : gen_lookup
        (* ram_style = "distributed" *) logic [lacuna_pkg::TagW-1:0] tags[0:Depth-1];

        always_ff @(posedge clk_i) begin
            if (we_i) tags[waddr_i] <= tag_i;
        end
        assign tag_o[r] = tags[raddr_i[r]];
    end
endmodule
