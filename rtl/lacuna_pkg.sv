// Widths and records that modules share. docs/engine.md explains them; docs/numbers.md defines the arithmetic.
//
// The macro LACUNA_ACT gives the bits of an activation, 8 (the default) or 16; lacuna_engine refuses others. Only this
// file reads it: whatever depends on it follows from the constants below.
`default_nettype none
`ifndef LACUNA_ACT
`define LACUNA_ACT 8
`endif

package lacuna_pkg;
    // Compressed weights: a bank is 16 consecutive inputs; a slot is an 8-bit value and a 4-bit column index.
    localparam int unsigned BankWidth = 16;
    localparam int unsigned ActAsked = `LACUNA_ACT;
    localparam int unsigned ActW = ActAsked == 16 ? 16 : 8;
    localparam int unsigned BankBits = BankWidth * ActW;
    localparam int unsigned BankParts = BankBits / 32;  // what the host port reads and writes of a bank at once
    localparam int unsigned ValueW = 8;
    localparam int unsigned IndexW = 4;
    localparam int unsigned SlotW = ValueW + IndexW;
    localparam int unsigned PesPerTile = 3;
    localparam int unsigned TileWordW = PesPerTile * SlotW;
    localparam int unsigned Lanes = 4;

    // Sums of a row, and pre-activations and biases with GateFraction fraction bits: Q3.12, or Q4.14 at 16 bits.
    localparam int unsigned SumMaxW = ActW == 16 ? 36 : 32;
    localparam int unsigned GateW = ActW == 16 ? 19 : 16;
    localparam int unsigned GateFraction = ActW == 16 ? 14 : 12;

    // Row scale and bias: one 36-bit word a row.
    localparam int unsigned ScaleShiftW = 5;
    localparam int unsigned BiasW = GateW;
    localparam int unsigned MantissaW = 36 - ScaleShiftW - BiasW;
    localparam int unsigned RowWordW = MantissaW + ScaleShiftW + BiasW;

    // sigmoid and tanh in Q0.15; cell states, of an LSTM with at least 8 fraction bits.
    localparam int unsigned FactorW = 16;
    localparam int unsigned CellW = 16;
    localparam int unsigned CellFractionMin = 8;

    // tanh table: 256 segments of 1/32, or 512 of 1/64; start value and step to the next.
    localparam int unsigned TableAddrW = ActW == 16 ? 9 : 8;
    localparam int unsigned TableValueW = 15;
    localparam int unsigned TableStepW = ActW == 16 ? 10 : 11;
    localparam int unsigned TableWordW = TableValueW + TableStepW;

    // An access of the host to the tanh tables, which hand it on from one to the next, a register each.
    typedef struct packed {
        logic we;
        logic read;
        logic [TableAddrW-1:0] address;
        logic [TableWordW-1:0] word;
    } table_access_t;
    localparam int unsigned TableAccessW = 2 + TableAddrW + TableWordW;

    // Addresses, as wide as the largest geometry needs.
    localparam int unsigned BankAddrW = 12;
    localparam int unsigned WeightAddrW = 20;
    localparam int unsigned RowAddrW = 14;
    localparam int unsigned MemAddrW = 20;  // of the host port
    localparam int unsigned UnitW = 12;
    localparam int unsigned CountW = 8;
    localparam int unsigned RiderW = 6;
    localparam int unsigned EntryW = 5;
    localparam int unsigned StepsW = 32;
    localparam int unsigned SkewW = 4;

    // Step number modulo 8: bit 0 selects the half of a double buffer, bits 2:1 are the tag of its banks.
    localparam int unsigned PhaseW = 3;
    localparam int unsigned TagW = 2;
    localparam logic [TagW-1:0] TagNever = 2'd3;

    // Travels with the bank word from tile to tile.
    typedef struct packed {
        logic load;         // the bank word carries load_t, now and in the next cycle: write it at the weight address of the next
        logic read;         // the bank word carries {lane, tile}: put its weight word on the result chain
        logic valid;        // the bank word and the weight word are operands
        logic first;        // start a new sum
        logic last;         // this operand completes the sum
        logic [2:0] shift;  // part shift of the weight
    } wave_t;

    // Weight loading over the bank word, nine bits of a tile's word at a time: block RAMs are short of wires, not of time.
    localparam int unsigned LoadParts = 4;
    localparam int unsigned LoadPartW = TileWordW / LoadParts;
    typedef struct packed {
        logic [1:0] lane;
        logic [5:0] tile;
        logic [1:0] part;  // 0: the lowest bits
        logic [LoadPartW-1:0] bits;
    } load_t;
    localparam int unsigned LoadW = 2 + 6 + 2 + LoadPartW;

    // An access of the host to a memory that is no weight memory, on its way there, a register at a time.
    typedef struct packed {
        logic row_we;
        logic cell_we;
        logic program_we;
        logic table_we;
        logic input_we;
        logic clearing;  // with cell_we and bank_we: of every port, and the tag as well
        logic reading;
        logic [BankWidth-1:0] bank_we;
        logic [7:0] select;
        logic [MemAddrW-1:0] address;
        logic [35:0] data;
    } access_t;

    // One sweep of one layer over all its groups, as the host writes it: 8 words of 32 bits.
    typedef struct packed {
        // word 7
        logic [1:0] pad7b;
        logic [RowAddrW-1:0] cell_base;
        logic [1:0] pad7a;
        logic [RowAddrW-1:0] row_base;
        // word 6
        logic [CountW-1:0] emissions_last;
        logic [CountW-1:0] emissions_full;
        logic [CountW-1:0] units_last;
        logic [CountW-1:0] units_full;
        // word 5
        logic [11:0] groups;
        logic [WeightAddrW-1:0] weight_base;
        // word 4
        logic [15:0] slots;
        logic [15:0] x_slots;
        // word 3
        logic [RiderW-1:0] rider_emissions;
        logic [RiderW-1:0] rider_units;
        logic [4:0] k_h_last;
        logic [4:0] k_h;
        logic [4:0] k_x_last;
        logic [4:0] k_x;
        // word 2
        logic [3:0] pad2b;
        logic [BankAddrW-1:0] h_banks;
        logic [3:0] pad2a;
        logic [BankAddrW-1:0] h_base;
        // word 1
        logic [3:0] pad1b;
        logic [BankAddrW-1:0] x_banks;
        logic [3:0] pad1a;
        logic [BankAddrW-1:0] x_base;
        // word 0
        logic [6:0] pad0;
        logic final_only;
        logic gru;
        logic [SkewW-1:0] skew_max;
        logic [SkewW-1:0] skew;
        logic [3:0] cell_fraction;
        logic [2:0] shift_h;
        logic [2:0] shift_x;
        logic reads_input;
        logic stop;
        logic h_first;
        logic emit;
        logic linear;
    } descriptor_t;
    localparam int unsigned DescriptorW = 256;

    // What the end of the lanes must know of a group.
    typedef struct packed {
        logic linear;
        logic gru;
        logic emit;
        logic last_group;
        logic [EntryW-1:0] entry;
        logic [CountW-1:0] units;
        logic [CountW-1:0] emissions;     // of units and riders
        logic [CountW-1:0] outputs;       // words for the output buffer
        logic [RiderW-1:0] rider_units;   // head units that leave after the group's own
        logic [UnitW-1:0] unit_base;
        logic [BankAddrW-1:0] destination;
        logic [TagW-1:0] tag;
        logic [RowAddrW-1:0] row;
        logic [RowAddrW-1:0] cell_row;
        logic [3:0] cell_fraction;
    } group_t;
    localparam int unsigned GroupW = 4 + EntryW + 3*CountW + RiderW + UnitW + BankAddrW + TagW + 2*RowAddrW + 4;

    // One bank of one sweep.
    typedef struct packed {
        logic [BankAddrW-1:0] bank;
        logic check;
        logic [TagW-1:0] tag;
        logic [WeightAddrW-1:0] weight;
        logic [4:0] slots;
        logic [2:0] shift;
        logic first;
        logic last;
        logic releases_x;
        group_t group;
    } item_t;
    localparam int unsigned ItemW = BankAddrW + 1 + TagW + WeightAddrW + 5 + 3 + 3 + GroupW;

    // Memory spaces of the host port.
    typedef enum logic [2:0] {
        SpaceWeight = 3'd0,   // select = {lane, tile}
        SpaceRow = 3'd1,      // select = {port, lane}
        SpaceCell = 3'd2,     // select = port
        SpaceBank = 3'd3,     // select = 32-bit part
        SpaceProgram = 3'd4,  // address = {entry, word}
        SpaceTable = 3'd5,    // written to every copy; select = copy to read
        SpaceInput = 3'd6     // address 0: {banks, base} of the input buffer
    } space_e;

    // Space of a block RAM that no model fills (ecp5/lacuna_block.sv).
    localparam int unsigned NoSpace = 15;
endpackage
