// Counters of the link, 32 bits each, in one small memory.
//
// An event of event_i is remembered until its turn comes, once in 32 cycles at the latest; two of the same kind within
// that time count once (events of the line are at least 40 cycles apart). read_index_i -> read_o: combinational; the
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
    logic write_q, taken_q;
    logic [31:0] value_q;
    logic [31:0] engine;

    assign pending = 16'(pending_q);

    // Two cycles a counter: read, then write.
    always_ff @(posedge clk_i) begin
        write_q <= !write_q;
        if (write_q) turn_q <= turn_q + 1'b1;
        value_q <= counter[turn_q] + 32'(pending[turn_q]);
        taken_q <= pending[turn_q];
        if (write_q) counter[turn_q] <= value_q;
        for (int unsigned i = 0; i < Own; i++) begin
            if (event_i[i]) pending_q[i] <= 1'b1;
            else if (write_q && taken_q && turn_q == 4'(i)) pending_q[i] <= 1'b0;
        end
        if (!rst_ni) begin
            write_q <= 1'b1;
            value_q <= '0;
            taken_q <= 1'b0;
            pending_q <= '0;
        end
    end

    always_comb begin
        engine = count_i[0];
        for (int unsigned i = 1; i < 5; i++) begin
            if (read_index_i == 4'(Own + i)) engine = count_i[i];
        end
        read_o = read_index_i < 4'(Own) ? counter[read_index_i] : engine;
    end
endmodule
