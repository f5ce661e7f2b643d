// Memory of bytes in block RAM: one write port, one read port, one clock.
//
// A byte is written a cycle late; rdata_o is the byte at raddr_i three cycles earlier. Reading the byte that is written in
// the same cycle returns an undefined one: users must not do it (this twin returns the complement, so that tests see it).
// Contents are undefined until written.
// Behavioural twin of ecp5/lacuna_byte_ram.sv.
//
// Depth: a power of two, 16..65536.
`default_nettype none

module lacuna_byte_ram #(
    parameter int unsigned Depth = 2048,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [7:0] wdata_i,
    input wire logic [AddrW-1:0] raddr_i,
    output logic [7:0] rdata_o
);
    if (Depth < 16 || Depth > 65536 || Depth != (1 << AddrW)) begin : gen_bad
        $error("lacuna_byte_ram: Depth must be a power of two in 16..65536");
    end

    (* ram_style = "block", no_rw_check *) logic [7:0] mem[0:Depth-1];
    logic we_q;
    logic [AddrW-1:0] waddr_q;
    logic [7:0] wdata_q, read_q, read_qq;

    always_ff @(posedge clk_i) begin
        we_q <= we_i;
        waddr_q <= waddr_i;
        wdata_q <= wdata_i;
        if (we_q) mem[waddr_q] <= wdata_q;
        read_q <= mem[raddr_i];
`ifndef SYNTHESIS
        // The undefined byte: certainly not the one that a user might hope for.
        if (we_q && waddr_q == raddr_i) read_q <= ~mem[raddr_i];
`endif
        read_qq <= read_q;
        rdata_o <= read_qq;
    end
endmodule
