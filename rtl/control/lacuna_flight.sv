// Flight: the groups between issue and retirement, the room in the output buffer, and so whether the engine is busy.
//
// group_valid_i: a group's last slot is issued; it counts twice if it has riders, which retire by themselves. retired_i: as
// of lacuna_retire. credit_o is how many more outputs than those promised to groups the output buffer can take; what
// taken_i takes from it counts two cycles later. busy_o goes up with walking_i and goes down five cycles after the last
// group has retired, when the writer is through. issuing_i: an item is at the issuer or on its way there.
//
// OutputDepth as of lacuna_engine.
`default_nettype none

module lacuna_flight #(
    parameter int unsigned OutputDepth = 64,
    localparam int unsigned CreditW = $clog2(OutputDepth) + 1
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic walking_i,
    input wire logic issuing_i,
    input wire logic group_valid_i,
    input wire lacuna_pkg::group_t group_i,
    input wire logic [1:0] retired_i,
    input wire logic taken_i,
    output logic [CreditW-1:0] credit_o,
    output logic busy_o
);
    logic [5:0] flight_q;
    logic taken_q;                 // in the cycle before
    logic [1:0] begun_q, ended_q;  // groups, likewise
    logic [2:0] tail_q;            // the writer's last words
    logic busy_q;                  // what follows on the walker

    always_ff @(posedge clk_i) begin
        taken_q <= taken_i;
        credit_o <= credit_o + CreditW'(taken_q) - (group_valid_i ? CreditW'(group_i.outputs) : '0);
        begun_q <= {group_valid_i && group_i.rider_units != '0, group_valid_i};
        ended_q <= retired_i;
        flight_q <= flight_q + 6'(begun_q[0]) + 6'(begun_q[1]) - 6'(ended_q[0]) - 6'(ended_q[1]);
        tail_q <= {tail_q[1:0], flight_q != '0};
        busy_q <= walking_i || issuing_i || begun_q[0] || flight_q != '0 || tail_q != '0;
        if (!rst_ni) begin
            credit_o <= CreditW'(OutputDepth);
            taken_q <= 1'b0;
            begun_q <= '0;
            ended_q <= '0;
            flight_q <= '0;
            tail_q <= '0;
            busy_q <= 1'b1;
        end
    end
    assign busy_o = walking_i || busy_q;

    logic unused;
    assign unused = ^group_i;
endmodule
