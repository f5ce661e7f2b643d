// Cell update of one unit a cycle, docs/numbers.md. An LSTM's: c' = sat16(rhu(f*c + i*g)), h' = sat(rhu(o * tanh(c'))).
// A GRU's: s' = rhu((1 - z) * tanh(n_x + r*n_h) + z*s), h' = sat(rhu(s')); with activations of 16 bits h' = s'.
//
// Cycle 0: gates i, f, g, o in Q0.15, the old cell state and its fraction bits (8..GateFraction). With gru_i: r, z, n_h,
// n_x (r, z at least 1, in Q0.15; n_h, n_x pre-activations), the old state in Q0.15, and GateFraction for its fraction
// bits.
// Cycle 19: cell_o, the new state, and h_o. One unit a cycle. The table ports are those of lacuna_gate.
// CellDsps 1: the three products of 16 bits in DSPs, for parts that have more of them than the PEs take.
`default_nettype none

module lacuna_cell #(
    parameter int unsigned CellDsps = 0
) (
    input wire logic clk_i,
    input wire lacuna_pkg::table_access_t table_i,
    output lacuna_pkg::table_access_t table_o,
    output logic [lacuna_pkg::TableWordW-1:0] table_word_o,
    input wire logic gru_i,
    input wire logic signed [lacuna_pkg::FactorW-1:0] i_i,
    input wire logic signed [lacuna_pkg::FactorW-1:0] f_i,
    input wire logic signed [lacuna_pkg::GateW-1:0] g_i,
    input wire logic signed [lacuna_pkg::GateW-1:0] o_i,
    input wire logic signed [lacuna_pkg::CellW-1:0] cell_i,
    input wire logic [3:0] cell_fraction_i,
    output logic signed [lacuna_pkg::CellW-1:0] cell_o,
    output logic signed [lacuna_pkg::ActW-1:0] h_o
);
    localparam int unsigned FullW = lacuna_pkg::FactorW + lacuna_pkg::CellW;
    localparam int unsigned SumW = lacuna_pkg::FactorW + lacuna_pkg::GateW;
    localparam int unsigned HShift = 31 - lacuna_pkg::ActW;  // from products of two Q0.15 to h
    localparam int unsigned CellHalf = 1 << 14;  // half a step of the state, and of h, in products of Q0.15
    localparam int unsigned HHalf = 1 << (HShift - 1);
    localparam logic [lacuna_pkg::ActW-1:0] HMax = {1'b0, {(lacuna_pkg::ActW - 1) {1'b1}}};
    localparam logic [lacuna_pkg::GateW-1:0] GateMax = {1'b0, {(lacuna_pkg::GateW - 1) {1'b1}}};
    localparam logic [lacuna_pkg::GateW-1:0] CellMax = lacuna_pkg::GateW'({(lacuna_pkg::CellW - 1) {1'b1}});

    logic [4:0] gru_q;
    always_ff @(posedge clk_i) gru_q <= {gru_q[3:0], gru_i};

    // Cycles 0-3: products f*c and i*g; z*s and r*n_h; the first with half an output step for the rounding.
    logic signed [FullW-1:0] forgotten;
    logic signed [SumW-1:0] added;
    logic [2:0][lacuna_pkg::GateW-1:0] o_q;  // or n_x: on its way from afar, as nobody needs it sooner

    lacuna_mult #(.WidthA(lacuna_pkg::CellW), .WidthB(lacuna_pkg::FactorW), .Dsp(CellDsps), .FarInputs(1), .Half(1)) u_forget (
        .clk_i, .a_i(cell_i), .b_i(f_i), .product_o(forgotten)
    );
    lacuna_mult #(.WidthA(lacuna_pkg::GateW), .WidthB(lacuna_pkg::FactorW), .Dsp(CellDsps)) u_input (
        .clk_i, .a_i(g_i), .b_i(i_i), .product_o(added)
    );

    always_ff @(posedge clk_i) o_q <= {o_q[1:0], o_i};

    // Cycle 4: i*g to the scale of f*c, or r*n_h and n_x to that of their product; half an output step for the rounding.
    // Cycle 5: sum. Cycle 6: saturated, c' (16 bits) or the argument of a GRU's tanh (those of a pre-activation).
    logic [4:0][3:0] fraction_q;
    logic [3:0] right_shift_q, left_shift_q;
    logic signed [SumW-1:0] base_q, aligned_q, sum_q;
    logic signed [SumW-16:0] rounded;
    logic overflow;
    logic [lacuna_pkg::GateW-1:0] most;
    logic signed [lacuna_pkg::GateW-1:0] cell_q;

    assign rounded = sum_q[SumW-1:15];
    assign overflow = (rounded[SumW-16:lacuna_pkg::GateW-1] != {2{rounded[SumW-16]}})
                   || (!gru_q[4] && rounded[SumW-16:lacuna_pkg::CellW-1] != {(SumW - 14 - lacuna_pkg::CellW) {rounded[SumW-16]}});
    assign most = gru_q[4] ? GateMax : CellMax;

    always_ff @(posedge clk_i) begin
        fraction_q <= {fraction_q[3:0], cell_fraction_i};
        right_shift_q <= gru_q[1] ? 4'd0 : 4'd15 - fraction_q[1];
        left_shift_q <= 4'(lacuna_pkg::GateFraction) - fraction_q[4];
        if (gru_q[2]) base_q <= {o_q[2][lacuna_pkg::GateW-1], o_q[2], 15'(CellHalf)};
        else base_q <= SumW'(forgotten);
        aligned_q <= added >>> right_shift_q;
        sum_q <= base_q + aligned_q;
        if (overflow) cell_q <= rounded[SumW-16] ? ~most : most;
        else cell_q <= rounded[lacuna_pkg::GateW-1:0];
    end

    // Cycles 7-8: argument of tanh, with the fraction bits of a pre-activation; saturated.
    localparam int unsigned WideW = lacuna_pkg::CellW + lacuna_pkg::GateFraction - lacuna_pkg::CellFractionMin;
    logic signed [WideW-1:0] wide_q;
    logic signed [lacuna_pkg::GateW-1:0] argument_q, tanh;

    always_ff @(posedge clk_i) begin
        wide_q <= WideW'(cell_q) <<< left_shift_q;
        if (wide_q[WideW-1:lacuna_pkg::GateW-1] != {(WideW + 1 - lacuna_pkg::GateW) {wide_q[WideW-1]}}) begin
            argument_q <= {wide_q[WideW-1], {(lacuna_pkg::GateW - 1) {~wide_q[WideW-1]}}};
        end else begin
            argument_q <= wide_q[lacuna_pkg::GateW-1:0];
        end
    end

    // Cycles 8-15: tanh.
    lacuna_gate u_tanh (
        .clk_i,
        .table_i,
        .table_o,
        .table_word_o,
        .tanh_i(1'b1),
        .value_i(argument_q),
        .raw_i(1'b0),
        .raw_value_i('0),
        .gate_o(tanh)
    );

    // Cycles 15-18: o * tanh, or (1 - z) * tanh. 2^15 - z is the negated z without its sign, as z is at least 1.
    logic [lacuna_pkg::FactorW-1:0] f_q, negated_q, factor_q, factor_late;
    logic signed [FullW-1:0] output_product;
    logic signed [lacuna_pkg::FactorW-1:0] squashed, factor;  // $signed() at a port stops Yosys 0.52

    assign squashed = tanh[lacuna_pkg::FactorW-1:0];
    assign factor = factor_late;

    always_ff @(posedge clk_i) begin
        f_q <= f_i;
        negated_q <= -f_q;
        factor_q <= gru_q[1] ? {1'b0, negated_q[lacuna_pkg::FactorW-2:0]} : o_q[1][lacuna_pkg::FactorW-1:0];
    end

    lacuna_delay #(.Width(lacuna_pkg::FactorW), .Cycles(12)) u_factor (.clk_i, .data_i(factor_q), .data_o(factor_late));

    lacuna_mult #(.WidthA(lacuna_pkg::FactorW), .WidthB(lacuna_pkg::FactorW), .Dsp(CellDsps)) u_output (
        .clk_i, .a_i(squashed), .b_i(factor), .product_o(output_product)
    );

    // Cycle 17: z*s and c'. Cycle 18: what is added to the product, z*s of a GRU, with half a step for the rounding.
    // Rounding a GRU's s' and then h is one rounding, with both halves added; where h is s' itself, with one.
    localparam int unsigned GruHalf = lacuna_pkg::ActW == lacuna_pkg::CellW ? 0 : HHalf;  // and the half in z*s
    logic [FullW-1:0] kept;
    logic [lacuna_pkg::CellW-1:0] cell_next, cell_late, cell_late_q;
    logic signed [FullW-1:0] remembered, cell_base_q, h_base_q;
    logic gru_late, gru_late_q;

    assign cell_next = cell_q[lacuna_pkg::CellW-1:0];

    // |z*s| < 2^30, so there is room for gru in its top bit.
    lacuna_delay #(.Width(FullW), .Cycles(14)) u_remembered (
        .clk_i, .data_i({gru_q[2], forgotten[FullW-2:0]}), .data_o(kept)
    );
    lacuna_delay #(.Width(lacuna_pkg::CellW), .Cycles(11)) u_cell (
        .clk_i, .data_i(cell_next), .data_o(cell_late)
    );

    assign gru_late = kept[FullW-1];
    assign remembered = FullW'($signed(kept[FullW-2:0]));

    always_ff @(posedge clk_i) begin
        gru_late_q <= gru_late;
        cell_late_q <= cell_late;
        cell_base_q <= remembered;
        h_base_q <= gru_late ? remembered + FullW'(GruHalf) : FullW'(HHalf);
    end

    // Cycle 19: rounded. A GRU's state is a weighted mean of two numbers of its range, so it never saturates; h of 8 bits
    // may reach 128.
    logic signed [FullW-1:0] state_sum, h_sum;
    logic signed [lacuna_pkg::ActW:0] floor;

    assign state_sum = output_product + cell_base_q;
    assign h_sum = output_product + h_base_q;
    assign floor = h_sum[FullW-1:HShift];

    always_ff @(posedge clk_i) begin
        cell_o <= gru_late_q ? state_sum[15+:lacuna_pkg::CellW] : cell_late_q;
        h_o <= floor[lacuna_pkg::ActW:lacuna_pkg::ActW-1] == 2'b01 ? HMax : floor[lacuna_pkg::ActW-1:0];
    end

    logic unused;
    assign unused = ^{sum_q[14:0], negated_q[lacuna_pkg::FactorW-1], state_sum[FullW-1], state_sum[14:0], h_sum[HShift-1:0], tanh};
endmodule
