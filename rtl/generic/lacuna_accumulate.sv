// Accumulator: sum_o <= (first_i ? 0 : sum_o) + addend_i, signed, modulo 2^Width.
// Behavioural twin of ecp5/lacuna_accumulate.sv.
//
// Width 2..64.
`default_nettype none

module lacuna_accumulate #(
    parameter int unsigned Width = 24
) (
    input wire logic clk_i,
    input wire logic first_i,
    input wire logic signed [Width-1:0] addend_i,
    output logic signed [Width-1:0] sum_o
);
    if (Width < 2 || Width > 64) begin : gen_bad
        $error("lacuna_accumulate: Width must be 2..64");
    end

    always_ff @(posedge clk_i) sum_o <= (first_i ? '0 : sum_o) + addend_i;
endmodule
