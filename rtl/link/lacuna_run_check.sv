// Checks a STEP, TOKENS or GENERATE request before the engine runs.
//
// start_i takes the request (opcode_i, length_i of its payload); done_o comes once, with status_o and detail_o. Without a
// refusal (ok_o) the payload then stands at its first vector or token, and what the run needs to know is on the other
// outputs, until the next start_i, as long as opcode_i holds: step_o, generate_o: which request; score_o: the program;
// outputs_o: the reply has output words, words_o of them, rather than tokens; first_o: first token of GENERATE; count_o:
// steps. ReplyHead: bytes of the reply before its outputs.
`default_nettype none

module lacuna_run_check #(
    parameter int unsigned Ports = 2,
    parameter int unsigned EmbeddingDepth = 512,
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned ReplyHead = 8,
    localparam int unsigned IndexW = $clog2(FrameBytes)
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic [7:0] opcode_i,
    input wire logic [IndexW:0] length_i,
    input wire lacuna_link_pkg::model_t model_i,
    output logic done_o,
    output logic ok_o,
    output logic [7:0] status_o,
    output logic [31:0] detail_o,

    output logic read_seek_o,
    output logic [IndexW-1:0] read_index_o,
    output logic read_next_o,
    input wire logic read_valid_i,
    input wire logic [7:0] read_byte_i,

    output logic step_o,
    output logic generate_o,
    output logic score_o,
    output logic outputs_o,
    output logic [7:0] first_o,
    output logic [15:0] count_o,
    output logic [15:0] words_o
);
    localparam int unsigned HeadBytes = 3;    // of each of the three requests
    localparam int unsigned Room = FrameBytes - ReplyHead;

    typedef enum logic [3:0] {
        Idle, Seek, Head, Weigh, Judge, VectorBytes, Vocabulary, Sentence, Words, FinalWords, WordBytes, Bytes, Fits, Done
    } state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic [15:0] left_q;
    logic [4:0] word_bytes_q;
    logic [1:0] at_q;
    logic [2:0] settle_q;  // cycles of Weigh, Sentence, or behind a product
    logic no_tokens_q, bad_first_q, none_q, bad_length_q, bad_token_q, many_q, last_q, too_long_q;  // verdicts, a cycle behind
    logic [31:0] expected_q;               // bytes of the payload with vectors
    logic [16:0] tokens_end_q, wanted_q;   // with tokens; with what there is
    logic [1:0] differs_q;                 // the payload has not as many
    logic high_q, wide_q, unknown_q;
    logic [7:0] token_q;
    logic [1:0] seen_q;                    // it is a new one, a cycle and two ago
    logic refused_q;                       // by the first verdicts
    logic [7:0] refusal, refusal_q;

    logic multiply_q, multiplied, multiplied_q, multiplied_qq, product_q;
    logic [15:0] factor_a_q, factor_b_q;
    logic [15:0] y_words_q, y_steps_q;  // of the steps that all have as many output words
    logic [31:0] product;

    assign read_next_o = state_q == Head || state_q == Vocabulary;

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

    always_comb begin
        refusal = lacuna_link_pkg::StatusOk;
        if (!step_o && no_tokens_q) refusal = lacuna_link_pkg::StatusNoTokenMode;
        else if (!generate_o && bad_first_q) refusal = lacuna_link_pkg::StatusBadValue;
        else if (none_q) refusal = lacuna_link_pkg::StatusBadCount;
        else if (!step_o && !generate_o && bad_length_q) refusal = lacuna_link_pkg::StatusBadLength;
        else if (generate_o && bad_token_q) refusal = lacuna_link_pkg::StatusBadToken;
    end

    always_ff @(posedge clk_i) begin
        done_o <= 1'b0;
        read_seek_o <= 1'b0;
        multiply_q <= 1'b0;
        multiplied_q <= multiplied;
        multiplied_qq <= multiplied_q;
        word_bytes_q <= (5'(model_i.y_format[2:1]) << (model_i.y_format[0] ? 2 : 0)) << (Ports - 1);
        expected_q <= product + 32'(HeadBytes);
        tokens_end_q <= 17'(count_o) + 17'(HeadBytes);
        no_tokens_q <= EmbeddingDepth == 0 || model_i.token_count == '0;
        bad_first_q <= first_o > 8'd1;
        none_q <= count_o == '0;
        many_q <= count_o > 16'(Room);
        last_q <= left_q == 16'd1;
        y_words_q <= score_o ? model_i.y_words_score : model_i.y_words_generate;
        y_steps_q <= score_o ? count_o - 1'b1 : count_o;
        // What the multiplier is to start with, in the cycle after the state.
        factor_a_q <= state_q == WordBytes ? words_o : state_q == Words ? y_words_q : model_i.x_bytes;
        factor_b_q <= state_q == WordBytes ? 16'(word_bytes_q) : state_q == Words ? y_steps_q : count_o;
        wanted_q <= step_o ? expected_q[16:0] : tokens_end_q;
        differs_q[0] <= wanted_q[7:0] != length_i[7:0];
        differs_q[1] <= wanted_q[16:8] != 9'(length_i[IndexW:8]);
        bad_length_q <= differs_q != '0 || (step_o && high_q);
        high_q <= product[31:16] != '0;
        refusal_q <= refusal;
        refused_q <= refusal != lacuna_link_pkg::StatusOk;
        settle_q <= state_q == Weigh || state_q == Sentence || (state_q == VectorBytes && product_q) ? settle_q + 1'b1 : '0;
        if (state_q == Judge) product_q <= 1'b0;
        else if (multiplied_qq) product_q <= 1'b1;
        wide_q <= product[31:15] != '0;
        token_q <= generate_o ? first_o : read_byte_i;
        bad_token_q <= 9'(token_q) >= model_i.token_count;
        too_long_q <= product > 32'(Room);

        unique case (state_q)
            Idle: begin
                step_o <= opcode_i == lacuna_link_pkg::OpStep;
                generate_o <= opcode_i == lacuna_link_pkg::OpGenerate;
                read_index_o <= '0;
                at_q <= '0;
                if (start_i) begin
                    status_o <= lacuna_link_pkg::StatusOk;
                    read_seek_o <= 1'b1;
                    state_q <= Seek;
                end
            end
            Seek: state_q <= Head;
            Head: begin
                if (read_valid_i) begin
                    at_q <= at_q + 1'b1;
                    if (at_q == 2'd0) first_o <= read_byte_i;
                    if (at_q == 2'd1) count_o[7:0] <= read_byte_i;
                    if (at_q == 2'd2) begin
                        count_o[15:8] <= read_byte_i;
                        state_q <= Weigh;
                    end
                end
            end
            // Up to six cycles for the verdicts.
            Weigh: begin
                unknown_q <= 1'b0;
                left_q <= count_o;
                outputs_o <= step_o || (!generate_o && first_o[lacuna_link_pkg::TokenFlagLogits]);
                score_o <= step_o && first_o == lacuna_link_pkg::ModeScore;
                if (settle_q == '1) state_q <= Judge;
            end
            Judge: begin
                multiply_q <= step_o;
                state_q <= step_o ? VectorBytes : generate_o ? Words : Vocabulary;
                if (refused_q) begin
                    status_o <= refusal_q;
                    state_q <= Done;
                end
            end
            // STEP: the length of its vectors.
            VectorBytes: begin
                if (settle_q == '1) begin
                    state_q <= Words;
                    if (bad_length_q) begin
                        status_o <= lacuna_link_pkg::StatusBadLength;
                        state_q <= Done;
                    end
                end
            end
            // TOKENS: all of them, before the first step.
            Vocabulary: begin
                seen_q <= {seen_q[0], read_valid_i};
                if (seen_q[1] && bad_token_q) unknown_q <= 1'b1;
                if (read_valid_i) begin
                    left_q <= left_q - 1'b1;
                    if (last_q) state_q <= Sentence;
                end
            end
            Sentence: begin
                seen_q <= {seen_q[0], 1'b0};
                if (seen_q[1] && bad_token_q) unknown_q <= 1'b1;
                if (settle_q[1]) begin
                    state_q <= Words;
                    if (unknown_q) begin
                        status_o <= lacuna_link_pkg::StatusBadToken;
                        state_q <= Done;
                    end
                end
            end
            // The words of all steps, or of all but a score run's last.
            Words: begin
                multiply_q <= outputs_o;
                state_q <= outputs_o ? FinalWords : Fits;
                too_long_q <= many_q;
            end
            FinalWords: begin
                words_o <= product[15:0] + (score_o ? model_i.y_words_score_final : 16'd0);
                if (multiplied_q) begin
                    too_long_q <= 1'b1;
                    state_q <= wide_q ? Fits : WordBytes;
                end
            end
            WordBytes: begin
                multiply_q <= 1'b1;
                state_q <= Bytes;
            end
            Bytes: if (multiplied_q) state_q <= Fits;
            Fits: begin
                read_seek_o <= 1'b1;
                read_index_o <= IndexW'(HeadBytes);
                state_q <= Done;
                if (too_long_q) status_o <= lacuna_link_pkg::StatusReplyTooLong;
            end
            default: begin
                done_o <= 1'b1;
                ok_o <= status_o == lacuna_link_pkg::StatusOk;
                state_q <= Idle;
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            done_o <= 1'b0;
            read_seek_o <= 1'b0;
            multiply_q <= 1'b0;
        end
    end

    // The detail follows from the status, a cycle behind it.
    always_ff @(posedge clk_i) begin
        unique case (status_o)
            lacuna_link_pkg::StatusBadLength: detail_o <= step_o ? expected_q : 32'(tokens_end_q);
            lacuna_link_pkg::StatusBadValue: detail_o <= 32'd1;
            lacuna_link_pkg::StatusBadCount: detail_o <= 32'(Room);
            lacuna_link_pkg::StatusBadToken: detail_o <= 32'(model_i.token_count);
            lacuna_link_pkg::StatusReplyTooLong: detail_o <= 32'(FrameBytes);
            default: detail_o <= '0;
        endcase
    end

    logic unused;
    assign unused = ^model_i;
endmodule
