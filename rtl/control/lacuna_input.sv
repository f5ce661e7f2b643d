// Input: takes the banks of x, step after step, into the double buffer of the activation memory.
//
// x_* is a stream of bank words, valid/ready, `banks` of them a step (configured together with the buffer's base
// address). A step's banks are taken while fewer than two loaded steps wait for their release. released_i comes when
// the step's last bank is issued; two cycles later its memory read is over and the half may be overwritten.
// write_o/write_ready_i hand a bank to the memory's write port. reset_step_i: the next bank is the first of step 1. After
// that and after configuring, nothing is taken for three cycles.
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
    logic [lacuna_pkg::BankAddrW-1:0] left_q;     // banks of the step still to come
    logic [lacuna_pkg::BankAddrW-1:0] address_q;  // where the next one goes
    logic [lacuna_pkg::BankAddrW-1:0] second_half_q;
    logic [lacuna_pkg::PhaseW-1:0] phase_q;
    logic [1:0] held_q, held;  // steps loaded or being loaded, and not released
    logic [1:0] released_q;
    logic some_q, single_q;           // banks a step: any, one
    logic last_q, begin_q;            // the next bank is the step's last; step 1 is to begin
    logic open_q;                     // a bank would be taken
    logic take, first_q, configured_q;

    assign write_o = x_valid_i && open_q;
    assign x_ready_o = write_ready_i && open_q;
    assign take = write_o && write_ready_i;
    assign bank_o = address_q;
    assign tag_o = phase_q[2:1];
    assign held = held_q + 2'(take && first_q) - 2'(released_q[1]);

    always_ff @(posedge clk_i) begin
        if (configure_i) begin
            base_o <= base_i;
            banks_o <= banks_i;
        end
        second_half_q <= base_o + banks_o;
        single_q <= banks_o == 'd1;
        some_q <= banks_o != '0;

        released_q <= {released_q[0], released_i};
        held_q <= held;
        open_q <= some_q && ((take ? !last_q : !first_q) || held != 2'd2);
        if (take) begin
            first_q <= last_q;
            if (last_q) begin
                left_q <= banks_o;
                last_q <= single_q;
                phase_q <= phase_q + 1'b1;
                address_q <= phase_q[0] ? base_o : second_half_q;
            end else begin
                left_q <= left_q - 1'b1;
                last_q <= left_q == 'd2;
                address_q <= address_q + 1'b1;
            end
        end
        // Two cycles, in which second_half_q and single_q follow; shut until then.
        begin_q <= 1'b0;
        if (begin_q) begin
            left_q <= banks_o;
            last_q <= single_q;
            address_q <= second_half_q;
            open_q <= banks_o != '0;
        end
        if (!rst_ni || reset_step_i || configure_i || configured_q) begin
            first_q <= 1'b1;
            phase_q <= 3'd1;
            held_q <= '0;
            released_q <= '0;
            open_q <= 1'b0;
            begin_q <= 1'b1;
        end
        configured_q <= configure_i;
        if (!rst_ni) banks_o <= '0;
    end
endmodule
