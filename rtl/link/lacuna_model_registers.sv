// Model registers: what the link must know of the model that is loaded (lacuna_link_pkg::register_e).
//
// Written one a cycle with we_i; word_o is register address_i, whole, as it was written. model_o: the bits that the link
// works with. Reset does not touch them: a model is valid only after a COMMIT.
`default_nettype none

module lacuna_model_registers (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [3:0] address_i,
    input wire logic [35:0] data_i,
    output logic [35:0] word_o,
    output lacuna_link_pkg::model_t model_o
);
    (* ram_style = "distributed" *) logic [35:0] words[0:15];

    assign word_o = words[address_i];

    always_ff @(posedge clk_i) begin
        if (we_i) begin
            words[address_i] <= data_i;
            unique case (address_i)
                lacuna_link_pkg::RegXBytes: model_o.x_bytes <= data_i[15:0];
                lacuna_link_pkg::RegYWordsGenerate: model_o.y_words_generate <= data_i[15:0];
                lacuna_link_pkg::RegYWordsScore: model_o.y_words_score <= data_i[15:0];
                lacuna_link_pkg::RegYWordsScoreFinal: model_o.y_words_score_final <= data_i[15:0];
                lacuna_link_pkg::RegYFormat: model_o.y_format <= data_i[3:0];
                lacuna_link_pkg::RegTokenCount: model_o.token_count <= data_i[8:0];
                lacuna_link_pkg::RegEmbeddingBanks: model_o.embedding_banks <= data_i[15:0];
                lacuna_link_pkg::RegHeadRows: model_o.head_rows <= data_i[8:0];
                lacuna_link_pkg::RegHeadGroups: model_o.head_groups <= data_i[11:0];
                lacuna_link_pkg::RegHeadUnitsFull: model_o.head_units_full <= data_i[7:0];
                lacuna_link_pkg::RegHeadUnitsLast: model_o.head_units_last <= data_i[7:0];
                lacuna_link_pkg::RegModelIdLow: model_o.model_id_low <= data_i[31:0];
                lacuna_link_pkg::RegModelIdHigh: model_o.model_id_high <= data_i[31:0];
                default: ;
            endcase
        end
    end
endmodule
