// Cycle counters, 32 bits each, cleared by clear_i: where the time of the runs since then went.
//
// count_o[0] cycles busy; [1] slots issued; [2] cycles waiting for a bank (input or h of a layer); [3] for the drain
// ports; [4] for room in the output buffer. The rest of [0] is filling and emptying the pipeline. An event counts a cycle
// late; there is none around a clear.
`default_nettype none

module lacuna_counters (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic clear_i,
    input wire logic [4:0] event_i,
    output logic [4:0][31:0] count_o
);
    logic [4:0] event_q;

    always_ff @(posedge clk_i) event_q <= event_i;

    for (genvar c = 0; c < 5; c++) begin : gen_count
        always_ff @(posedge clk_i) begin
            if (!rst_ni || clear_i) count_o[c] <= '0;
            else if (event_q[c]) count_o[c] <= count_o[c] + 1'b1;
        end
    end
endmodule
