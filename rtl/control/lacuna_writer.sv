// Writer: collects the h of one emission a cycle into bank words and writes them to the activation memory.
//
// Units arrive highest first: unit_i on port 0, the next lower one on port 1. A bank word is written when its lowest
// unit has arrived or the group ends. It is complete, and gets the group's readiness tag, when it held the bank's
// highest unit: lower units that another group computed were written before.
// Writes leave one a cycle, two cycles after their last unit at the earliest; they are never stalled.
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

    // The bank word under way; mask 0 when there is none.
    request_t open_q, open;
    logic [lacuna_pkg::BankBits-1:0] open_word_q, open_word;

    // Up to two words that are done in this cycle: `first` holds higher units than `second`.
    request_t done_first, done_second;
    logic [lacuna_pkg::BankBits-1:0] done_first_word, done_second_word;
    logic [lacuna_pkg::UnitW-1:0] unit;

    always_comb begin
        open = open_q;
        open_word = open_word_q;
        done_first = '0;
        done_first_word = open_word_q;
        done_second = '0;
        done_second_word = open_word_q;
        unit = unit_i;
        for (int unsigned p = 0; p < Ports; p++) begin
            if (valid_i[p]) begin
                if (open.mask == '0) begin
                    open.bank = destination_i + lacuna_pkg::BankAddrW'(unit[lacuna_pkg::UnitW-1:4]);
                    open.tag = tag_i;
                    open.complete = unit[3:0] == 4'd15 || (first_i && last_group_i && p == 0);
                end
                open.mask[unit[3:0]] = 1'b1;
                open_word[unit[3:0]*lacuna_pkg::ActW+:lacuna_pkg::ActW] = h_i[p];
                if (unit[3:0] == 4'd0) begin
                    done_first = open;
                    done_first_word = open_word;
                    open.mask = '0;
                end
                unit = unit - 1'b1;
            end
        end
        if (last_i && open.mask != '0) begin
            done_second = open;
            done_second_word = open_word;
            open.mask = '0;
        end
    end

    // Queue of two behind the output register.
    request_t out_q, wait_q;
    logic [lacuna_pkg::BankBits-1:0] out_word_q, wait_word_q;

    always_ff @(posedge clk_i) begin
        open_q <= open;
        open_word_q <= open_word;
        if (wait_q.mask != '0) begin
            out_q <= wait_q;
            out_word_q <= wait_word_q;
            wait_q <= done_first.mask != '0 ? done_first : done_second;
            wait_word_q <= done_first.mask != '0 ? done_first_word : done_second_word;
        end else if (done_first.mask != '0) begin
            out_q <= done_first;
            out_word_q <= done_first_word;
            wait_q <= done_second;
            wait_word_q <= done_second_word;
        end else begin
            out_q <= done_second;
            out_word_q <= done_second_word;
            wait_q <= '0;
        end
        valid_o <= rst_ni && (wait_q.mask != '0 || done_first.mask != '0 || done_second.mask != '0);
        if (!rst_ni) begin
            open_q <= '0;
            out_q <= '0;
            wait_q <= '0;
        end
    end

`ifndef SYNTHESIS
    always_ff @(posedge clk_i) begin
        a_no_overflow : assert (!rst_ni || wait_q.mask == '0 || done_first.mask == '0 || done_second.mask == '0);
    end
`endif

    assign we_o = out_q.mask;
    assign bank_o = out_q.bank;
    assign word_o = out_word_q;
    assign complete_o = out_q.complete && valid_o;
    assign tag_o = out_q.tag;
endmodule
