// Host port: writes and reads every memory of the engine, and clears the state, while the engine is idle.
//
// mem_*: valid/ready requests; a write takes one cycle, of a weight word eight, a read is answered by mem_rvalid_o before the next request is
// taken. Requests wait while the engine is busy. Spaces, selects and addresses: lacuna_pkg::space_e. Weights are
// written through the bank word that hops along the lanes, and read back through the result chain, so a read shows
// what the tile's memory holds. clear_i zeroes the activation memory and the cell states and forgets which banks are
// ready; it takes max(BankDepth, RowDepth) cycles, busy_o being high. It is heard only while engine and host are idle:
// cleared_o says so in its first cycle, and everything that a clear resets follows cleared_o.
//
// wave_o, weight_o and load_o enter the lanes in place of the issuer's while active_o; weight_o is held through a read.
`default_nettype none

module lacuna_host #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 1,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned AccW = 24
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic engine_busy_i,
    input wire logic clear_i,
    output logic cleared_o,
    output logic busy_o,
    output logic active_o,
    output logic passive_o,  // not active_o: a flip-flop of its own, for the memory's write port

    input wire logic mem_valid_i,
    output logic mem_ready_o,
    input wire logic mem_write_i,
    input wire lacuna_pkg::space_e mem_space_i,
    input wire logic [7:0] mem_select_i,
    input wire logic [lacuna_pkg::MemAddrW-1:0] mem_address_i,
    input wire logic [35:0] mem_data_i,
    output logic mem_rvalid_o,
    output logic [35:0] mem_rdata_o,

    // One-cycle write strobes; address, select and data are those of the request, registered.
    output logic row_we_o,
    output logic cell_we_o,
    output logic program_we_o,
    output logic table_we_o,
    output logic input_we_o,
    output logic [lacuna_pkg::BankWidth-1:0] bank_we_o,
    output logic tag_we_o,
    output logic [7:0] select_o,
    output logic [lacuna_pkg::MemAddrW-1:0] address_o,
    output logic [35:0] data_o,
    output logic reading_o,

    output lacuna_pkg::wave_t wave_o,
    output logic [lacuna_pkg::WeightAddrW-1:0] weight_o,
    output lacuna_pkg::load_t load_o,

    // Read data, 16 cycles after the address at the latest (result: by emission).
    input wire lacuna_pkg::wave_t lane_wave_i,
    input wire logic [lacuna_pkg::Lanes-1:0][Ports-1:0][AccW-1:0] result_i,
    input wire logic [35:0] row_i,
    input wire logic [lacuna_pkg::CellW-1:0] cell_i,
    input wire logic [lacuna_pkg::BankBits-1:0] bank_i,
    input wire logic [31:0] program_i,
    input wire logic [lacuna_pkg::TableWordW-1:0] table_i,
    input wire logic [31:0] input_i
);
    typedef enum logic [3:0] {
        StateIdle,
        StateClear,
        StateLoad,    // the four parts of a weight word, two cycles each
        StateWait,    // for a memory with a fixed delay
        StateSettle,  // the weight address reaches every tile
        StatePulse,   // the read wave enters the lanes
        StateSeen,    // until it is in the last tile
        StateChain,   // until the tile's first result leaves
        StateCatch    // three results
    } state_e;

    localparam int unsigned LastAddress = (BankDepth > RowDepth ? BankDepth : RowDepth) - 1;
    localparam int unsigned PortShift = $clog2(Ports);
    localparam int unsigned Settle = Tiles + 3;
    localparam int unsigned ResultDelay = 5;
    localparam int unsigned WaitCycles = 20;
    localparam int unsigned PartW = $clog2(lacuna_pkg::BankParts);
    localparam int unsigned ActsPerPart = lacuna_pkg::BankWidth / lacuna_pkg::BankParts;

    state_e state_q, state;
    lacuna_pkg::space_e space_q;
    logic [7:0] count_q;
    logic idle_q, active_q, clearing_q, write_q, last_address_q;  // active_q: not idle, or write_q
    logic [2:0] load_q;  // part, and its second cycle
    logic [5:0] distance, hops_q;  // tiles between the tile and the end of the lane; those of its strand
    logic accept, clear;

    logic [35:0] row_q;
    logic [lacuna_pkg::CellW-1:0] cell_q;
    logic [31:0] part_q, program_q, input_q;
    logic [lacuna_pkg::TableWordW-1:0] table_q;
    logic [lacuna_pkg::SlotW-1:0] slot_q;

    assign mem_ready_o = idle_q && !engine_busy_i && !clear_i;
    assign accept = mem_valid_i && mem_ready_o;
    assign clear = clear_i && !active_q && !engine_busy_i;
    assign busy_o = active_q;
    assign active_o = active_q;
    assign reading_o = state_q == StateWait;
    assign distance = 6'(Tiles - 1) - select_o[5:0];

    logic [1:0] lane;
    logic [lacuna_pkg::SlotW-1:0] slot;
    logic [Ports-1:0][AccW-1:0] lane_result;

    assign lane = select_o[7:6];
    assign lane_result = result_i[lane];

    if (Ports == 1) begin : gen_one_port
        assign slot = lane_result[0][lacuna_pkg::SlotW-1:0];
    end else begin : gen_ports
        assign slot = lane_result[distance[PortShift-1:0]][lacuna_pkg::SlotW-1:0];
    end

    always_comb begin
        state = state_q;
        unique case (state_q)
            StateIdle: begin
                if (clear) state = StateClear;
                else if (accept && mem_space_i == lacuna_pkg::SpaceWeight) state = mem_write_i ? StateLoad : StateSettle;
                else if (accept && !mem_write_i) state = StateWait;
            end
            StateLoad: if (load_q == 3'(2 * lacuna_pkg::LoadParts - 1)) state = StateIdle;
            StateClear: if (last_address_q) state = StateIdle;
            StateWait: if (count_q == '0) state = StateIdle;
            StateSettle: if (count_q == '0) state = StatePulse;
            StatePulse: state = StateSeen;
            StateSeen: if (lane_wave_i.read) state = StateChain;  // seen one cycle after it is there
            StateChain: if (count_q == '0) state = StateCatch;
            StateCatch: if (count_q == '0) state = StateIdle;
            default: state = StateIdle;
        endcase
    end

    always_ff @(posedge clk_i) begin
        state_q <= state;
        idle_q <= state == StateIdle;
        active_q <= state != StateIdle || (accept && mem_write_i);
        passive_o <= !rst_ni || !(state != StateIdle || (accept && mem_write_i));
        clearing_q <= state == StateClear;
        cleared_o <= clear;
        write_q <= accept && mem_write_i;
        if (!rst_ni) begin
            state_q <= StateIdle;
            idle_q <= 1'b1;
            active_q <= 1'b0;
            clearing_q <= 1'b0;
            cleared_o <= 1'b0;
            write_q <= 1'b0;
        end
    end

    // The request, and the address of a clear.
    always_ff @(posedge clk_i) begin
        last_address_q <= state_q == StateClear && address_o == lacuna_pkg::MemAddrW'(LastAddress - 1);
        load_q <= state_q == StateLoad ? load_q + 1'b1 : '0;
        if (state_q == StateLoad && load_q[0]) data_o <= data_o >> lacuna_pkg::LoadPartW;
        if (state_q == StateClear) begin
            address_o <= address_o + 1'b1;
        end else if (clear) begin
            address_o <= '0;
            data_o <= '0;
        end else if (accept) begin
            space_q <= mem_space_i;
            select_o <= mem_select_i;
            address_o <= mem_address_i;
            data_o <= mem_data_i;
        end
    end

    // The answer: memories with a fixed delay by way of a register each, weights slot by slot.
    always_ff @(posedge clk_i) begin
        row_q <= row_i;
        cell_q <= cell_i;
        part_q <= bank_i[select_o[PartW-1:0]*32+:32];
        program_q <= program_i;
        table_q <= table_i;
        input_q <= input_i;
        slot_q <= slot;

        count_q <= count_q - 1'b1;
        if (state_q == StateIdle) count_q <= mem_space_i == lacuna_pkg::SpaceWeight ? 8'(Settle) : 8'(WaitCycles);
        else if (state_q == StateSeen) count_q <= 8'(ResultDelay - 1) + 8'(hops_q) + {1'b0, hops_q, 1'b0};  // three results a tile
        else if (state_q == StateChain && count_q == '0) count_q <= 8'd2;
        hops_q <= distance >> PortShift;

        if (state_q == StateCatch) begin
            mem_rdata_o <= {mem_rdata_o[35-lacuna_pkg::SlotW:0], slot_q};
        end else if (state_q == StateWait) begin
            unique case (space_q)
                lacuna_pkg::SpaceRow: mem_rdata_o <= row_q;
                lacuna_pkg::SpaceCell: mem_rdata_o <= 36'(cell_q);
                lacuna_pkg::SpaceBank: mem_rdata_o <= 36'(part_q);
                lacuna_pkg::SpaceProgram: mem_rdata_o <= 36'(program_q);
                lacuna_pkg::SpaceTable: mem_rdata_o <= 36'(table_q);
                lacuna_pkg::SpaceInput: mem_rdata_o <= 36'(input_q);
                default: mem_rdata_o <= '0;
            endcase
        end
        mem_rvalid_o <= rst_ni && count_q == '0 && (state_q == StateWait || state_q == StateCatch);
    end

    logic unused;
    assign unused = ^{lane_wave_i, result_i};

    assign row_we_o = write_q && space_q == lacuna_pkg::SpaceRow;
    assign cell_we_o = (write_q && space_q == lacuna_pkg::SpaceCell) || clearing_q;
    assign program_we_o = write_q && space_q == lacuna_pkg::SpaceProgram;
    assign table_we_o = write_q && space_q == lacuna_pkg::SpaceTable;
    assign input_we_o = write_q && space_q == lacuna_pkg::SpaceInput;
    assign tag_we_o = clearing_q;

    always_comb begin
        for (int unsigned b = 0; b < lacuna_pkg::BankWidth; b++) begin
            bank_we_o[b] = clearing_q || (write_q && space_q == lacuna_pkg::SpaceBank && select_o[PartW-1:0] == PartW'(b / ActsPerPart));
        end
    end

    always_comb begin
        wave_o = '0;
        wave_o.load = state_q == StateLoad && !load_q[0];
        wave_o.read = state_q == StatePulse;
        load_o.lane = lane;
        load_o.tile = select_o[5:0];
        load_o.part = load_q[2:1];
        load_o.bits = data_o[lacuna_pkg::LoadPartW-1:0];
    end
    assign weight_o = address_o;
endmodule
