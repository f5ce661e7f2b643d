// Executes STEP, TOKENS and GENERATE: checks the request, runs the engine, and collects the reply.
//
// start_i takes the request (opcode_i, length_i of its payload); a model must be valid. done_o comes once, with status_o
// and detail_o, and with the reply's length. The reply's outputs are written first, from byte 8 on; steps and cycles
// before them, at the end. steps_o counts the steps since steps_clear_i.
// Watchdog: a run in which the engine takes no input, gives no output that belongs to it, and does not end for
// WatchdogCycles is given up: engine_reset_o for one cycle, then ENGINE_TIMEOUT when engine_ready_i is high again.
//
// WatchdogCycles 16..16777216.
`default_nettype none

module lacuna_runner #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2,
    parameter int unsigned EmbeddingDepth = 512,
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned WatchdogCycles = lacuna_link_pkg::WatchdogCycles,
    localparam int unsigned IndexW = $clog2(FrameBytes)
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic [7:0] opcode_i,
    input wire logic [IndexW:0] length_i,
    output logic done_o,
    output logic [7:0] status_o,
    output logic [31:0] detail_o,
    output logic [IndexW:0] reply_length_o,
    output logic token_mode_o,

    input wire logic steps_clear_i,
    output logic [31:0] steps_o,

    output logic read_seek_o,
    output logic [IndexW-1:0] read_index_o,
    output logic read_next_o,
    input wire logic read_valid_i,
    input wire logic [7:0] read_byte_i,

    output logic reply_place_o,
    output logic [3:0] reply_index_o,
    output logic reply_valid_o,
    output logic [7:0] reply_data_o,
    input wire logic [IndexW:0] reply_bytes_i,

    input wire logic [15:0] x_bytes_i,
    input wire logic [15:0] y_words_generate_i,
    input wire logic [15:0] y_words_score_i,
    input wire logic [15:0] y_words_final_i,
    input wire logic [2:0] y_format_i,
    input wire logic [8:0] token_count_i,
    input wire logic [15:0] embedding_banks_i,
    input wire logic [8:0] head_rows_i,
    input wire logic [11:0] head_groups_i,
    input wire logic [7:0] head_units_full_i,
    input wire logic [7:0] head_units_last_i,

    output logic engine_start_o,
    output logic [lacuna_pkg::EntryW-1:0] engine_entry_o,
    output logic [lacuna_pkg::StepsW-1:0] engine_steps_o,
    input wire logic engine_busy_i,
    output logic engine_reset_o,
    input wire logic engine_ready_i,
    output logic [15:0] emb_address_o,
    input wire logic [lacuna_pkg::BankBits-1:0] emb_bank_i,
    output logic x_valid_o,
    input wire logic x_ready_i,
    output logic [lacuna_pkg::BankBits-1:0] x_data_o,
    input wire logic y_valid_i,
    output logic y_ready_o,
    input wire logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] y_data_i
);
    localparam int unsigned HeadBytes = 3;    // of each of the three requests
    localparam int unsigned ReplyHead = 8;    // steps and cycles
    localparam int unsigned Room = FrameBytes - ReplyHead;
    localparam int unsigned WatchW = $clog2(WatchdogCycles + 1);
    localparam logic [lacuna_pkg::EntryW-1:0] EntryGenerate = {1'b1, (lacuna_pkg::EntryW - 1)'(0)};

    if (WatchdogCycles < 16 || WatchdogCycles > 16777216) begin : gen_bad
        $error("lacuna_runner: WatchdogCycles must be 16..16777216");
    end

    typedef enum logic [4:0] {
        Idle, Head, Weigh, Judge, VectorBytes, Vocabulary, Sentence, Words, FinalWords, WordBytes, Bytes, Fits, Rewind, Start, Run, Drain, Reset,
        Recover, Length, Front, Done
    } state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic step_q, generate_q, outputs_q, score_q;
    logic [7:0] first_q;     // mode, flags, or first token
    logic [15:0] count_q, left_q;
    logic [15:0] words_q;
    logic [4:0] word_bytes_q;
    logic [1:0] at_q;
    logic too_long_q;
    logic no_tokens_q, bad_first_q, none_q, bad_length_q, bad_token_q, many_q, expired_q, last_q;  // verdicts, a cycle behind
    logic [16:0] tokens_end_q;
    logic high_q, wide_q, settled_q, unknown_q;
    logic [3:0] front_q;
    logic [31:0] cycles_q;
    logic [WatchW-1:0] watch_q;
    logic [3:0] quiet_q;
    logic byte_valid, next_q, seen_q, engine_started_q;

    logic multiply_q, multiplied, multiplied_q, multiplied_qq, input_start, input_busy, input_taken, output_busy, output_taken, output_reply;
    logic input_next, token_valid;
    logic [7:0] token, output_data;
    logic [15:0] factor_a_q, factor_b_q;
    logic [31:0] product;
    logic [16:0] expected_q;

    assign byte_valid = read_valid_i && !read_seek_o && !read_next_o;
    assign token_mode_o = state_q != Idle && !step_q;
    assign read_next_o = next_q || input_next;

    lacuna_multiplier #(
        .WidthA(16), .WidthB(16)
    ) u_multiplier (
        .clk_i, .rst_ni,
        .start_i(multiply_q),
        .a_i(factor_a_q),
        .b_i(factor_b_q),
        .done_o(multiplied),
        .product_o(product)
    );

    always_ff @(posedge clk_i) begin
        done_o <= 1'b0;
        settled_q <= 1'b0;
        read_seek_o <= 1'b0;
        multiply_q <= 1'b0;
        multiplied_q <= multiplied;
        multiplied_qq <= multiplied_q;
        input_start <= 1'b0;
        engine_start_o <= 1'b0;
        engine_reset_o <= 1'b0;
        reply_place_o <= 1'b0;
        next_q <= byte_valid && (state_q == Head || state_q == Vocabulary);
        front_q <= '0;
        word_bytes_q <= (5'(y_format_i[2:1]) << (y_format_i[0] ? 2 : 0)) << (Ports - 1);
        expected_q <= 17'(product[15:0]) + 17'(HeadBytes);
        tokens_end_q <= 17'(count_q) + 17'(HeadBytes);
        no_tokens_q <= EmbeddingDepth == 0 || token_count_i == '0;
        bad_first_q <= first_q > 8'd1;
        none_q <= count_q == '0;
        many_q <= count_q > 16'(Room);
        last_q <= left_q == 16'd1;
        bad_length_q <= (step_q ? expected_q : tokens_end_q) != 17'(length_i) || (step_q && high_q);
        high_q <= product[31:16] != '0;
        wide_q <= product[31:15] != '0;
        expired_q <= watch_q == WatchW'(WatchdogCycles - 1);
        bad_token_q <= 9'(generate_q ? first_q : read_byte_i) >= token_count_i;
        too_long_q <= product > 32'(Room);
        if (state_q == Idle || input_taken || output_taken) watch_q <= '0;
        else watch_q <= watch_q + 1'b1;
        if (state_q == Start) cycles_q <= '0;
        else if (engine_busy_i) cycles_q <= cycles_q + 1'b1;
        if (steps_clear_i) steps_o <= '0;

        unique case (state_q)
            Idle: begin
                if (start_i) begin
                    step_q <= opcode_i == lacuna_link_pkg::OpStep;
                    generate_q <= opcode_i == lacuna_link_pkg::OpGenerate;
                    read_seek_o <= 1'b1;
                    read_index_o <= '0;
                    at_q <= '0;
                    status_o <= lacuna_link_pkg::StatusOk;
                    state_q <= Head;
                end
            end
            Head: begin
                if (byte_valid) begin
                    at_q <= at_q + 1'b1;
                    if (at_q == 2'd0) first_q <= read_byte_i;
                    if (at_q == 2'd1) count_q[7:0] <= read_byte_i;
                    if (at_q == 2'd2) begin
                        count_q[15:8] <= read_byte_i;
                        state_q <= Weigh;
                    end
                end
            end
            // Two cycles for the verdicts.
            Weigh: begin
                settled_q <= 1'b1;
                unknown_q <= 1'b0;
                left_q <= count_q;
                if (settled_q) state_q <= Judge;
            end
            Judge: begin
                outputs_q <= step_q || (!generate_q && first_q[lacuna_link_pkg::TokenFlagLogits]);
                score_q <= step_q && first_q == lacuna_link_pkg::ModeScore;
                factor_a_q <= x_bytes_i;
                factor_b_q <= count_q;
                multiply_q <= step_q;
                state_q <= step_q ? VectorBytes : Vocabulary;
                if (!step_q && no_tokens_q) begin
                    status_o <= lacuna_link_pkg::StatusNoTokenMode;
                    state_q <= Done;
                end else if (!generate_q && bad_first_q) begin
                    status_o <= lacuna_link_pkg::StatusBadValue;
                    state_q <= Done;
                end else if (none_q) begin
                    status_o <= lacuna_link_pkg::StatusBadCount;
                    state_q <= Done;
                end else if (!step_q && !generate_q && bad_length_q) begin
                    status_o <= lacuna_link_pkg::StatusBadLength;
                    state_q <= Done;
                end else if (generate_q && bad_token_q) begin
                    status_o <= lacuna_link_pkg::StatusBadToken;
                    state_q <= Done;
                end else if (generate_q) begin
                    state_q <= Words;
                end
            end
            // STEP: the length of its vectors.
            VectorBytes: begin
                if (multiplied_qq) settled_q <= 1'b1;
                if (settled_q) begin
                    state_q <= Words;
                    if (bad_length_q) begin
                        status_o <= lacuna_link_pkg::StatusBadLength;
                        state_q <= Done;
                    end
                end
            end
            // TOKENS: all of them, before the first step.
            Vocabulary: begin
                seen_q <= byte_valid;
                if (seen_q && bad_token_q) unknown_q <= 1'b1;
                if (byte_valid) begin
                    left_q <= left_q - 1'b1;
                    if (last_q) state_q <= Sentence;
                end
            end
            Sentence: begin
                seen_q <= 1'b0;
                settled_q <= 1'b1;
                if (seen_q && bad_token_q) unknown_q <= 1'b1;
                if (settled_q) begin
                    state_q <= Words;
                    if (unknown_q) begin
                        status_o <= lacuna_link_pkg::StatusBadToken;
                        state_q <= Done;
                    end
                end
            end
            // The words of all steps, or of all but a score run's last.
            Words: begin
                factor_a_q <= score_q ? y_words_score_i : y_words_generate_i;
                factor_b_q <= score_q ? count_q - 1'b1 : count_q;
                multiply_q <= outputs_q;
                state_q <= outputs_q ? FinalWords : Fits;
                too_long_q <= many_q;
            end
            FinalWords: begin
                words_q <= product[15:0] + (score_q ? y_words_final_i : 16'd0);
                if (multiplied_q) begin
                    too_long_q <= 1'b1;
                    state_q <= wide_q ? Fits : WordBytes;
                end
            end
            WordBytes: begin
                factor_a_q <= words_q;
                factor_b_q <= 16'(word_bytes_q);
                multiply_q <= 1'b1;
                state_q <= Bytes;
            end
            Bytes: if (multiplied_q) state_q <= Fits;
            Fits: begin
                read_seek_o <= 1'b1;
                read_index_o <= IndexW'(HeadBytes);
                state_q <= Rewind;
                if (too_long_q) begin
                    status_o <= lacuna_link_pkg::StatusReplyTooLong;
                    state_q <= Done;
                end
            end
            Rewind: begin
                reply_place_o <= 1'b1;
                reply_index_o <= 4'(ReplyHead);
                if (!engine_busy_i) state_q <= Start;
            end
            Start: begin
                engine_start_o <= 1'b1;
                input_start <= 1'b1;
                engine_started_q <= 1'b0;
                watch_q <= '0;
                state_q <= Run;
            end
            Run: begin
                quiet_q <= '0;
                if (engine_busy_i) engine_started_q <= 1'b1;
                if (engine_started_q && !input_busy && !output_busy) state_q <= Drain;
                if (expired_q) state_q <= Reset;
            end
            // What the engine still has to give belongs to no step; nothing may be left for the next run.
            Drain: begin
                quiet_q <= engine_busy_i || y_valid_i ? '0 : quiet_q + 1'b1;
                if (quiet_q == '1) begin
                    steps_o <= steps_o + 32'(count_q);
                    state_q <= Length;
                end
                if (expired_q) state_q <= Reset;
            end
            Reset: begin
                engine_reset_o <= 1'b1;
                quiet_q <= '0;
                state_q <= Recover;
            end
            Recover: begin
                status_o <= lacuna_link_pkg::StatusEngineTimeout;
                steps_o <= '0;
                quiet_q <= quiet_q == '1 ? '1 : quiet_q + 1'b1;
                if (quiet_q == '1 && engine_ready_i) state_q <= Done;
            end
            Length: begin
                reply_length_o <= reply_bytes_i;
                reply_place_o <= 1'b1;
                reply_index_o <= '0;
                state_q <= Front;
            end
            Front: begin
                front_q <= front_q + 1'b1;
                if (front_q == 4'(ReplyHead)) state_q <= Done;
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
            next_q <= 1'b0;
            multiply_q <= 1'b0;
            input_start <= 1'b0;
            engine_start_o <= 1'b0;
            engine_reset_o <= 1'b0;
            reply_place_o <= 1'b0;
            steps_o <= '0;
        end
    end

    // The detail follows from the status, a cycle behind it.
    always_ff @(posedge clk_i) begin
        unique case (status_o)
            lacuna_link_pkg::StatusBadLength: detail_o <= step_q ? product + 32'(HeadBytes) : 32'(tokens_end_q);
            lacuna_link_pkg::StatusBadValue: detail_o <= 32'd1;
            lacuna_link_pkg::StatusBadCount: detail_o <= 32'(Room);
            lacuna_link_pkg::StatusBadToken: detail_o <= 32'(token_count_i);
            lacuna_link_pkg::StatusReplyTooLong: detail_o <= 32'(FrameBytes);
            default: detail_o <= '0;
        endcase
    end

    // Outputs as they come; at the end steps and cycles.
    logic [63:0] front;
    assign front = {cycles_q, steps_o};

    always_ff @(posedge clk_i) begin
        reply_valid_o <= output_reply || (state_q == Front && front_q != '0 && front_q <= 4'(ReplyHead));
        reply_data_o <= state_q == Front ? front[(front_q[2:0] - 3'd1)*8+:8] : output_data;
        if (!rst_ni) reply_valid_o <= 1'b0;
    end

    assign engine_entry_o = score_q ? '0 : EntryGenerate;
    assign engine_steps_o = lacuna_pkg::StepsW'(count_q);

    lacuna_step_input u_input (
        .clk_i,
        .rst_ni(rst_ni && !engine_reset_o),
        .start_i(input_start),
        .vectors_i(step_q),
        .feedback_i(generate_q),
        .steps_i(count_q),
        .x_bytes_i,
        .banks_i(embedding_banks_i),
        .token_valid_i(token_valid && generate_q && state_q == Run),
        .token_i(state_q == Run && !input_start ? token : first_q),
        .busy_o(input_busy),
        .taken_o(input_taken),
        .read_next_o(input_next),
        .read_valid_i(read_valid_i && !read_seek_o && !next_q),
        .read_byte_i,
        .emb_address_o, .emb_bank_i,
        .x_valid_o, .x_ready_i, .x_data_o
    );

    lacuna_step_output #(
        .Tiles(Tiles), .Ports(Ports)
    ) u_output (
        .clk_i,
        .rst_ni(rst_ni && !engine_reset_o),
        .start_i(input_start),
        .tokens_i(!outputs_q),
        .steps_i(count_q),
        .words_i(words_q),
        .format_i(y_format_i),
        .head_rows_i,
        .head_groups_i,
        .units_full_i(head_units_full_i),
        .units_last_i(head_units_last_i),
        .drain_i(state_q == Drain),
        .busy_o(output_busy),
        .taken_o(output_taken),
        .y_valid_i, .y_ready_o, .y_data_i,
        .token_valid_o(token_valid),
        .token_o(token),
        .reply_valid_o(output_reply),
        .reply_data_o(output_data)
    );
endmodule
