// Executes CLEAR, COMMIT, COUNTERS and SET_BAUD.
//
// start_i takes the request (opcode_i); boot_i with it says that it is the device's own COMMIT, without a model id to
// compare. done_o comes once, with status_o and detail_o. commit_o for one cycle: the model is valid from now on;
// cleared_o: the state is zero. rate_o is the increment that SET_BAUD asked for, held until the next one.
//
// COMMIT compares the registers with each other and with what the device has; BAD_VALUE names the one that is wrong.
`default_nettype none

module lacuna_admin_unit #(
    parameter int unsigned EmbeddingDepth = 512
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic boot_i,
    input wire logic [7:0] opcode_i,
    output logic done_o,
    output logic [7:0] status_o,
    output logic [31:0] detail_o,

    output logic read_seek_o,
    output logic read_next_o,
    input wire logic read_valid_i,
    input wire logic [7:0] read_byte_i,
    output logic reply_valid_o,
    output logic [7:0] reply_data_o,

    input wire lacuna_link_pkg::model_t model_i,
    input wire logic [7:0] flags_i,

    output logic [3:0] counter_o,
    input wire logic [31:0] count_i,
    output logic clear_o,
    input wire logic engine_busy_i,
    output logic commit_o,
    output logic cleared_o,
    output logic [31:0] rate_o
);
    typedef enum logic [3:0] {
        Idle, Clear, Clearing, Id, Banks, Registers, Commit, Counter, CounterBytes, Rate, Judge, Word, Done
    } state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic [2:0] at_q;
    logic [3:0] counter_q;
    logic [31:0] word_q, asked_q;
    logic [24:0] banks_q;
    logic [8:0] tokens_q;
    logic [3:0] settle_q;
    logic any_wrong_q, same_q, rating_q, byte_valid, last_byte, summed_q, turn_q;
    logic [63:0] id_q;
    logic [lacuna_link_pkg::ModelRegisters-1:0] wrong, wrong_q;
    logic [3:0] first_wrong_q;

    assign byte_valid = read_valid_i && !read_seek_o && !read_next_o;
    assign counter_o = counter_q;
    assign last_byte = at_q == 3'd3;

    // Which registers have no meaning.
    always_comb begin
        wrong = '0;
        wrong[lacuna_link_pkg::RegXBytes] = model_i.x_bytes == '0;
        wrong[lacuna_link_pkg::RegYWordsGenerate] = model_i.y_words_generate == '0;
        wrong[lacuna_link_pkg::RegYWordsScore] = model_i.y_words_score == '0;
        wrong[lacuna_link_pkg::RegYWordsScoreFinal] = model_i.y_words_score_final == '0;
        wrong[lacuna_link_pkg::RegYFormat] = model_i.y_format[3:1] == '0 || model_i.y_format[3:1] > 3'd3;
        if (model_i.token_count != '0) begin
            wrong[lacuna_link_pkg::RegTokenCount] = model_i.token_count > 9'(256);
            wrong[lacuna_link_pkg::RegEmbeddingBanks] = model_i.embedding_banks == '0 || banks_q > 25'(EmbeddingDepth);
            wrong[lacuna_link_pkg::RegHeadRows] = model_i.head_rows == '0 || model_i.head_rows > model_i.token_count;
            wrong[lacuna_link_pkg::RegHeadGroups] = model_i.head_groups == '0;
            wrong[lacuna_link_pkg::RegHeadUnitsFull] = model_i.head_units_full == '0 && model_i.head_groups != 12'd1;
            wrong[lacuna_link_pkg::RegHeadUnitsLast] = model_i.head_units_last == '0;
        end
    end

    always_ff @(posedge clk_i) begin
        done_o <= 1'b0;
        read_seek_o <= 1'b0;
        reply_valid_o <= 1'b0;
        read_next_o <= byte_valid && (state_q == Id || state_q == Rate);
        clear_o <= 1'b0;
        commit_o <= 1'b0;
        cleared_o <= 1'b0;
        wrong_q <= wrong;
        any_wrong_q <= wrong_q != '0;
        summed_q <= tokens_q >= model_i.token_count || tokens_q[8];
        for (int i = int'(lacuna_link_pkg::ModelRegisters) - 1; i >= 0; i--) begin
            if (wrong_q[i]) first_wrong_q <= 4'(i);
        end
        turn_q <= state_q == Banks && !turn_q;
        settle_q <= state_q == Registers ? settle_q + 1'b1 : '0;

        unique case (state_q)
            Idle: begin
                at_q <= '0;
                counter_q <= '0;
                same_q <= 1'b1;
                id_q <= {model_i.model_id_high, model_i.model_id_low};
                banks_q <= '0;
                tokens_q <= '0;
                status_o <= lacuna_link_pkg::StatusOk;
                if (start_i) begin
                    read_seek_o <= 1'b1;
                    rating_q <= opcode_i == lacuna_link_pkg::OpSetBaud;
                    unique case (opcode_i)
                        lacuna_link_pkg::OpClear: state_q <= Clear;
                        lacuna_link_pkg::OpCommit: state_q <= boot_i ? Banks : Id;
                        lacuna_link_pkg::OpCounters: state_q <= Counter;
                        default: state_q <= Rate;
                    endcase
                end
            end

            Clear: begin
                if (!engine_busy_i) begin
                    clear_o <= 1'b1;
                    state_q <= Clearing;
                end
            end
            // Busy a few cycles after clear_o at the latest.
            Clearing: begin
                word_q <= '0;
                at_q <= at_q == 3'd7 ? at_q : at_q + 1'b1;
                if (at_q == 3'd7 && !engine_busy_i) begin
                    cleared_o <= 1'b1;
                    at_q <= '0;
                    state_q <= Word;
                end
            end

            Id: begin
                if (byte_valid) begin
                    at_q <= at_q + 1'b1;
                    id_q <= id_q >> 8;
                    if (read_byte_i != id_q[7:0]) same_q <= 1'b0;
                    if (at_q == 3'd7) state_q <= Banks;
                end
            end
            // Banks of the embedding, by addition.
            Banks: begin
                if (!same_q) begin
                    status_o <= lacuna_link_pkg::StatusBadValue;
                    state_q <= Done;
                end else if (!turn_q) begin
                    // summed_q follows.
                end else if (summed_q) begin
                    state_q <= Registers;
                end else begin
                    tokens_q <= tokens_q + 1'b1;
                    banks_q <= banks_q + 25'(model_i.embedding_banks);
                end
            end
            Registers: begin
                if (settle_q == 4'd3) begin
                    state_q <= Commit;
                    if (any_wrong_q) begin
                        status_o <= lacuna_link_pkg::StatusBadValue;
                        state_q <= Done;
                    end
                end
            end
            Commit: begin
                commit_o <= 1'b1;
                reply_valid_o <= 1'b1;
                reply_data_o <= flags_i | 8'(1 << lacuna_link_pkg::FlagModelValid);
                state_q <= Done;
            end

            // The counter follows its index by a cycle.
            Counter: begin
                word_q <= count_i;
                at_q <= at_q + 1'b1;
                if (at_q == 3'd1) begin
                    at_q <= '0;
                    state_q <= CounterBytes;
                end
            end
            CounterBytes: begin
                reply_valid_o <= 1'b1;
                reply_data_o <= word_q[7:0];
                word_q <= word_q >> 8;
                at_q <= at_q + 1'b1;
                if (last_byte) begin
                    counter_q <= counter_q + 1'b1;
                    at_q <= '0;
                    state_q <= counter_q == '1 ? Done : Counter;
                end
            end

            Rate: begin
                if (byte_valid) begin
                    asked_q <= {read_byte_i, asked_q[31:8]};
                    at_q <= at_q + 1'b1;
                    if (last_byte) state_q <= Judge;
                end
            end
            Judge: begin
                at_q <= '0;
                word_q <= asked_q;
                rate_o <= asked_q;
                state_q <= Word;
                if (asked_q > lacuna_link_pkg::IncrementMax || asked_q < lacuna_link_pkg::IncrementMin) begin
                    status_o <= lacuna_link_pkg::StatusBadValue;
                    state_q <= Done;
                end
            end

            Word: begin
                reply_valid_o <= 1'b1;
                reply_data_o <= word_q[7:0];
                word_q <= word_q >> 8;
                at_q <= at_q + 1'b1;
                if (last_byte) state_q <= Done;
            end
            default: begin
                done_o <= 1'b1;
                state_q <= Idle;
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            done_o <= 1'b0;
            read_seek_o <= 1'b0;
            read_next_o <= 1'b0;
            reply_valid_o <= 1'b0;
            clear_o <= 1'b0;
            commit_o <= 1'b0;
            cleared_o <= 1'b0;
        end
    end

    // The detail of the only error, BAD_VALUE.
    always_ff @(posedge clk_i) begin
        detail_o <= rating_q ? lacuna_link_pkg::IncrementMax : same_q ? 32'(first_wrong_q) : 32'(lacuna_link_pkg::RegModelIdLow);
    end

    logic unused;
    assign unused = ^model_i;
endmodule
