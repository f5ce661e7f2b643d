// Scale and bias of one row: value_o = satN(rhu(sum_i * mantissa, shift) + bias), N = GateW, docs/numbers.md.
//
// row_i = {bias, shift, mantissa} of 16, 5, 15 bits, or with activations of 16 bits of 19, 5, 12. Latency 7 cycles, one
// row a cycle.
// AccW 16..32, or 16..36 with activations of 16 bits.
`default_nettype none

module lacuna_scale #(
    parameter int unsigned AccW = 24
) (
    input wire logic clk_i,
    input wire logic signed [AccW-1:0] sum_i,
    input wire logic [lacuna_pkg::RowWordW-1:0] row_i,
    output logic signed [lacuna_pkg::GateW-1:0] value_o
);
    localparam int unsigned MultLatency = 3;
    localparam int unsigned ProductW = AccW + lacuna_pkg::MantissaW + 1;
    // Wide enough that saturating here and again after the bias gives the same result as saturating once.
    localparam int unsigned NarrowW = lacuna_pkg::GateW + 2;

    if (AccW < 16 || AccW > lacuna_pkg::SumMaxW) begin : gen_bad
        $error("lacuna_scale: AccW must be 16..32 (LACUNA_ACT 16: 16..36)");
    end

    logic signed [ProductW-1:0] product;

    lacuna_mult #(
        .WidthA(AccW),
        .WidthB(lacuna_pkg::MantissaW + 1),
        .PositiveB(1),
        .FarInputs(1)
    ) u_mult (
        .clk_i,
        .a_i(sum_i),
        .b_i($signed({1'b0, row_i[lacuna_pkg::MantissaW-1:0]})),
        .product_o(product)
    );

    logic [MultLatency-1:0][lacuna_pkg::ScaleShiftW-1:0] shift_q;
    logic [MultLatency+2:0][lacuna_pkg::BiasW-1:0] bias_q;

    always_ff @(posedge clk_i) begin
        shift_q <= {shift_q[MultLatency-2:0], row_i[lacuna_pkg::MantissaW+:lacuna_pkg::ScaleShiftW]};
        bias_q <= {bias_q[MultLatency+1:0], row_i[lacuna_pkg::RowWordW-1-:lacuna_pkg::BiasW]};
    end

    // The bit below the result is the round-half-up increment.
    // Cycle 4: the product, shifted by 16 if at all, behind its carry chain. Cycle 5: by the rest. Bits that no step below 8
    // brings into the result are looked at meanwhile: lost_q says that one of them is not the sign.
    localparam int unsigned FineMax = 7;
    localparam int unsigned Seen = NarrowW + FineMax;  // bits of coarse_q that a shift below 8 brings into the result
    logic signed [ProductW:0] coarse_q, fine_q, beyond, beyond_by_8;  // beyond_by_8: beyond what a shift of 8 more brings
    logic [3:0] fine_shift_q;
    logic signed [ProductW-1:0] floor;
    logic signed [NarrowW-1:0] narrow_q;
    logic signed [NarrowW:0] total;
    logic unused_half;
    logic half_q, overflow, lost_q;

    assign beyond = coarse_q >>> Seen;
    assign beyond_by_8 = coarse_q >>> (Seen + 8);

    always_ff @(posedge clk_i) begin
        coarse_q <= $signed({product, 1'b0}) >>> {shift_q[MultLatency-1][4], 4'b0000};
        fine_shift_q <= shift_q[MultLatency-1][3:0];
        fine_q <= coarse_q >>> fine_shift_q;
        lost_q <= beyond_by_8 != {(ProductW + 1) {coarse_q[ProductW]}} || (!fine_shift_q[3] && beyond != {(ProductW + 1) {coarse_q[ProductW]}});
    end

    // Cycle 6: saturated.
    assign floor = fine_q[ProductW:1];
    assign overflow = lost_q || floor[NarrowW-1+:FineMax] != {FineMax{floor[ProductW-1]}};

    always_ff @(posedge clk_i) begin
        narrow_q <= overflow ? {floor[ProductW-1], {(NarrowW - 1) {~floor[ProductW-1]}}} : floor[NarrowW-1:0];
        half_q <= fine_q[0] && !overflow;
    end

    // Cycle 7: with the bias. The increment is the carry into the lowest bit.
    assign {total, unused_half} = {(NarrowW + 1)'(narrow_q), 1'b1} + {(NarrowW + 1)'($signed(bias_q[MultLatency+2])), half_q};

    always_ff @(posedge clk_i) begin
        if (total[NarrowW:lacuna_pkg::GateW-1] != {4{total[NarrowW]}}) begin
            value_o <= {total[NarrowW], {(lacuna_pkg::GateW - 1) {~total[NarrowW]}}};
        end else begin
            value_o <= total[lacuna_pkg::GateW-1:0];
        end
    end
endmodule
