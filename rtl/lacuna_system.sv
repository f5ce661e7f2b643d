// Lacuna complete: the engine and its link on a UART; what a board's top instantiates.
//
// rst_ni: synchronous, low until the clock is stable; it is stretched inside, to the 128 cycles and more that the engine
// wants. rx_i may come straight from a pin. led_o: lacuna_link_pkg::led_e, high is lit. docs/protocol.md is the manual.
//
// Tiles to CellDsps as of lacuna_engine. EmbeddingDepth: banks of the embedding, 0 (no token mode) or 2..65535. FrameBytes:
// largest payload, a power of two in 256..4096; Window: requests under way, a power of two in 2..8. BootDepth: words of
// the boot memory, 0 (none) or 16..65536. ClockHz: of clk_i; Baud: the default rate, ClockHz / 65535 .. ClockHz / 4.
// BuildHash: shown by IDENTIFY. WatchdogCycles 4096..16777216; TrialCycles at least 2.
`default_nettype none

module lacuna_system #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned OutputDepth = 64,
    parameter int unsigned AccW = 24,
    parameter int unsigned BankColumns = lacuna_pkg::BankParts,
    parameter int unsigned CellDsps = 0,
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
    output logic [7:0] led_o
);
    localparam int unsigned StretchW = 8;  // 256 cycles

    // ---------------------------------------------------------------- resets
    logic [StretchW-1:0] stretch_q;
    logic engine_reset, ready;
    // In reset from the first cycle on.
    logic engine_rst_nq = 1'b0;
    logic link_rst_nq = 1'b0;

    assign ready = stretch_q == '1;

    always_ff @(posedge clk_i) begin
        if (!rst_ni || engine_reset) stretch_q <= '0;
        else if (!ready) stretch_q <= stretch_q + 1'b1;
        engine_rst_nq <= ready && rst_ni && !engine_reset;
        if (!rst_ni) link_rst_nq <= 1'b0;
        else if (ready) link_rst_nq <= 1'b1;
    end

    // ---------------------------------------------------------------- link
    logic clear, start, busy;
    logic [lacuna_pkg::EntryW-1:0] entry;
    logic [lacuna_pkg::StepsW-1:0] steps;
    logic [4:0][31:0] count;
    logic mem_valid, mem_ready, mem_write, mem_rvalid;
    lacuna_pkg::space_e mem_space;
    logic [7:0] mem_select;
    logic [lacuna_pkg::MemAddrW-1:0] mem_address;
    logic [35:0] mem_data, mem_rdata;
    logic x_valid, x_ready, y_valid, y_ready;
    logic [lacuna_pkg::BankBits-1:0] x_data;
    logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] y_data;

    lacuna_link #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .OutputDepth(OutputDepth), .AccW(AccW), .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .Window(Window),
        .BootDepth(BootDepth), .ClockHz(ClockHz), .Baud(Baud), .BuildHash(BuildHash), .WatchdogCycles(WatchdogCycles),
        .TrialCycles(TrialCycles)
    ) u_link (
        .clk_i,
        .rst_ni(link_rst_nq),
        .rx_i, .tx_o, .led_o,
        .engine_reset_o(engine_reset),
        .engine_ready_i(engine_rst_nq),
        .engine_clear_o(clear),
        .engine_start_o(start),
        .engine_entry_o(entry),
        .engine_steps_o(steps),
        .engine_busy_i(busy),
        .engine_half_i(phase[0]),
        .engine_count_i(count),
        .mem_valid_o(mem_valid),
        .mem_ready_i(mem_ready),
        .mem_write_o(mem_write),
        .mem_space_o(mem_space),
        .mem_select_o(mem_select),
        .mem_address_o(mem_address),
        .mem_data_o(mem_data),
        .mem_rvalid_i(mem_rvalid),
        .mem_rdata_i(mem_rdata),
        .x_valid_o(x_valid),
        .x_ready_i(x_ready),
        .x_data_o(x_data),
        .y_valid_i(y_valid),
        .y_ready_o(y_ready),
        .y_data_i(y_data)
    );

    // The link sees the engine busy before it looks for the end of a run, so a start may be late.
    logic start_late;
    logic [lacuna_pkg::EntryW-1:0] entry_late;
    logic [lacuna_pkg::StepsW-1:0] steps_late;

    always_ff @(posedge clk_i) begin
        start_late <= start;
        entry_late <= entry;
        steps_late <= steps;
    end

    // ---------------------------------------------------------------- streams
    // Registers that cut both ways, so that no path runs from the one into the other.
    localparam int unsigned OutputW = Ports * lacuna_pkg::Lanes * lacuna_pkg::GateW;

    localparam int unsigned RequestW = 1 + $bits(mem_space) + 8 + lacuna_pkg::MemAddrW + 36;

    logic mem_valid_late, mem_ready_late, mem_write_late, mem_rvalid_early, engine_busy;
    lacuna_pkg::space_e mem_space_late;
    logic [7:0] mem_select_late;
    logic [lacuna_pkg::MemAddrW-1:0] mem_address_late;
    logic [35:0] mem_data_late, mem_rdata_early;

    logic x_valid_late, x_ready_late, y_valid_early, y_ready_early;
    logic [lacuna_pkg::BankBits-1:0] x_data_late;
    logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] y_data_early;

    // A request that waits keeps the engine busy, so that no run begins before it.
    lacuna_relay #(
        .Width(RequestW)
    ) u_mem (
        .clk_i,
        .rst_ni(engine_rst_nq),
        .in_valid_i(mem_valid), .in_ready_o(mem_ready),
        .in_data_i({mem_write, mem_space, mem_select, mem_address, mem_data}),
        .out_valid_o(mem_valid_late), .out_ready_i(mem_ready_late),
        .out_data_o({mem_write_late, mem_space_late, mem_select_late, mem_address_late, mem_data_late})
    );
    assign busy = engine_busy || mem_valid_late;

    always_ff @(posedge clk_i) begin
        mem_rvalid <= mem_rvalid_early;
        mem_rdata <= mem_rdata_early;
    end

    lacuna_relay #(
        .Width(lacuna_pkg::BankBits)
    ) u_x (
        .clk_i,
        .rst_ni(engine_rst_nq),
        .in_valid_i(x_valid), .in_ready_o(x_ready), .in_data_i(x_data),
        .out_valid_o(x_valid_late), .out_ready_i(x_ready_late), .out_data_o(x_data_late)
    );

    lacuna_relay #(
        .Width(OutputW)
    ) u_y (
        .clk_i,
        .rst_ni(engine_rst_nq),
        .in_valid_i(y_valid_early), .in_ready_o(y_ready_early), .in_data_i(y_data_early),
        .out_valid_o(y_valid), .out_ready_i(y_ready), .out_data_o(y_data)
    );

    // ---------------------------------------------------------------- engine
    logic [lacuna_pkg::PhaseW-1:0] phase;
    logic fresh, stat_fire, stat_group;
    logic [Ports-1:0] tap_h_valid, tap_y_valid;
    logic [lacuna_pkg::EntryW-1:0] tap_h_entry, tap_y_entry, stat_entry;
    logic [lacuna_pkg::UnitW-1:0] tap_h_unit, tap_y_unit;
    logic [Ports-1:0][lacuna_pkg::ActW-1:0] tap_h;
    logic [Ports-1:0][lacuna_pkg::CellW-1:0] tap_c;
    logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] tap_y;
    logic [2:0] stat_wait;

    lacuna_engine #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .OutputDepth(OutputDepth), .AccW(AccW), .BankColumns(BankColumns), .CellDsps(CellDsps)
    ) u_engine (
        .clk_i,
        .rst_ni(engine_rst_nq),
        .clear_i(clear),
        .start_i(start_late),
        .entry_i(entry_late),
        .steps_i(steps_late),
        .busy_o(engine_busy),
        .phase_o(phase),
        .fresh_o(fresh),
        .count_o(count),
        .mem_valid_i(mem_valid_late),
        .mem_ready_o(mem_ready_late),
        .mem_write_i(mem_write_late),
        .mem_space_i(mem_space_late),
        .mem_select_i(mem_select_late),
        .mem_address_i(mem_address_late),
        .mem_data_i(mem_data_late),
        .mem_rvalid_o(mem_rvalid_early),
        .mem_rdata_o(mem_rdata_early),
        .x_valid_i(x_valid_late),
        .x_ready_o(x_ready_late),
        .x_data_i(x_data_late),
        .y_valid_o(y_valid_early),
        .y_ready_i(y_ready_early),
        .y_data_o(y_data_early),
        .tap_h_valid_o(tap_h_valid),
        .tap_y_valid_o(tap_y_valid),
        .tap_h_entry_o(tap_h_entry),
        .tap_y_entry_o(tap_y_entry),
        .tap_h_unit_o(tap_h_unit),
        .tap_y_unit_o(tap_y_unit),
        .tap_h_o(tap_h),
        .tap_c_o(tap_c),
        .tap_y_o(tap_y),
        .stat_fire_o(stat_fire),
        .stat_group_o(stat_group),
        .stat_entry_o(stat_entry),
        .stat_wait_o(stat_wait)
    );

    // What only testbenches of the engine watch.
    logic unused;
    assign unused = ^{phase, fresh, tap_h_valid, tap_y_valid, tap_h_entry, tap_y_entry, tap_h_unit, tap_y_unit, tap_h, tap_c, tap_y,
                      stat_fire, stat_group, stat_entry, stat_wait};
endmodule
