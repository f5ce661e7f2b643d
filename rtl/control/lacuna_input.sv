// Input: takes the banks of x, step after step, into the double buffer of the activation memory.
//
// x_* is a stream of bank words, valid/ready, `banks` of them a step (configured together with the buffer's base
// address). A step's banks are taken while fewer than two loaded steps wait for their release. released_i comes when
// the step's last bank is issued; two cycles later its memory read is over and the half may be overwritten.
// write_o/write_ready_i hand a bank to the memory's write port. reset_step_i: the next bank is the first of step 1.
`default_nettype none

module lacuna_input (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic reset_step_i,
    input wire logic configure_i,
    input wire logic [lacuna_pkg::BankAddrW-1:0] base_i,
    input wire logic [lacuna_pkg::BankAddrW-1:0] banks_i,
    output logic [lacuna_pkg::BankAddrW-1:0] base_o,
    output logic [lacuna_pkg::BankAddrW-1:0] banks_o,
    input wire logic x_valid_i,
    output logic x_ready_o,
    input wire logic released_i,
    output logic write_o,
    input wire logic write_ready_i,
    output logic [lacuna_pkg::BankAddrW-1:0] bank_o,
    output logic [lacuna_pkg::TagW-1:0] tag_o
);
    logic [lacuna_pkg::BankAddrW-1:0] bank_q;  // within the step
    logic [lacuna_pkg::PhaseW-1:0] phase_q;
    logic [1:0] held_q;  // steps loaded or being loaded, and not released
    logic [1:0] released_q;
    logic take, first, last;

    assign first = bank_q == '0;
    assign last = bank_q == banks_o - 1'b1;
    assign write_o = x_valid_i && banks_o != '0 && (!first || held_q != 2'd2);
    assign take = write_o && write_ready_i;
    assign x_ready_o = write_ready_i && banks_o != '0 && (!first || held_q != 2'd2);
    assign bank_o = base_o + (phase_q[0] ? banks_o : '0) + bank_q;
    assign tag_o = phase_q[2:1];

    always_ff @(posedge clk_i) begin
        if (configure_i) begin
            base_o <= base_i;
            banks_o <= banks_i;
        end
        if (take) begin
            bank_q <= last ? '0 : bank_q + 1'b1;
            if (last) phase_q <= phase_q + 1'b1;
        end
        released_q <= {released_q[0], released_i};
        held_q <= held_q + 2'(take && first) - 2'(released_q[1]);
        if (!rst_ni || reset_step_i || configure_i) begin
            bank_q <= '0;
            phase_q <= 3'd1;
            held_q <= '0;
            released_q <= '0;
        end
        if (!rst_ni) banks_o <= '0;
    end
endmodule
