// Executor: takes the requests one after the other, and sees to it that each is executed once and answered.
//
// request_* come from lacuna_frame_receiver. A request of the open session with the next sequence number is given to its
// unit (unit_start_o: memory, runner, admin), which answers with unit_done_i, status and detail; its reply is kept in the
// cache and sent. One of the last Window is answered from the cache. OPEN, IDENTIFY and requests refused for session or
// sequence are answered directly (direct_*: lacuna_link_info) and change nothing else.
// After reset, when boot_done_i says that the boot memory has been replayed, and boot_baked_i that it held a model, the
// device clears the state and commits the model itself.
//
// FrameBytes, Window as of lacuna_frame_receiver.
`default_nettype none

module lacuna_executor #(
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned Window = 4,
    localparam int unsigned IndexW = $clog2(FrameBytes),
    localparam int unsigned SlotW = $clog2(Window)
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic boot_done_i,
    input wire logic boot_baked_i,

    input wire logic request_valid_i,
    input wire logic [15:0] request_session_i,
    input wire logic [15:0] request_sequence_i,
    input wire logic [7:0] request_opcode_i,
    input wire logic [IndexW:0] request_length_i,
    output logic request_done_o,

    output logic [2:0] unit_start_o,
    output logic unit_boot_o,
    output logic [7:0] opcode_o,
    output logic [IndexW:0] length_o,
    input wire logic [2:0] unit_done_i,
    input wire logic [2:0][7:0] unit_status_i,
    input wire logic [2:0][31:0] unit_detail_i,
    input wire logic [IndexW:0] runner_length_i,
    input wire logic model_valid_i,

    output logic [SlotW-1:0] slot_o,
    output logic reply_start_o,
    output logic reply_valid_o,
    output logic [7:0] reply_data_o,
    input wire logic [IndexW:0] reply_bytes_i,
    output logic reply_commit_o,
    output logic [7:0] reply_status_o,
    output logic [IndexW:0] reply_length_o,

    output logic send_o,
    input wire logic send_ready_i,
    output logic [SlotW-1:0] send_slot_o,
    output logic [15:0] send_session_o,
    output logic [15:0] send_sequence_o,
    output logic direct_o,
    output logic direct_open_o,
    output logic direct_detail_o,
    output logic [7:0] direct_status_o,
    output logic [IndexW:0] direct_length_o,
    output logic [31:0] direct_value_o,

    input wire logic line_busy_i,
    output logic rate_set_o,
    output logic replayed_o,
    output logic refused_o,
    output logic failed_o,
    output logic opened_o,
    output logic busy_o
);
    localparam int unsigned Memory = 0;
    localparam int unsigned Runner = 1;
    localparam int unsigned Admin = 2;

    typedef enum logic [4:0] {
        Boot, BootClear, BootCommit, Idle, Compare, Measure, Decide, Room, Check, Dispatch, Execute, Detail, Store, Send, Launch,
        Settle
    } state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic [15:0] session_q, expected_q;       // of the open session
    logic [SlotW:0] stored_q;                 // replies kept
    logic [15:0] request_session_q, request_sequence_q, distance_q;
    logic same_session_q, next_q, kept_q, empty_q, nonce_q;
    logic [1:0] byte_q;
    logic [31:0] detail_q;
    logic direct_q, set_rate_q;

    // ---------------------------------------------------------------- what an opcode wants
    logic known, at_least, needs_model;
    logic [2:0] unit, unit_q;
    logic [3:0] wanted, wanted_q;
    logic known_q, at_least_q, exact_q, longer_q, length_ok_q, needs_model_q;
    logic refused_q;            // before any unit sees it
    logic [7:0] refusal, refusal_q, reason, reason_q;

    always_comb begin
        known = 1'b1;
        at_least = 1'b0;
        needs_model = 1'b0;
        wanted = '0;
        unit = 3'(1 << Admin);
        unique case (opcode_o)
            lacuna_link_pkg::OpWriteMemory: begin
                unit = 3'(1 << Memory);
                at_least = 1'b1;
                wanted = 4'd11;
            end
            lacuna_link_pkg::OpReadMemory: begin
                unit = 3'(1 << Memory);
                wanted = 4'd8;
            end
            lacuna_link_pkg::OpHashMemory: begin
                unit = 3'(1 << Memory);
                wanted = 4'd10;
            end
            lacuna_link_pkg::OpClear, lacuna_link_pkg::OpCounters: ;
            lacuna_link_pkg::OpCommit: wanted = 4'd8;
            lacuna_link_pkg::OpStep, lacuna_link_pkg::OpTokens: begin
                unit = 3'(1 << Runner);
                at_least = 1'b1;
                needs_model = 1'b1;
                wanted = 4'd4;
            end
            lacuna_link_pkg::OpGenerate: begin
                unit = 3'(1 << Runner);
                needs_model = 1'b1;
                wanted = 4'd3;
            end
            lacuna_link_pkg::OpSetBaud: wanted = 4'd4;
            default: known = 1'b0;
        endcase
    end

    always_ff @(posedge clk_i) begin
        known_q <= known;
        unit_q <= unit;
        wanted_q <= wanted;
        needs_model_q <= needs_model;
        at_least_q <= at_least;
        exact_q <= length_o == (IndexW + 1)'(wanted_q);
        longer_q <= length_o > (IndexW + 1)'(wanted_q);
        length_ok_q <= exact_q || (at_least_q && longer_q);
        refused_q <= refusal != lacuna_link_pkg::StatusOk;
        refusal_q <= refusal;
        reason_q <= reason;
    end

    always_comb begin
        refusal = lacuna_link_pkg::StatusOk;
        reason = '0;
        if (!known_q) begin
            refusal = lacuna_link_pkg::StatusUnknownOpcode;
            reason = 8'(lacuna_link_pkg::OpSetBaud);
        end else if (!length_ok_q) begin
            refusal = lacuna_link_pkg::StatusBadLength;
            reason = 8'(wanted_q);
        end else if (needs_model_q && !model_valid_i) begin
            refusal = lacuna_link_pkg::StatusNoModel;
        end
    end

    // ---------------------------------------------------------------- the answer of the unit at work
    logic done_q, failed_q;
    logic [7:0] status, status_q;
    logic [31:0] detail, unit_detail_q;

    always_comb begin
        status = '0;
        detail = '0;
        for (int unsigned u = 0; u < 3; u++) begin
            if (unit_q[u]) begin
                status = status | unit_status_i[u];
                detail = detail | unit_detail_i[u];
            end
        end
    end

    always_ff @(posedge clk_i) begin
        done_q <= (unit_done_i & unit_q) != '0 && rst_ni;
        failed_q <= status != '0;
        status_q <= status;
        unit_detail_q <= detail;
    end

    // ---------------------------------------------------------------- requests
    logic is_open_q, is_identify_q, informs_q, opens_q;
    logic ready_q;  // send_ready_i, a cycle ago

    assign busy_o = state_q != Idle;
    assign slot_o = request_sequence_q[SlotW-1:0];
    assign request_done_o = state_q == Launch;

    always_ff @(posedge clk_i) begin
        unit_start_o <= '0;
        reply_start_o <= 1'b0;
        reply_valid_o <= 1'b0;
        reply_commit_o <= 1'b0;
        send_o <= 1'b0;
        rate_set_o <= 1'b0;
        replayed_o <= 1'b0;
        refused_o <= 1'b0;
        failed_o <= 1'b0;
        opened_o <= 1'b0;
        ready_q <= send_ready_i;
        // The detail of an error, lowest byte first.
        if (state_q == Check) detail_q <= 32'(reason_q);
        else if (state_q == Detail) detail_q <= detail_q >> 8;
        else detail_q <= unit_detail_q;
        reply_data_o <= detail_q[7:0];
        unique case (state_q)
            Boot: begin
                opcode_o <= lacuna_link_pkg::OpClear;
                unit_boot_o <= 1'b1;
                if (boot_done_i) begin
                    unit_start_o[Admin] <= boot_baked_i;
                    state_q <= boot_baked_i ? BootClear : Idle;
                end
            end
            BootClear: begin
                if (unit_done_i[Admin]) begin
                    opcode_o <= lacuna_link_pkg::OpCommit;
                    unit_start_o[Admin] <= 1'b1;
                    state_q <= BootCommit;
                end
            end
            BootCommit: if (unit_done_i[Admin]) state_q <= Idle;

            Idle: begin
                unit_boot_o <= 1'b0;
                request_session_q <= request_session_i;
                request_sequence_q <= request_sequence_i;
                opcode_o <= request_opcode_i;
                length_o <= request_length_i;
                set_rate_q <= 1'b0;
                if (request_valid_i) state_q <= Compare;
            end
            Compare: begin
                is_open_q <= opcode_o == lacuna_link_pkg::OpOpen;
                is_identify_q <= opcode_o == lacuna_link_pkg::OpIdentify;
                same_session_q <= request_session_q == session_q && session_q != '0;
                distance_q <= expected_q - request_sequence_q;
                empty_q <= length_o == '0;
                nonce_q <= request_session_q != '0;
                state_q <= Measure;
            end
            Measure: begin
                next_q <= distance_q == '0;
                kept_q <= distance_q <= 16'(stored_q);
                informs_q <= is_open_q || is_identify_q;
                opens_q <= is_open_q && empty_q && nonce_q;
                state_q <= Decide;
            end
            Decide: begin
                direct_q <= 1'b1;
                state_q <= Send;
                opened_o <= opens_q;
                if (opens_q && !same_session_q) begin
                    session_q <= request_session_q;
                    expected_q <= 16'd1;
                    stored_q <= '0;
                end
                if (informs_q) begin
                    // Judged in Send, where the answer is chosen.
                end else if (!same_session_q) begin
                    refused_o <= 1'b1;
                end else if (next_q) begin
                    direct_q <= 1'b0;
                    state_q <= Room;
                end else if (kept_q) begin
                    direct_q <= 1'b0;
                    replayed_o <= 1'b1;
                end else begin
                    refused_o <= 1'b1;
                end
            end

            // The slot's old reply may still be on its way out.
            Room: if (ready_q || direct_o || send_slot_o != slot_o) state_q <= Check;
            Check: begin
                reply_start_o <= 1'b1;
                state_q <= Detail;
                byte_q <= '0;
                reply_status_o <= refusal_q;
                if (!refused_q) state_q <= Dispatch;
            end
            Dispatch: begin
                unit_start_o <= unit_q;
                state_q <= Execute;
            end
            Execute: begin
                reply_status_o <= status_q;
                if (done_q) begin
                    state_q <= Store;
                    set_rate_q <= opcode_o == lacuna_link_pkg::OpSetBaud;
                    if (failed_q) begin
                        reply_start_o <= 1'b1;
                        set_rate_q <= 1'b0;
                        state_q <= Detail;
                    end
                end
            end
            Detail: begin
                reply_valid_o <= 1'b1;
                byte_q <= byte_q + 1'b1;
                failed_o <= 1'b1;
                if (byte_q == 2'd3) state_q <= Store;
            end
            // The last byte of the reply has been counted when commit takes the length.
            Store: begin
                byte_q <= byte_q + 1'b1;
                reply_length_o <= unit_q[Runner] && reply_status_o == '0 ? runner_length_i : reply_bytes_i;
                if (byte_q == 2'd3) begin
                    reply_commit_o <= 1'b1;
                    expected_q <= expected_q + 1'b1;
                    if (!stored_q[SlotW]) stored_q <= stored_q + 1'b1;
                    state_q <= Send;
                end
            end

            Send: begin
                byte_q <= '0;
                if (ready_q) begin
                    send_o <= 1'b1;
                    send_slot_o <= slot_o;
                    send_session_o <= request_session_q;
                    send_sequence_o <= is_open_q ? '0 : request_sequence_q;
                    direct_o <= direct_q;
                    direct_open_o <= is_open_q;
                    direct_detail_o <= 1'b1;
                    direct_length_o <= (IndexW + 1)'(4);
                    state_q <= Launch;
                    if (informs_q) begin
                        if (!empty_q) begin
                            direct_status_o <= lacuna_link_pkg::StatusBadLength;
                            direct_value_o <= '0;
                        end else if (is_open_q && !nonce_q) begin
                            direct_status_o <= lacuna_link_pkg::StatusBadValue;
                            direct_value_o <= 32'h0000_FFFF;
                        end else begin
                            direct_status_o <= lacuna_link_pkg::StatusOk;
                            direct_detail_o <= 1'b0;
                            direct_length_o <= is_open_q ? (IndexW + 1)'(lacuna_link_pkg::OpenBytes) : (IndexW + 1)'(lacuna_link_pkg::IdentifyBytes);
                        end
                    end else if (!same_session_q) begin
                        direct_status_o <= lacuna_link_pkg::StatusWrongSession;
                        direct_value_o <= 32'(session_q);
                    end else begin
                        direct_status_o <= lacuna_link_pkg::StatusWrongSequence;
                        direct_value_o <= 32'(expected_q);
                    end
                end
            end
            // send_o is high: the sender takes the reply; the request's slot is free.
            Launch: state_q <= direct_q || set_rate_q ? Settle : Idle;
            // A direct answer shows registers, so nothing else happens before it is out; a new rate waits for the line.
            default: begin
                byte_q <= byte_q == 2'd3 ? 2'd3 : byte_q + 1'b1;
                if (byte_q == 2'd3 && ready_q && !(set_rate_q && line_busy_i)) begin
                    rate_set_o <= set_rate_q;
                    state_q <= Idle;
                end
            end
        endcase
        if (!rst_ni) begin
            state_q <= Boot;
            session_q <= '0;
            stored_q <= '0;
            direct_o <= 1'b1;
            unit_start_o <= '0;
            reply_start_o <= 1'b0;
            reply_valid_o <= 1'b0;
            reply_commit_o <= 1'b0;
            send_o <= 1'b0;
            rate_set_o <= 1'b0;
            replayed_o <= 1'b0;
            refused_o <= 1'b0;
            failed_o <= 1'b0;
            opened_o <= 1'b0;
        end
    end
endmodule
