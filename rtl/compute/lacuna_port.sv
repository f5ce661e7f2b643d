// Drain port: scale and bias of four lanes, the gates, and the cell update of one unit a cycle.
//
// Cycle 0: sum_i and row_i of lanes i, f, g, o (of a GRU: r, z, n_x, n_h). Cycle 7: value_o, the scaled rows (a linear
// layer's outputs); gru_i is taken. Cycle 14: cell_i is taken, with its fraction bits. Cycle 33: cell_o and h_o.
// table_i goes from table to table: 0..3 the lanes' gates, 4 the cell's tanh; table_o is for the next port's. A word read
// comes to table_word_o five cycles after table_i for table 0, nine for table 4; table_select_i picks the table.
// CellDsps: as in lacuna_cell.
`default_nettype none

module lacuna_port #(
    parameter int unsigned AccW = 24,
    parameter int unsigned CellDsps = 0
) (
    input wire logic clk_i,
    input wire lacuna_pkg::table_access_t table_i,
    output lacuna_pkg::table_access_t table_o,
    input wire logic [2:0] table_select_i,
    output logic [lacuna_pkg::TableWordW-1:0] table_word_o,
    input wire logic [lacuna_pkg::Lanes-1:0][AccW-1:0] sum_i,
    input wire logic [lacuna_pkg::Lanes-1:0][lacuna_pkg::RowWordW-1:0] row_i,
    input wire logic gru_i,
    input wire logic signed [lacuna_pkg::CellW-1:0] cell_i,
    input wire logic [3:0] cell_fraction_i,
    output logic [lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] value_o,
    output logic signed [lacuna_pkg::CellW-1:0] cell_o,
    output logic signed [lacuna_pkg::ActW-1:0] h_o
);
    localparam int unsigned GateG = 2;
    localparam int unsigned GateO = 3;
    localparam int unsigned GateLatency = 7;

    logic [lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] gate;
    logic [lacuna_pkg::Lanes:0][lacuna_pkg::TableWordW-1:0] table_word;
    logic [lacuna_pkg::Lanes:0][lacuna_pkg::TableAccessW-1:0] table_hop;

    assign table_hop[0] = table_i;

    // A GRU's n_x and n_h pass their gates as they are, crosswise: n_h meets r where g meets i.
    for (genvar l = 0; l < lacuna_pkg::Lanes; l++) begin : gen_lane
        localparam bit Raw = l >= GateG;
        localparam int unsigned Other = Raw ? GateG + GateO - l : l;

        lacuna_scale #(
            .AccW(AccW)
        ) u_scale (
            .clk_i,
            .sum_i($signed(sum_i[l])),
            .row_i(row_i[l]),
            .value_o(value_o[l])
        );

        lacuna_gate u_gate (
            .clk_i,
            .table_i(table_hop[l]),
            .table_o(table_hop[l+1]),
            .table_word_o(table_word[l]),
            .tanh_i(l == GateG),
            .value_i($signed(value_o[l])),
            .raw_i(gru_i && Raw),
            .raw_value_i($signed(value_o[Other])),
            .gate_o(gate[l])
        );
    end

    logic [GateLatency-1:0] gru_q;
    always_ff @(posedge clk_i) gru_q <= {gru_q[GateLatency-2:0], gru_i};

    // i and f, or r and z: factors, whatever the width of a pre-activation.
    logic signed [lacuna_pkg::FactorW-1:0] first, second;
    assign first = gate[0][lacuna_pkg::FactorW-1:0];
    assign second = gate[1][lacuna_pkg::FactorW-1:0];

    lacuna_cell #(
        .CellDsps(CellDsps)
    ) u_cell (
        .clk_i,
        .table_i(table_hop[lacuna_pkg::Lanes]),
        .table_o,
        .table_word_o(table_word[lacuna_pkg::Lanes]),
        .i_i(first),
        .f_i(second),
        .g_i($signed(gate[2])),
        .o_i($signed(gate[3])),
        .gru_i(gru_q[GateLatency-1]),
        .cell_i,
        .cell_fraction_i,
        .cell_o,
        .h_o
    );

    always_ff @(posedge clk_i) table_word_o <= table_word[table_select_i];
endmodule
