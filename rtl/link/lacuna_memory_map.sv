// Memory map: every memory that the host can write and read, by space, select and address.
//
// Requests are valid/ready; a read is answered by rvalid_o before the next request. Spaces 0..6 go to the engine's host
// port, which must be idle; the embedding and the model registers are written and read here. Requests for places that do
// not exist must not come (a write to a space that does not exist is ignored): space_ok_o and words_o, three cycles after
// space_i, select_i and write_i, say which do. dirty_o: a word was written that is part of a model.
//
// emb_*: the embedding, one memory for each 32-bit part of a bank. EmbeddingDepth 0: there is none.
`default_nettype none

module lacuna_memory_map #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned EmbeddingDepth = 512
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic valid_i,
    output logic ready_o,
    input wire logic write_i,
    input wire logic [7:0] space_i,
    input wire logic [7:0] select_i,
    input wire logic [23:0] address_i,
    input wire logic [35:0] data_i,
    output logic rvalid_o,
    output logic [35:0] rdata_o,
    output logic space_ok_o,
    output logic [23:0] words_o,
    output logic dirty_o,

    output logic mem_valid_o,
    input wire logic mem_ready_i,
    output logic mem_write_o,
    output lacuna_pkg::space_e mem_space_o,
    output logic [7:0] mem_select_o,
    output logic [lacuna_pkg::MemAddrW-1:0] mem_address_o,
    output logic [35:0] mem_data_o,
    input wire logic mem_rvalid_i,
    input wire logic [35:0] mem_rdata_i,

    output logic [lacuna_pkg::BankParts-1:0] emb_we_o,
    output logic [15:0] emb_address_o,
    output logic [31:0] emb_data_o,
    output logic emb_read_o,
    input wire logic [lacuna_pkg::BankBits-1:0] emb_bank_i,

    output logic reg_we_o,
    output logic [3:0] reg_address_o,
    output logic [35:0] reg_data_o,
    input wire logic [35:0] reg_word_i
);
    localparam int unsigned ProgramWords = 8 * (1 << lacuna_pkg::EntryW);
    localparam int unsigned TableCopies = 5;
    localparam int unsigned GapSpace = 7;  // between the engine's and the link's

    if (EmbeddingDepth > 65535) begin : gen_bad
        $error("lacuna_memory_map: EmbeddingDepth must be 0..65535");
    end

    // ---------------------------------------------------------------- what there is
    localparam int unsigned Spaces = 10;

    logic [Spaces-1:0] space_q, fits_q;  // the space named; those that have what the select names
    logic select_ok;
    logic [23:0] words, words_q;
    logic select_ok_q;

    function automatic logic [23:0] words_of(input logic [7:0] space);
        unique case (space)
            lacuna_link_pkg::SpaceWeight: words_of = 24'(WeightDepth);
            lacuna_link_pkg::SpaceRow, lacuna_link_pkg::SpaceCell: words_of = 24'(RowDepth);
            lacuna_link_pkg::SpaceBank: words_of = 24'(BankDepth);
            lacuna_link_pkg::SpaceProgram: words_of = 24'(ProgramWords);
            lacuna_link_pkg::SpaceTable: words_of = 24'(1 << lacuna_pkg::TableAddrW);
            lacuna_link_pkg::SpaceInput: words_of = 24'd1;
            lacuna_link_pkg::SpaceEmbedding: words_of = 24'(EmbeddingDepth);
            lacuna_link_pkg::SpaceModel: words_of = 24'(lacuna_link_pkg::ModelRegisters);
            default: words_of = '0;
        endcase
    endfunction

    always_comb begin
        words = '0;
        for (int unsigned space = 0; space < Spaces; space++) begin
            if (space_q[space]) words = words | words_of(8'(space));
        end
        select_ok = (space_q & fits_q) != '0;
    end

    always_ff @(posedge clk_i) begin
        for (int unsigned space = 0; space < Spaces; space++) begin
            space_q[space] <= space_i == 8'(space);
            fits_q[space] <= select_i == '0;
        end
        fits_q[4'(lacuna_link_pkg::SpaceWeight)] <= select_i[5:0] < 6'(Tiles);
        fits_q[4'(lacuna_link_pkg::SpaceRow)] <= select_i < 8'(lacuna_pkg::Lanes * Ports);
        fits_q[4'(lacuna_link_pkg::SpaceCell)] <= select_i < 8'(Ports);
        fits_q[4'(lacuna_link_pkg::SpaceBank)] <= select_i < 8'(lacuna_pkg::BankParts);
        fits_q[4'(lacuna_link_pkg::SpaceTable)] <= write_i || (select_i < 8'(8 * Ports) && select_i[2:0] < 3'(TableCopies));
        fits_q[4'(lacuna_link_pkg::SpaceEmbedding)] <= select_i < 8'(lacuna_pkg::BankParts) && EmbeddingDepth != 0;
        fits_q[GapSpace] <= 1'b0;
        select_ok_q <= select_ok;
        words_q <= words;
        space_ok_o <= select_ok_q;
        words_o <= words_q;
    end

    // ---------------------------------------------------------------- requests
    typedef enum logic [2:0] {Idle, Sort, Decide, Engine, EngineRead, Own} state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic write_q, model_q, embedding_q, engine_q, dirties_q;
    logic [7:0] asked_q;  // the request's space
    logic [35:0] own_word_q;
    logic [31:0] emb_word_q;
    logic [5:0] wait_q;
    logic [lacuna_pkg::BankBits-1:0] emb_bank_q;
    logic [31:0] emb_word;

    assign ready_o = state_q == Idle;

    // The part of a bank, by comparison.
    always_comb begin
        emb_word = emb_bank_q[31:0];
        for (int unsigned part = 1; part < lacuna_pkg::BankParts; part++) begin
            if (mem_select_o[2:0] == 3'(part)) emb_word = emb_bank_q[part*32+:32];
        end
    end

    always_ff @(posedge clk_i) begin
        rvalid_o <= 1'b0;
        dirty_o <= 1'b0;
        emb_we_o <= '0;
        reg_we_o <= 1'b0;
        wait_q <= {wait_q[4:0], 1'b1};
        emb_bank_q <= emb_bank_i;
        emb_word_q <= emb_word;
        own_word_q <= model_q ? reg_word_i : 36'(emb_word_q);
        unique case (state_q)
            // Whatever stands at the port is taken into the registers: nobody looks before it is a request.
            Idle: begin
                asked_q <= space_i;
                mem_select_o <= select_i;
                mem_address_o <= address_i[lacuna_pkg::MemAddrW-1:0];
                mem_data_o <= data_i;
                write_q <= write_i;
                if (valid_i) state_q <= Sort;
            end
            Sort: begin
                engine_q <= asked_q < lacuna_link_pkg::SpaceEmbedding;
                model_q <= asked_q == lacuna_link_pkg::SpaceModel;
                embedding_q <= asked_q == lacuna_link_pkg::SpaceEmbedding;
                dirties_q <= write_q && asked_q != lacuna_link_pkg::SpaceCell && asked_q != lacuna_link_pkg::SpaceBank;
                state_q <= Decide;
            end
            Decide: begin
                wait_q <= '0;
                dirty_o <= dirties_q;
                state_q <= engine_q ? Engine : Own;
            end
            Engine: if (mem_ready_i) state_q <= write_q ? Idle : EngineRead;
            EngineRead: begin
                rdata_o <= mem_rdata_i;
                if (mem_rvalid_i) begin
                    rvalid_o <= 1'b1;
                    state_q <= Idle;
                end
            end
            default: begin
                rdata_o <= own_word_q;
                if (write_q) begin
                    for (int unsigned part = 0; part < lacuna_pkg::BankParts; part++) begin
                        emb_we_o[part] <= embedding_q && mem_select_o[2:0] == 3'(part);
                    end
                    reg_we_o <= model_q;
                    state_q <= Idle;
                end else if (wait_q[5]) begin
                    rvalid_o <= 1'b1;
                    state_q <= Idle;
                end
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            rvalid_o <= 1'b0;
            dirty_o <= 1'b0;
            emb_we_o <= '0;
            reg_we_o <= 1'b0;
        end
    end

    assign mem_valid_o = state_q == Engine;
    assign mem_write_o = write_q;
    assign mem_space_o = lacuna_pkg::space_e'(asked_q[2:0]);
    assign emb_address_o = mem_address_o[15:0];
    assign emb_data_o = mem_data_o[31:0];
    assign emb_read_o = state_q == Own;
    assign reg_address_o = mem_address_o[3:0];
    assign reg_data_o = mem_data_o;

    logic unused;
    assign unused = ^address_i[23:lacuna_pkg::MemAddrW];
endmodule
