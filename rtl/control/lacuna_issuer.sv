// Issuer: sweeps the walker's banks, one slot a cycle, waiting for what is not ready.
//
// A bank waits until its readiness tag is the one the item names: item_seen_i says that it was when the item was given.
// Otherwise wanted_bank_o and wanted_tag_o ask for it. new_i says that the bank gets this tag now, which counts from the
// next cycle on; held_i, that it had it in the cycle before, which is of use from an item's second cycle on.
// The last slot of a group also waits until the drain ports are through with the group before (a group occupies them for its
// emissions) and until the output buffer has room (credit_i), which counts from the next cycle on, too, and not in the cycle
// after a group's end, in which its outputs have not been taken off yet: so groups end two cycles apart at least. fire_o:
// bank_o, weight_o and wave_o name the slot of this cycle. group_valid_o goes with the last slot of a group. wait_*_o say
// why a cycle with work at hand issued nothing.
`default_nettype none

module lacuna_issuer #(
    parameter int unsigned CreditW = 10
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic item_valid_i,
    output logic item_ready_o,
    input wire lacuna_pkg::item_t item_i,
    input wire logic item_seen_i,
    output logic [lacuna_pkg::BankAddrW-1:0] wanted_bank_o,
    output logic [lacuna_pkg::TagW-1:0] wanted_tag_o,
    input wire logic held_i,
    input wire logic new_i,
    input wire logic [CreditW-1:0] credit_i,
    output logic fire_o,
    output logic [lacuna_pkg::BankAddrW-1:0] bank_o,
    output logic [lacuna_pkg::WeightAddrW-1:0] weight_o,
    output lacuna_pkg::wave_t wave_o,
    output logic releases_x_o,
    output logic group_valid_o,
    output lacuna_pkg::group_t group_o,
    output logic busy_o,
    output logic [lacuna_pkg::EntryW-1:0] entry_o,
    output logic wait_bank_o,
    output logic wait_port_o,
    output logic wait_output_o
);
    lacuna_pkg::item_t item_q;
    logic [4:0] left_q;
    logic [lacuna_pkg::WeightAddrW-1:0] weight_q;
    logic [lacuna_pkg::CountW-1:0] gap_q;

    // What decides in a cycle comes out of flip-flops: an item is there, and its bank is ready; the slot is the item's
    // last, and the group's; gap_q is 0, there is room, and both.
    logic valid_q, ready_q, last_slot_q, group_end_q, port_free_q, output_free_q, end_able_q;
    logic valid, ready, port_free, output_free, fire, take;
    logic next_fits, item_fits;  // credit_i is enough for the group of item_i; of item_q
    logic stays_q;  // the item was here in the cycle before

    assign fire = valid_q && ready_q && (!group_end_q || end_able_q);
    assign take = !valid_q || (ready_q && last_slot_q && (!group_end_q || end_able_q));

    // Compared before it is known which of them counts. Two comparisons under one choice would become one behind it.
    assign next_fits = credit_i >= CreditW'(item_i.group.outputs);
    assign item_fits = credit_i >= CreditW'(item_q.group.outputs);
    assign output_free = !group_valid_o && ((take && next_fits) || (!take && item_fits));

    assign item_ready_o = take;
    assign wanted_bank_o = item_q.bank;
    assign wanted_tag_o = item_q.tag;

    always_comb begin
        if (take) begin
            valid = item_valid_i;
            ready = item_seen_i;
        end else begin
            valid = 1'b1;
            ready = ready_q || new_i || (stays_q && held_i);
        end
        port_free = group_valid_o ? item_q.group.emissions == 'd1 : port_free_q || gap_q == 'd1;
    end

    always_ff @(posedge clk_i) begin
        valid_q <= valid && rst_ni;
        ready_q <= ready;
        stays_q <= !take;
        port_free_q <= port_free || !rst_ni;
        output_free_q <= output_free;
        end_able_q <= (port_free_q || gap_q == 'd1) && output_free;
        if (take) begin
            item_q <= item_i;
            left_q <= item_i.slots;
            last_slot_q <= item_i.slots == 5'd1;
            group_end_q <= item_i.last && item_i.slots == 5'd1;
            weight_q <= item_i.weight;
        end else if (fire) begin
            left_q <= left_q - 1'b1;
            last_slot_q <= left_q == 5'd2;
            group_end_q <= item_q.last && left_q == 5'd2;
            weight_q <= weight_q + 1'b1;
            item_q.first <= 1'b0;
        end
        if (group_valid_o) gap_q <= item_q.group.emissions - 1'b1;
        else if (!port_free_q) gap_q <= gap_q - 1'b1;
        if (!rst_ni) gap_q <= '0;
    end

    assign fire_o = fire;
    assign bank_o = item_q.bank;
    assign weight_o = weight_q;
    assign wave_o.load = 1'b0;
    assign wave_o.read = 1'b0;
    assign wave_o.valid = fire;
    assign wave_o.first = item_q.first;
    assign wave_o.last = group_end_q;
    assign wave_o.shift = item_q.shift;
    assign releases_x_o = fire && item_q.releases_x && last_slot_q;
    assign group_valid_o = valid_q && ready_q && group_end_q && end_able_q;
    assign group_o = item_q.group;

    // Kept in weight_q, left_q, last_slot_q and ready_q.
    logic unused;
    assign unused = ^item_q;

    assign busy_o = valid_q;
    assign entry_o = item_q.group.entry;
    assign wait_bank_o = valid_q && !ready_q;
    assign wait_port_o = valid_q && ready_q && group_end_q && !port_free_q;
    assign wait_output_o = valid_q && ready_q && group_end_q && port_free_q && !output_free_q;
endmodule
