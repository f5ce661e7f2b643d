// Program memory: descriptors of 8 words of 32 bits, written word by word, read whole and at once.
//
// descriptor_o is the descriptor at the entry_i of one cycle earlier. word_o is the word of the descriptor_o of one cycle
// earlier that the low bits of address_i name.
`default_nettype none

module lacuna_program (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [lacuna_pkg::EntryW+2:0] address_i,
    input wire logic [31:0] word_i,
    output logic [31:0] word_o,
    input wire logic [lacuna_pkg::EntryW-1:0] entry_i,
    output lacuna_pkg::descriptor_t descriptor_o
);
    localparam int unsigned Words = lacuna_pkg::DescriptorW / 32;

    logic [Words-1:0][31:0] words;

    for (genvar w = 0; w < Words; w++) begin : gen_word
        (* ram_style = "distributed" *) logic [31:0] mem[0:(1<<lacuna_pkg::EntryW)-1];

        always_ff @(posedge clk_i) begin
            if (we_i && address_i[2:0] == 3'(w)) mem[address_i[lacuna_pkg::EntryW+2:3]] <= word_i;
        end
        assign words[w] = mem[entry_i];
    end

    logic [Words-1:0][31:0] words_q;

    always_ff @(posedge clk_i) begin
        words_q <= words;
        word_o <= words_q[address_i[2:0]];
    end
    assign descriptor_o = words_q;
endmodule
