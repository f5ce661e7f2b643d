// Lacuna engine: compressed matrix-vector unit (four systolic lanes), gates, sequencer and memories; wiring only.
//
// Reset: hold rst_ni low for at least 128 cycles, so that idle waves pass the lanes and the delay rings.
// Use: load the memories through mem_* (lacuna_host), which wait while busy_o is high; with busy_o low, clear_i for one
// cycle zeroes the state, as a reset does, and start_i (not together with clear_i) runs a program entry for a number of
// steps. x_* takes input banks and y_* gives results, both valid/ready streams, at any time; a bank that is taken together
// with clear_i is forgotten like those before it. y_data_o[p][l] is the output of port p's row in lane l, or, for a
// recurrent layer that emits, h in lane 0 and c in lane 1.
// tap_* shows every h, c and linear output as it is produced, for testbenches; stat_* what each cycle was used for.
//
// Tiles 1..21, Ports 1..2 and at most Tiles, WeightDepth 2..1048576 words a tile, BankDepth 2..4096, RowDepth 2..16384
// rows a port (with the ECP5's block RAMs to 65536, BankDepth to 1024), OutputDepth a power of two <= 64 and at least 3 *
// ceil(Tiles / Ports), AccW 16..32 (16..36 with activations of 16 bits: macro LACUNA_ACT, read by lacuna_pkg). BankColumns,
// 0 to all: how many columns of four bytes of the activation memory are in block RAM, the others being distributed.
// CellDsps 1: the cell update multiplies in three DSPs a port; 0: in carry chains, where the PEs take every DSP.
`default_nettype none

module lacuna_engine #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned OutputDepth = 64,
    parameter int unsigned AccW = 24,
    parameter int unsigned BankColumns = lacuna_pkg::BankParts,
    parameter int unsigned CellDsps = 0
) (
    input wire logic clk_i,
    input wire logic rst_ni,

    input wire logic clear_i,
    input wire logic start_i,
    input wire logic [lacuna_pkg::EntryW-1:0] entry_i,
    input wire logic [lacuna_pkg::StepsW-1:0] steps_i,
    output logic busy_o,
    output logic [lacuna_pkg::PhaseW-1:0] phase_o,
    output logic fresh_o,
    output logic [4:0][31:0] count_o,

    input wire logic mem_valid_i,
    output logic mem_ready_o,
    input wire logic mem_write_i,
    input wire lacuna_pkg::space_e mem_space_i,
    input wire logic [7:0] mem_select_i,
    input wire logic [lacuna_pkg::MemAddrW-1:0] mem_address_i,
    input wire logic [35:0] mem_data_i,
    output logic mem_rvalid_o,
    output logic [35:0] mem_rdata_o,

    input wire logic x_valid_i,
    output logic x_ready_o,
    input wire logic [lacuna_pkg::BankBits-1:0] x_data_i,

    output logic y_valid_o,
    input wire logic y_ready_i,
    output logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] y_data_o,

    output logic [Ports-1:0] tap_h_valid_o,
    output logic [Ports-1:0] tap_y_valid_o,
    output logic [lacuna_pkg::EntryW-1:0] tap_h_entry_o,
    output logic [lacuna_pkg::EntryW-1:0] tap_y_entry_o,
    output logic [lacuna_pkg::UnitW-1:0] tap_h_unit_o,
    output logic [lacuna_pkg::UnitW-1:0] tap_y_unit_o,
    output logic [Ports-1:0][lacuna_pkg::ActW-1:0] tap_h_o,
    output logic [Ports-1:0][lacuna_pkg::CellW-1:0] tap_c_o,
    output logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] tap_y_o,

    output logic stat_fire_o,
    output logic stat_group_o,
    output logic [lacuna_pkg::EntryW-1:0] stat_entry_o,
    output logic [2:0] stat_wait_o
);
    localparam int unsigned BankAw = $clog2(BankDepth);
    localparam int unsigned CreditW = $clog2(OutputDepth) + 1;
    localparam int unsigned OutputW = Ports * lacuna_pkg::Lanes * lacuna_pkg::GateW;

    if (lacuna_pkg::ActAsked != lacuna_pkg::ActW) begin : gen_bad_act
        $error("lacuna_engine: LACUNA_ACT must be 8 or 16");
    end
    if (Tiles < 1 || Tiles > 21 || Ports < 1 || Ports > 2 || Ports > Tiles) begin : gen_bad_tiles
        $error("lacuna_engine: Tiles must be 1..21, Ports 1..2 and at most Tiles");
    end
    if (WeightDepth < 2 || WeightDepth > 1048576 || BankDepth < 2 || BankDepth > 4096 || RowDepth < 2 || RowDepth > 16384) begin : gen_bad_depth
        $error("lacuna_engine: WeightDepth must be 2..1048576, BankDepth 2..4096, RowDepth 2..16384");
    end
    if (OutputDepth > 64 || OutputDepth < 3 * ((Tiles + Ports - 1) / Ports) || AccW < 16 || AccW > lacuna_pkg::SumMaxW) begin : gen_bad_output
        $error("lacuna_engine: OutputDepth must be 3*ceil(Tiles/Ports)..64, AccW 16..32 (LACUNA_ACT 16: 16..36)");
    end

    // ---------------------------------------------------------------- host port
    logic cleared, host_mem_ready, host_busy, host_active, host_passive, engine_busy, reading;
    logic row_we, cell_we, program_we, table_we, input_we, tag_we;
    logic [lacuna_pkg::BankWidth-1:0] host_bank_we;
    logic [7:0] select;
    logic [lacuna_pkg::MemAddrW-1:0] address;
    logic [35:0] data;
    lacuna_pkg::wave_t host_wave, lane_wave;
    logic [lacuna_pkg::WeightAddrW-1:0] host_weight;
    lacuna_pkg::load_t load;
    logic [lacuna_pkg::Lanes-1:0][Ports-1:0][AccW-1:0] result;
    logic [lacuna_pkg::BankBits-1:0] bank_word;
    logic [31:0] program_word;
    logic [lacuna_pkg::BankAddrW-1:0] input_base, input_banks;
    logic [lacuna_pkg::RowWordW-1:0] host_row;
    logic [lacuna_pkg::CellW-1:0] host_cell;
    logic [lacuna_pkg::TableWordW-1:0] host_table;

    // Reset, a register further for each part, since the parts lie far apart: sequencer; drain and retirement; streams and
    // counters. The engine is busy until all are through.
    logic [2:0] reset_nq = '0;

    always_ff @(posedge clk_i) reset_nq <= {reset_nq[1:0], rst_ni};

    // Registered on its way to the memories. What comes after it, a run, needs them three cycles later at the earliest.
    lacuna_pkg::access_t access_q;
    logic passive_q;

    always_ff @(posedge clk_i) begin
        access_q.row_we <= row_we;
        access_q.cell_we <= cell_we;
        access_q.program_we <= program_we;
        access_q.table_we <= table_we;
        access_q.input_we <= input_we;
        access_q.clearing <= tag_we;
        access_q.reading <= reading;
        access_q.bank_we <= host_bank_we;
        access_q.select <= select;
        access_q.address <= address;
        access_q.data <= data;
        passive_q <= host_passive;
    end

    assign busy_o = engine_busy || host_busy;
    assign mem_ready_o = host_mem_ready && !start_i;

    lacuna_host #(
        .Tiles(Tiles), .Ports(Ports), .BankDepth(BankDepth), .RowDepth(RowDepth), .AccW(AccW)
    ) u_host (
        .clk_i, .rst_ni,
        .engine_busy_i(engine_busy),
        .clear_i,
        .cleared_o(cleared),
        .busy_o(host_busy),
        .active_o(host_active),
        .passive_o(host_passive),
        .mem_valid_i(mem_valid_i && !start_i), .mem_ready_o(host_mem_ready), .mem_write_i, .mem_space_i, .mem_select_i, .mem_address_i, .mem_data_i,
        .mem_rvalid_o, .mem_rdata_o,
        .row_we_o(row_we),
        .cell_we_o(cell_we),
        .program_we_o(program_we),
        .table_we_o(table_we),
        .input_we_o(input_we),
        .bank_we_o(host_bank_we),
        .tag_we_o(tag_we),
        .select_o(select),
        .address_o(address),
        .data_o(data),
        .reading_o(reading),
        .wave_o(host_wave),
        .weight_o(host_weight),
        .load_o(load),
        .lane_wave_i(lane_wave),
        .result_i(result),
        .row_i(host_row),
        .cell_i(host_cell),
        .bank_i(bank_word),
        .program_i(program_word),
        .table_i(host_table),
        .input_i({4'd0, input_banks, 4'd0, input_base})
    );

    // ---------------------------------------------------------------- sequencer
    logic walker_busy, walked_valid, walked_ready, item_valid, item_ready, issuer_busy, fire, releases_x;
    lacuna_pkg::item_t walked, item;
    logic [lacuna_pkg::ItemW-1:0] item_bits;
    // What readiness said of the walker's item: its bank's tag, and in which bits it differed from the one wanted; that this
    // does not matter, as it got the right one just then, or needs none.
    logic [lacuna_pkg::TagW-1:0] walked_tag, item_differs;
    logic walked_new, item_sure, bank_held, bank_new;
    logic [lacuna_pkg::EntryW-1:0] walker_entry, program_entry;
    lacuna_pkg::descriptor_t descriptor;
    logic [lacuna_pkg::BankAddrW-1:0] issue_bank;
    logic [lacuna_pkg::BankAddrW-1:0] wanted_bank;
    logic [lacuna_pkg::TagW-1:0] wanted_tag;
    logic [lacuna_pkg::WeightAddrW-1:0] issue_weight;
    lacuna_pkg::wave_t issue_wave;
    logic group_valid;
    lacuna_pkg::group_t issue_group;
    logic [CreditW-1:0] credit;

    lacuna_program u_program (
        .clk_i,
        .we_i(access_q.program_we),
        .address_i(access_q.address[lacuna_pkg::EntryW+2:0]),
        .word_i(access_q.data[31:0]),
        .word_o(program_word),
        .entry_i(program_entry),
        .descriptor_o(descriptor)
    );

    // An idle walker shows the program the host's entry.
    assign walker_entry = reading ? access_q.address[3+:lacuna_pkg::EntryW] : entry_i;

    lacuna_walker u_walker (
        .clk_i,
        .rst_ni(reset_nq[0]),
        .start_i(start_i && !busy_o && !clear_i && steps_i != '0),
        .reset_step_i(cleared),
        .entry_i(walker_entry),
        .steps_i,
        .busy_o(walker_busy),
        .phase_o, .fresh_o,
        .program_entry_o(program_entry),
        .descriptor_i(descriptor),
        .item_valid_o(walked_valid),
        .item_ready_i(walked_ready),
        .item_o(walked)
    );

    lacuna_skid #(
        .Width(1 + lacuna_pkg::TagW + lacuna_pkg::ItemW)
    ) u_items (
        .clk_i,
        .rst_ni(reset_nq[0]),
        .in_valid_i(walked_valid),
        .in_ready_o(walked_ready),
        .in_data_i({walked_new || !walked.check, walked_tag ^ walked.tag, walked}),
        .out_valid_o(item_valid),
        .out_ready_i(item_ready),
        .out_data_o({item_sure, item_differs, item_bits})
    );
    assign item = item_bits;

    lacuna_issuer #(
        .CreditW(CreditW)
    ) u_issuer (
        .clk_i,
        .rst_ni(reset_nq[0]),
        .item_valid_i(item_valid),
        .item_ready_o(item_ready),
        .item_i(item),
        .item_seen_i(item_sure || item_differs == '0),
        .wanted_bank_o(wanted_bank),
        .wanted_tag_o(wanted_tag),
        .held_i(bank_held),
        .new_i(bank_new),
        .credit_i(credit),
        .fire_o(fire),
        .bank_o(issue_bank),
        .weight_o(issue_weight),
        .wave_o(issue_wave),
        .releases_x_o(releases_x),
        .group_valid_o(group_valid),
        .group_o(issue_group),
        .busy_o(issuer_busy),
        .entry_o(stat_entry_o),
        .wait_bank_o(stat_wait_o[0]),
        .wait_port_o(stat_wait_o[1]),
        .wait_output_o(stat_wait_o[2])
    );
    assign stat_fire_o = fire;
    assign stat_group_o = group_valid;

    // ---------------------------------------------------------------- activation memory
    // Cycle 0: slot issued; its weight address enters the lanes at once, bank word and wave three cycles later.
    logic [lacuna_pkg::BankAddrW-1:0] fetch_bank_q;
    logic [lacuna_pkg::WeightAddrW-1:0] fetch_weight;
    lacuna_pkg::wave_t fetch_wave_q /* verilator public_flat_rw */;  // public: the fault tests drop a cycle here
    lacuna_pkg::wave_t fetch_wave_qq, fetch_wave_qqq;

    logic [lacuna_pkg::BankWidth-1:0] writer_we, bank_we_q;
    logic [lacuna_pkg::BankAddrW-1:0] writer_bank, x_bank, bank_waddr, bank_waddr_q;
    logic [lacuna_pkg::BankBits-1:0] writer_word, bank_wdata_q;
    logic writer_valid, writer_quiet, writer_complete, x_ready, x_take, x_write, tag_write;
    logic [lacuna_pkg::TagW-1:0] writer_tag, x_tag, tag_value;

    assign fetch_weight = host_active ? host_weight : issue_weight;

    always_ff @(posedge clk_i) begin
        fetch_bank_q <= access_q.reading ? access_q.address[lacuna_pkg::BankAddrW-1:0] : issue_bank;
        fetch_wave_q <= issue_wave;
        fetch_wave_qq <= fetch_wave_q;
        fetch_wave_qqq <= fetch_wave_qq;
        if (!reset_nq[0]) fetch_wave_q <= '0;
    end

    // One write port: results first, then the host (only while idle), then the input. At most one of the enables is set.
    // A bank is written one cycle behind its tag; who sees the tag reads the bank two cycles later at the earliest.
    assign x_ready = writer_quiet && host_passive && passive_q;
    assign x_take = x_write && x_ready;
    assign tag_write = writer_complete || access_q.clearing || x_take;

    always_comb begin
        if (writer_valid) begin
            bank_waddr = writer_bank;
            tag_value = writer_tag;
        end else if (passive_q) begin
            bank_waddr = x_bank;
            tag_value = x_tag;
        end else begin
            bank_waddr = access_q.address[lacuna_pkg::BankAddrW-1:0];
            tag_value = lacuna_pkg::TagNever;
        end
    end

    always_ff @(posedge clk_i) begin
        bank_we_q <= writer_we | access_q.bank_we | {lacuna_pkg::BankWidth{x_take}};
        bank_waddr_q <= bank_waddr;
        if (writer_valid) bank_wdata_q <= writer_word;
        else if (passive_q) bank_wdata_q <= x_data_i;
        else bank_wdata_q <= {lacuna_pkg::BankParts{access_q.data[31:0]}};
    end

    lacuna_bank_ram #(
        .Depth(BankDepth), .Columns(BankColumns)
    ) u_banks (
        .clk_i,
        .we_i(bank_we_q),
        .waddr_i(bank_waddr_q[BankAw-1:0]),
        .wdata_i(bank_wdata_q),
        .raddr_i(fetch_bank_q[BankAw-1:0]),
        .rdata_o(bank_word)
    );

    lacuna_readiness #(
        .Depth(BankDepth)
    ) u_readiness (
        .clk_i,
        .we_i(tag_write),
        .waddr_i(bank_waddr[BankAw-1:0]),
        .tag_i(tag_value),
        .first_bank_i(walked.bank[BankAw-1:0]),
        .first_wanted_i(walked.tag),
        .first_tag_o(walked_tag),
        .first_new_o(walked_new),
        .second_bank_i(wanted_bank[BankAw-1:0]),
        .second_wanted_i(wanted_tag),
        .second_held_o(bank_held),
        .second_new_o(bank_new)
    );

    lacuna_input u_input (
        .clk_i,
        .rst_ni(reset_nq[2]),
        .reset_step_i(cleared),
        .configure_i(access_q.input_we),
        .base_i(access_q.data[lacuna_pkg::BankAddrW-1:0]),
        .banks_i(access_q.data[16+:lacuna_pkg::BankAddrW]),
        .base_o(input_base),
        .banks_o(input_banks),
        .x_valid_i, .x_ready_o,
        .released_i(releases_x),
        .write_o(x_write),
        .write_ready_i(x_ready),
        .bank_o(x_bank),
        .tag_o(x_tag)
    );

    // ---------------------------------------------------------------- lanes
    lacuna_pkg::wave_t lane_wave_in;
    logic [lacuna_pkg::BankBits-1:0] lane_bank_in;

    // The host's waves carry no operands and the issuer's only those, and never both are under way.
    assign lane_wave_in = fetch_wave_qqq | host_wave;
    assign lane_bank_in[lacuna_pkg::BankBits-1:lacuna_pkg::LoadW] = bank_word[lacuna_pkg::BankBits-1:lacuna_pkg::LoadW];
    assign lane_bank_in[lacuna_pkg::LoadW-1:0] = host_active ? load : bank_word[lacuna_pkg::LoadW-1:0];

    for (genvar l = 0; l < lacuna_pkg::Lanes; l++) begin : gen_lane
        lacuna_pkg::wave_t wave;

        lacuna_lane #(
            .Lane(l), .Tiles(Tiles), .WeightDepth(WeightDepth), .AccW(AccW), .Ports(Ports)
        ) u_lane (
            .clk_i,
            .weight_i(fetch_weight),
            .wave_i(lane_wave_in),
            .bank_i(lane_bank_in),
            .wave_o(wave),
            .result_o(result[l])
        );

        // The lanes run in step; lane 0 stands for all.
        logic unused;
        assign unused = ^wave;
    end
    assign lane_wave = gen_lane[0].wave;

    // ---------------------------------------------------------------- drain ports
    logic [Ports-1:0] drain_valid;
    logic drain_first, drain_last;
    logic [lacuna_pkg::UnitW-1:0] drain_unit;
    logic [lacuna_pkg::RowAddrW-1:0] drain_row, drain_cell_row;
    lacuna_pkg::group_t drain_group;
    logic [1:0] retired;
    logic push, push_ready;
    logic [OutputW-1:0] push_data;

    lacuna_drain #(
        .Tiles(Tiles), .Ports(Ports)
    ) u_drain (
        .clk_i,
        .rst_ni(reset_nq[1]),
        .group_valid_i(group_valid),
        .group_i(issue_group),
        .done_i(lane_wave.valid && lane_wave.last),
        .reading_i(access_q.reading),
        .address_i(access_q.address[lacuna_pkg::RowAddrW-1:0]),
        .valid_o(drain_valid),
        .first_o(drain_first),
        .last_o(drain_last),
        .unit_o(drain_unit),
        .row_o(drain_row),
        .cell_row_o(drain_cell_row),
        .group_o(drain_group)
    );

    lacuna_retire #(
        .Ports(Ports), .RowDepth(RowDepth), .AccW(AccW), .CellDsps(CellDsps)
    ) u_retire (
        .clk_i,
        .rst_ni(reset_nq[1]),
        .valid_i(drain_valid),
        .first_i(drain_first),
        .last_i(drain_last),
        .unit_i(drain_unit),
        .row_i(drain_row),
        .cell_row_i(drain_cell_row),
        .group_i(drain_group),
        .result_i(result),
        .access_i(access_q),
        .host_row_o(host_row),
        .host_cell_o(host_cell),
        .host_table_o(host_table),
        .write_o(writer_valid),
        .quiet_o(writer_quiet),
        .we_o(writer_we),
        .bank_o(writer_bank),
        .word_o(writer_word),
        .complete_o(writer_complete),
        .tag_o(writer_tag),
        .retired_o(retired),
        .y_valid_o(push),
        .y_data_o(push_data),
        .tap_h_valid_o, .tap_y_valid_o, .tap_h_entry_o, .tap_y_entry_o, .tap_h_unit_o, .tap_y_unit_o,
        .tap_h_o, .tap_c_o, .tap_y_o
    );

    // ---------------------------------------------------------------- output buffer
    lacuna_fifo #(
        .Width(OutputW),
        .Depth(OutputDepth)
    ) u_output (
        .clk_i,
        .rst_ni(reset_nq[2]),
        .in_valid_i(push),
        .in_ready_o(push_ready),
        .in_data_i(push_data),
        .out_valid_o(y_valid_o),
        .out_ready_i(y_ready_i),
        .out_data_o(y_data_o)
    );

    // ---------------------------------------------------------------- groups under way, counters
    lacuna_flight #(
        .OutputDepth(OutputDepth)
    ) u_flight (
        .clk_i,
        .rst_ni(reset_nq[1]),
        .walking_i(walker_busy),
        .issuing_i(item_valid || issuer_busy),
        .group_valid_i(group_valid),
        .group_i(issue_group),
        .retired_i(retired),
        .taken_i(y_valid_o && y_ready_i),
        .credit_o(credit),
        .busy_o(engine_busy)
    );

    lacuna_counters u_counters (
        .clk_i,
        .rst_ni(reset_nq[2]),
        .clear_i(cleared),
        .event_i({stat_wait_o, fire, engine_busy}),
        .count_o
    );

    logic unused;
    assign unused = ^{push_ready, wanted_bank, fetch_bank_q, bank_waddr_q, access_q};  // high address bits of shallow memories
endmodule
