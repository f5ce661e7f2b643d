// Memory of bank words: one write port with an enable for each activation, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. Reading the address that is written in the same cycle
// returns an undefined word: the readiness tags exclude it (this twin returns the complement, so that tests see it).
// Contents are undefined until written.
// Behavioural twin of ecp5/lacuna_bank_ram.sv (four or eight DP16KD with OUTREG).
//
// Depth 2..4096 banks; Columns (of four bytes, in block RAM) 0..lacuna_pkg::BankParts, of no effect here.
`default_nettype none

module lacuna_bank_ram #(
    parameter int unsigned Depth = 512,
    parameter int unsigned Columns = lacuna_pkg::BankParts,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic [lacuna_pkg::BankWidth-1:0] we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [lacuna_pkg::BankBits-1:0] wdata_i,
    input wire logic [AddrW-1:0] raddr_i,
    output logic [lacuna_pkg::BankBits-1:0] rdata_o
);
    if (Depth < 2 || Depth > 4096 || Columns > lacuna_pkg::BankParts) begin : gen_bad
        $error("lacuna_bank_ram: Depth must be 2..4096 and Columns 0..4 (LACUNA_ACT 16: 0..8)");
    end

    (* ram_style = "block", no_rw_check *) logic [lacuna_pkg::BankBits-1:0] mem[0:Depth-1];
    logic [lacuna_pkg::BankBits-1:0] read_q;

    always_ff @(posedge clk_i) begin
        for (int unsigned b = 0; b < lacuna_pkg::BankWidth; b++) begin
            if (we_i[b]) mem[waddr_i][b*lacuna_pkg::ActW+:lacuna_pkg::ActW] <= wdata_i[b*lacuna_pkg::ActW+:lacuna_pkg::ActW];
        end
        read_q <= mem[raddr_i];
`ifndef SYNTHESIS
        // The undefined activations: certainly not those that a user might hope for.
        for (int unsigned b = 0; b < lacuna_pkg::BankWidth; b++) begin
            if (we_i[b] && waddr_i == raddr_i) read_q[b*lacuna_pkg::ActW+:lacuna_pkg::ActW] <= ~mem[raddr_i][b*lacuna_pkg::ActW+:lacuna_pkg::ActW];
        end
`endif
        rdata_o <= read_q;
    end
endmodule
