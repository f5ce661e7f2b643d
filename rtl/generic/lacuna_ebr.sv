// Simple dual-port block RAM with an output register: one write port, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. A read of the address that is written in the same cycle
// returns an undefined word: users must not do it (this twin returns the complement, so that tests see it).
// Contents are undefined until written.
// Behavioural twin of ecp5/lacuna_ebr.sv (DP16KD with OUTREG).
//
// Parts 4 (Width 36): a write enable for each nine bits, the lowest first; else one for the word.
//
// Width 1..36; Parts 1 or 4; Depth 2..1048576; Space, Select: what belongs into the memory of a bitstream, of no effect here.
`default_nettype none

module lacuna_ebr #(
    parameter int unsigned Width = 36,
    parameter int unsigned Depth = 512,
    parameter int unsigned Parts = 1,
    parameter int unsigned Space = lacuna_pkg::NoSpace,
    parameter int unsigned Select = 0,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic [Parts-1:0] we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [Width-1:0] wdata_i,
    input wire logic [AddrW-1:0] raddr_i,
    output logic [Width-1:0] rdata_o
);
    if (Width < 1 || Width > 36 || Depth < 2 || Depth > 1048576 || Space > lacuna_pkg::NoSpace || Select > 255) begin : gen_bad
        $error("lacuna_ebr: Width must be 1..36 and Depth 2..1048576, Space 0..15, Select 0..255");
    end

    if (Parts != 1 && (Parts != 4 || Width != 36)) begin : gen_bad_parts
        $error("lacuna_ebr: Parts must be 1, or 4 with Width 36");
    end

    localparam int unsigned PartW = Width / Parts;

    (* ram_style = "block", no_rw_check *) logic [Width-1:0] mem[0:Depth-1] /* verilator public_flat_rw */;  // sim/engine.hpp: poke
    logic [Width-1:0] read_q;

    always_ff @(posedge clk_i) begin
        for (int unsigned p = 0; p < Parts; p++) begin
            if (we_i[p]) mem[waddr_i][p*PartW+:PartW] <= wdata_i[p*PartW+:PartW];
        end
        read_q <= mem[raddr_i];
`ifndef SYNTHESIS
        // The undefined word: certainly not the one that a user might hope for.
        if (we_i != '0 && waddr_i == raddr_i) read_q <= ~mem[raddr_i];
`endif
        rdata_o <= read_q;
    end
endmodule
