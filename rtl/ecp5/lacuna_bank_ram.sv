// Memory of bank words: one write port with an enable for each activation, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier. Reading the address that is written in the same cycle
// returns undefined activations: the readiness tags exclude it. Contents are undefined until written.
// With Block, four blocks side by side (eight for 16-bit activations), each with four bytes in its 9-bit columns; without,
// distributed RAM, for small parts with few banks. Twin of generic/lacuna_bank_ram.sv.
//
// Depth 2..1024 banks; Block 0 or 1.
`default_nettype none

module lacuna_bank_ram #(
    parameter int unsigned Depth = 512,
    parameter bit Block = 1'b1,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic [lacuna_pkg::BankWidth-1:0] we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [lacuna_pkg::BankBits-1:0] wdata_i,
    input wire logic [AddrW-1:0] raddr_i,
    output logic [lacuna_pkg::BankBits-1:0] rdata_o
);
    if (Depth < 2 || Depth > 1024) begin : gen_bad
        $error("lacuna_bank_ram: Depth must be 2..1024");
    end

    if (Block) begin : gen_block_ram
        localparam int unsigned Blocks = (Depth + 511) / 512;
        localparam int unsigned BytesPerBlock = 4;
        localparam int unsigned Columns = lacuna_pkg::BankBits / 8 / BytesPerBlock;
        localparam int unsigned BytesPerAct = lacuna_pkg::ActW / 8;

        logic [9:0] waddr, raddr;
        logic [1:0] select_q;

        assign waddr = 10'(waddr_i);
        assign raddr = 10'(raddr_i);

        always_ff @(posedge clk_i) select_q <= {select_q[0], raddr[9]};

        for (genvar c = 0; c < Columns; c++) begin : gen_column
            logic [35:0] wdata, rdata;
            logic [BytesPerBlock-1:0] we;
            logic [Blocks*36-1:0] word;

            for (genvar b = 0; b < BytesPerBlock; b++) begin : gen_byte
                assign we[b] = we_i[(c*BytesPerBlock+b)/BytesPerAct];
                assign wdata[b*9+:9] = {1'b0, wdata_i[(c*BytesPerBlock+b)*8+:8]};
                assign rdata_o[(c*BytesPerBlock+b)*8+:8] = rdata[b*9+:8];
            end

            for (genvar d = 0; d < Blocks; d++) begin : gen_block
                lacuna_block u_block (
                    .clk_i,
                    .we_i(waddr[9] == 1'(d) ? we : '0),
                    .waddr_i(waddr[8:0]),
                    .wdata_i(wdata),
                    .raddr_i(raddr[8:0]),
                    .rdata_o(word[d*36+:36])
                );
            end

            // The last of one or two blocks, or the first.
            assign rdata = select_q[1] ? word[Blocks*36-1-:36] : word[35:0];

            logic unused;
            assign unused = ^{rdata[35], rdata[26], rdata[17], rdata[8]};
        end
    end else begin : gen_distributed
        localparam int unsigned ActW = lacuna_pkg::ActW;

        logic [AddrW-1:0] raddr_q;
        always_ff @(posedge clk_i) raddr_q <= raddr_i;

        for (genvar b = 0; b < lacuna_pkg::BankWidth; b++) begin : gen_activation
            (* ram_style = "distributed" *) logic [ActW-1:0] mem[0:Depth-1];

            always_ff @(posedge clk_i) begin
                if (we_i[b]) mem[waddr_i] <= wdata_i[b*ActW+:ActW];
                rdata_o[b*ActW+:ActW] <= mem[raddr_q];
            end
        end
    end
endmodule
