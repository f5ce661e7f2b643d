// Cell update of one unit a cycle: c' = sat16(rhu(f*c + i*g)), h' = sat8(rhu(o * tanh(c'))), docs/numbers.md.
//
// Cycle 0: gates i, f, g, o in Q0.15, the old cell state and its fraction bits (8..12).
// Cycle 6: cell_o. Cycle 18: h_o. One unit a cycle. The table ports are those of lacuna_gate.
`default_nettype none

module lacuna_cell (
    input wire logic clk_i,
    input wire logic table_we_i,
    input wire logic table_read_i,
    input wire logic [lacuna_pkg::TableAddrW-1:0] table_addr_i,
    input wire logic [lacuna_pkg::TableWordW-1:0] table_word_i,
    output logic [lacuna_pkg::TableWordW-1:0] table_word_o,
    input wire logic signed [lacuna_pkg::GateW-1:0] i_i,
    input wire logic signed [lacuna_pkg::GateW-1:0] f_i,
    input wire logic signed [lacuna_pkg::GateW-1:0] g_i,
    input wire logic signed [lacuna_pkg::GateW-1:0] o_i,
    input wire logic signed [lacuna_pkg::CellW-1:0] cell_i,
    input wire logic [3:0] cell_fraction_i,
    output logic signed [lacuna_pkg::CellW-1:0] cell_o,
    output logic signed [lacuna_pkg::ActW-1:0] h_o
);
    localparam int unsigned FullW = lacuna_pkg::GateW + lacuna_pkg::CellW;
    localparam int unsigned FractionMax = 12;

    // Cycles 0-3: products.
    logic signed [FullW-1:0] forgotten, added;

    lacuna_mult #(.WidthA(lacuna_pkg::CellW), .WidthB(lacuna_pkg::GateW)) u_forget (
        .clk_i, .a_i(cell_i), .b_i(f_i), .product_o(forgotten)
    );
    lacuna_mult #(.WidthA(lacuna_pkg::GateW), .WidthB(lacuna_pkg::GateW)) u_input (
        .clk_i, .a_i(g_i), .b_i(i_i), .product_o(added)
    );

    // Cycle 4: i*g to the scale of f*c; half an output step for the rounding. Cycle 5: sum. Cycle 6: saturated.
    logic [5:0][3:0] fraction_q;
    logic signed [FullW-1:0] forgotten_q, aligned_q, sum_q;
    logic signed [FullW-16:0] rounded;

    assign rounded = sum_q[FullW-1:15];

    always_ff @(posedge clk_i) begin
        fraction_q <= {fraction_q[4:0], cell_fraction_i};
        forgotten_q <= forgotten + FullW'(1 << 14);
        aligned_q <= added >>> (4'd15 - fraction_q[2]);
        sum_q <= forgotten_q + aligned_q;
        if (rounded[FullW-16:lacuna_pkg::CellW-1] != {2{rounded[FullW-16]}}) begin
            cell_o <= {rounded[FullW-16], {(lacuna_pkg::CellW - 1) {~rounded[FullW-16]}}};
        end else begin
            cell_o <= rounded[lacuna_pkg::CellW-1:0];
        end
    end

    // Cycle 7: argument of tanh in Q3.12.
    logic signed [lacuna_pkg::GateW+3:0] wide;
    logic signed [lacuna_pkg::GateW-1:0] argument_q, tanh;

    assign wide = (lacuna_pkg::GateW + 4)'(cell_o) <<< (4'(FractionMax) - fraction_q[5]);

    always_ff @(posedge clk_i) begin
        if (wide[lacuna_pkg::GateW+3:lacuna_pkg::GateW-1] != {5{wide[lacuna_pkg::GateW+3]}}) begin
            argument_q <= {wide[lacuna_pkg::GateW+3], {(lacuna_pkg::GateW - 1) {~wide[lacuna_pkg::GateW+3]}}};
        end else begin
            argument_q <= wide[lacuna_pkg::GateW-1:0];
        end
    end

    // Cycles 7-14: tanh.
    lacuna_gate u_tanh (
        .clk_i,
        .table_we_i,
        .table_read_i,
        .table_addr_i,
        .table_word_i,
        .table_word_o,
        .tanh_i(1'b1),
        .value_i(argument_q),
        .gate_o(tanh)
    );

    // Cycles 14-17: o * tanh. Cycle 18: rounded.
    logic signed [lacuna_pkg::GateW-1:0] o_late;
    logic signed [2*lacuna_pkg::GateW-1:0] output_product;
    logic signed [lacuna_pkg::ActW:0] floor;

    lacuna_delay #(.Width(lacuna_pkg::GateW), .Cycles(14)) u_o (.clk_i, .data_i(o_i), .data_o(o_late));

    lacuna_mult #(.WidthA(lacuna_pkg::GateW), .WidthB(lacuna_pkg::GateW)) u_output (
        .clk_i, .a_i(tanh), .b_i(o_late), .product_o(output_product)
    );

    // |o * tanh| < 2^30, so bit 30 is the sign; the sum of floor and half step may reach 128.
    assign floor = output_product[31:23] + (lacuna_pkg::ActW + 1)'(output_product[22]);

    always_ff @(posedge clk_i) begin
        h_o <= floor == 9'sd128 ? 8'sd127 : floor[lacuna_pkg::ActW-1:0];
    end

    logic unused;
    assign unused = ^{sum_q[14:0], output_product[21:0]};
endmodule
