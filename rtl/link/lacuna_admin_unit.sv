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
        Idle, Seek, Clear, Clearing, Id, Banks, Registers, Commit, Counter, CounterBytes, Rate, Judge, Word, Done
    } state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic [2:0] at_q;
    logic [3:0] counter_q;
    logic [31:0] word_q, asked_q;
    logic [24:0] banks_q;
    logic [8:0] tokens_q;
    logic [3:0] settle_q;
    logic any_wrong_q, same_q, taken_q, last_byte, summed_q, turn_q, busy_q, too_fast_q, too_slow_q;
    logic clearing_q, committing_q, counting_q, rating_q;  // what is asked for
    logic has_tokens_q, single_q, banks_over_q, rows_over_q;
    logic [63:0] id_q;
    logic [7:0] differs_q;  // the byte that was taken
    logic [lacuna_link_pkg::ModelRegisters-1:0] wrong, wrong_q;
    logic [3:0] first_wrong_q;

    assign read_next_o = state_q == Id || state_q == Rate;
    assign counter_o = counter_q;
    assign last_byte = at_q[1:0] == 2'd3;

    // Which registers have no meaning.
    always_comb begin
        wrong = '0;
        wrong[lacuna_link_pkg::RegXBytes] = model_i.x_bytes == '0;
        wrong[lacuna_link_pkg::RegYWordsGenerate] = model_i.y_words_generate == '0;
        wrong[lacuna_link_pkg::RegYWordsScore] = model_i.y_words_score == '0;
        wrong[lacuna_link_pkg::RegYWordsScoreFinal] = model_i.y_words_score_final == '0;
        wrong[lacuna_link_pkg::RegYFormat] = model_i.y_format[3:1] == '0 || model_i.y_format[3:1] > 3'd3;
        if (has_tokens_q) begin
            wrong[lacuna_link_pkg::RegTokenCount] = model_i.token_count > 9'(256);
            wrong[lacuna_link_pkg::RegEmbeddingBanks] = model_i.embedding_banks == '0 || banks_over_q;
            wrong[lacuna_link_pkg::RegHeadRows] = model_i.head_rows == '0 || rows_over_q;
            wrong[lacuna_link_pkg::RegHeadGroups] = model_i.head_groups == '0;
            wrong[lacuna_link_pkg::RegHeadUnitsFull] = model_i.head_units_full == '0 && !single_q;
            wrong[lacuna_link_pkg::RegHeadUnitsLast] = model_i.head_units_last == '0;
        end
    end

    logic [3:0] first_wrong;

    always_comb begin
        first_wrong = '0;
        for (int i = int'(lacuna_link_pkg::ModelRegisters) - 1; i >= 0; i--) begin
            if (wrong_q[i]) first_wrong = 4'(i);
        end
    end

    always_ff @(posedge clk_i) begin
        done_o <= 1'b0;
        read_seek_o <= 1'b0;
        reply_valid_o <= 1'b0;
        clear_o <= 1'b0;
        commit_o <= 1'b0;
        cleared_o <= 1'b0;
        wrong_q <= wrong;
        any_wrong_q <= wrong_q != '0;
        summed_q <= tokens_q >= model_i.token_count || tokens_q[8];
        first_wrong_q <= first_wrong;
        has_tokens_q <= model_i.token_count != '0;
        single_q <= model_i.head_groups == 12'd1;
        banks_over_q <= banks_q > 25'(EmbeddingDepth);
        rows_over_q <= model_i.head_rows > model_i.token_count;
        busy_q <= engine_busy_i;
        taken_q <= state_q == Id && read_valid_i;
        differs_q <= read_byte_i ^ id_q[7:0];
        too_fast_q <= asked_q > lacuna_link_pkg::IncrementMax;
        too_slow_q <= asked_q < lacuna_link_pkg::IncrementMin;
        if (state_q == Idle) same_q <= 1'b1;
        else if (taken_q && differs_q != '0) same_q <= 1'b0;
        turn_q <= state_q == Banks && !turn_q;
        if (state_q == Clearing || state_q == Registers || state_q == Judge) settle_q <= settle_q[3] ? settle_q : settle_q + 1'b1;
        else settle_q <= '0;
        if (state_q == Idle) at_q <= '0;
        else if (state_q == Counter || state_q == CounterBytes || state_q == Word) at_q <= at_q + 1'b1;
        else if (read_valid_i && (state_q == Id || state_q == Rate)) at_q <= at_q + 1'b1;

        // The word of a reply, lowest byte first.
        if (state_q == Clearing) word_q <= '0;
        else if (state_q == Counter) word_q <= count_i;
        else if (state_q == Judge) word_q <= asked_q;
        else word_q <= word_q >> 8;
        reply_data_o <= state_q == Commit ? flags_i | 8'(1 << lacuna_link_pkg::FlagModelValid) : word_q[7:0];

        unique case (state_q)
            Idle: begin
                counter_q <= '0;
                id_q <= {model_i.model_id_high, model_i.model_id_low};
                banks_q <= '0;
                tokens_q <= '0;
                status_o <= lacuna_link_pkg::StatusOk;
                clearing_q <= opcode_i == lacuna_link_pkg::OpClear;
                committing_q <= opcode_i == lacuna_link_pkg::OpCommit;
                counting_q <= opcode_i == lacuna_link_pkg::OpCounters;
                rating_q <= opcode_i == lacuna_link_pkg::OpSetBaud;
                if (start_i) begin
                    read_seek_o <= 1'b1;
                    state_q <= Seek;
                end
            end
            Seek: begin
                state_q <= Rate;
                if (clearing_q) state_q <= Clear;
                if (committing_q) state_q <= boot_i ? Banks : Id;
                if (counting_q) state_q <= Counter;
            end

            Clear: begin
                if (!busy_q) begin
                    clear_o <= 1'b1;
                    state_q <= Clearing;
                end
            end
            // Busy a few cycles after clear_o at the latest.
            Clearing: begin
                if (settle_q[3] && !busy_q) begin
                    cleared_o <= 1'b1;
                    state_q <= Word;
                end
            end

            Id: begin
                if (read_valid_i) begin
                    id_q <= id_q >> 8;
                    if (at_q == 3'd7) state_q <= Banks;
                end
            end
            // Banks of the embedding, by addition. same_q follows in the first cycle.
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
                if (settle_q[3]) begin
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
                state_q <= Done;
            end

            // The counter follows its index by two cycles.
            Counter: if (last_byte) state_q <= CounterBytes;
            CounterBytes: begin
                reply_valid_o <= 1'b1;
                if (last_byte) begin
                    counter_q <= counter_q + 1'b1;
                    state_q <= counter_q == '1 ? Done : Counter;
                end
            end

            Rate: begin
                if (read_valid_i) begin
                    asked_q <= {read_byte_i, asked_q[31:8]};
                    if (last_byte) state_q <= Judge;
                end
            end
            Judge: begin
                rate_o <= asked_q;
                if (settle_q[1]) begin
                    state_q <= Word;
                    if (too_fast_q || too_slow_q) begin
                        status_o <= lacuna_link_pkg::StatusBadValue;
                        state_q <= Done;
                    end
                end
            end

            Word: begin
                reply_valid_o <= 1'b1;
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
