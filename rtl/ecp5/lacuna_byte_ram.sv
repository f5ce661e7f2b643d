// Memory of bytes in block RAM: one write port, one read port, one clock.
//
// A byte is written a cycle late; rdata_o is the byte at raddr_i three cycles earlier. Reading the byte that is written in
// the same cycle returns an undefined one: users must not do it. Contents are undefined until written.
// Blocks of 512 words, each with four bytes in its 9-bit columns, one after the other; twin of
// generic/lacuna_byte_ram.sv.
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

    localparam int unsigned BlockBytes = 2048;
    localparam int unsigned Blocks = (Depth + BlockBytes - 1) / BlockBytes;
    localparam int unsigned SelectW = 6;

    logic [SelectW+10:0] waddr, raddr;
    logic [SelectW+1:0] select_q, select_qq, select_qqq;
    logic [Blocks-1:0][35:0] word, word_q;

    // Registers on both sides, since the blocks may lie far away.
    logic [Blocks-1:0] block_we_q;
    logic [3:0] byte_we_q;
    logic [8:0] waddr_q;
    logic [7:0] wdata_q;

    assign waddr = (SelectW + 11)'(waddr_i);
    assign raddr = (SelectW + 11)'(raddr_i);

    always_ff @(posedge clk_i) begin
        for (int unsigned b = 0; b < Blocks; b++) block_we_q[b] <= we_i && waddr[SelectW+10:11] == SelectW'(b);
        for (int unsigned i = 0; i < 4; i++) byte_we_q[i] <= waddr[1:0] == 2'(i);
        waddr_q <= waddr[10:2];
        wdata_q <= wdata_i;
    end

    for (genvar b = 0; b < Blocks; b++) begin : gen_block
        lacuna_block u_block (
            .clk_i,
            .we_i(block_we_q[b]),
            .byte_we_i(byte_we_q),
            .waddr_i({2'd0, waddr_q}),
            .wdata_i({4{1'b0, wdata_q}}),
            .raddr_i({2'd0, raddr[10:2]}),
            .rdata_o(word[b])
        );
    end

    // Then the block is selected, and the byte.
    logic [35:0] chosen;

    always_ff @(posedge clk_i) begin
        select_q <= {raddr[SelectW+10:11], raddr[1:0]};
        select_qq <= select_q;
        select_qqq <= select_qq;
        word_q <= word;
    end

    always_comb begin
        chosen = word_q[0];
        for (int unsigned b = 1; b < Blocks; b++) begin
            if (select_qqq[SelectW+1:2] == SelectW'(b)) chosen = word_q[b];
        end
        unique case (select_qqq[1:0])
            2'd0: rdata_o = chosen[7:0];
            2'd1: rdata_o = chosen[16:9];
            2'd2: rdata_o = chosen[25:18];
            default: rdata_o = chosen[34:27];
        endcase
    end

    logic unused;
    assign unused = ^{chosen, select_qqq};
endmodule
