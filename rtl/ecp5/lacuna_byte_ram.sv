// Memory of bytes in block RAM: one write port, one read port, one clock.
//
// rdata_o is the byte at raddr_i three cycles earlier. Reading the byte that is written in the same cycle returns an
// undefined one: users must not do it. Contents are undefined until written.
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
    logic [SelectW+1:0] select_q, select_qq;
    logic [SelectW-1:0] select_qqq;
    logic [Blocks-1:0][35:0] word;
    logic [Blocks-1:0][7:0] byte_q;

    assign waddr = (SelectW + 11)'(waddr_i);
    assign raddr = (SelectW + 11)'(raddr_i);

    for (genvar b = 0; b < Blocks; b++) begin : gen_block
        logic [3:0] we;

        for (genvar i = 0; i < 4; i++) begin : gen_byte
            assign we[i] = waddr[1:0] == 2'(i);
        end

        lacuna_block u_block (
            .clk_i,
            .we_i(we_i && waddr[SelectW+10:11] == SelectW'(b)),
            .byte_we_i(we),
            .waddr_i({2'd0, waddr[10:2]}),
            .wdata_i({4{1'b0, wdata_i}}),
            .raddr_i({2'd0, raddr[10:2]}),
            .rdata_o(word[b])
        );
    end

    // Behind the output register the byte of each block is selected, then the block.
    always_ff @(posedge clk_i) begin
        select_q <= {raddr[SelectW+10:11], raddr[1:0]};
        select_qq <= select_q;
        select_qqq <= select_qq[SelectW+1:2];
        for (int unsigned b = 0; b < Blocks; b++) begin
            unique case (select_qq[1:0])
                2'd0: byte_q[b] <= word[b][7:0];
                2'd1: byte_q[b] <= word[b][16:9];
                2'd2: byte_q[b] <= word[b][25:18];
                default: byte_q[b] <= word[b][34:27];
            endcase
        end
    end

    always_comb begin
        rdata_o = byte_q[0];
        for (int unsigned b = 1; b < Blocks; b++) begin
            if (select_qqq == SelectW'(b)) rdata_o = byte_q[b];
        end
    end

    logic unused;
    assign unused = ^{word, select_qqq};
endmodule
