// Simple dual-port block RAM with an output register: one write port, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. A read of the address that is written in the same cycle
// returns an undefined word: users must not do it. Contents are undefined until written.
// One block of 512 words after the other; the last words, where there are 32 at most, are in distributed RAM behind
// two registers, so that 528 words do not take a second block. Behind the blocks, four make a bit of the word with two
// LUT4 and one PFUMX; of five, Yosys makes twice as much by itself. Twin of generic/lacuna_ebr.sv.
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
    localparam int unsigned TailAw = Depth % 512 > 16 ? 5 : 4;  // distributed RAM comes 16 words deep
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
            (* ram_style = "distributed" *) logic [Width-1:0] mem[0:(1<<TailAw)-1];
            logic [Width-1:0] read_q, read_qq;

            always_ff @(posedge clk_i) begin
                if (we) mem[waddr[TailAw-1:0]] <= wdata_i;
                read_q <= mem[raddr[TailAw-1:0]];
`ifndef SYNTHESIS
                // The undefined word, as of a block.
                if (we && waddr[TailAw-1:0] == raddr[TailAw-1:0]) read_q <= ~mem[raddr[TailAw-1:0]];
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
        localparam int unsigned Quads = (Blocks + 3) / 4;
        logic [1:0] low_q, low_qq;
        logic [Quads-1:0] here_q, here_qq;  // one bit a quad: what Yosys makes of a binary choice of many takes several times the logic
        logic [Quads*36-1:0] quad;

        always_ff @(posedge clk_i) begin
            low_q <= raddr[10:9];
            low_qq <= low_q;
            for (int unsigned q = 0; q < Quads; q++) here_q[q] <= raddr[SelectW+8:11] == (SelectW - 2)'(q);
            here_qq <= here_q;
        end

        for (genvar q = 0; q < Quads; q++) begin : gen_quad
            localparam int unsigned There = Blocks - 4 * q < 4 ? Blocks - 4 * q : 4;
            logic [There*36-1:0] there;  // flat: Yosys 0.52 cannot size a 2-D array from a nested block

            for (genvar b = 0; b < There; b++) begin : gen_word
                assign there[b*36+:36] = word[4*q+b];
            end

            if (There == 1) begin : gen_single
                assign quad[q*36+:36] = there;
            end else if (There == 2) begin : gen_pair
                assign quad[q*36+:36] = low_qq[0] ? there[36+:36] : there[35:0];
            end else begin : gen_mux
                for (genvar w = 0; w < 36; w++) begin : gen_bit
                    logic even, odd;

                    LUT4 #(.INIT(16'hCACA)) u_even (  // C ? B : A
                        .A(there[w]), .B(there[36+w]), .C(low_qq[0]), .D(1'b0), .Z(even)
                    );
                    LUT4 #(.INIT(16'hCACA)) u_odd (  // of three, the third either way
                        .A(there[72+w]), .B(there[(There-1)*36+w]), .C(low_qq[0]), .D(1'b0), .Z(odd)
                    );
                    PFUMX u_mux (.BLUT(even), .ALUT(odd), .C0(low_qq[1]), .Z(quad[q*36+w]));
                end
            end
        end

        if (Quads == 1) begin : gen_one_quad
            assign selected = quad;

            logic unused_here;
            assign unused_here = here_qq[0];
        end else begin : gen_quads
            always_comb begin
                selected = '0;
                for (int unsigned q = 0; q < Quads; q++) begin
                    if (here_qq[q]) selected |= quad[q*36+:36];
                end
            end
        end
    end

    assign rdata_o = selected[Width-1:0];

    if (Width < 36) begin : gen_narrow
        logic unused;
        assign unused = ^selected[35:Width];
    end
endmodule
