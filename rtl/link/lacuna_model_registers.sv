// Model registers: what the link must know of the model that is loaded (lacuna_link_pkg::register_e).
//
// Written one a cycle with we_i; word_o is register address_i, whole, as it was written. The other outputs are the
// fields that the link works with. Reset does not touch them: a model is valid only after a COMMIT.
`default_nettype none

module lacuna_model_registers (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [3:0] address_i,
    input wire logic [35:0] data_i,
    output logic [35:0] word_o,

    output logic [15:0] x_bytes_o,
    output logic [15:0] y_words_generate_o,
    output logic [15:0] y_words_score_o,
    output logic [15:0] y_words_final_o,
    output logic [3:0] y_format_o,
    output logic [8:0] token_count_o,
    output logic [15:0] embedding_banks_o,
    output logic [8:0] head_rows_o,
    output logic [11:0] head_groups_o,
    output logic [7:0] head_units_full_o,
    output logic [7:0] head_units_last_o,
    output logic [63:0] model_id_o
);
    (* ram_style = "distributed" *) logic [35:0] words[0:15];

    assign word_o = words[address_i];

    always_ff @(posedge clk_i) begin
        if (we_i) begin
            words[address_i] <= data_i;
            unique case (address_i)
                lacuna_link_pkg::RegXBytes: x_bytes_o <= data_i[15:0];
                lacuna_link_pkg::RegYWordsGenerate: y_words_generate_o <= data_i[15:0];
                lacuna_link_pkg::RegYWordsScore: y_words_score_o <= data_i[15:0];
                lacuna_link_pkg::RegYWordsScoreFinal: y_words_final_o <= data_i[15:0];
                lacuna_link_pkg::RegYFormat: y_format_o <= data_i[3:0];
                lacuna_link_pkg::RegTokenCount: token_count_o <= data_i[8:0];
                lacuna_link_pkg::RegEmbeddingBanks: embedding_banks_o <= data_i[15:0];
                lacuna_link_pkg::RegHeadRows: head_rows_o <= data_i[8:0];
                lacuna_link_pkg::RegHeadGroups: head_groups_o <= data_i[11:0];
                lacuna_link_pkg::RegHeadUnitsFull: head_units_full_o <= data_i[7:0];
                lacuna_link_pkg::RegHeadUnitsLast: head_units_last_o <= data_i[7:0];
                lacuna_link_pkg::RegModelIdLow: model_id_o[31:0] <= data_i[31:0];
                lacuna_link_pkg::RegModelIdHigh: model_id_o[63:32] <= data_i[31:0];
                default: ;
            endcase
        end
    end
endmodule
