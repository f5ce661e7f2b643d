// Readiness tags of the activation memory: which step's value a bank holds, and whether it is the one that is asked for.
//
// A bank of step t carries tag (t / 2) mod 4 (t mod 2 selects the half of the double buffer). Set by the write port when
// a bank is complete (we_i); that is known, and counts, from the next cycle on, in which the tag goes into its memory.
// Banks that were never written since the last clearing carry TagNever, which no step meets before every bank of its
// half was written.
//
// Two ask, each with a bank and the tag that it wants. For the first one: first_tag_o is what the memory has, without what
// counts from this cycle on, and first_new_o says that it is just what is wanted. For the second one, which keeps asking:
// second_new_o likewise, and second_held_o says it of the memory in the cycle before, if it asked for the same bank then.
//
// Depth 2..4096.
`default_nettype none

module lacuna_readiness #(
    parameter int unsigned Depth = 512,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [AddrW-1:0] waddr_i,
    input wire logic [lacuna_pkg::TagW-1:0] tag_i,
    input wire logic [AddrW-1:0] first_bank_i,
    input wire logic [lacuna_pkg::TagW-1:0] first_wanted_i,
    output logic [lacuna_pkg::TagW-1:0] first_tag_o,
    output logic first_new_o,
    input wire logic [AddrW-1:0] second_bank_i,
    input wire logic [lacuna_pkg::TagW-1:0] second_wanted_i,
    output logic second_held_o,
    output logic second_new_o
);
    if (Depth < 2 || Depth > 4096) begin : gen_bad
        $error("lacuna_readiness: Depth must be 2..4096");
    end

    (* ram_style = "distributed" *) logic [lacuna_pkg::TagW-1:0] first_tags[0:Depth-1];
    (* ram_style = "distributed" *) logic [lacuna_pkg::TagW-1:0] second_tags[0:Depth-1];

    logic new_q;
    logic [AddrW-1:0] new_bank_q;
    logic [lacuna_pkg::TagW-1:0] new_tag_q, second_tag_q;

    always_ff @(posedge clk_i) begin
        new_q <= we_i;
        new_bank_q <= waddr_i;
        new_tag_q <= tag_i;
        if (new_q) first_tags[new_bank_q] <= new_tag_q;
        if (new_q) second_tags[new_bank_q] <= new_tag_q;
        second_tag_q <= second_tags[second_bank_i];
    end

    assign first_tag_o = first_tags[first_bank_i];
    assign first_new_o = new_q && new_bank_q == first_bank_i && new_tag_q == first_wanted_i;
    assign second_held_o = second_tag_q == second_wanted_i;
    assign second_new_o = new_q && new_bank_q == second_bank_i && new_tag_q == second_wanted_i;
endmodule
