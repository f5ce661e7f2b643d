// Processing element: one multiply-accumulate with its 16:1 activation selector.
//
// Cycle 0: slot_i, shift_i and bank_i are present; the slot's index selects an activation of the bank word.
// Cycles 1-2: multiplier registers. Cycle 2: first_i of the operands of cycle 0 is present.
// Cycle 3: sum_o includes the operands; first_i starts a new sum. A slot of value 0 leaves the sum as it is.
//
// AccW 16..36; the packer proves that no sum leaves it. Shifted weight and activation fit the ports of an 18 x 18
// multiplier with activations of 8 or 16 bits.
`default_nettype none

module lacuna_pe #(
    parameter int unsigned AccW = 24
) (
    input wire logic clk_i,
    input wire logic [lacuna_pkg::SlotW-1:0] slot_i,
    input wire logic [2:0] shift_i,
    input wire logic [lacuna_pkg::BankBits-1:0] bank_i,
    input wire logic first_i,
    output logic signed [AccW-1:0] sum_o
);
    localparam int unsigned ShiftedW = lacuna_pkg::ValueW + 7;
    localparam int unsigned ProductW = ShiftedW + lacuna_pkg::ActW;

    if (AccW < 16 || AccW > 36) begin : gen_bad
        $error("lacuna_pe: AccW must be 16..36");
    end

    logic signed [lacuna_pkg::ValueW-1:0] value;
    logic [lacuna_pkg::IndexW-1:0] index;
    logic signed [ShiftedW-1:0] weight;
    logic [lacuna_pkg::ActW-1:0] selected;
    logic signed [lacuna_pkg::ActW-1:0] activation;
    logic signed [ProductW-1:0] product;

    assign {value, index} = slot_i;
    assign weight = ShiftedW'(value) <<< shift_i;

    lacuna_select #(
        .Width(lacuna_pkg::ActW)
    ) u_select (
        .data_i(bank_i), .index_i(index), .data_o(selected)
    );
    assign activation = selected;

    lacuna_pe_mult #(
        .WidthA(ShiftedW),
        .WidthB(lacuna_pkg::ActW)
    ) u_mult (
        .clk_i,
        .a_i(weight),
        .b_i(activation),
        .product_o(product)
    );

    if (ProductW > AccW) begin : gen_unused
        logic unused;
        assign unused = ^product[ProductW-1:AccW];  // copies of the sign, by the packer's proof
    end

    logic signed [AccW-1:0] addend;
    assign addend = AccW'(product);

    lacuna_accumulate #(
        .Width(AccW)
    ) u_sum (
        .clk_i, .first_i, .addend_i(addend), .sum_o
    );
endmodule
