// Executes STEP, TOKENS and GENERATE: has the request checked, runs the engine, and collects the reply.
//
// start_i takes the request (opcode_i, length_i of its payload); a model must be valid. done_o comes once, with status_o
// and detail_o, and with the reply's length. The reply's outputs are written first, from byte 8 on; steps and cycles
// before them, at the end. steps_o counts the steps since steps_clear_i.
// Watchdog: a run in which the engine takes no input, gives no output that belongs to it, and does not end for
// WatchdogCycles is given up: engine_reset_o for one cycle, then ENGINE_TIMEOUT when engine_ready_i is high again.
//
// WatchdogCycles 4096..16777216.
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

    input wire lacuna_link_pkg::model_t model_i,
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
    localparam int unsigned ReplyHead = 8;    // steps and cycles
    localparam int unsigned WatchW = $clog2(WatchdogCycles + 1);
    localparam logic [lacuna_pkg::EntryW-1:0] EntryGenerate = {1'b1, (lacuna_pkg::EntryW - 1)'(0)};

    if (WatchdogCycles < 4096 || WatchdogCycles > 16777216) begin : gen_bad
        $error("lacuna_runner: WatchdogCycles must be 4096..16777216");
    end

    // ---------------------------------------------------------------- the request
    logic checked, ok, step, generating, score, outputs, check_next;
    logic [7:0] check_status, first;
    logic [15:0] count, words;

    lacuna_run_check #(
        .Ports(Ports), .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .ReplyHead(ReplyHead)
    ) u_check (
        .clk_i, .rst_ni, .start_i, .opcode_i, .length_i, .model_i,
        .done_o(checked),
        .ok_o(ok),
        .status_o(check_status),
        .detail_o,
        .read_seek_o, .read_index_o,
        .read_next_o(check_next),
        .read_valid_i, .read_byte_i,
        .step_o(step),
        .generate_o(generating),
        .score_o(score),
        .outputs_o(outputs),
        .first_o(first),
        .count_o(count),
        .words_o(words)
    );

    // ---------------------------------------------------------------- the run
    typedef enum logic [3:0] {Idle, Check, Rewind, Start, Run, Drain, Reset, Recover, Length, Front, Done} state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic expired_q, engine_started_q;
    logic busy_q, still_q, progress_q;  // the engine, a cycle ago
    logic quiet, quiet_end_q;
    logic [3:0] front_q, quiet_q;
    logic [7:0] front_byte_q;
    logic front_valid_q;
    logic [31:0] cycles_q;
    logic [WatchW-1:0] watch_q;
    logic input_start, input_busy, input_taken, input_next, output_busy, output_taken, output_reply, token_valid;
    logic [7:0] token, output_data;

    assign token_mode_o = !(state_q == Idle) && !step;
    assign quiet = state_q == Rewind || state_q == Recover || (state_q == Drain && still_q);
    assign read_next_o = check_next || input_next;

    always_ff @(posedge clk_i) begin
        done_o <= 1'b0;
        input_start <= 1'b0;
        engine_start_o <= 1'b0;
        engine_reset_o <= 1'b0;
        reply_place_o <= 1'b0;
        front_q <= '0;
        busy_q <= engine_busy_i;
        still_q <= !engine_busy_i && !y_valid_i;
        progress_q <= input_taken || output_taken;
        expired_q <= watch_q == WatchW'(WatchdogCycles - 1) && (state_q == Run || state_q == Drain);
        if (state_q == Start || progress_q) watch_q <= '0;
        else watch_q <= watch_q + 1'b1;
        if (state_q == Start) cycles_q <= '0;
        else if (busy_q) cycles_q <= cycles_q + 1'b1;
        // Cycles in which nothing happens.
        quiet_end_q <= quiet && quiet_q == '1;
        if (!quiet) quiet_q <= '0;
        else if (quiet_q != '1) quiet_q <= quiet_q + 1'b1;
        if (steps_clear_i || state_q == Recover) steps_o <= '0;
        else if (state_q == Length) steps_o <= steps_o + 32'(count);

        unique case (state_q)
            Idle: if (start_i) state_q <= Check;
            Check: begin
                status_o <= check_status;
                if (checked) state_q <= ok ? Rewind : Done;
            end
            // The first byte comes to the payload reader's port meanwhile.
            Rewind: begin
                reply_place_o <= 1'b1;
                reply_index_o <= 4'(ReplyHead);
                if (quiet_end_q && !busy_q) state_q <= Start;
            end
            Start: begin
                engine_start_o <= 1'b1;
                input_start <= 1'b1;
                engine_started_q <= 1'b0;
                state_q <= Run;
            end
            Run: begin
                if (busy_q) engine_started_q <= 1'b1;
                if (engine_started_q && !input_busy && !output_busy) state_q <= Drain;
                if (expired_q) state_q <= Reset;
            end
            // What the engine still has to give belongs to no step; nothing may be left for the next run.
            Drain: begin
                if (quiet_end_q && still_q) state_q <= Length;
                if (expired_q) state_q <= Reset;
            end
            Reset: begin
                engine_reset_o <= 1'b1;
                state_q <= Recover;
            end
            Recover: begin
                status_o <= lacuna_link_pkg::StatusEngineTimeout;
                if (quiet_end_q && engine_ready_i) state_q <= Done;
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
            input_start <= 1'b0;
            engine_start_o <= 1'b0;
            engine_reset_o <= 1'b0;
            reply_place_o <= 1'b0;
            steps_o <= '0;
        end
    end

    // Outputs as they come; at the end steps and cycles.
    logic [63:0] front;
    assign front = {cycles_q, steps_o};

    always_ff @(posedge clk_i) begin
        front_byte_q <= front[front_q[2:0]*8+:8];
        front_valid_q <= state_q == Front && !front_q[3];
        reply_valid_o <= output_reply || front_valid_q;
        reply_data_o <= front_valid_q ? front_byte_q : output_data;
        if (!rst_ni) reply_valid_o <= 1'b0;
    end

    assign engine_entry_o = score ? '0 : EntryGenerate;
    assign engine_steps_o = lacuna_pkg::StepsW'(count);

    lacuna_step_input u_input (
        .clk_i,
        .rst_ni(rst_ni && !engine_reset_o),
        .start_i(input_start),
        .vectors_i(step),
        .feedback_i(generating),
        .steps_i(count),
        .x_bytes_i(model_i.x_bytes),
        .banks_i(model_i.embedding_banks),
        .token_valid_i(token_valid),
        .first_i(first),
        .token_i(token),
        .busy_o(input_busy),
        .taken_o(input_taken),
        .read_next_o(input_next),
        .read_valid_i, .read_byte_i,
        .emb_address_o, .emb_bank_i,
        .x_valid_o, .x_ready_i, .x_data_o
    );

    lacuna_step_output #(
        .Tiles(Tiles), .Ports(Ports)
    ) u_output (
        .clk_i,
        .rst_ni(rst_ni && !engine_reset_o),
        .start_i(input_start),
        .tokens_i(!outputs),
        .steps_i(count),
        .words_i(words),
        .format_i(model_i.y_format[2:0]),
        .head_rows_i(model_i.head_rows),
        .head_groups_i(model_i.head_groups),
        .units_full_i(model_i.head_units_full),
        .units_last_i(model_i.head_units_last),
        .drain_i(state_q == Drain),
        .busy_o(output_busy),
        .taken_o(output_taken),
        .y_valid_i, .y_ready_o, .y_data_i,
        .token_valid_o(token_valid),
        .token_o(token),
        .reply_valid_o(output_reply),
        .reply_data_o(output_data)
    );

    logic unused;
    assign unused = ^model_i;
endmodule
