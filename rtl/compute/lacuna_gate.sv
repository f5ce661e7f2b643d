// sigmoid or tanh of a pre-activation (Q3.12, or Q4.14 with activations of 16 bits) in Q0.15, by table and linear
// interpolation (docs/numbers.md).
//
// tanh_i selects the function of the same cycle's value_i; with raw_i, raw_value_i is handed on as it is instead.
// Latency 7 cycles, one value a cycle.
// The table is written and read through table_i while the gate is idle, a register late: table_word_o is the word last
// read (with table_i.read the word at its address, four cycles later). table_o is that register, for the next table.
`default_nettype none

module lacuna_gate (
    input wire logic clk_i,
    input wire lacuna_pkg::table_access_t table_i,
    output lacuna_pkg::table_access_t table_o,
    output logic [lacuna_pkg::TableWordW-1:0] table_word_o,
    input wire logic tanh_i,
    input wire logic signed [lacuna_pkg::GateW-1:0] value_i,
    input wire logic raw_i,
    input wire logic signed [lacuna_pkg::GateW-1:0] raw_value_i,
    output logic signed [lacuna_pkg::GateW-1:0] gate_o
);
    localparam int unsigned MagnitudeW = lacuna_pkg::GateW - 1;
    // Bits below the table's step: of sigmoid's argument, which is halved; of tanh's one less. Above them is a segment.
    localparam int unsigned FractionW = lacuna_pkg::ActW == 16 ? 9 : 8;
    localparam int unsigned ProductW = lacuna_pkg::TableStepW + 1 + FractionW + 1;

    // Cycle 1: magnitude; the lowest number counts as the negated highest.
    logic [MagnitudeW-1:0] magnitude_q;
    logic [5:0] negative_q, tanh_q, raw_q;
    logic [lacuna_pkg::GateW-1:0] negated;

    assign negated = -value_i;

    always_ff @(posedge clk_i) begin
        negative_q <= {negative_q[4:0], value_i[lacuna_pkg::GateW-1]};
        tanh_q <= {tanh_q[4:0], tanh_i};
        raw_q <= {raw_q[4:0], raw_i};
        if (!value_i[lacuna_pkg::GateW-1]) magnitude_q <= value_i[MagnitudeW-1:0];
        else magnitude_q <= negated[MagnitudeW] ? '1 : negated[MagnitudeW-1:0];
    end

    // Cycle 3: table word. sigmoid reads the table at half the argument.
    logic [lacuna_pkg::TableAddrW-1:0] segment, tanh_segment, sigmoid_segment;
    logic [lacuna_pkg::TableWordW-1:0] word;
    logic [1:0][FractionW-1:0] fraction_q;

    assign sigmoid_segment = lacuna_pkg::TableAddrW'(magnitude_q[MagnitudeW-1:FractionW]);
    if (MagnitudeW > lacuna_pkg::TableAddrW + FractionW - 1) begin : gen_beyond
        // tanh of 8 and more is the last entry, whose step is 0.
        assign tanh_segment = magnitude_q[MagnitudeW-1] ? '1 : magnitude_q[FractionW-1+:lacuna_pkg::TableAddrW];
    end else begin : gen_within
        assign tanh_segment = magnitude_q[FractionW-1+:lacuna_pkg::TableAddrW];
    end
    assign segment = tanh_q[0] ? tanh_segment : sigmoid_segment;

    lacuna_ebr #(
        .Width(lacuna_pkg::TableWordW),
        .Depth(1 << lacuna_pkg::TableAddrW),
        .Space(32'(lacuna_pkg::SpaceTable))
    ) u_table (
        .clk_i,
        .we_i(table_o.we),
        .waddr_i(table_o.address),
        .wdata_i(table_o.word),
        .raddr_i(table_o.read ? table_o.address : segment),
        .rdata_o(word)
    );

    always_ff @(posedge clk_i) begin
        table_o <= table_i;
        table_word_o <= word;
    end

    // tanh's fraction bits are moved up, so that both functions round at the same bit.
    always_ff @(posedge clk_i) begin
        fraction_q[0] <= tanh_q[0] ? {magnitude_q[FractionW-2:0], 1'b0} : magnitude_q[FractionW-1:0];
        fraction_q[1] <= fraction_q[0];
    end

    // Cycle 5: step * fraction. The table is a block RAM, wherever one is free; a tree of more levels has no register to spare.
    logic signed [ProductW-1:0] product;
    logic [lacuna_pkg::TableValueW-1:0] start;
    logic [lacuna_pkg::TableStepW-1:0] slope;
    logic [1:0][lacuna_pkg::TableValueW-1:0] start_q;

    assign {slope, start} = word;

    lacuna_mult #(
        .WidthA(lacuna_pkg::TableStepW + 1),
        .WidthB(FractionW + 1),
        .Latency(2),
        .PositiveB(1),
        .FarInputs(lacuna_pkg::ActW == 8 ? 1 : 0)
    ) u_step (
        .clk_i,
        .a_i($signed({1'b0, slope})),
        .b_i($signed({1'b0, fraction_q[1]})),
        .product_o(product)
    );

    // Cycle 6: interpolated magnitude of tanh, the product's highest lost bit being the carry that rounds it. Cycle 7: with
    // its sign, s * tanh, or (1 + s * tanh) / 2 below 1, or the raw value: ~x + 1 is -x, and 1 is 2^15 and half a step.
    logic [lacuna_pkg::TableValueW-1:0] magnitude_tanh_q;
    logic [lacuna_pkg::TableValueW:0] interpolated;
    logic [lacuna_pkg::FactorW:0] positive_tanh, bare, offset, moved;
    logic signed [lacuna_pkg::FactorW-1:0] sigmoid;
    logic signed [lacuna_pkg::GateW-1:0] raw_late;

    lacuna_delay #(.Width(lacuna_pkg::GateW), .Cycles(6)) u_raw (.clk_i, .data_i(raw_value_i), .data_o(raw_late));

    assign interpolated = {start_q[1], 1'b1} + {lacuna_pkg::TableValueW'(product[ProductW-1:FractionW]), product[FractionW-1]};

    always_ff @(posedge clk_i) begin
        start_q <= {start_q[0], start};
        magnitude_tanh_q <= interpolated[lacuna_pkg::TableValueW:1];
    end

    assign positive_tanh = {2'b00, magnitude_tanh_q};
    assign bare = positive_tanh ^ {(lacuna_pkg::FactorW + 1){negative_q[5]}};
    assign offset = {1'b0, !tanh_q[5], 13'd0, negative_q[5] && !tanh_q[5], negative_q[5] == tanh_q[5]};
    assign moved = bare + offset;
    // 1 does not fit Q0.15; at 8 bits of activation the argument ends before.
    assign sigmoid = (lacuna_pkg::ActW == 16 && moved[lacuna_pkg::FactorW]) ? 16'sd32767 : $signed(moved[lacuna_pkg::FactorW:1]);

    logic unused;
    assign unused = interpolated[0];

    always_ff @(posedge clk_i) begin
        if (raw_q[5]) gate_o <= raw_late;
        else gate_o <= lacuna_pkg::GateW'(tanh_q[5] ? $signed(moved[lacuna_pkg::FactorW-1:0]) : sigmoid);
    end
endmodule
