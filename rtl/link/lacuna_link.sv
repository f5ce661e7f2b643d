// Board link: the engine's ports on one side, a UART on the other (docs/protocol.md); wiring only.
//
//   rx -> lacuna_uart_rx -> lacuna_cobs_decoder -> lacuna_frame_receiver -> lacuna_executor -> memory unit, runner, admin
//   tx <- lacuna_uart_tx <- lacuna_reply_sender <- lacuna_reply_cache <-----------'
//
// engine_*, mem_*, x_*, y_*: ports of lacuna_engine of the same geometry, which must be out of reset when rst_ni rises.
// engine_reset_o for one cycle asks for its reset; engine_ready_i is low while that lasts. led_o: lacuna_link_pkg::led_e.
//
// Tiles to AccW as of lacuna_engine. EmbeddingDepth: banks, 0 or 2..65535. FrameBytes: a power of two, 256..4096;
// Window: a power of two, 2..8. BootDepth: words, 0 or 16..65536. ClockHz / Baud: 4..65535. TrialCycles at least 2;
// WatchdogCycles 16..16777216. Reset must last 16 cycles.
`default_nettype none

module lacuna_link #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned OutputDepth = 64,
    parameter int unsigned AccW = 24,
    parameter int unsigned EmbeddingDepth = 512,
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned Window = 4,
    parameter int unsigned BootDepth = 512,
    parameter int unsigned ClockHz = 25000000,
    parameter int unsigned Baud = 1000000,
    parameter logic [63:0] BuildHash = 64'd0,
    parameter int unsigned WatchdogCycles = lacuna_link_pkg::WatchdogCycles,
    parameter int unsigned TrialCycles = ClockHz / 4
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic rx_i,
    output logic tx_o,
    output logic [7:0] led_o,

    output logic engine_reset_o,
    input wire logic engine_ready_i,
    output logic engine_clear_o,
    output logic engine_start_o,
    output logic [lacuna_pkg::EntryW-1:0] engine_entry_o,
    output logic [lacuna_pkg::StepsW-1:0] engine_steps_o,
    input wire logic engine_busy_i,
    input wire logic engine_half_i,
    input wire logic [4:0][31:0] engine_count_i,

    output logic mem_valid_o,
    input wire logic mem_ready_i,
    output logic mem_write_o,
    output lacuna_pkg::space_e mem_space_o,
    output logic [7:0] mem_select_o,
    output logic [lacuna_pkg::MemAddrW-1:0] mem_address_o,
    output logic [35:0] mem_data_o,
    input wire logic mem_rvalid_i,
    input wire logic [35:0] mem_rdata_i,

    output logic x_valid_o,
    input wire logic x_ready_i,
    output logic [lacuna_pkg::BankBits-1:0] x_data_o,
    input wire logic y_valid_i,
    output logic y_ready_o,
    input wire logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] y_data_i
);
    localparam int unsigned IndexW = $clog2(FrameBytes);
    localparam int unsigned SlotW = $clog2(Window);
    localparam int unsigned EventCount = 11;
    localparam int unsigned HeartbeatW = $clog2(ClockHz / lacuna_link_pkg::UptimeCycles + 2);  // a blink a second or so
    localparam int unsigned UptimeW = $clog2(lacuna_link_pkg::UptimeCycles);

    // ---------------------------------------------------------------- the line
    logic [31:0] increment, asked_increment;
    logic restart, default_rate, rate_set;
    logic rx_valid, framing_error, line_break, line_low;
    logic [7:0] rx_byte;
    logic body_valid, body_end, body_ok, body_damaged;
    logic [7:0] body_byte;
    logic good, dropped, crc_error, length_error, bad;

    lacuna_link_rate #(
        .ClockHz(ClockHz), .Baud(Baud), .TrialCycles(TrialCycles)
    ) u_rate (
        .clk_i, .rst_ni,
        .set_i(rate_set),
        .increment_i(asked_increment),
        .good_i(good),
        .bad_i(bad || framing_error),
        .break_i(line_break),
        .increment_o(increment),
        .restart_o(restart),
        .default_o(default_rate)
    );

    lacuna_uart_rx u_rx (
        .clk_i, .rst_ni,
        .restart_i(restart),
        .increment_i(increment),
        .rx_i,
        .valid_o(rx_valid),
        .data_o(rx_byte),
        .framing_error_o(framing_error),
        .break_o(line_break),
        .low_o(line_low)
    );

    lacuna_cobs_decoder u_decoder (
        .clk_i, .rst_ni,
        .valid_i(rx_valid),
        .data_i(rx_byte),
        .damage_i(framing_error || line_break || restart),
        .valid_o(body_valid),
        .data_o(body_byte),
        .end_o(body_end),
        .ok_o(body_ok),
        .damaged_o(body_damaged)
    );

    // ---------------------------------------------------------------- requests
    logic request_valid, request_done;
    logic [15:0] request_session, request_sequence;
    logic [7:0] request_opcode;
    logic [IndexW:0] request_length;
    logic [IndexW-1:0] payload_address;
    logic [7:0] payload_byte;

    lacuna_frame_receiver #(
        .FrameBytes(FrameBytes), .Window(Window)
    ) u_receiver (
        .clk_i, .rst_ni,
        .valid_i(body_valid),
        .data_i(body_byte),
        .end_i(body_end),
        .ok_i(body_ok),
        .damaged_i(body_damaged),
        .request_valid_o(request_valid),
        .request_session_o(request_session),
        .request_sequence_o(request_sequence),
        .request_opcode_o(request_opcode),
        .request_length_o(request_length),
        .request_done_i(request_done),
        .address_i(payload_address),
        .data_o(payload_byte),
        .good_o(good),
        .dropped_o(dropped),
        .crc_error_o(crc_error),
        .length_error_o(length_error),
        .bad_o(bad)
    );

    // One unit at work reads the payload and writes the reply.
    logic [2:0] seek, next, reply_valid;
    logic [1:0][IndexW-1:0] index;
    logic [2:0][7:0] reply_data;
    logic read_valid, seek_any, next_any;
    logic [IndexW-1:0] index_any;
    logic [7:0] read_byte;

    assign next_any = next != '0;
    assign seek_any = seek != '0;
    assign index_any = (seek[0] ? index[0] : '0) | (seek[1] ? index[1] : '0);

    lacuna_payload_reader #(
        .IndexW(IndexW)
    ) u_reader (
        .clk_i,
        .seek_i(seek_any),
        .index_i(index_any),
        .next_i(next_any),
        .valid_o(read_valid),
        .byte_o(read_byte),
        .address_o(payload_address),
        .data_i(payload_byte)
    );

    // ---------------------------------------------------------------- executor
    logic boot_done, boot_baked, boot_valid, unit_boot, model_valid_q, baked_q;
    logic [2:0] unit_start, unit_done;
    logic [2:0][7:0] unit_status;
    logic [2:0][31:0] unit_detail;
    logic [7:0] opcode, flags;
    logic [IndexW:0] length, runner_length, reply_bytes, reply_length;
    logic [SlotW-1:0] slot, send_slot;
    logic own_start, own_valid, reply_commit, send, send_ready;
    logic [7:0] own_data, reply_status, direct_status, cached_status;
    logic [15:0] send_session, send_sequence;
    logic direct, direct_open, direct_detail, tx_busy, replayed, refused, failed, opened, executing;
    logic [IndexW:0] direct_length, cached_length;
    logic [31:0] direct_value;

    lacuna_executor #(
        .FrameBytes(FrameBytes), .Window(Window)
    ) u_executor (
        .clk_i, .rst_ni,
        .boot_done_i(boot_done),
        .boot_baked_i(boot_baked),
        .request_valid_i(request_valid),
        .request_session_i(request_session),
        .request_sequence_i(request_sequence),
        .request_opcode_i(request_opcode),
        .request_length_i(request_length),
        .request_done_o(request_done),
        .unit_start_o(unit_start),
        .unit_boot_o(unit_boot),
        .opcode_o(opcode),
        .length_o(length),
        .unit_done_i(unit_done),
        .unit_status_i(unit_status),
        .unit_detail_i(unit_detail),
        .runner_length_i(runner_length),
        .model_valid_i(model_valid_q),
        .slot_o(slot),
        .reply_start_o(own_start),
        .reply_valid_o(own_valid),
        .reply_data_o(own_data),
        .reply_bytes_i(reply_bytes),
        .reply_commit_o(reply_commit),
        .reply_status_o(reply_status),
        .reply_length_o(reply_length),
        .send_o(send),
        .send_ready_i(send_ready),
        .send_slot_o(send_slot),
        .send_session_o(send_session),
        .send_sequence_o(send_sequence),
        .direct_o(direct),
        .direct_open_o(direct_open),
        .direct_detail_o(direct_detail),
        .direct_status_o(direct_status),
        .direct_length_o(direct_length),
        .direct_value_o(direct_value),
        .line_busy_i(tx_busy),
        .rate_set_o(rate_set),
        .replayed_o(replayed),
        .refused_o(refused),
        .failed_o(failed),
        .opened_o(opened),
        .busy_o(executing)
    );

    // ---------------------------------------------------------------- memories and the model's registers
    logic unit_valid, unit_write, map_valid, map_write, map_ready, map_rvalid, space_ok, dirty;
    logic [7:0] unit_space, unit_select, map_space, map_select, boot_space, boot_select;
    logic [23:0] unit_address, map_address, boot_address, words;
    logic [35:0] unit_data, map_data, boot_data, map_rdata;
    logic [lacuna_pkg::BankParts-1:0] emb_we;
    logic [15:0] emb_waddr, emb_raddr, emb_address;
    logic [31:0] emb_wdata;
    logic emb_read;
    logic [lacuna_pkg::BankBits-1:0] emb_bank;
    logic reg_we;
    logic [3:0] reg_address;
    logic [35:0] reg_data, reg_word;

    assign map_valid = boot_done ? unit_valid : boot_valid;
    assign map_write = boot_done ? unit_write : 1'b1;
    assign map_space = boot_done ? unit_space : boot_space;
    assign map_select = boot_done ? unit_select : boot_select;
    assign map_address = boot_done ? unit_address : boot_address;
    assign map_data = boot_done ? unit_data : boot_data;

    lacuna_boot #(
        .BootDepth(BootDepth)
    ) u_boot (
        .clk_i, .rst_ni,
        .done_o(boot_done),
        .baked_o(boot_baked),
        .write_valid_o(boot_valid),
        .write_ready_i(map_ready),
        .write_space_o(boot_space),
        .write_select_o(boot_select),
        .write_address_o(boot_address),
        .write_data_o(boot_data)
    );

    lacuna_memory_map #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .EmbeddingDepth(EmbeddingDepth)
    ) u_map (
        .clk_i, .rst_ni,
        .valid_i(map_valid),
        .ready_o(map_ready),
        .write_i(map_write),
        .space_i(map_space),
        .select_i(map_select),
        .address_i(map_address),
        .data_i(map_data),
        .rvalid_o(map_rvalid),
        .rdata_o(map_rdata),
        .space_ok_o(space_ok),
        .words_o(words),
        .dirty_o(dirty),
        .mem_valid_o, .mem_ready_i, .mem_write_o, .mem_space_o, .mem_select_o, .mem_address_o, .mem_data_o,
        .mem_rvalid_i, .mem_rdata_i,
        .emb_we_o(emb_we),
        .emb_address_o(emb_waddr),
        .emb_data_o(emb_wdata),
        .emb_read_o(emb_read),
        .emb_bank_i(emb_bank),
        .reg_we_o(reg_we),
        .reg_address_o(reg_address),
        .reg_data_o(reg_data),
        .reg_word_i(reg_word)
    );

    // A read through the map and a run never meet.
    assign emb_address = emb_read ? emb_waddr : emb_raddr;

    if (EmbeddingDepth == 0) begin : gen_no_embedding
        assign emb_bank = '0;

        logic unused;
        assign unused = ^{emb_we, emb_address, emb_wdata};
    end else begin : gen_embedding
        localparam int unsigned EmbAw = $clog2(EmbeddingDepth);

        for (genvar part = 0; part < lacuna_pkg::BankParts; part++) begin : gen_part
            lacuna_ebr #(
                .Width(32), .Depth(EmbeddingDepth), .Space(32'(lacuna_link_pkg::SpaceEmbedding)), .Select(part)
            ) u_memory (
                .clk_i,
                .we_i(emb_we[part]),
                .waddr_i(emb_waddr[EmbAw-1:0]),
                .wdata_i(emb_wdata),
                .raddr_i(emb_address[EmbAw-1:0]),
                .rdata_o(emb_bank[part*32+:32])
            );
        end

        logic unused;
        assign unused = ^{emb_address, emb_waddr};
    end

    logic [15:0] x_bytes, y_words_generate, y_words_score, y_words_final, embedding_banks;
    logic [3:0] y_format;
    logic [8:0] token_count, head_rows;
    logic [11:0] head_groups;
    logic [7:0] head_units_full, head_units_last;
    logic [63:0] model_id;

    lacuna_model_registers u_registers (
        .clk_i,
        .we_i(reg_we),
        .address_i(reg_address),
        .data_i(reg_data),
        .word_o(reg_word),
        .x_bytes_o(x_bytes),
        .y_words_generate_o(y_words_generate),
        .y_words_score_o(y_words_score),
        .y_words_final_o(y_words_final),
        .y_format_o(y_format),
        .token_count_o(token_count),
        .embedding_banks_o(embedding_banks),
        .head_rows_o(head_rows),
        .head_groups_o(head_groups),
        .head_units_full_o(head_units_full),
        .head_units_last_o(head_units_last),
        .model_id_o(model_id)
    );

    // ---------------------------------------------------------------- units
    logic commit, cleared, token_mode, run_place;
    logic [3:0] counter, run_index;
    logic [31:0] count, steps;

    lacuna_memory_unit #(
        .FrameBytes(FrameBytes)
    ) u_memory (
        .clk_i, .rst_ni,
        .start_i(unit_start[0]),
        .opcode_i(opcode),
        .length_i(length),
        .done_o(unit_done[0]),
        .status_o(unit_status[0]),
        .detail_o(unit_detail[0]),
        .read_seek_o(seek[0]),
        .read_index_o(index[0]),
        .read_next_o(next[0]),
        .read_valid_i(read_valid),
        .read_byte_i(read_byte),
        .reply_valid_o(reply_valid[0]),
        .reply_data_o(reply_data[0]),
        .map_valid_o(unit_valid),
        .map_ready_i(map_ready),
        .map_write_o(unit_write),
        .map_space_o(unit_space),
        .map_select_o(unit_select),
        .map_address_o(unit_address),
        .map_data_o(unit_data),
        .map_rvalid_i(map_rvalid),
        .map_rdata_i(map_rdata),
        .map_space_ok_i(space_ok),
        .map_words_i(words)
    );

    lacuna_runner #(
        .Tiles(Tiles), .Ports(Ports), .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .WatchdogCycles(WatchdogCycles)
    ) u_runner (
        .clk_i, .rst_ni,
        .start_i(unit_start[1]),
        .opcode_i(opcode),
        .length_i(length),
        .done_o(unit_done[1]),
        .status_o(unit_status[1]),
        .detail_o(unit_detail[1]),
        .reply_length_o(runner_length),
        .token_mode_o(token_mode),
        .steps_clear_i(cleared || commit),
        .steps_o(steps),
        .read_seek_o(seek[1]),
        .read_index_o(index[1]),
        .read_next_o(next[1]),
        .read_valid_i(read_valid),
        .read_byte_i(read_byte),
        .reply_place_o(run_place),
        .reply_index_o(run_index),
        .reply_valid_o(reply_valid[1]),
        .reply_data_o(reply_data[1]),
        .reply_bytes_i(reply_bytes),
        .x_bytes_i(x_bytes),
        .y_words_generate_i(y_words_generate),
        .y_words_score_i(y_words_score),
        .y_words_final_i(y_words_final),
        .y_format_i(y_format[2:0]),
        .token_count_i(token_count),
        .embedding_banks_i(embedding_banks),
        .head_rows_i(head_rows),
        .head_groups_i(head_groups),
        .head_units_full_i(head_units_full),
        .head_units_last_i(head_units_last),
        .engine_start_o, .engine_entry_o, .engine_steps_o, .engine_busy_i, .engine_reset_o, .engine_ready_i,
        .emb_address_o(emb_raddr),
        .emb_bank_i(emb_bank),
        .x_valid_o, .x_ready_i, .x_data_o, .y_valid_i, .y_ready_o, .y_data_i
    );

    lacuna_admin_unit #(
        .EmbeddingDepth(EmbeddingDepth)
    ) u_admin (
        .clk_i, .rst_ni,
        .start_i(unit_start[2]),
        .boot_i(unit_boot),
        .opcode_i(opcode),
        .done_o(unit_done[2]),
        .status_o(unit_status[2]),
        .detail_o(unit_detail[2]),
        .read_seek_o(seek[2]),
        .read_next_o(next[2]),
        .read_valid_i(read_valid),
        .read_byte_i(read_byte),
        .reply_valid_o(reply_valid[2]),
        .reply_data_o(reply_data[2]),
        .x_bytes_i(x_bytes),
        .y_words_generate_i(y_words_generate),
        .y_words_score_i(y_words_score),
        .y_words_final_i(y_words_final),
        .y_bytes_i(y_format[3:1]),
        .token_count_i(token_count),
        .embedding_banks_i(embedding_banks),
        .head_rows_i(head_rows),
        .head_groups_i(head_groups),
        .head_units_full_i(head_units_full),
        .head_units_last_i(head_units_last),
        .model_id_i(model_id),
        .flags_i(flags),
        .counter_o(counter),
        .count_i(count),
        .clear_o(engine_clear_o),
        .engine_busy_i(engine_busy_i || !engine_ready_i),
        .commit_o(commit),
        .cleared_o(cleared),
        .rate_o(asked_increment)
    );

    // ---------------------------------------------------------------- replies
    logic cache_start_q, cache_valid_q;
    logic [3:0] cache_place_q;
    logic [7:0] cache_data_q, cached_byte, cached_byte_q, info_byte;
    logic [IndexW-1:0] send_address;
    logic out_valid, out_ready;
    logic [7:0] out_byte;

    always_ff @(posedge clk_i) begin
        cached_byte_q <= cached_byte;
        cache_start_q <= own_start || run_place;
        cache_place_q <= run_place ? run_index : '0;
        cache_valid_q <= own_valid || reply_valid != '0;
        cache_data_q <= (own_valid ? own_data : '0) | (reply_valid[0] ? reply_data[0] : '0)
                      | (reply_valid[1] ? reply_data[1] : '0) | (reply_valid[2] ? reply_data[2] : '0);
    end

    lacuna_reply_cache #(
        .FrameBytes(FrameBytes), .Window(Window)
    ) u_cache (
        .clk_i,
        .slot_i(slot),
        .start_i(cache_start_q),
        .place_i(cache_place_q),
        .write_i(cache_valid_q),
        .data_i(cache_data_q),
        .bytes_o(reply_bytes),
        .commit_i(reply_commit),
        .commit_length_i(reply_length),
        .status_i(reply_status),
        .read_slot_i(send_slot),
        .status_o(cached_status),
        .length_o(cached_length),
        .read_address_i(send_address),
        .read_data_o(cached_byte)
    );

    lacuna_link_info #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .OutputDepth(OutputDepth), .AccW(AccW), .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .Window(Window),
        .ClockHz(ClockHz), .Baud(Baud), .BuildHash(BuildHash)
    ) u_info (
        .clk_i,
        .open_i(direct_open),
        .detail_i(direct_detail),
        .detail_value_i(direct_value),
        .flags_i(flags),
        .steps_i(steps),
        .model_id_i(model_id),
        .increment_i(increment),
        .address_i(send_address[6:0]),
        .data_o(info_byte)
    );

    lacuna_reply_sender #(
        .FrameBytes(FrameBytes)
    ) u_sender (
        .clk_i, .rst_ni,
        .send_i(send),
        .ready_o(send_ready),
        .lead_i(!tx_busy),
        .header_i({direct ? direct_status : cached_status, send_sequence, send_session}),
        .length_i(direct ? direct_length : cached_length),
        .payload_address_o(send_address),
        .payload_i(direct ? info_byte : cached_byte_q),
        .out_valid_o(out_valid),
        .out_ready_i(out_ready),
        .out_data_o(out_byte)
    );

    lacuna_uart_tx u_tx (
        .clk_i, .rst_ni,
        .increment_i(increment),
        .valid_i(out_valid),
        .ready_o(out_ready),
        .data_i(out_byte),
        .busy_o(tx_busy),
        .tx_o
    );

    // ---------------------------------------------------------------- flags, counters, LEDs
    logic [UptimeW-1:0] uptime_q;
    logic [HeartbeatW-1:0] heartbeat_q;
    logic uptime_event, error_q;
    logic [EventCount-1:0] events;

    assign uptime_event = uptime_q == '1;

    always_comb begin
        flags = '0;
        flags[lacuna_link_pkg::FlagModelValid] = model_valid_q;
        flags[lacuna_link_pkg::FlagBaked] = baked_q;
        flags[lacuna_link_pkg::FlagHalf] = engine_half_i;
        events = '0;
        events[lacuna_link_pkg::CountUptime] = uptime_event;
        events[lacuna_link_pkg::CountFramesGood] = good;
        events[lacuna_link_pkg::CountCrcErrors] = crc_error;
        events[lacuna_link_pkg::CountLengthErrors] = length_error;
        events[lacuna_link_pkg::CountFramingErrors] = framing_error;
        events[lacuna_link_pkg::CountBreaks] = line_break;
        events[lacuna_link_pkg::CountFramesDropped] = dropped;
        events[lacuna_link_pkg::CountReplays] = replayed;
        events[lacuna_link_pkg::CountWrongSequence] = refused;
        events[lacuna_link_pkg::CountRuns] = engine_start_o;
        events[lacuna_link_pkg::CountWatchdogResets] = engine_reset_o;
    end

    lacuna_link_counters u_counters (
        .clk_i, .rst_ni,
        .event_i(events),
        .count_i(engine_count_i),
        .read_index_i(counter),
        .read_o(count)
    );

    always_ff @(posedge clk_i) begin
        uptime_q <= uptime_q + 1'b1;
        if (uptime_event) heartbeat_q <= heartbeat_q + 1'b1;
        baked_q <= boot_baked;
        if (dirty || engine_reset_o) model_valid_q <= 1'b0;
        else if (commit) model_valid_q <= 1'b1;
        if (opened) error_q <= 1'b0;
        else if (failed || refused || bad || framing_error || engine_reset_o) error_q <= 1'b1;

        led_o[lacuna_link_pkg::LedHeartbeat] <= heartbeat_q[HeartbeatW-1];
        led_o[lacuna_link_pkg::LedModel] <= model_valid_q;
        led_o[lacuna_link_pkg::LedBusy] <= engine_busy_i;
        led_o[lacuna_link_pkg::LedRequest] <= executing;
        led_o[lacuna_link_pkg::LedReceive] <= line_low;
        led_o[lacuna_link_pkg::LedError] <= error_q;
        led_o[lacuna_link_pkg::LedToken] <= token_mode || !boot_done;
        led_o[lacuna_link_pkg::LedRate] <= !default_rate;
        if (!rst_ni) begin
            uptime_q <= '0;
            heartbeat_q <= '0;
            model_valid_q <= 1'b0;
            error_q <= 1'b0;
        end
    end

    if (ClockHz > 1000000000) begin : gen_bad
        $error("lacuna_link: ClockHz must be at most 1000000000");
    end
endmodule
