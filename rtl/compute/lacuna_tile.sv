// Tile: one weight memory and the three PEs it feeds, one hop of the lane.
//
// The weight address arrives three cycles before its wave and bank word, so that the memory's two cycles and the word's
// register delay nothing wider than the address. Address, wave and bank word leave one cycle after they arrive.
// Sums complete five cycles after the operand with `last` was in the hop register; they are captured into the result
// registers and shift along with the wave: PE 2 first. The result chain has Ports strands; a tile inserts its
// three results and one hop register into strand Strand and passes the others through one register, which keeps
// every strand free of gaps and of overwriting as long as `last` comes no more often than a strand has results.
//
// load: writes nine bits of a word into the weight memory, from bank word and weight address of the next cycle. read: puts a
// weight word, slot by slot, on the result chain, with the timing of sums; its address must be held from three cycles before
// the read until five after. There is no reset: hold the sequencer in reset until idle waves have passed the lane.
//
// Lane 0..3, Tile 0..63, WeightDepth 2..1048576, Ports 1..4, Strand < Ports.
`default_nettype none

module lacuna_tile #(
    parameter int unsigned Lane = 0,
    parameter int unsigned Tile = 0,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned AccW = 24,
    parameter int unsigned Ports = 1,
    parameter int unsigned Strand = 0
) (
    input wire logic clk_i,
    input wire logic [lacuna_pkg::WeightAddrW-1:0] weight_i,
    input wire lacuna_pkg::wave_t wave_i,
    input wire logic [lacuna_pkg::BankBits-1:0] bank_i,
    input wire logic [Ports-1:0][AccW-1:0] chain_i,
    output logic [lacuna_pkg::WeightAddrW-1:0] weight_o,
    output lacuna_pkg::wave_t wave_o,
    output logic [lacuna_pkg::BankBits-1:0] bank_o,
    output logic [Ports-1:0][AccW-1:0] chain_o
);
    localparam int unsigned AddrW = $clog2(WeightDepth);
    localparam int unsigned Pes = lacuna_pkg::PesPerTile;

    if (Lane > 3 || Tile > 63 || WeightDepth < 2 || WeightDepth > 1048576 || Ports < 1 || Ports > 4 || Strand >= Ports) begin : gen_bad
        $error("lacuna_tile: Lane 0..3, Tile 0..63, WeightDepth 2..1048576, Ports 1..4, Strand < Ports");
    end

    // One hop.
    always_ff @(posedge clk_i) begin
        weight_o <= weight_i;
        wave_o <= wave_i;
        bank_o <= bank_i;
    end

    // Weight memory.
    lacuna_pkg::load_t load;
    logic here;
    logic [lacuna_pkg::LoadParts-1:0] part_we_q;
    logic [lacuna_pkg::TileWordW-1:0] word, word_q;

    assign load = bank_o[lacuna_pkg::LoadW-1:0];
    assign here = load.lane == 2'(Lane) && load.tile == 6'(Tile);

    always_ff @(posedge clk_i) begin
        for (int unsigned p = 0; p < lacuna_pkg::LoadParts; p++) part_we_q[p] <= wave_o.load && here && load.part == 2'(p);
    end

    lacuna_ebr #(
        .Width(lacuna_pkg::TileWordW),
        .Depth(WeightDepth),
        .Parts(lacuna_pkg::LoadParts),
        .Space(32'(lacuna_pkg::SpaceWeight)),
        .Select(Lane * 64 + Tile)
    ) u_weights (
        .clk_i,
        .we_i(part_we_q),
        .waddr_i(weight_o[AddrW-1:0]),
        .wdata_i({lacuna_pkg::LoadParts{load.bits}}),
        .raddr_i(weight_o[AddrW-1:0]),
        .rdata_o(word)
    );

    // Control that meets the operands behind the multiplier registers.
    logic [1:0] first_q;
    logic [2:0] last_q, read_q;

    always_ff @(posedge clk_i) begin
        word_q <= wave_i.valid ? word : '0;  // an idle operand counts as 0
        first_q <= {first_q[0], wave_o.valid && wave_o.first};
        last_q <= {last_q[1:0], wave_o.valid && wave_o.last};
        read_q <= {read_q[1:0], wave_o.read && here};
    end

    // PEs and the result registers of the own strand.
    logic [Pes-1:0][AccW-1:0] result_q;
    logic [AccW-1:0] hop_q;

    for (genvar p = 0; p < Pes; p++) begin : gen_pe
        logic signed [AccW-1:0] sum;
        logic [AccW-1:0] shifted;

        lacuna_pe #(
            .AccW(AccW)
        ) u_pe (
            .clk_i,
            .slot_i(word_q[p*lacuna_pkg::SlotW+:lacuna_pkg::SlotW]),
            .shift_i(wave_o.shift),
            .bank_i(bank_o),
            .first_i(first_q[1]),
            .sum_o(sum)
        );

        if (p == 0) begin : gen_in
            assign shifted = chain_i[Strand];
        end else begin : gen_shift
            assign shifted = result_q[p-1];
        end

        always_ff @(posedge clk_i) begin
            if (read_q[2]) result_q[p] <= AccW'(word[p*lacuna_pkg::SlotW+:lacuna_pkg::SlotW]);
            else if (last_q[2]) result_q[p] <= sum;
            else result_q[p] <= shifted;
        end
    end

    always_ff @(posedge clk_i) hop_q <= result_q[Pes-1];

    for (genvar s = 0; s < Ports; s++) begin : gen_strand
        if (s == Strand) begin : gen_own
            assign chain_o[s] = hop_q;
        end else begin : gen_pass
            logic [AccW-1:0] pass_q;
            always_ff @(posedge clk_i) pass_q <= chain_i[s];
            assign chain_o[s] = pass_q;
        end
    end
endmodule
