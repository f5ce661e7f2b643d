// Counters of the link, 32 bits each, in one small memory.
//
// An event of event_i is remembered until its turn comes, 33 cycles later at the latest; two of the same kind within
// that time count once (events of the line are at least 40 cycles apart). read_index_i -> read_o: two cycles; the
// engine's counters, count_i, follow those of the link. Reset must last 16 cycles.
`default_nettype none

module lacuna_link_counters (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic [10:0] event_i,
    input wire logic [4:0][31:0] count_i,
    input wire logic [3:0] read_index_i,
    output logic [31:0] read_o
);
    localparam int unsigned Own = 11;

    (* ram_style = "distributed" *) logic [31:0] counter[0:15];
    logic [Own-1:0] pending_q;
    logic [15:0] pending;
    logic [3:0] turn_q;
    logic [2:0] phase_q;  // read, add, write
    logic taken_q;
    logic [31:0] read_q, value_q;
    // What could be read: one of the link's, the engine's first, another of the engine's.
    logic [31:0] own_q, first_q, other_q;
    logic is_own_q, is_first_q;

    assign pending = 16'(pending_q);

    always_ff @(posedge clk_i) begin
        phase_q <= {phase_q[1:0], phase_q[2]};
        read_q <= counter[turn_q];
        if (phase_q[0]) taken_q <= pending[turn_q];
        value_q <= read_q + 32'(taken_q);
        if (phase_q[2]) begin
            counter[turn_q] <= value_q;
            turn_q <= turn_q == 4'(Own - 1) ? '0 : turn_q + 1'b1;
        end
        for (int unsigned i = 0; i < Own; i++) begin
            if (event_i[i]) pending_q[i] <= 1'b1;
            else if (phase_q[2] && taken_q && turn_q == 4'(i)) pending_q[i] <= 1'b0;
        end
        if (!rst_ni) begin
            phase_q <= 3'b100;
            value_q <= '0;
            taken_q <= 1'b0;
            pending_q <= '0;
        end
    end

    always_ff @(posedge clk_i) begin
        own_q <= counter[read_index_i];
        first_q <= count_i[0];
        unique case (read_index_i[1:0])  // indices 12 to 15
            2'd0: other_q <= count_i[1];
            2'd1: other_q <= count_i[2];
            2'd2: other_q <= count_i[3];
            default: other_q <= count_i[4];
        endcase
        is_own_q <= read_index_i < 4'(Own);
        is_first_q <= read_index_i == 4'(Own);
        read_o <= is_own_q ? own_q : is_first_q ? first_q : other_q;
    end
endmodule
