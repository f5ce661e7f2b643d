// Walker: turns a program into a stream of banks, in the order in which they are swept.
//
// start_i (while idle) runs the program at entry_i for steps_i > 0 steps; until then program_entry_o follows entry_i.
// A program is a list of descriptors, the last one marked `stop`; one pass over the list is an iteration. A descriptor with
// skew s works on step (iteration - s), and is passed over while that step does not exist, so that layers of consecutive
// steps can be interleaved. One marked `final_only` works on the run's last step alone.
// The last group of a descriptor may carry riders: units of the head, computed from the same h, which is that of the
// step before; so they ride from the run's second step on, and a final_only head follows for the last.
// For every group of a descriptor, every bank of its two parts is one item, first the part that h_first names.
// The step number lives on between runs; reset_step_i (while idle) makes the next step the first: it then reads
// h of step 0, the initial state, without asking whether it is ready.
//
// Items of consecutive descriptors follow each other without a gap when a descriptor has at least four; the first one of a
// run comes four cycles after start_i. Descriptors are passed over while an earlier one is walked, one in four cycles, the
// time from one to what is known about the next. phase_o is the number of the last
// step done (while idle), modulo 8; fresh_o says that none was done since the reset of the step number.
`default_nettype none

module lacuna_walker (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic reset_step_i,
    input wire logic [lacuna_pkg::EntryW-1:0] entry_i,
    input wire logic [lacuna_pkg::StepsW-1:0] steps_i,
    output logic busy_o,
    output logic [lacuna_pkg::PhaseW-1:0] phase_o,
    output logic fresh_o,
    output logic [lacuna_pkg::EntryW-1:0] program_entry_o,
    input wire lacuna_pkg::descriptor_t descriptor_i,
    output logic item_valid_o,
    input wire logic item_ready_i,
    output lacuna_pkg::item_t item_o
);
    // One of them at most: waiting for a descriptor, walking one. Neither: idle.
    logic fetch_q, walk_q, idle;
    logic begun_q;  // the first cycle of a run
    logic accept, load, advance;

    assign idle = !fetch_q && !walk_q;

    // ---------------------------------------------------------------- position in the run
    // iteration = number of iterations begun before this one.
    logic [lacuna_pkg::EntryW-1:0] start_entry_q, next_entry_q;
    logic [lacuna_pkg::StepsW-1:0] left_q;    // steps - iteration, at least 1
    logic left_one_q, left_two_q;             // left_q is 1, is 2
    logic step_over_q;                        // a step is over: left_q counts a cycle later, left_one_q at once
    logic [lacuna_pkg::SkewW:0] iteration_q;  // iteration, at most 16
    logic [lacuna_pkg::SkewW:0] over_q;       // iteration - steps + 1 once that is positive
    logic [lacuna_pkg::PhaseW-1:0] phase_q;   // step that skew 0 works on
    logic fresh_q;
    logic ended_q;
    logic [lacuna_pkg::PhaseW-1:0] ended_skew_q;

    // ---------------------------------------------------------------- the descriptor that comes next
    // In the cycle after next_entry_q is set it is read; one later, age_q says that it is there, and what follows from it
    // and the position goes into the registers below.
    lacuna_pkg::descriptor_t next_q;
    logic age_q, advance_q;
    logic active, go_q, skip_q;  // its step exists; it can be loaded, or must be passed over
    logic run_ends_q, check_next_q, only_next_q;
    logic [lacuna_pkg::TagW-1:0] x_tag_next_q, h_tag_next_q;
    logic [lacuna_pkg::BankAddrW-1:0] x_bank_next_q, h_bank_next_q, destination_next_q;
    logic [lacuna_pkg::WeightAddrW-1:0] h_weight_next_q;
    logic x_two_next_q, h_two_next_q;  // banks
    logic x_single_next_q, h_single_next_q, group_single_next_q, first_last_next_q, first_final_next_q;
    logic [4:0] x_slots_next_q, h_slots_next_q;  // of a part's first bank
    logic [lacuna_pkg::CountW-1:0] outputs_next_q, outputs_last_next_q;  // of a group, of the last one
    logic [lacuna_pkg::RiderW-1:0] rider_units_next_q;
    logic rides;
    logic [lacuna_pkg::PhaseW-1:0] step, step_before;

    assign program_entry_o = next_entry_q;
    assign next_q = descriptor_i;
    assign active = iteration_q >= {1'b0, next_q.skew} && over_q <= {1'b0, next_q.skew}
                 && (!next_q.final_only || (left_one_q && over_q == {1'b0, next_q.skew}));
    assign step = phase_q - next_q.skew[lacuna_pkg::PhaseW-1:0];
    assign step_before = step - 1'b1;
    assign rides = iteration_q != {1'b0, next_q.skew};

    always_ff @(posedge clk_i) begin
        advance_q <= advance && rst_ni;
        age_q <= !idle && !advance && !advance_q;
        go_q <= age_q && active && !ended_q && !advance;
        skip_q <= age_q && !active && !ended_q && !advance;
        run_ends_q <= next_q.stop && left_one_q && over_q == {1'b0, next_q.skew_max};
        check_next_q <= !fresh_q || rides;
        only_next_q <= next_q.h_banks == '0;
        x_tag_next_q <= step[2:1];
        h_tag_next_q <= step_before[2:1];
        x_bank_next_q <= next_q.x_base + (step[0] ? next_q.x_banks : '0);
        h_bank_next_q <= next_q.h_base + (step_before[0] ? next_q.h_banks : '0);
        destination_next_q <= next_q.h_base + (step[0] ? next_q.h_banks : '0);
        h_weight_next_q <= next_q.weight_base + lacuna_pkg::WeightAddrW'(next_q.x_slots);
        outputs_next_q <= next_q.emit ? next_q.emissions_full : '0;
        if (next_q.emit) outputs_last_next_q <= next_q.emissions_last;
        else outputs_last_next_q <= rides ? lacuna_pkg::CountW'(next_q.rider_emissions) : '0;
        rider_units_next_q <= rides && !next_q.emit ? next_q.rider_units : '0;
        x_two_next_q <= next_q.x_banks == 'd2;
        h_two_next_q <= next_q.h_banks == 'd2;
        x_single_next_q <= next_q.x_banks == 'd1;
        h_single_next_q <= next_q.h_banks == 'd1;
        group_single_next_q <= next_q.groups == 'd1;
        first_last_next_q <= next_q.h_banks == '0 && next_q.x_banks == 'd1;
        first_final_next_q <= next_q.h_banks == '0 && next_q.x_banks == 'd1 && next_q.groups == 'd1;
        x_slots_next_q <= next_q.x_banks == 'd1 ? next_q.k_x_last : next_q.k_x;
        h_slots_next_q <= next_q.h_banks == 'd1 ? next_q.k_h_last : next_q.k_h;
    end

    // ---------------------------------------------------------------- the descriptor that is walked
    lacuna_pkg::descriptor_t now_q;
    logic [lacuna_pkg::BankAddrW-1:0] x_bank_q, h_bank_q;
    logic [lacuna_pkg::TagW-1:0] x_tag_q, h_tag_q;
    logic check_h_q, only_q, x_two_q, h_two_q, x_single_q, h_single_q, first_last_q;
    logic [lacuna_pkg::CountW-1:0] outputs_last_q;
    logic [lacuna_pkg::RiderW-1:0] rider_units_q;
    logic [4:0] x_slots_q, h_slots_q;

    // Weights of the parts of this group, and of the next one's.
    logic [lacuna_pkg::WeightAddrW-1:0] x_weight_q, h_weight_q, x_weight_after_q, h_weight_after_q;
    logic [11:0] groups_q;

    // The bank at hand.
    logic [lacuna_pkg::BankAddrW-1:0] bank_q, banks_q;
    logic [lacuna_pkg::WeightAddrW-1:0] weight_q;
    logic [4:0] slots_q;
    // The last bank but one of its part; the last one of its part, of its group, of the descriptor.
    logic in_h_q, second_q, first_q, part_two_q, part_end_q, last_of_group_q, last_of_all_q;
    lacuna_pkg::group_t group_q;

    // One group before the last, two before.
    logic one_left_q, two_left_q;

    logic to_h;  // the part that comes next
    assign to_h = last_of_group_q ? now_q.h_first : !in_h_q;

    assign accept = walk_q && item_ready_i;
    assign load = go_q && (fetch_q || (item_ready_i && last_of_all_q));  // last_of_all_q and neither: go_q is 0
    assign advance = load || skip_q;

    assign item_valid_o = walk_q;
    assign item_o.bank = bank_q;
    assign item_o.check = !in_h_q || check_h_q;
    assign item_o.tag = in_h_q ? h_tag_q : x_tag_q;
    assign item_o.weight = weight_q;
    assign item_o.slots = slots_q;
    assign item_o.shift = in_h_q ? now_q.shift_h : now_q.shift_x;
    assign item_o.first = first_q;
    assign item_o.last = last_of_group_q;
    assign item_o.releases_x = last_of_all_q && now_q.reads_input;
    assign item_o.group = group_q;

    // Fields that are used when the descriptor is loaded only.
    logic unused;
    assign unused = ^now_q;

    assign busy_o = !idle;
    assign phase_o = phase_q;
    assign fresh_o = fresh_q;

    always_ff @(posedge clk_i) begin
        fetch_q <= (idle && start_i) || (fetch_q && !ended_q && !load) || (accept && last_of_all_q && !load);
        walk_q <= load || (walk_q && !(item_ready_i && last_of_all_q));
        begun_q <= idle && start_i;
        if (!rst_ni) begin
            fetch_q <= 1'b0;
            walk_q <= 1'b0;
            begun_q <= 1'b0;
        end
    end

    always_ff @(posedge clk_i) begin
        left_two_q <= left_q == 'd2;
        step_over_q <= 1'b0;
        if (step_over_q) left_q <= left_q - 1'b1;
        if (idle) begin
            start_entry_q <= entry_i;
            next_entry_q <= entry_i;
            left_q <= steps_i;
            iteration_q <= '0;
            over_q <= '0;
            ended_q <= 1'b0;
        end else if (begun_q) begin
            phase_q <= phase_q + 1'b1;
            left_one_q <= left_q == 'd1;
        end else if (advance_q) begin
            next_entry_q <= next_q.stop ? start_entry_q : next_entry_q + 1'b1;
            ended_q <= run_ends_q;
            ended_skew_q <= next_q.skew_max[lacuna_pkg::PhaseW-1:0];
            if (next_q.stop && !run_ends_q) begin
                phase_q <= phase_q + 1'b1;
                if (!iteration_q[lacuna_pkg::SkewW]) iteration_q <= iteration_q + 1'b1;
                if (left_one_q) begin
                    over_q <= over_q + 1'b1;
                end else begin
                    left_one_q <= left_two_q;
                    step_over_q <= 1'b1;
                end
            end
        end else if (fetch_q && ended_q) begin
            phase_q <= phase_q - ended_skew_q;
            fresh_q <= 1'b0;
        end
        if (!rst_ni || (reset_step_i && idle)) begin
            phase_q <= '0;
            fresh_q <= 1'b1;
        end
    end

    always_ff @(posedge clk_i) begin
        if (load) begin
            now_q <= next_q;
            x_bank_q <= x_bank_next_q;
            h_bank_q <= h_bank_next_q;
            x_tag_q <= x_tag_next_q;
            h_tag_q <= h_tag_next_q;
            check_h_q <= check_next_q;
            only_q <= only_next_q;
            outputs_last_q <= outputs_last_next_q;
            rider_units_q <= rider_units_next_q;
            x_two_q <= x_two_next_q;
            h_two_q <= h_two_next_q;
            x_single_q <= x_single_next_q;
            h_single_q <= h_single_next_q;
            first_last_q <= first_last_next_q;
            x_slots_q <= x_slots_next_q;
            h_slots_q <= h_slots_next_q;
            last_of_group_q <= first_last_next_q;
            last_of_all_q <= first_final_next_q;
            one_left_q <= next_q.groups == 'd2;
            two_left_q <= next_q.groups == 'd3;
            x_weight_q <= next_q.weight_base;
            h_weight_q <= h_weight_next_q;
            x_weight_after_q <= next_q.weight_base + lacuna_pkg::WeightAddrW'(next_q.slots);
            h_weight_after_q <= h_weight_next_q + lacuna_pkg::WeightAddrW'(next_q.slots);
            groups_q <= next_q.groups;
            in_h_q <= next_q.h_first;
            second_q <= 1'b0;
            first_q <= 1'b1;
            if (next_q.h_first) begin
                bank_q <= h_bank_next_q;
                banks_q <= next_q.h_banks;
                weight_q <= h_weight_next_q;
                part_two_q <= h_two_next_q;
                part_end_q <= h_single_next_q;
                slots_q <= h_slots_next_q;
            end else begin
                bank_q <= x_bank_next_q;
                banks_q <= next_q.x_banks;
                weight_q <= next_q.weight_base;
                part_two_q <= x_two_next_q;
                part_end_q <= x_single_next_q;
                slots_q <= x_slots_next_q;
            end
        end else if (accept) begin
            first_q <= last_of_group_q;
            if (!part_end_q) begin
                bank_q <= bank_q + 1'b1;
                banks_q <= banks_q - 1'b1;
                weight_q <= weight_q + lacuna_pkg::WeightAddrW'(slots_q);
                part_two_q <= banks_q == 'd3;
                part_end_q <= part_two_q;
                last_of_group_q <= part_two_q && (second_q || only_q);
                last_of_all_q <= part_two_q && (second_q || only_q) && group_q.last_group;
                if (in_h_q) slots_q <= part_two_q ? now_q.k_h_last : now_q.k_h;
                else slots_q <= part_two_q ? now_q.k_x_last : now_q.k_x;
            end else begin
                // To the other part, or to the first part of the next group.
                second_q <= !last_of_group_q;
                in_h_q <= to_h;
                bank_q <= to_h ? h_bank_q : x_bank_q;
                banks_q <= to_h ? now_q.h_banks : now_q.x_banks;
                part_two_q <= to_h ? h_two_q : x_two_q;
                part_end_q <= to_h ? h_single_q : x_single_q;
                slots_q <= to_h ? h_slots_q : x_slots_q;
                if (last_of_group_q) begin
                    weight_q <= to_h ? h_weight_after_q : x_weight_after_q;
                    last_of_group_q <= first_last_q;
                    last_of_all_q <= first_last_q && one_left_q;
                end else begin
                    weight_q <= to_h ? h_weight_q : x_weight_q;
                    last_of_group_q <= to_h ? h_single_q : x_single_q;
                    last_of_all_q <= (to_h ? h_single_q : x_single_q) && group_q.last_group;
                end
            end
            if (last_of_group_q) begin
                x_weight_q <= x_weight_after_q;
                h_weight_q <= h_weight_after_q;
                x_weight_after_q <= x_weight_after_q + lacuna_pkg::WeightAddrW'(now_q.slots);
                h_weight_after_q <= h_weight_after_q + lacuna_pkg::WeightAddrW'(now_q.slots);
                groups_q <= groups_q - 1'b1;
                one_left_q <= two_left_q;
                two_left_q <= groups_q == 'd4;
            end
        end
    end

    always_ff @(posedge clk_i) begin
        if (load) begin
            group_q.linear <= next_q.linear;
            group_q.gru <= next_q.gru;
            group_q.emit <= next_q.emit;
            group_q.last_group <= group_single_next_q;
            group_q.entry <= next_entry_q;
            group_q.units <= group_single_next_q ? next_q.units_last : next_q.units_full;
            group_q.emissions <= group_single_next_q ? next_q.emissions_last : next_q.emissions_full;
            group_q.outputs <= group_single_next_q ? outputs_last_next_q : outputs_next_q;
            group_q.rider_units <= group_single_next_q ? rider_units_next_q : '0;
            group_q.unit_base <= '0;
            group_q.destination <= destination_next_q;
            group_q.tag <= x_tag_next_q;
            group_q.row <= next_q.row_base;
            group_q.cell_row <= next_q.cell_base;
            group_q.cell_fraction <= next_q.cell_fraction;
        end else if (accept && last_of_group_q) begin
            group_q.last_group <= one_left_q;
            group_q.unit_base <= group_q.unit_base + lacuna_pkg::UnitW'(now_q.units_full);
            group_q.row <= group_q.row + lacuna_pkg::RowAddrW'(now_q.emissions_full);
            group_q.cell_row <= group_q.cell_row + lacuna_pkg::RowAddrW'(now_q.emissions_full);
            if (one_left_q) begin
                group_q.units <= now_q.units_last;
                group_q.emissions <= now_q.emissions_last;
                group_q.outputs <= outputs_last_q;
                group_q.rider_units <= rider_units_q;
            end
        end
    end
endmodule
