// Memory of bank words: one write port with an enable for each activation, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. Reading the address that is written in the same cycle
// returns undefined activations: the readiness tags exclude it. Contents are undefined until written.
// Columns of four bytes side by side: the first Columns of them are a block each (two for more than 512 banks), in its
// 9-bit columns; the others are distributed RAM, for small parts with few banks. Twin of generic/lacuna_bank_ram.sv.
//
// Depth 2..1024 banks; Columns 0..lacuna_pkg::BankParts (4, with 16-bit activations 8).
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
    if (Depth < 2 || Depth > 1024 || Columns > lacuna_pkg::BankParts) begin : gen_bad
        $error("lacuna_bank_ram: Depth must be 2..1024 and Columns 0..4 (LACUNA_ACT 16: 0..8)");
    end

    localparam int unsigned Blocks = (Depth + 511) / 512;
    localparam int unsigned Bytes = 4;
    localparam int unsigned BytesPerAct = lacuna_pkg::ActW / 8;

    logic [9:0] waddr, raddr;
    logic [1:0] select_q;
    logic [AddrW-1:0] raddr_q;

    assign waddr = 10'(waddr_i);
    assign raddr = 10'(raddr_i);

    always_ff @(posedge clk_i) begin
        select_q <= {select_q[0], raddr[9]};
        raddr_q <= raddr_i;
    end

    logic unused_address;  // where there is no distributed column
    assign unused_address = ^raddr_q;

    for (genvar c = 0; c < lacuna_pkg::BankParts; c++) begin : gen_column
        logic [Bytes-1:0] we;

        for (genvar b = 0; b < Bytes; b++) begin : gen_enable
            assign we[b] = we_i[(c*Bytes+b)/BytesPerAct];
        end

        if (c < Columns) begin : gen_block_ram
            logic [35:0] wdata, rdata;
            logic [Blocks*36-1:0] word;

            for (genvar b = 0; b < Bytes; b++) begin : gen_byte
                assign wdata[b*9+:9] = {1'b0, wdata_i[(c*Bytes+b)*8+:8]};
                assign rdata_o[(c*Bytes+b)*8+:8] = rdata[b*9+:8];
            end

            for (genvar d = 0; d < Blocks; d++) begin : gen_block
                lacuna_block u_block (
                    .clk_i,
                    .we_i(Blocks == 1 || waddr[9] == 1'(d)),
                    .byte_we_i(we),
                    .waddr_i({2'd0, waddr[8:0]}),
                    .wdata_i(wdata),
                    .raddr_i({2'd0, raddr[8:0]}),
                    .rdata_o(word[d*36+:36])
                );
            end

            // The last of one or two blocks, or the first.
            assign rdata = select_q[1] ? word[Blocks*36-1-:36] : word[35:0];

            logic unused;
            assign unused = ^{rdata[35], rdata[26], rdata[17], rdata[8]};
        end else begin : gen_distributed
            for (genvar b = 0; b < Bytes; b++) begin : gen_byte
                (* ram_style = "distributed" *) logic [7:0] mem[0:Depth-1];
                logic [7:0] read_q;

                always_ff @(posedge clk_i) begin
                    if (we[b]) mem[waddr_i] <= wdata_i[(c*Bytes+b)*8+:8];
                    read_q <= mem[raddr_q];
                end
                assign rdata_o[(c*Bytes+b)*8+:8] = read_q;
            end
        end
    end
endmodule
