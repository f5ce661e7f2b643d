// Lane: a chain of Tiles tiles that computes one gate's rows of a group.
//
// Inputs as of lacuna_tile. wave_o is the wave in the last tile's hop register, Tiles cycles after wave_i.
// Results leave five cycles after `last` is seen on wave_o, on Ports strands at once: strand s carries the tiles
// Tiles-1-s, Tiles-1-s-Ports, ..., each with PE 2 first. Emission e on strand s is thus PE 2 - e % 3 of tile
// Tiles-1 - (Ports * (e / 3) + s).
//
// Tiles 1..64, Ports 1..min(4, Tiles).
`default_nettype none

(* keep_hierarchy *)
module lacuna_lane #(
    parameter int unsigned Lane = 0,
    parameter int unsigned Tiles = 13,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned AccW = 24,
    parameter int unsigned Ports = 1
) (
    input wire logic clk_i,
    input wire logic [lacuna_pkg::WeightAddrW-1:0] weight_i,
    input wire lacuna_pkg::wave_t wave_i,
    input wire logic [lacuna_pkg::BankBits-1:0] bank_i,
    output lacuna_pkg::wave_t wave_o,
    output logic [Ports-1:0][AccW-1:0] result_o
);
    if (Tiles < 1 || Tiles > 64 || Ports < 1 || Ports > 4 || Ports > Tiles) begin : gen_bad
        $error("lacuna_lane: Tiles 1..64, Ports 1..min(4, Tiles)");
    end

    for (genvar t = 0; t < Tiles; t++) begin : gen_tile
        logic [lacuna_pkg::WeightAddrW-1:0] weight, weight_next;
        lacuna_pkg::wave_t wave, wave_next;
        logic [lacuna_pkg::BankBits-1:0] bank, bank_next;
        logic [Ports*AccW-1:0] chain, chain_next;  // flat: Yosys 0.52 cannot size a 2-D array from a nested block

        if (t == 0) begin : gen_head
            assign weight = weight_i;
            assign wave = wave_i;
            assign bank = bank_i;
            assign chain = '0;
        end else begin : gen_hop
            assign weight = gen_tile[t-1].weight_next;
            assign wave = gen_tile[t-1].wave_next;
            assign bank = gen_tile[t-1].bank_next;
            assign chain = gen_tile[t-1].chain_next;
        end

        lacuna_tile #(
            .Lane(Lane),
            .Tile(t),
            .WeightDepth(WeightDepth),
            .AccW(AccW),
            .Ports(Ports),
            .Strand((Tiles - 1 - t) % Ports)
        ) u_tile (
            .clk_i,
            .weight_i(weight),
            .wave_i(wave),
            .bank_i(bank),
            .chain_i(chain),
            .weight_o(weight_next),
            .wave_o(wave_next),
            .bank_o(bank_next),
            .chain_o(chain_next)
        );
    end

    assign wave_o = gen_tile[Tiles-1].wave_next;
    assign result_o = gen_tile[Tiles-1].chain_next;

    // The last tile's address and bank word go nowhere.
    logic unused;
    assign unused = ^{gen_tile[Tiles-1].weight_next, gen_tile[Tiles-1].bank_next};
endmodule
