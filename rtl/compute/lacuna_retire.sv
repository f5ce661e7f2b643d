// Retire: from sums to results. Drain ports, row and cell memories, and the writer of h.
//
// Inputs are the drain's emissions, row_i a cycle before (and the host's address a cycle after access_i); result_i follows
// two cycles later. A linear layer's outputs appear on tap_y_* nine cycles after their emission and, if the group emits,
// on y_* a cycle later; h and cell state of a recurrent layer (LSTM, GRU) on tap_h_* 35 cycles after it, and on y_*. The
// state is written a cycle later, before the writer completes a bank of h, so no later step can read it too early.
// retired_o[0] marks the last emission of a linear group, [1] that of a recurrent one, a cycle late. A program in which a
// linear and a recurrent layer both emit is not legal: their outputs would meet.
//
// access_i: of the host, while the engine is idle; it takes effect a cycle later, in the tables up to 1 + 5 * Ports.
// host_*_o: what it reads, 9 + 5 * Ports cycles after access_i at the latest, as long as that is held.
// Ports 1..2; RowDepth 2..16384 rows a port and lane; CellDsps as in lacuna_cell.
`default_nettype none

module lacuna_retire #(
    parameter int unsigned Ports = 1,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned AccW = 24,
    parameter int unsigned CellDsps = 0
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic [Ports-1:0] valid_i,
    input wire logic first_i,
    input wire logic last_i,
    input wire logic [lacuna_pkg::UnitW-1:0] unit_i,
    input wire logic [lacuna_pkg::RowAddrW-1:0] row_i,
    input wire logic [lacuna_pkg::RowAddrW-1:0] cell_row_i,
    input wire lacuna_pkg::group_t group_i,
    input wire logic [lacuna_pkg::Lanes-1:0][Ports-1:0][AccW-1:0] result_i,

    input wire lacuna_pkg::access_t access_i,
    output logic [lacuna_pkg::RowWordW-1:0] host_row_o,
    output logic [lacuna_pkg::CellW-1:0] host_cell_o,
    output logic [lacuna_pkg::TableWordW-1:0] host_table_o,

    output logic write_o,  // any of we_o
    output logic quiet_o,  // none of them
    output logic [lacuna_pkg::BankWidth-1:0] we_o,
    output logic [lacuna_pkg::BankAddrW-1:0] bank_o,
    output logic [lacuna_pkg::BankBits-1:0] word_o,
    output logic complete_o,
    output logic [lacuna_pkg::TagW-1:0] tag_o,
    output logic [1:0] retired_o,
    output logic y_valid_o,
    output logic [Ports*lacuna_pkg::Lanes*lacuna_pkg::GateW-1:0] y_data_o,

    output logic [Ports-1:0] tap_h_valid_o,
    output logic [Ports-1:0] tap_y_valid_o,
    output logic [lacuna_pkg::EntryW-1:0] tap_h_entry_o,
    output logic [lacuna_pkg::EntryW-1:0] tap_y_entry_o,
    output logic [lacuna_pkg::UnitW-1:0] tap_h_unit_o,
    output logic [lacuna_pkg::UnitW-1:0] tap_y_unit_o,
    output logic [Ports-1:0][lacuna_pkg::ActW-1:0] tap_h_o,
    output logic [Ports-1:0][lacuna_pkg::CellW-1:0] tap_c_o,
    output logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] tap_y_o
);
    localparam int unsigned RowAw = $clog2(RowDepth);
    localparam int unsigned Rows = Ports * lacuna_pkg::Lanes;  // row memories

    // ---------------------------------------------------------------- host
    // Decoded into a register for each memory.
    logic [Rows-1:0] row_we_q, row_here_q;
    logic [Ports-1:0] cell_we_q, port_here_q, table_here_q;
    logic reading_q;
    lacuna_pkg::table_access_t table_q;
    logic [2:0] table_select_q;
    logic [lacuna_pkg::MemAddrW-1:0] address_q;
    logic [35:0] data_q;

    always_ff @(posedge clk_i) begin
        reading_q <= access_i.reading;
        table_q.we <= access_i.table_we;
        table_q.read <= access_i.reading;
        table_q.address <= access_i.address[lacuna_pkg::TableAddrW-1:0];
        table_q.word <= access_i.data[lacuna_pkg::TableWordW-1:0];
        table_select_q <= access_i.select[2:0];
        address_q <= access_i.address;
        data_q <= access_i.data;
        for (int unsigned m = 0; m < Rows; m++) begin
            row_here_q[m] <= access_i.select[2:0] == 3'(m);
            row_we_q[m] <= access_i.row_we && access_i.select[2:0] == 3'(m);
        end
        for (int unsigned p = 0; p < Ports; p++) begin
            port_here_q[p] <= access_i.select[0] == 1'(p);
            table_here_q[p] <= access_i.select[3] == 1'(p);
            cell_we_q[p] <= access_i.cell_we && (access_i.clearing || access_i.select[0] == 1'(p));
        end
    end

    // What is read goes from memory to memory, a register for each row memory on the way: nothing waits for it.
    logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::RowWordW-1:0] row, row_q;
    logic [Ports-1:0][lacuna_pkg::CellW-1:0] cell_old;
    logic [Ports-1:0][lacuna_pkg::TableWordW-1:0] table_word;
    logic [Rows*lacuna_pkg::RowWordW-1:0] row_read, row_chain_q;
    logic [Rows*lacuna_pkg::CellW-1:0] cell_read, cell_chain_q;
    logic [Rows*lacuna_pkg::TableWordW-1:0] table_read, table_chain_q;

    always_comb begin
        cell_read = '0;
        table_read = '0;
        for (int unsigned p = 0; p < Ports; p++) begin
            cell_read[p*lacuna_pkg::Lanes*lacuna_pkg::CellW+:lacuna_pkg::CellW] = port_here_q[p] ? cell_old[p] : '0;
            table_read[p*lacuna_pkg::Lanes*lacuna_pkg::TableWordW+:lacuna_pkg::TableWordW] = table_here_q[p] ? table_word[p] : '0;
            for (int unsigned l = 0; l < lacuna_pkg::Lanes; l++) begin
                row_read[(p*lacuna_pkg::Lanes+l)*lacuna_pkg::RowWordW+:lacuna_pkg::RowWordW] =
                    row_here_q[p*lacuna_pkg::Lanes+l] ? row_q[p][l] : '0;
            end
        end
    end

    always_ff @(posedge clk_i) begin
        row_q <= row;
        row_chain_q <= row_chain_q << lacuna_pkg::RowWordW | row_read;
        cell_chain_q <= cell_chain_q << lacuna_pkg::CellW | cell_read;
        table_chain_q <= table_chain_q << lacuna_pkg::TableWordW | table_read;
    end
    assign host_row_o = row_chain_q[Rows*lacuna_pkg::RowWordW-1-:lacuna_pkg::RowWordW];
    assign host_cell_o = cell_chain_q[Rows*lacuna_pkg::CellW-1-:lacuna_pkg::CellW];
    assign host_table_o = table_chain_q[Rows*lacuna_pkg::TableWordW-1-:lacuna_pkg::TableWordW];

    // ---------------------------------------------------------------- emissions
    // What accompanies an emission through the ports.
    typedef struct packed {
        logic [Ports-1:0] valid;
        logic first;
        logic last;
        logic linear;
        logic gru;
        logic emit;
        logic last_group;
        logic [lacuna_pkg::EntryW-1:0] entry;
        logic [lacuna_pkg::UnitW-1:0] unit;
        logic [lacuna_pkg::BankAddrW-1:0] destination;
        logic [lacuna_pkg::TagW-1:0] tag;
        logic [lacuna_pkg::RowAddrW-1:0] cell_row;
        logic [3:0] cell_fraction;
    } emission_t;
    localparam int unsigned EmissionW = Ports + 6 + lacuna_pkg::EntryW + lacuna_pkg::UnitW + lacuna_pkg::BankAddrW
                                      + lacuna_pkg::TagW + lacuna_pkg::RowAddrW + 4;

    // Cycles from an emission at the input to where it is used: two until the sums are there, then the port's own.
    localparam int unsigned ToValue = 2 + 7;
    localparam int unsigned ToCellRead = 2 + 14 - 4;
    localparam int unsigned ToH = 2 + 33;

    emission_t in, at_value, at_cell_read, at_h;
    logic [EmissionW-1:0] value_bits, cell_read_bits, h_bits;

    always_comb begin
        in.valid = valid_i;
        in.first = first_i;
        in.last = last_i;
        in.linear = group_i.linear;
        in.gru = group_i.gru;
        in.emit = group_i.emit;
        in.last_group = group_i.last_group;
        in.entry = group_i.entry;
        in.unit = unit_i;
        in.destination = group_i.destination;
        in.tag = group_i.tag;
        in.cell_row = cell_row_i;
        in.cell_fraction = group_i.cell_fraction;
    end

    lacuna_delay #(.Width(EmissionW), .Cycles(ToValue)) u_to_value (.clk_i, .data_i(in), .data_o(value_bits));
    lacuna_delay #(.Width(EmissionW), .Cycles(ToCellRead - ToValue)) u_to_cell_read (
        .clk_i, .data_i(value_bits), .data_o(cell_read_bits)
    );
    lacuna_delay #(.Width(EmissionW), .Cycles(ToH - ToCellRead)) u_to_h (
        .clk_i, .data_i(cell_read_bits), .data_o(h_bits)
    );
    assign at_value = value_bits;
    assign at_cell_read = cell_read_bits;
    assign at_h = h_bits;

    logic [Ports-1:0] h_valid;
    assign h_valid = at_h.linear ? '0 : at_h.valid;

    // Of every port, since all read the states of one emission at the same address.
    logic [3:0][3:0] cell_fraction_q;
    logic [RowAw-1:0] cell_raddr_q;

    always_ff @(posedge clk_i) begin
        cell_fraction_q <= {cell_fraction_q[2:0], at_cell_read.cell_fraction};
        cell_raddr_q <= reading_q ? address_q[RowAw-1:0] : at_cell_read.cell_row[RowAw-1:0];
    end

    logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] value;
    logic [Ports-1:0][lacuna_pkg::Lanes-1:0][AccW-1:0] sum;
    logic [Ports-1:0][lacuna_pkg::ActW-1:0] h;
    logic [Ports-1:0][lacuna_pkg::CellW-1:0] cell_new;

    logic [Ports:0][lacuna_pkg::TableAccessW-1:0] table_hop;
    assign table_hop[0] = table_q;

    for (genvar p = 0; p < Ports; p++) begin : gen_port
        logic signed [lacuna_pkg::CellW-1:0] state_old_q;
        logic cell_write_q;
        logic [RowAw-1:0] cell_row_q;
        logic [lacuna_pkg::CellW-1:0] cell_q;

        for (genvar l = 0; l < lacuna_pkg::Lanes; l++) begin : gen_lane
            assign sum[p][l] = result_i[l][p];

            lacuna_ebr #(
                .Width(lacuna_pkg::RowWordW),
                .Depth(RowDepth),
                .Space(32'(lacuna_pkg::SpaceRow)),
                .Select(p * lacuna_pkg::Lanes + l)
            ) u_rows (
                .clk_i,
                .we_i(row_we_q[p*lacuna_pkg::Lanes+l]),
                .waddr_i(address_q[RowAw-1:0]),
                .wdata_i(data_q),
                .raddr_i(row_i[RowAw-1:0]),
                .rdata_o(row[p][l])
            );
        end

        always_ff @(posedge clk_i) begin
            cell_write_q <= cell_we_q[p] || h_valid[p];
            cell_row_q <= cell_we_q[p] ? address_q[RowAw-1:0] : at_h.cell_row[RowAw-1:0];
            state_old_q <= $signed(cell_old[p]);
            cell_q <= cell_we_q[p] ? data_q[lacuna_pkg::CellW-1:0] : cell_new[p];
        end

        lacuna_ebr #(
            .Width(lacuna_pkg::CellW),
            .Depth(RowDepth)
        ) u_cells (
            .clk_i,
            .we_i(cell_write_q),
            .waddr_i(cell_row_q),
            .wdata_i(cell_q),
            .raddr_i(cell_raddr_q),
            .rdata_o(cell_old[p])
        );

        lacuna_port #(
            .AccW(AccW), .CellDsps(CellDsps)
        ) u_port (
            .clk_i,
            .table_i(table_hop[p]),
            .table_o(table_hop[p+1]),
            .table_select_i(table_select_q),
            .table_word_o(table_word[p]),
            .sum_i(sum[p]),
            .row_i(row_q[p]),
            .gru_i(at_value.gru),
            .cell_i(state_old_q),
            .cell_fraction_i(cell_fraction_q[3]),
            .value_o(value[p]),
            .cell_o(cell_new[p]),
            .h_o(h[p])
        );
    end

    // Fields that later stages do not need, and high address bits of shallow memories.
    logic unused;
    assign unused = ^{group_i, at_value, at_cell_read, at_h, row_i, access_i, address_q, table_hop[Ports]};

    lacuna_writer #(
        .Ports(Ports)
    ) u_writer (
        .clk_i,
        .rst_ni,
        .valid_i(h_valid),
        .first_i(at_h.first),
        .last_i(at_h.last && h_valid[0]),
        .last_group_i(at_h.last_group),
        .unit_i(at_h.unit),
        .h_i(h),
        .destination_i(at_h.destination),
        .tag_i(at_h.tag),
        .valid_o(write_o),
        .quiet_o,
        .we_o,
        .bank_o,
        .word_o,
        .complete_o,
        .tag_o
    );

    always_ff @(posedge clk_i) begin
        retired_o[0] <= rst_ni && at_value.valid[0] && at_value.linear && at_value.last;
        retired_o[1] <= rst_ni && h_valid[0] && at_h.last;
    end

    // Results to the output buffer, registered.
    logic [Ports-1:0][lacuna_pkg::Lanes-1:0][lacuna_pkg::GateW-1:0] state;

    for (genvar p = 0; p < Ports; p++) begin : gen_state
        assign state[p] = {
            {(2 * lacuna_pkg::GateW) {1'b0}}, lacuna_pkg::GateW'($signed(cell_new[p])), lacuna_pkg::GateW'($signed(h[p]))
        };
    end

    always_ff @(posedge clk_i) begin
        y_valid_o <= rst_ni && ((at_value.valid[0] && at_value.linear && at_value.emit) || (h_valid[0] && at_h.emit));
        y_data_o <= (at_value.valid[0] && at_value.linear) ? value : state;
    end

    assign tap_y_valid_o = at_value.linear ? at_value.valid : '0;
    assign tap_y_entry_o = at_value.entry;
    assign tap_y_unit_o = at_value.unit;
    assign tap_y_o = value;
    assign tap_h_valid_o = h_valid;
    assign tap_h_entry_o = at_h.entry;
    assign tap_h_unit_o = at_h.unit;
    assign tap_h_o = h;
    assign tap_c_o = cell_new;
endmodule
