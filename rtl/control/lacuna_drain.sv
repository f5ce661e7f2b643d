// Drain: names the units of a group as their sums leave the lanes.
//
// A group is queued when its last slot is issued; there is always room, since a group takes two cycles at least. done_i
// follows when that slot is in the last tile's hop register.
// Three cycles later the group's first emission appears on the outputs, one emission a cycle from then on: cell_row_o
// is the address of its cell states, and row_o was that of its scales in the cycle before; valid_o says which ports carry
// a unit, unit_o is the unit on port 0; the unit on port p is unit_o minus the number of valid ports below p. Units leave
// highest first. A group's riders, units of a head, leave after its own units, from the next emission on, as a linear group
// of the next program entry.
// Sums are on the lanes' results two cycles after the emission is on the outputs.
//
// With reading_i, while nothing drains, row_o is the address_i of the cycle before.
// Tiles as of lacuna_lane, Ports 1..2. A new done_i must not come before the emissions of the last group are over.
`default_nettype none

module lacuna_drain #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 1
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic group_valid_i,
    input wire lacuna_pkg::group_t group_i,
    input wire logic done_i,
    input wire logic reading_i,
    input wire logic [lacuna_pkg::RowAddrW-1:0] address_i,
    output logic [Ports-1:0] valid_o,
    output logic first_o,
    output logic last_o,
    output logic [lacuna_pkg::UnitW-1:0] unit_o,
    output logic [lacuna_pkg::RowAddrW-1:0] row_o,
    output logic [lacuna_pkg::RowAddrW-1:0] cell_row_o,
    output lacuna_pkg::group_t group_o
);
    localparam int unsigned CountW = lacuna_pkg::CountW;

    // Groups under way: at most one in two cycles, each for Tiles + 6 cycles.
    localparam int unsigned QueueDepth = 16;

    // A group, its highest unit, and whether it has one unit or two, and so of riders, and any.
    lacuna_pkg::group_t given_q, queued;
    logic given_valid_q, done_q, unused_valid, queue_ready;
    logic [lacuna_pkg::UnitW-1:0] given_top, queued_top;
    logic queued_one, queued_two, queued_riders, queued_rider_one, queued_rider_two;
    logic [lacuna_pkg::GroupW-1:0] queued_bits;

    assign given_top = given_q.unit_base + lacuna_pkg::UnitW'(given_q.units) - 1'b1;

    always_ff @(posedge clk_i) begin
        given_q <= group_i;
        given_valid_q <= group_valid_i && rst_ni;
    end

    lacuna_fifo #(
        .Width(lacuna_pkg::GroupW + lacuna_pkg::UnitW + 5),
        .Depth(QueueDepth)
    ) u_queue (
        .clk_i,
        .rst_ni,
        .in_valid_i(given_valid_q),
        .in_ready_o(queue_ready),
        .in_data_i({
            given_q, given_top, given_q.units == 'd1, given_q.units == 'd2,
            given_q.rider_units != '0, given_q.rider_units == 'd1, given_q.rider_units == 'd2
        }),
        .out_valid_o(unused_valid),
        .out_ready_i(done_q),
        .out_data_o({queued_bits, queued_top, queued_one, queued_two, queued_riders, queued_rider_one, queued_rider_two})
    );
    assign queued = queued_bits;

    // Emissions of port 1, whose strand may be shorter than that of port 0.
    localparam int unsigned SecondEmissions = lacuna_pkg::PesPerTile * (Tiles / 2);

    lacuna_pkg::group_t group_q;
    logic active_q, first_q;
    logic riders_q, rider_one_q, rider_two_q;  // still to come: any, one, two
    logic [CountW-1:0] emission_q, left_q;  // left: units
    logic one_q, two_q;                     // so many are left
    logic second_q;                         // this emission may have a unit on port 1
    logic [lacuna_pkg::RowAddrW-1:0] row_q, cell_row_q;
    logic [lacuna_pkg::UnitW-1:0] unit_q;
    logic both, last;

    if (Ports < 1 || Ports > 2) begin : gen_bad
        $error("lacuna_drain: Ports must be 1..2");
    end

    assign row_o = row_q;
    assign both = Ports == 2 && second_q && !one_q;
    assign last = one_q || (two_q && both);

    always_ff @(posedge clk_i) begin
        done_q <= done_i && rst_ni;
        if (done_q) begin
            group_q <= queued;
            active_q <= 1'b1;
            first_q <= 1'b1;
            riders_q <= queued_riders;
            rider_one_q <= queued_rider_one;
            rider_two_q <= queued_rider_two;
            emission_q <= '0;
            second_q <= 1'b1;
            left_q <= queued.units;
            one_q <= queued_one;
            two_q <= queued_two;
            unit_q <= queued_top;
            row_q <= queued.row;
            cell_row_q <= queued.cell_row;
        end else begin
            first_q <= 1'b0;
            emission_q <= emission_q + 1'b1;
            second_q <= second_q && emission_q != CountW'(SecondEmissions - 1);
            left_q <= left_q - (both ? CountW'(2) : CountW'(1));
            one_q <= both ? left_q == 'd3 : left_q == 'd2;
            two_q <= both ? left_q == 'd4 : left_q == 'd3;
            unit_q <= unit_q - (both ? lacuna_pkg::UnitW'(2) : lacuna_pkg::UnitW'(1));
            row_q <= row_q + 1'b1;
            cell_row_q <= cell_row_q + 1'b1;
            if (active_q && last) begin
                active_q <= riders_q;
                riders_q <= 1'b0;
                first_q <= 1'b1;
                left_q <= lacuna_pkg::CountW'(group_q.rider_units);
                one_q <= rider_one_q;
                two_q <= rider_two_q;
                unit_q <= lacuna_pkg::UnitW'(group_q.rider_units) - 1'b1;
                group_q.linear <= 1'b1;
                group_q.emit <= 1'b1;
                group_q.entry <= group_q.entry + 1'b1;
            end
        end
        if (reading_i) row_q <= address_i;
        if (!rst_ni) active_q <= 1'b0;

        valid_o <= rst_ni && active_q ? Ports'({both, 1'b1}) : '0;
        first_o <= first_q;
        last_o <= active_q && last;
        unit_o <= unit_q;
        cell_row_o <= cell_row_q;
        group_o <= group_q;
    end

    logic unused;
    assign unused = ^{unused_valid, queue_ready};
endmodule
