// Step output: takes the engine's output words of a run, and makes bytes or tokens of them.
//
// start_i begins a run of steps_i steps or words_i words. With tokens_i, the row of the highest value of each step (of
// equal ones the lowest) comes as a token on token_valid_o, and as a byte of the reply; otherwise each word's values do,
// port by port, format_i saying which lanes and how many bytes of each. busy_o until the last word is taken; while
// drain_i, words are taken and dropped. taken_o: a word was taken that belongs to the run.
//
// Units of a head's group leave highest first; a word holds the next unit on each port that has one (a strand of fewer
// tiles is through earlier), row 4 unit + lane in each lane.
//
// Tiles, Ports as of lacuna_engine.
`default_nettype none

module lacuna_step_output #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic tokens_i,
    input wire logic [15:0] steps_i,
    input wire logic [15:0] words_i,
    input wire logic [2:0] format_i,
    input wire logic [8:0] head_rows_i,
    input wire logic [11:0] head_groups_i,
    input wire logic [7:0] units_full_i,
    input wire logic [7:0] units_last_i,
    input wire logic drain_i,
    output logic busy_o,
    output logic taken_o,

    input wire logic y_valid_i,
    output logic y_ready_o,
    input wire logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] y_data_i,

    output logic token_valid_o,
    output logic [7:0] token_o,
    output logic reply_valid_o,
    output logic [7:0] reply_data_o
);
    localparam int unsigned GateW = lacuna_pkg::GateW;
    localparam int unsigned Places = Ports * lacuna_pkg::Lanes;
    localparam int unsigned PlaceW = $clog2(Places);
    localparam int unsigned RowW = lacuna_pkg::UnitW + 2;

    typedef enum logic [3:0] {Idle, Words, Load, Byte, Next, Groups, Units, Scan, Settle, Choose} state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic [15:0] left_q;  // steps or words
    logic [PlaceW-1:0] place_q;
    logic last_place_q, lane_wanted, idle, shift;
    logic have_q;  // a word is at hand, its next value lowest
    logic [Places*GateW-1:0] word_q;
    logic [GateW-1:0] picked;
    logic [23:0] value_q;
    logic [1:0] bytes_q;

    assign picked = word_q[GateW-1:0];
    assign idle = state_q == Idle;
    assign lane_wanted = format_i[0] || place_q[1:0] == 2'd0;
    assign busy_o = !idle;
    assign shift = state_q == Next || (state_q == Scan && have_q);
    assign taken_o = last_place_q && shift;
    assign y_ready_o = idle ? drain_i : !have_q;

    // ---------------------------------------------------------------- the units of a word
    logic [11:0] group_q;               // groups behind this one
    logic [7:0] units_q, emission_q;    // units left of the group; words of it so far
    logic [7:0] units_next_q;           // behind the present word
    logic [7:0] units_first_q, units_group_q;  // of the first group, of the one behind the present
    logic through_q, only_q, last_group_q, single_q, last_q;
    logic [lacuna_pkg::UnitW-1:0] base_q, unit_q;
    logic [1:0] leaving, port_ok_q;
    // A key orders first by value, then by row, the lower one first.
    logic port, candidate_q, key_valid_q;
    logic [GateW-1:0] scanned_q;
    logic [RowW-1:0] row_q;
    logic [GateW+7:0] key_q, rival_q, best_q;
    logic [1:0] settled_q;

    if (Ports == 1) begin : gen_port
        assign port = 1'b0;
    end else begin : gen_ports
        assign port = place_q[PlaceW-1];
    end

    function automatic logic [7:0] strand(input int unsigned p);
        strand = 8'(lacuna_pkg::PesPerTile * ((Tiles + Ports - 1 - p) / Ports));
    endfunction

    assign leaving = 2'(port_ok_q[0]) + 2'(port_ok_q[1]);

    always_ff @(posedge clk_i) begin
        token_valid_o <= 1'b0;
        reply_valid_o <= 1'b0;
        reply_data_o <= state_q == Byte ? value_q[7:0] : ~best_q[7:0];
        token_o <= ~best_q[7:0];
        // Whatever stands at the port is taken into the register while no word is at hand.
        if (!have_q || state_q == Next || state_q == Scan) word_q <= have_q ? word_q >> GateW : y_data_i;
        have_q <= !idle && (have_q ? !taken_o : y_valid_i);
        if (shift) begin
            place_q <= place_q + 1'b1;
            last_place_q <= place_q == PlaceW'(Places - 2);
        end
        if (idle) begin
            place_q <= '0;
            last_place_q <= 1'b0;
        end
        port_ok_q[0] <= units_q != '0 && emission_q < strand(0);
        port_ok_q[1] <= Ports > 1 && units_q > 8'd1 && emission_q < strand(1);

        // A word is scanned for four cycles at least: what follows from it may take three.
        units_next_q <= units_q - 8'(leaving);
        through_q <= units_next_q == '0;
        last_group_q <= group_q == '0;
        single_q <= group_q == 12'd1;
        last_q <= left_q == 16'd1;
        only_q <= head_groups_i == 12'd1;
        units_first_q <= only_q ? units_last_i : units_full_i;
        units_group_q <= single_q ? units_last_i : units_full_i;

        // Candidates, behind the scan; one that is none has the lowest key.
        scanned_q <= picked;
        row_q <= {unit_q - lacuna_pkg::UnitW'(port && port_ok_q[0]), place_q[1:0]};
        candidate_q <= state_q == Scan && have_q && port_ok_q[port];
        key_q <= {!scanned_q[GateW-1], scanned_q[GateW-2:0], ~row_q[7:0]};
        key_valid_q <= candidate_q && row_q < RowW'(head_rows_i);
        rival_q <= key_valid_q ? key_q : '0;
        if (state_q == Groups) best_q <= '0;
        else if (rival_q > best_q) best_q <= rival_q;
        settled_q <= state_q == Choose ? {settled_q[0], 1'b1} : '0;

        unique case (state_q)
            Idle: begin
                left_q <= tokens_i ? steps_i : words_i;
                if (start_i) state_q <= tokens_i ? Groups : Words;
            end

            // Bytes: the values of a word, one after the other.
            Words: if (have_q) state_q <= Load;
            Load: begin
                value_q <= 24'($signed(picked));
                bytes_q <= format_i[2:1];
                state_q <= lane_wanted ? Byte : Next;
            end
            Byte: begin
                reply_valid_o <= 1'b1;
                value_q <= value_q >> 8;
                bytes_q <= bytes_q - 1'b1;
                if (bytes_q == 2'd1) state_q <= Next;
            end
            Next: begin
                state_q <= Load;
                if (last_place_q) begin
                    left_q <= left_q - 1'b1;
                    state_q <= last_q ? Idle : Words;
                end
            end

            // Tokens: groups of a step, words of a group.
            Groups: begin
                group_q <= head_groups_i - 1'b1;
                base_q <= '0;
                units_q <= units_first_q;
                emission_q <= '0;
                state_q <= Units;
            end
            // One cycle for unit_q, in which port_ok_q follows units_q and emission_q.
            Units: begin
                unit_q <= base_q + lacuna_pkg::UnitW'(units_q) - 1'b1;
                state_q <= Scan;
            end
            Scan: if (have_q && last_place_q) state_q <= Settle;
            Settle: begin
                state_q <= through_q && last_group_q ? Choose : Units;
                units_q <= through_q ? units_group_q : units_next_q;
                emission_q <= through_q ? '0 : emission_q + 1'b1;
                if (through_q) begin
                    group_q <= group_q - 1'b1;
                    base_q <= base_q + lacuna_pkg::UnitW'(units_full_i);
                end
            end
            default: begin
                if (settled_q[1]) begin
                    token_valid_o <= 1'b1;
                    reply_valid_o <= 1'b1;
                    left_q <= left_q - 1'b1;
                    state_q <= last_q ? Idle : Groups;
                end
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            token_valid_o <= 1'b0;
            reply_valid_o <= 1'b0;
            candidate_q <= 1'b0;
        end
    end
endmodule
