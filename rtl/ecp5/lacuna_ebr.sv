// Simple dual-port block RAM with an output register: one write port, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. A read of the address that is written in the same cycle
// returns an undefined word: users must not do it. Contents are undefined until written.
// One block of 512 words after the other; twin of generic/lacuna_ebr.sv.
//
// Width 1..36; Depth 2..65536.
`default_nettype none

module lacuna_ebr #(
    parameter int unsigned Width = 36,
    parameter int unsigned Depth = 512,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [Width-1:0] wdata_i,
    input wire logic [AddrW-1:0] raddr_i,
    output logic [Width-1:0] rdata_o
);
    if (Width < 1 || Width > 36 || Depth < 2 || Depth > 65536) begin : gen_bad
        $error("lacuna_ebr: Width must be 1..36 and Depth 2..65536");
    end

    localparam int unsigned Blocks = (Depth + 511) / 512;
    localparam int unsigned SelectW = 7;

    logic [SelectW+8:0] waddr, raddr;
    logic [Blocks-1:0][35:0] word;
    logic [35:0] selected;

    assign waddr = (SelectW + 9)'(waddr_i);
    assign raddr = (SelectW + 9)'(raddr_i);

    for (genvar b = 0; b < Blocks; b++) begin : gen_block
        lacuna_block u_block (
            .clk_i,
            .we_i({4{we_i && waddr[SelectW+8:9] == SelectW'(b)}}),
            .waddr_i(waddr[8:0]),
            .wdata_i(36'(wdata_i)),
            .raddr_i(raddr[8:0]),
            .rdata_o(word[b])
        );
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
