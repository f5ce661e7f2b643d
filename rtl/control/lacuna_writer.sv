// Writer: collects the h of one emission a cycle into bank words and writes them to the activation memory.
//
// Units arrive highest first: unit_i on port 0, the next lower one on port 1. A bank word is written when its lowest
// unit has arrived or the group ends. It is complete, and gets the group's readiness tag, when it held the bank's
// highest unit: lower units that another group computed were written before.
// Writes leave one a cycle, three cycles after their last unit at the earliest; they are never stalled.
//
// Ports 1..2. At most two writes can be pending; an assertion guards it in simulation.
`default_nettype none

module lacuna_writer #(
    parameter int unsigned Ports = 1
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic [Ports-1:0] valid_i,
    input wire logic first_i,
    input wire logic last_i,
    input wire logic last_group_i,
    input wire logic [lacuna_pkg::UnitW-1:0] unit_i,
    input wire logic [Ports-1:0][lacuna_pkg::ActW-1:0] h_i,
    input wire logic [lacuna_pkg::BankAddrW-1:0] destination_i,
    input wire logic [lacuna_pkg::TagW-1:0] tag_i,
    output logic valid_o,  // any of we_o
    output logic quiet_o,  // none of them: a flip-flop of its own, for the input's handshake
    output logic [lacuna_pkg::BankWidth-1:0] we_o,
    output logic [lacuna_pkg::BankAddrW-1:0] bank_o,
    output logic [lacuna_pkg::BankBits-1:0] word_o,
    output logic complete_o,
    output logic [lacuna_pkg::TagW-1:0] tag_o
);
    if (Ports < 1 || Ports > 2) begin : gen_bad
        $error("lacuna_writer: Ports must be 1..2");
    end

    typedef struct packed {
        logic [lacuna_pkg::BankWidth-1:0] mask;
        logic [lacuna_pkg::BankAddrW-1:0] bank;
        logic complete;
        logic [lacuna_pkg::TagW-1:0] tag;
    } request_t;

    // Cycle 1: where the units of the emission belong. `own` are those of the bank under way, which ends with unit 0 of
    // its 16, on port 0 or on port 1; `next`, then, the unit on port 1 that begins the bank below.
    logic own_q, ends_q, next_q, last_q;
    logic [lacuna_pkg::BankWidth-1:0] own_mask_q;
    logic [Ports-1:0][lacuna_pkg::ActW-1:0] h_q;
    request_t own_request_q, next_request_q;  // what they are when they open a bank
    logic parity_q;                           // of the place of port 0's unit

    logic [3:0] place;
    logic second, crosses;
    logic [lacuna_pkg::BankAddrW-1:0] bank;

    assign place = unit_i[3:0];
    assign second = Ports == 2 && valid_i[Ports-1];
    assign crosses = place == 4'd0;
    assign bank = destination_i + lacuna_pkg::BankAddrW'(unit_i[lacuna_pkg::UnitW-1:4]);

    always_ff @(posedge clk_i) begin
        own_q <= valid_i[0];
        ends_q <= valid_i[0] && (crosses || (second && place == 4'd1));
        next_q <= second && crosses;
        last_q <= last_i;
        h_q <= h_i;
        for (int unsigned b = 0; b < lacuna_pkg::BankWidth; b++) begin
            own_mask_q[b] <= (valid_i[0] && place == 4'(b)) || (second && b != lacuna_pkg::BankWidth - 1 && place == 4'(b + 1));
        end
        parity_q <= place[0];
        own_request_q.mask <= '0;
        own_request_q.bank <= bank;
        own_request_q.complete <= place == 4'd15 || (first_i && last_group_i);
        own_request_q.tag <= tag_i;
        next_request_q.mask <= '0;
        next_request_q.mask[lacuna_pkg::BankWidth-1] <= 1'b1;
        next_request_q.bank <= bank - 1'b1;
        next_request_q.complete <= 1'b1;
        next_request_q.tag <= tag_i;
        if (!rst_ni) begin
            own_q <= 1'b0;
            ends_q <= 1'b0;
            next_q <= 1'b0;
            last_q <= 1'b0;
        end
    end

    // Cycle 2: the bank word under way, and up to two that are done: `first` holds higher units than `second`.
    request_t open_q, own, after;
    logic open_valid_q, after_valid, first_done, second_done;
    logic [lacuna_pkg::BankBits-1:0] open_word_q, own_word;

    always_comb begin
        own = open_valid_q ? open_q : own_request_q;
        own.mask = (open_valid_q ? open_q.mask : '0) | own_mask_q;
        own_word = open_word_q;
        for (int unsigned b = 0; b < lacuna_pkg::BankWidth; b++) begin
            // The unit on port 1 is the lower neighbour of that on port 0.
            if (own_mask_q[b]) own_word[b*lacuna_pkg::ActW+:lacuna_pkg::ActW] = 1'(b) == parity_q ? h_q[0] : h_q[Ports-1];
        end
        after = ends_q ? next_request_q : own;
        after_valid = ends_q ? next_q : (open_valid_q || own_q);
        first_done = ends_q;
        second_done = last_q && after_valid;
    end

    // Queue of two behind the output register.
    request_t out_q, wait_q;
    logic wait_valid_q;
    logic [lacuna_pkg::BankBits-1:0] out_word_q, wait_word_q, next_word;

    assign next_word = {lacuna_pkg::BankWidth{h_q[Ports-1]}};

    always_ff @(posedge clk_i) begin
        open_q <= after;
        open_valid_q <= after_valid && !last_q;
        open_word_q <= own_word;
        if (next_q) open_word_q[lacuna_pkg::BankBits-1-:lacuna_pkg::ActW] <= h_q[Ports-1];

        valid_o <= wait_valid_q || first_done || second_done;
        quiet_o <= !rst_ni || !(wait_valid_q || first_done || second_done);
        out_q <= wait_valid_q ? wait_q : (first_done ? own : after);
        out_word_q <= wait_valid_q ? wait_word_q : own_word;
        wait_valid_q <= wait_valid_q ? (first_done || second_done) : (first_done && second_done);
        wait_q <= (wait_valid_q && first_done) ? own : after;
        wait_word_q <= wait_valid_q ? own_word : next_word;
        if (!rst_ni) begin
            open_valid_q <= 1'b0;
            wait_valid_q <= 1'b0;
            valid_o <= 1'b0;
        end
    end

`ifndef SYNTHESIS
    always_ff @(posedge clk_i) begin
        a_no_overflow : assert (!rst_ni || !wait_valid_q || !first_done || !second_done);
    end
`endif

    assign we_o = valid_o ? out_q.mask : '0;
    assign bank_o = out_q.bank;
    assign word_o = out_word_q;
    assign complete_o = out_q.complete && valid_o;
    assign tag_o = out_q.tag;
endmodule
