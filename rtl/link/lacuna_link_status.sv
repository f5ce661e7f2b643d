// What a link tells of itself: flags, counters and LEDs.
//
// line_event_i to commit_i last a cycle each; engine_busy_i, executing_i, line_low_i, token_i and default_rate_i say what
// is so in a cycle. The model is valid from a commit on until a word of it is written or the engine is reset. flags_o and
// led_o follow a cycle late: lacuna_link_pkg's Flag* and led_e. count_index_i -> count_o: two cycles, as lacuna_link_counters.
//
// ClockHz: of clk_i, at most 1000000000. Reset must last 16 cycles.
`default_nettype none

module lacuna_link_status #(
    parameter int unsigned ClockHz = 25000000
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic [10:0] line_event_i,
    input wire logic line_damage_i,
    input wire logic replayed_i,
    input wire logic refused_i,
    input wire logic failed_i,
    input wire logic opened_i,
    input wire logic engine_start_i,
    input wire logic engine_reset_i,
    input wire logic dirty_i,
    input wire logic commit_i,

    input wire logic boot_done_i,
    input wire logic boot_baked_i,
    input wire logic engine_busy_i,
    input wire logic engine_half_i,
    input wire logic executing_i,
    input wire logic line_low_i,
    input wire logic token_i,
    input wire logic default_rate_i,
    input wire logic [4:0][31:0] engine_count_i,

    input wire logic [3:0] count_index_i,
    output logic [31:0] count_o,
    output logic model_valid_o,
    output logic [7:0] flags_o,
    output logic [7:0] led_o
);
    localparam int unsigned HeartbeatW = $clog2(ClockHz / lacuna_link_pkg::UptimeCycles + 2);  // a blink a second or so
    localparam int unsigned UptimeW = $clog2(lacuna_link_pkg::UptimeCycles);

    if (ClockHz > 1000000000) begin : gen_bad
        $error("lacuna_link_status: ClockHz must be at most 1000000000");
    end

    logic [UptimeW-1:0] uptime_q;
    logic [HeartbeatW-1:0] heartbeat_q;
    logic uptime_event_q, half_q, baked_q, error_q;
    logic [10:0] events;

    always_comb begin
        flags_o = '0;
        flags_o[lacuna_link_pkg::FlagModelValid] = model_valid_o;
        flags_o[lacuna_link_pkg::FlagBaked] = baked_q;
        flags_o[lacuna_link_pkg::FlagHalf] = half_q;
        events = line_event_i;
        events[lacuna_link_pkg::CountUptime] = uptime_event_q;
        events[lacuna_link_pkg::CountReplays] = replayed_i;
        events[lacuna_link_pkg::CountWrongSequence] = refused_i;
        events[lacuna_link_pkg::CountRuns] = engine_start_i;
        events[lacuna_link_pkg::CountWatchdogResets] = engine_reset_i;
    end

    lacuna_link_counters u_counters (
        .clk_i, .rst_ni,
        .event_i(events),
        .count_i(engine_count_i),
        .read_index_i(count_index_i),
        .read_o(count_o)
    );

    always_ff @(posedge clk_i) begin
        uptime_q <= uptime_q + 1'b1;
        uptime_event_q <= uptime_q == '1;
        half_q <= engine_half_i;
        if (uptime_event_q) heartbeat_q <= heartbeat_q + 1'b1;
        baked_q <= boot_baked_i;
        if (dirty_i || engine_reset_i) model_valid_o <= 1'b0;
        else if (commit_i) model_valid_o <= 1'b1;
        if (opened_i) error_q <= 1'b0;
        else if (failed_i || refused_i || line_damage_i || engine_reset_i) error_q <= 1'b1;

        led_o[lacuna_link_pkg::LedHeartbeat] <= heartbeat_q[HeartbeatW-1];
        led_o[lacuna_link_pkg::LedModel] <= model_valid_o;
        led_o[lacuna_link_pkg::LedBusy] <= engine_busy_i;
        led_o[lacuna_link_pkg::LedRequest] <= executing_i;
        led_o[lacuna_link_pkg::LedReceive] <= line_low_i;
        led_o[lacuna_link_pkg::LedError] <= error_q;
        led_o[lacuna_link_pkg::LedToken] <= token_i || !boot_done_i;
        led_o[lacuna_link_pkg::LedRate] <= !default_rate_i;
        if (!rst_ni) begin
            uptime_q <= '0;
            heartbeat_q <= '0;
            model_valid_o <= 1'b0;
            error_q <= 1'b0;
        end
    end
endmodule
