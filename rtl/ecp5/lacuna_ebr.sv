// Simple dual-port block RAM with an output register: one write port, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. A read of the address that is written in the same cycle
// returns an undefined word: users must not do it. Contents are undefined until written.
// Words wider than 27 bits are in chunks of 2,048 words (four blocks of 9 bits side by side), then 1,024 (two of 18), then
// 512, in as many blocks as those of 512 words would be; the last words, where there are 32 at most, are in distributed RAM
// behind two registers, so that 528 words do not take a second block. Twin of generic/lacuna_ebr.sv.
// Parts 4 (Width 36): a write enable for each nine bits, the lowest first; else one for the word.
//
// Width 1..36; Parts 1 or 4; Depth 2..65536; Space, Select: what belongs into the blocks (lacuna_block), none by default.
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
    if (Width < 1 || Width > 36 || Depth < 2 || Depth > 65536 || Space > lacuna_pkg::NoSpace || Select > 255) begin : gen_bad
        $error("lacuna_ebr: Width must be 1..36 and Depth 2..65536, Space 0..15, Select 0..255");
    end

    if (Parts != 1 && (Parts != 4 || Width != 36)) begin : gen_bad_parts
        $error("lacuna_ebr: Parts must be 1, or 4 with Width 36");
    end

    localparam int unsigned PartW = Width / Parts;
    localparam int unsigned TailMax = 32;
    localparam bit HasTail = Depth > 512 && Depth % 512 >= 1 && Depth % 512 <= TailMax;
    localparam int unsigned TailAw = Depth % 512 > 16 ? 5 : 4;  // distributed RAM comes 16 words deep
    localparam int unsigned Blocks = (Depth + 511) / 512 - 32'(HasTail);
    localparam int unsigned Fours = Width > 27 ? Blocks / 4 : 0;
    localparam int unsigned Pairs = Width > 27 ? Blocks % 4 / 2 : 0;
    localparam int unsigned Deep = Fours + Pairs;
    localparam int unsigned Chunks = Deep + Blocks - 4 * Fours - 2 * Pairs + 32'(HasTail);

    logic [15:0] waddr, raddr;
    logic [35:0] wdata;
    logic [Chunks-1:0] here;     // the address read is the chunk's
    logic [Chunks*36-1:0] word;  // flat: Yosys 0.52 cannot size a 2-D array from a nested block

    assign waddr = 16'(waddr_i);
    assign raddr = 16'(raddr_i);
    assign wdata = 36'(wdata_i);

    for (genvar c = 0; c < Chunks; c++) begin : gen_chunk
        localparam int unsigned ChunkAw = c < Fours ? 11 : c < Deep ? 10 : 9;
        localparam int unsigned BlockW = c < Fours ? 9 : c < Deep ? 18 : 36;
        localparam int unsigned First = c < Fours ? 2048 * c : c < Deep ? 2048 * Fours : 2048 * Fours + 1024 * Pairs + 512 * (c - Deep);
        logic write_here;

        assign write_here = Chunks == 1 || waddr[15:ChunkAw] == (16 - ChunkAw)'(First >> ChunkAw);
        assign here[c] = raddr[15:ChunkAw] == (16 - ChunkAw)'(First >> ChunkAw);

        if (HasTail && c == Chunks - 1) begin : gen_tail
            logic [Width-1:0] read_q, read_qq;

            for (genvar p = 0; p < Parts; p++) begin : gen_part
                (* ram_style = "distributed" *) logic [PartW-1:0] mem[0:(1<<TailAw)-1];

                always_ff @(posedge clk_i) begin
                    if (we_i[p] && write_here) mem[waddr[TailAw-1:0]] <= wdata[p*PartW+:PartW];
                    read_q[p*PartW+:PartW] <= mem[raddr[TailAw-1:0]];
`ifndef SYNTHESIS
                    // The undefined word, as of a block.
                    if (we_i != '0 && write_here && waddr[TailAw-1:0] == raddr[TailAw-1:0]) read_q[p*PartW+:PartW] <= ~mem[raddr[TailAw-1:0]];
`endif
                end
            end

            always_ff @(posedge clk_i) read_qq <= read_q;
            assign word[c*36+:36] = 36'(read_qq);
        end else begin : gen_ram
            for (genvar p = 0; p < 36 / BlockW; p++) begin : gen_block
                logic [35:0] part;

                lacuna_block #(
                    .Width(BlockW),
                    .Part(p),
                    .Space(Space),
                    .Select(Select),
                    .First(First)
                ) u_block (
                    .clk_i,
                    .we_i(write_here && (Parts > 1 || we_i[0])),
                    .byte_we_i(Parts > 1 ? 4'(we_i >> (p * BlockW / 9)) : '1),
                    .waddr_i(waddr[10:0]),
                    .wdata_i(wdata >> (p * BlockW)),
                    .raddr_i(raddr[10:0]),
                    .rdata_o(part)
                );
                assign word[c*36+p*BlockW+:BlockW] = part[BlockW-1:0];

                if (BlockW < 36) begin : gen_unused
                    logic unused;
                    assign unused = ^part[35:BlockW];
                end
            end
        end
    end

    // The chunk is selected behind its output register, by one bit each: what Yosys makes of a binary choice of many takes
    // several times the logic.
    logic [Chunks-1:0] here_q, here_qq;
    logic [35:0] selected;

    always_ff @(posedge clk_i) begin
        here_q <= here;
        here_qq <= here_q;
    end

    if (Chunks == 1) begin : gen_one
        assign selected = word;

        logic unused_here;
        assign unused_here = here_qq[0];
    end else if (Chunks == 2) begin : gen_two
        assign selected = here_qq[1] ? word[71:36] : word[35:0];

        logic unused_here;
        assign unused_here = here_qq[0];
    end else begin : gen_select
        always_comb begin
            selected = '0;
            for (int unsigned c = 0; c < Chunks; c++) begin
                if (here_qq[c]) selected |= word[c*36+:36];
            end
        end
    end

    assign rdata_o = selected[Width-1:0];

    if (Width < 36) begin : gen_narrow
        logic unused;
        assign unused = ^selected[35:Width];
    end
endmodule
