// Walker: turns a program into a stream of banks, in the order in which they are swept.
//
// start_i (while idle) runs the program at entry_i for steps_i > 0 steps. A program is a list of descriptors, the last
// one marked `stop`; one pass over the list is an iteration. A descriptor with skew s works on step (iteration - s),
// and is passed over while that step does not exist, so that layers of consecutive steps can be interleaved. One marked
// `final_only` works on the run's last step alone.
// The last group of a descriptor may carry riders: units of the head, computed from the same h, which is that of the
// step before; so they ride from the run's second step on, and a final_only head follows for the last.
// For every group of a descriptor, every bank of its two parts is one item, first the part that h_first names.
// The step number lives on between runs; reset_step_i (while idle) makes the next step the first: it then reads
// h of step 0, the initial state, without asking whether it is ready.
//
// Descriptors are passed over while an earlier one is walked, one a cycle. phase_o is the number of the last
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
    typedef enum logic [1:0] {
        StateIdle,
        StateFetch,
        StateWalk
    } state_e;

    state_e state_q;

    // Position in the run. iteration = number of iterations begun before this one.
    logic [lacuna_pkg::EntryW-1:0] start_entry_q, next_entry_q;
    logic [lacuna_pkg::StepsW-1:0] left_q;    // steps - iteration, at least 1
    logic [lacuna_pkg::SkewW:0] iteration_q;  // iteration, at most 16
    logic [lacuna_pkg::SkewW:0] over_q;       // iteration - steps + 1 once that is positive
    logic [lacuna_pkg::PhaseW-1:0] phase_q;   // step that skew 0 works on
    logic fresh_q;
    logic ended_q;
    logic [lacuna_pkg::PhaseW-1:0] ended_skew_q;

    // The descriptor that comes next, and whether its step exists.
    lacuna_pkg::descriptor_t next;
    logic next_active;
    logic [lacuna_pkg::PhaseW-1:0] step, step_before;

    assign program_entry_o = next_entry_q;
    assign next = descriptor_i;
    assign next_active = !ended_q && iteration_q >= {1'b0, next.skew} && over_q <= {1'b0, next.skew}
                      && (!next.final_only || (left_q == 'd1 && over_q == {1'b0, next.skew}));
    assign step = phase_q - next.skew[lacuna_pkg::PhaseW-1:0];
    assign step_before = step - 1'b1;

    // The descriptor that is walked.
    lacuna_pkg::descriptor_t now_q;
    logic [lacuna_pkg::BankAddrW-1:0] x_bank_q, h_bank_q, bank_q, banks_q;
    logic [lacuna_pkg::WeightAddrW-1:0] x_weight_q, h_weight_q, weight_q;
    logic [11:0] groups_q;
    logic [lacuna_pkg::TagW-1:0] x_tag_q, h_tag_q;
    logic check_h_q, in_h_q, second_q, first_q, rider_q;
    lacuna_pkg::group_t group_q;

    logic last_of_part, last_of_group, last_of_all, accept, load, advance, run_ends, rider;

    assign last_of_part = banks_q == 'd1;
    assign last_of_group = last_of_part && (second_q || now_q.h_banks == '0);
    assign last_of_all = last_of_group && group_q.last_group;
    assign accept = state_q == StateWalk && item_ready_i;
    assign load = (state_q == StateFetch || (accept && last_of_all)) && next_active;
    assign advance = load || (state_q != StateIdle && !next_active && !ended_q);
    assign rider = iteration_q != {1'b0, next.skew};
    assign run_ends = next.stop && left_q == 'd1 && over_q == {1'b0, next.skew_max};

    assign item_valid_o = state_q == StateWalk;
    assign item_o.bank = bank_q;
    assign item_o.check = !in_h_q || check_h_q;
    assign item_o.tag = in_h_q ? h_tag_q : x_tag_q;
    assign item_o.weight = weight_q;
    assign item_o.slots = in_h_q ? (last_of_part ? now_q.k_h_last : now_q.k_h) : (last_of_part ? now_q.k_x_last : now_q.k_x);
    assign item_o.shift = in_h_q ? now_q.shift_h : now_q.shift_x;
    assign item_o.first = first_q;
    assign item_o.last = last_of_group;
    assign item_o.releases_x = last_of_all && now_q.reads_input;
    assign item_o.group = group_q;

    // Fields that are used when the descriptor is loaded only.
    logic unused;
    assign unused = ^now_q;

    assign busy_o = state_q != StateIdle;
    assign phase_o = phase_q;
    assign fresh_o = fresh_q;

    always_ff @(posedge clk_i) begin
        unique case (state_q)
            StateIdle: if (start_i) state_q <= StateFetch;
            StateFetch: begin
                if (ended_q) state_q <= StateIdle;
                else if (next_active) state_q <= StateWalk;
            end
            StateWalk: if (accept && last_of_all && !next_active) state_q <= StateFetch;
            default: state_q <= StateIdle;
        endcase
        if (!rst_ni) state_q <= StateIdle;
    end

    always_ff @(posedge clk_i) begin
        if (state_q == StateIdle) begin
            start_entry_q <= entry_i;
            next_entry_q <= entry_i;
            left_q <= steps_i;
            iteration_q <= '0;
            over_q <= '0;
            ended_q <= 1'b0;
            if (start_i) phase_q <= phase_q + 1'b1;
        end else if (advance) begin
            next_entry_q <= next.stop ? start_entry_q : next_entry_q + 1'b1;
            ended_q <= run_ends;
            ended_skew_q <= next.skew_max[lacuna_pkg::PhaseW-1:0];
            if (next.stop && !run_ends) begin
                phase_q <= phase_q + 1'b1;
                if (!iteration_q[lacuna_pkg::SkewW]) iteration_q <= iteration_q + 1'b1;
                if (left_q == 'd1) over_q <= over_q + 1'b1;
                else left_q <= left_q - 1'b1;
            end
        end else if (state_q == StateFetch) begin  // ended
            phase_q <= phase_q - ended_skew_q;
            fresh_q <= 1'b0;
        end
        if (!rst_ni || (reset_step_i && state_q == StateIdle)) begin
            phase_q <= '0;
            fresh_q <= 1'b1;
        end
    end

    always_ff @(posedge clk_i) begin
        if (load) begin
            now_q <= next;
            x_bank_q <= next.x_base + (step[0] ? next.x_banks : '0);
            h_bank_q <= next.h_base + (step_before[0] ? next.h_banks : '0);
            bank_q <= next.h_first ? next.h_base + (step_before[0] ? next.h_banks : '0)
                                   : next.x_base + (step[0] ? next.x_banks : '0);
            banks_q <= next.h_first ? next.h_banks : next.x_banks;
            x_tag_q <= step[2:1];
            h_tag_q <= step_before[2:1];
            rider_q <= rider;
            check_h_q <= !(fresh_q && iteration_q == {1'b0, next.skew});
            x_weight_q <= next.weight_base;
            h_weight_q <= next.weight_base + lacuna_pkg::WeightAddrW'(next.x_slots);
            weight_q <= next.weight_base + (next.h_first ? lacuna_pkg::WeightAddrW'(next.x_slots) : '0);
            in_h_q <= next.h_first;
            second_q <= 1'b0;
            first_q <= 1'b1;
            groups_q <= next.groups;
            group_q.linear <= next.linear;
            group_q.gru <= next.gru;
            group_q.emit <= next.emit;
            group_q.last_group <= next.groups == 'd1;
            group_q.entry <= next_entry_q;
            group_q.units <= next.groups == 'd1 ? next.units_last : next.units_full;
            group_q.emissions <= next.groups == 'd1 ? next.emissions_last : next.emissions_full;
            group_q.outputs <= '0;
            group_q.rider_units <= '0;
            if (next.emit) group_q.outputs <= next.groups == 'd1 ? next.emissions_last : next.emissions_full;
            else if (next.groups == 'd1 && rider) begin
                group_q.outputs <= lacuna_pkg::CountW'(next.rider_emissions);
                group_q.rider_units <= next.rider_units;
            end
            group_q.unit_base <= '0;
            group_q.destination <= next.h_base + (step[0] ? next.h_banks : '0);
            group_q.tag <= step[2:1];
            group_q.row <= next.row_base;
            group_q.cell_row <= next.cell_base;
            group_q.cell_fraction <= next.cell_fraction;
        end else if (accept && !last_of_part) begin
            bank_q <= bank_q + 1'b1;
            banks_q <= banks_q - 1'b1;
            weight_q <= weight_q + lacuna_pkg::WeightAddrW'(item_o.slots);
            first_q <= 1'b0;
        end else if (accept && !last_of_group) begin
            in_h_q <= !in_h_q;
            second_q <= 1'b1;
            first_q <= 1'b0;
            bank_q <= in_h_q ? x_bank_q : h_bank_q;
            banks_q <= in_h_q ? now_q.x_banks : now_q.h_banks;
            weight_q <= in_h_q ? x_weight_q : h_weight_q;
        end else if (accept) begin
            in_h_q <= now_q.h_first;
            second_q <= 1'b0;
            first_q <= 1'b1;
            bank_q <= now_q.h_first ? h_bank_q : x_bank_q;
            banks_q <= now_q.h_first ? now_q.h_banks : now_q.x_banks;
            x_weight_q <= x_weight_q + lacuna_pkg::WeightAddrW'(now_q.slots);
            h_weight_q <= h_weight_q + lacuna_pkg::WeightAddrW'(now_q.slots);
            weight_q <= (now_q.h_first ? h_weight_q : x_weight_q) + lacuna_pkg::WeightAddrW'(now_q.slots);
            groups_q <= groups_q - 1'b1;
            group_q.last_group <= groups_q == 'd2;
            group_q.unit_base <= group_q.unit_base + lacuna_pkg::UnitW'(now_q.units_full);
            group_q.row <= group_q.row + lacuna_pkg::RowAddrW'(now_q.emissions_full);
            group_q.cell_row <= group_q.cell_row + lacuna_pkg::RowAddrW'(now_q.emissions_full);
            if (groups_q == 'd2) begin
                group_q.units <= now_q.units_last;
                group_q.emissions <= now_q.emissions_last;
                if (now_q.emit) group_q.outputs <= now_q.emissions_last;
                else if (rider_q) begin
                    group_q.outputs <= lacuna_pkg::CountW'(now_q.rider_emissions);
                    group_q.rider_units <= now_q.rider_units;
                end
            end
        end
    end
endmodule
