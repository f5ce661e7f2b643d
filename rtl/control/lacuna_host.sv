// Host port: writes and reads every memory of the engine, and clears the state, while the engine is idle.
//
// mem_*: valid/ready requests; a write takes two cycles, of a weight word ten, a read is answered by mem_rvalid_o before the
// next request is taken. Requests wait while the engine is busy. Spaces, selects and addresses: lacuna_pkg::space_e.
// Weights are written through the bank word that hops along the lanes, and read back through the result chain, so a read
// shows what the tile's memory holds. clear_i zeroes the activation memory and the cell states and forgets which banks are
// ready; it takes max(BankDepth, RowDepth) + 1 cycles, busy_o being high. It is heard only while engine and host are idle:
// cleared_o says so in its first cycle, and everything that a clear resets follows cleared_o. A reset ends in a clear of
// the same kind, so that no state from before is left.
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

    // Read data, 20 cycles after reading_o at the latest (result: by emission).
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
        StateDecide,  // the request is in registers
        StateZero,    // address and data of a clear
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
    localparam int unsigned SweepW = $clog2(LastAddress + 2);
    localparam int unsigned PortShift = $clog2(Ports);
    localparam int unsigned Settle = Tiles + 3;
    localparam int unsigned ResultDelay = 6;
    localparam int unsigned WaitCycles = 24;  // the memories' 20, and four registers
    localparam int unsigned PartW = $clog2(lacuna_pkg::BankParts);
    localparam int unsigned ActsPerPart = lacuna_pkg::BankWidth / lacuna_pkg::BankParts;
    localparam int unsigned SlotW = lacuna_pkg::SlotW;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic active_q, leave_q;  // not idle; the next state is idle
    logic go, clear;
    logic [2:0] load_q;  // part, and its second cycle

    // ---------------------------------------------------------------- requests
    // While idle, whatever stands at the port is taken into the registers: nobody looks before it is a request.
    logic write_q, weight_q;
    logic row_write_q, cell_write_q, program_write_q, table_write_q, input_write_q;
    logic [lacuna_pkg::BankParts-1:0] bank_write_q;
    logic [2:0] space_q;
    logic [SweepW-1:0] sweep_q;  // the next address of a clear
    logic sweep_end_q;

    assign mem_ready_o = !active_q && !engine_busy_i && !clear_i;
    assign clear = clear_i && !active_q && !engine_busy_i;
    assign go = (clear_i || mem_valid_i) && !active_q && !engine_busy_i;
    assign busy_o = active_q;
    assign active_o = active_q;
    assign reading_o = state_q == StateWait;

    always_ff @(posedge clk_i) begin
        if (state_q == StateIdle) begin
            space_q <= mem_space_i;
            select_o <= mem_select_i;
            write_q <= mem_write_i;
            weight_q <= mem_space_i == lacuna_pkg::SpaceWeight;
            row_write_q <= mem_write_i && mem_space_i == lacuna_pkg::SpaceRow;
            cell_write_q <= mem_write_i && mem_space_i == lacuna_pkg::SpaceCell;
            program_write_q <= mem_write_i && mem_space_i == lacuna_pkg::SpaceProgram;
            table_write_q <= mem_write_i && mem_space_i == lacuna_pkg::SpaceTable;
            input_write_q <= mem_write_i && mem_space_i == lacuna_pkg::SpaceInput;
            for (int unsigned part = 0; part < lacuna_pkg::BankParts; part++) begin
                bank_write_q[part] <= mem_write_i && mem_space_i == lacuna_pkg::SpaceBank && mem_select_i[PartW-1:0] == PartW'(part);
            end
        end
        unique case (state_q)
            StateIdle: data_o <= mem_data_i;
            StateZero: data_o <= '0;
            StateLoad: if (load_q[0]) data_o <= data_o >> lacuna_pkg::LoadPartW;
            default: ;
        endcase
        unique case (state_q)
            StateIdle: address_o <= mem_address_i;
            StateZero, StateClear: address_o <= lacuna_pkg::MemAddrW'(sweep_q);
            default: ;
        endcase
        sweep_q <= state_q == StateIdle || !rst_ni ? '0 : sweep_q + 1'b1;
        sweep_end_q <= sweep_q == SweepW'(LastAddress - 1);
        load_q <= state_q == StateLoad ? load_q + 1'b1 : '0;
    end

    // ---------------------------------------------------------------- states
    logic [7:0] count_q;
    logic over_q;  // count_q is 0

    always_ff @(posedge clk_i) begin
        unique case (state_q)
            StateIdle: if (go) state_q <= clear_i ? StateZero : StateDecide;
            StateDecide: begin
                if (weight_q) state_q <= write_q ? StateLoad : StateSettle;
                else state_q <= write_q ? StateIdle : StateWait;
            end
            StateZero: state_q <= StateClear;
            StateClear: if (leave_q) state_q <= StateIdle;
            StateLoad: if (leave_q) state_q <= StateIdle;
            StateWait: if (over_q) state_q <= StateIdle;
            StateSettle: if (over_q) state_q <= StatePulse;
            StatePulse: state_q <= StateSeen;
            StateSeen: if (lane_wave_i.read) state_q <= StateChain;  // seen one cycle after it is there
            StateChain: if (over_q) state_q <= StateCatch;
            StateCatch: if (over_q) state_q <= StateIdle;
            default: state_q <= StateIdle;
        endcase
        active_q <= active_q ? !leave_q : go;
        passive_o <= rst_ni && (active_q ? leave_q : !go);
        leave_q <= (state_q == StateIdle && mem_write_i && mem_space_i != lacuna_pkg::SpaceWeight && !clear_i)
                || (state_q == StateClear && sweep_end_q)
                || (state_q == StateLoad && load_q == 3'(2 * lacuna_pkg::LoadParts - 2))
                || ((state_q == StateWait || state_q == StateCatch) && count_q == 8'd1);
        cleared_o <= clear && rst_ni;
        if (!rst_ni) begin
            state_q <= StateZero;
            active_q <= 1'b1;
        end
    end

    // ---------------------------------------------------------------- answers
    // Memories with a fixed delay by way of a register each, and two more in which they are chosen; weights slot by slot.
    logic [5:0] distance, hops_q;  // tiles between the tile and the end of the lane; those of its strand
    logic [7:0] results_q;         // of the tiles behind it, three each
    logic [35:0] row_q, row_qq, answer_q;
    logic [lacuna_pkg::CellW-1:0] cell_q;
    logic [31:0] part_q, program_q, input_q, state_word_q, table_word_q, input_word_q;
    logic [lacuna_pkg::TableWordW-1:0] table_q;
    logic [1:0] lane;
    logic port, port_q;
    logic [lacuna_pkg::Lanes-1:0][SlotW-1:0] slots_q;
    logic [SlotW-1:0] slot_q;

    assign lane = select_o[7:6];
    assign distance = 6'(Tiles - 1) - select_o[5:0];

    if (Ports == 1) begin : gen_one_port
        assign port = 1'b0;
    end else begin : gen_ports
        assign port = distance[0];
    end

    always_ff @(posedge clk_i) begin
        row_q <= row_i;
        cell_q <= cell_i;
        part_q <= bank_i[select_o[PartW-1:0]*32+:32];
        program_q <= program_i;
        table_q <= table_i;
        input_q <= input_i;
        row_qq <= row_q;
        state_word_q <= space_q[0] ? part_q : 32'(cell_q);
        table_word_q <= space_q[0] ? 32'(table_q) : program_q;
        input_word_q <= input_q;
        unique case (space_q[2:1])
            2'd0: answer_q <= row_qq;
            2'd1: answer_q <= 36'(state_word_q);
            2'd2: answer_q <= 36'(table_word_q);
            default: answer_q <= 36'(input_word_q);
        endcase

        port_q <= port;
        for (int unsigned l = 0; l < lacuna_pkg::Lanes; l++) begin
            slots_q[l] <= port_q ? result_i[l][Ports-1][SlotW-1:0] : result_i[l][0][SlotW-1:0];
        end
        slot_q <= slots_q[lane];

        hops_q <= distance >> PortShift;
        results_q <= 8'(hops_q) + {1'b0, hops_q, 1'b0};
        over_q <= count_q == 8'd1;
        count_q <= count_q - 1'b1;
        if (state_q == StateIdle || state_q == StateDecide) count_q <= weight_q ? 8'(Settle) : 8'(WaitCycles);
        else if (state_q == StateSeen) count_q <= results_q + 8'(ResultDelay - 1);
        else if (state_q == StateChain && over_q) count_q <= 8'd2;

        if (state_q == StateCatch) mem_rdata_o <= {mem_rdata_o[35-SlotW:0], slot_q};
        else if (state_q == StateWait) mem_rdata_o <= answer_q;
        mem_rvalid_o <= rst_ni && over_q && (state_q == StateWait || state_q == StateCatch);
    end

    logic unused;
    assign unused = ^{lane_wave_i, result_i};

    // ---------------------------------------------------------------- what a request does
    logic deciding, clearing;

    assign deciding = state_q == StateDecide;
    assign clearing = state_q == StateClear;
    assign row_we_o = deciding && row_write_q;
    assign cell_we_o = (deciding && cell_write_q) || clearing;
    assign program_we_o = deciding && program_write_q;
    assign table_we_o = deciding && table_write_q;
    assign input_we_o = deciding && input_write_q;
    assign tag_we_o = clearing;

    always_comb begin
        for (int unsigned b = 0; b < lacuna_pkg::BankWidth; b++) begin
            bank_we_o[b] = clearing || (deciding && bank_write_q[b/ActsPerPart]);
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
