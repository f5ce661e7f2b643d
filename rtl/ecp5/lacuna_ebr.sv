// Simple dual-port block RAM with an output register: one write port, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. A read of the address that is written in the same cycle
// returns an undefined word: users must not do it. Contents are undefined until written.
// One block of 512 words after the other; the last words, where there are 32 at most, are in distributed RAM behind
// two registers, so that 528 words do not take a second block. Twin of generic/lacuna_ebr.sv.
//
// Width 1..36; Depth 2..65536; Space, Select: what belongs into the blocks (lacuna_block), none by default.
`default_nettype none

module lacuna_ebr #(
    parameter int unsigned Width = 36,
    parameter int unsigned Depth = 512,
    parameter int unsigned Space = lacuna_pkg::NoSpace,
    parameter int unsigned Select = 0,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [Width-1:0] wdata_i,
    input wire logic [AddrW-1:0] raddr_i,
    output logic [Width-1:0] rdata_o
);
    if (Width < 1 || Width > 36 || Depth < 2 || Depth > 65536 || Space > lacuna_pkg::NoSpace || Select > 255) begin : gen_bad
        $error("lacuna_ebr: Width must be 1..36 and Depth 2..65536, Space 0..15, Select 0..255");
    end

    localparam int unsigned TailMax = 32;
    localparam bit HasTail = Depth > 512 && Depth % 512 >= 1 && Depth % 512 <= TailMax;
    localparam int unsigned Blocks = (Depth + 511) / 512;
    localparam int unsigned SelectW = 7;

    logic [SelectW+8:0] waddr, raddr;
    logic [Blocks-1:0][35:0] word;
    logic [35:0] selected;

    assign waddr = (SelectW + 9)'(waddr_i);
    assign raddr = (SelectW + 9)'(raddr_i);

    for (genvar b = 0; b < Blocks; b++) begin : gen_block
        logic we;
        assign we = we_i && waddr[SelectW+8:9] == SelectW'(b);

        if (HasTail && b == Blocks - 1) begin : gen_tail
            (* ram_style = "distributed" *) logic [Width-1:0] mem[0:TailMax-1];
            logic [Width-1:0] read_q, read_qq;

            always_ff @(posedge clk_i) begin
                if (we) mem[waddr[4:0]] <= wdata_i;
                read_q <= mem[raddr[4:0]];
`ifndef SYNTHESIS
                // The undefined word, as of a block.
                if (we && waddr[4:0] == raddr[4:0]) read_q <= ~mem[raddr[4:0]];
`endif
                read_qq <= read_q;
            end
            assign word[b] = 36'(read_qq);
        end else begin : gen_ram
            lacuna_block #(
                .Space(Space),
                .Select(Select),
                .First(b * 512)
            ) u_block (
                .clk_i,
                .we_i({4{we}}),
                .waddr_i(waddr[8:0]),
                .wdata_i(36'(wdata_i)),
                .raddr_i(raddr[8:0]),
                .rdata_o(word[b])
            );
        end
    end

    // The block is selected behind its output register.
    if (Blocks == 1) begin : gen_one
        assign selected = word[0];

        logic unused;
        assign unused = ^raddr[SelectW+8:9];
    end else begin : gen_select
        // One bit a block: what Yosys makes of a binary choice of many takes several times the logic.
        logic [Blocks-1:0] here_q, here_qq;

        always_ff @(posedge clk_i) begin
            for (int unsigned b = 0; b < Blocks; b++) here_q[b] <= raddr[9+:$clog2(Blocks)] == ($clog2(Blocks))'(b);
            here_qq <= here_q;
        end

        always_comb begin
            selected = '0;
            for (int unsigned b = 0; b < Blocks; b++) begin
                if (here_qq[b]) selected |= word[b];
            end
        end

        if ($clog2(Blocks) < SelectW) begin : gen_unused
            logic unused;
            assign unused = ^raddr[SelectW+8:9+$clog2(Blocks)];
        end
    end

    assign rdata_o = selected[Width-1:0];

    if (Width < 36) begin : gen_narrow
        logic unused;
        assign unused = ^selected[35:Width];
    end
endmodule
