// Board link: the engine's ports on one side, a UART on the other (docs/protocol.md); wiring only.
//
//   rx -> lacuna_link_line -> lacuna_executor -> memory unit, runner, admin -> lacuna_link_memories, engine
//   tx <- lacuna_link_line <- lacuna_link_replies <---------'
//
// engine_*, mem_*, x_*, y_*: ports of lacuna_engine of the same geometry, which must be out of reset when rst_ni rises.
// engine_reset_o for one cycle asks for its reset; engine_ready_i is low while that lasts. led_o: lacuna_link_pkg::led_e.
//
// Tiles to AccW as of lacuna_engine. EmbeddingDepth: banks, 0 or 2..65535. FrameBytes: a power of two, 256..4096;
// Window: a power of two, 2..8. BootDepth: words, 0 or 16..65536. ClockHz / Baud: 4..65535. TrialCycles at least 2;
// WatchdogCycles 4096..16777216. Reset must last 16 cycles.
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

    // Reset, a register further for each part, since the parts lie far apart: memories and units; then what sets them to
    // work, the counters, and the line.
    logic [1:0] reset_nq = '0;

    always_ff @(posedge clk_i) reset_nq <= {reset_nq[0], rst_ni};

    // ---------------------------------------------------------------- the line
    logic [31:0] increment, asked_increment;
    logic default_rate, rate_set, line_damage, line_low, line_busy;
    logic [10:0] line_events;
    logic request_valid, request_done;
    logic [15:0] request_session, request_sequence;
    logic [7:0] request_opcode;
    logic [IndexW:0] request_length;
    logic [IndexW-1:0] payload_address;
    logic [7:0] payload_byte;
    logic out_valid, out_ready;
    logic [7:0] out_byte;

    lacuna_link_line #(
        .FrameBytes(FrameBytes), .Window(Window), .ClockHz(ClockHz), .Baud(Baud), .TrialCycles(TrialCycles)
    ) u_line (
        .clk_i,
        .rst_ni(reset_nq[1]),
        .rx_i, .tx_o,
        .rate_set_i(rate_set),
        .increment_i(asked_increment),
        .increment_o(increment),
        .default_rate_o(default_rate),
        .request_valid_o(request_valid),
        .request_session_o(request_session),
        .request_sequence_o(request_sequence),
        .request_opcode_o(request_opcode),
        .request_length_o(request_length),
        .request_done_i(request_done),
        .payload_address_i(payload_address),
        .payload_data_o(payload_byte),
        .out_valid_i(out_valid),
        .out_ready_o(out_ready),
        .out_data_i(out_byte),
        .busy_o(line_busy),
        .event_o(line_events),
        .damage_o(line_damage),
        .low_o(line_low)
    );

    // One unit at work reads the payload and writes the reply.
    logic [2:0] seek, next;
    logic [1:0][IndexW-1:0] index;
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
    logic boot_done, boot_baked, unit_boot, model_valid;
    logic [2:0] unit_start, unit_done;
    logic [2:0][7:0] unit_status;
    logic [2:0][31:0] unit_detail;
    logic [7:0] opcode, flags;
    logic [IndexW:0] length, runner_length, reply_bytes, reply_length;
    logic [SlotW-1:0] slot, send_slot;
    logic reply_start, reply_commit, send, send_ready;
    logic [3:0] reply_valid;  // of the units, and of the executor
    logic [3:0][7:0] reply_data;
    logic [7:0] reply_status, direct_status;
    logic [15:0] send_session, send_sequence;
    logic direct, direct_open, direct_detail, replayed, refused, failed, opened, executing;
    logic [IndexW:0] direct_length;
    logic [31:0] direct_value;

    lacuna_executor #(
        .FrameBytes(FrameBytes), .Window(Window)
    ) u_executor (
        .clk_i,
        .rst_ni(reset_nq[1]),
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
        .model_valid_i(model_valid),
        .slot_o(slot),
        .reply_start_o(reply_start),
        .reply_valid_o(reply_valid[3]),
        .reply_data_o(reply_data[3]),
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
        .line_busy_i(line_busy),
        .rate_set_o(rate_set),
        .replayed_o(replayed),
        .refused_o(refused),
        .failed_o(failed),
        .opened_o(opened),
        .busy_o(executing)
    );

    // ---------------------------------------------------------------- memories
    logic map_valid, map_ready, map_write, map_rvalid, space_ok, dirty;
    logic [7:0] map_space, map_select;
    logic [23:0] map_address, words;
    logic [35:0] map_data, map_rdata;
    logic [15:0] emb_address;
    logic [lacuna_pkg::BankBits-1:0] emb_bank;
    lacuna_link_pkg::model_t model;

    lacuna_link_memories #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .EmbeddingDepth(EmbeddingDepth), .BootDepth(BootDepth)
    ) u_memories (
        .clk_i,
        .rst_ni(reset_nq[0]),
        .boot_done_o(boot_done),
        .boot_baked_o(boot_baked),
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
        .emb_address_i(emb_address),
        .emb_bank_o(emb_bank),
        .model_o(model)
    );

    // ---------------------------------------------------------------- units
    logic commit, cleared, token_mode, run_place;
    logic [3:0] counter, run_index;
    logic [31:0] count, steps;

    lacuna_memory_unit #(
        .FrameBytes(FrameBytes)
    ) u_memory (
        .clk_i,
        .rst_ni(reset_nq[0]),
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
        .map_valid_o(map_valid),
        .map_ready_i(map_ready),
        .map_write_o(map_write),
        .map_space_o(map_space),
        .map_select_o(map_select),
        .map_address_o(map_address),
        .map_data_o(map_data),
        .map_rvalid_i(map_rvalid),
        .map_rdata_i(map_rdata),
        .map_space_ok_i(space_ok),
        .map_words_i(words)
    );

    lacuna_runner #(
        .Tiles(Tiles), .Ports(Ports), .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .WatchdogCycles(WatchdogCycles)
    ) u_runner (
        .clk_i,
        .rst_ni(reset_nq[0]),
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
        .model_i(model),
        .engine_start_o, .engine_entry_o, .engine_steps_o, .engine_busy_i, .engine_reset_o, .engine_ready_i,
        .emb_address_o(emb_address),
        .emb_bank_i(emb_bank),
        .x_valid_o, .x_ready_i, .x_data_o, .y_valid_i, .y_ready_o, .y_data_i
    );

    lacuna_admin_unit #(
        .EmbeddingDepth(EmbeddingDepth)
    ) u_admin (
        .clk_i,
        .rst_ni(reset_nq[0]),
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
        .model_i(model),
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
    lacuna_link_replies #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .OutputDepth(OutputDepth), .AccW(AccW), .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .Window(Window),
        .ClockHz(ClockHz), .Baud(Baud), .BuildHash(BuildHash)
    ) u_replies (
        .clk_i,
        .rst_ni(reset_nq[1]),
        .slot_i(slot),
        .write_start_i(reply_start),
        .place_valid_i(run_place),
        .place_i(run_index),
        .write_valid_i(reply_valid),
        .write_data_i(reply_data),
        .bytes_o(reply_bytes),
        .commit_i(reply_commit),
        .status_i(reply_status),
        .length_i(reply_length),
        .send_i(send),
        .send_ready_o(send_ready),
        .send_slot_i(send_slot),
        .send_session_i(send_session),
        .send_sequence_i(send_sequence),
        .direct_i(direct),
        .direct_open_i(direct_open),
        .direct_detail_i(direct_detail),
        .direct_status_i(direct_status),
        .direct_length_i(direct_length),
        .direct_value_i(direct_value),
        .flags_i(flags),
        .steps_i(steps),
        .model_id_i({model.model_id_high, model.model_id_low}),
        .increment_i(increment),
        .line_busy_i(line_busy),
        .out_valid_o(out_valid),
        .out_ready_i(out_ready),
        .out_data_o(out_byte)
    );

    // ---------------------------------------------------------------- flags, counters, LEDs
    lacuna_link_status #(
        .ClockHz(ClockHz)
    ) u_status (
        .clk_i,
        .rst_ni(reset_nq[1]),
        .line_event_i(line_events),
        .line_damage_i(line_damage),
        .replayed_i(replayed),
        .refused_i(refused),
        .failed_i(failed),
        .opened_i(opened),
        .engine_start_i(engine_start_o),
        .engine_reset_i(engine_reset_o),
        .dirty_i(dirty),
        .commit_i(commit),
        .boot_done_i(boot_done),
        .boot_baked_i(boot_baked),
        .engine_busy_i, .engine_half_i,
        .executing_i(executing),
        .line_low_i(line_low),
        .token_i(token_mode),
        .default_rate_i(default_rate),
        .engine_count_i,
        .count_index_i(counter),
        .count_o(count),
        .model_valid_o(model_valid),
        .flags_o(flags),
        .led_o
    );
endmodule
