// What the host writes and reads: the engine's memories through its host port, the embedding, the model registers; and
// the boot memory, which is written into them after reset.
//
// Requests of the host (valid_i to words_o) as of lacuna_memory_map, once boot_done_o is high. boot_baked_o: what the
// memories hold is the model of the boot memory. Once the host has written a part of a model it is not, whatever resets
// follow: they would mix two models, since only the FPGA's configuration brings back what the bitstream put into the other
// memories.
// emb_address_i -> emb_bank_o: a bank of the embedding, two cycles, while no request is under way.
//
// Parameters as of lacuna_link.
`default_nettype none

module lacuna_link_memories #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned EmbeddingDepth = 512,
    parameter int unsigned BootDepth = 512
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    output logic boot_done_o,
    output logic boot_baked_o,

    input wire logic valid_i,
    output logic ready_o,
    input wire logic write_i,
    input wire logic [7:0] space_i,
    input wire logic [7:0] select_i,
    input wire logic [23:0] address_i,
    input wire logic [35:0] data_i,
    output logic rvalid_o,
    output logic [35:0] rdata_o,
    output logic space_ok_o,
    output logic [23:0] words_o,
    output logic dirty_o,

    output logic mem_valid_o,
    input wire logic mem_ready_i,
    output logic mem_write_o,
    output lacuna_pkg::space_e mem_space_o,
    output logic [7:0] mem_select_o,
    output logic [lacuna_pkg::MemAddrW-1:0] mem_address_o,
    output logic [35:0] mem_data_o,
    input wire logic mem_rvalid_i,
    input wire logic [35:0] mem_rdata_i,

    input wire logic [15:0] emb_address_i,
    output logic [lacuna_pkg::BankBits-1:0] emb_bank_o,
    output lacuna_link_pkg::model_t model_o
);
    // ---------------------------------------------------------------- boot
    logic boot_valid, boot_magic;
    logic [7:0] boot_space, boot_select;
    logic [23:0] boot_address;
    logic [35:0] boot_data;
    // Of all registers here, the one that a reset leaves alone.
    logic overwritten_q = 1'b0;

    assign boot_baked_o = boot_magic && !overwritten_q;

    always_ff @(posedge clk_i) begin
        if (rst_ni && boot_done_o && dirty_o) overwritten_q <= 1'b1;
    end

    lacuna_boot #(
        .BootDepth(BootDepth)
    ) u_boot (
        .clk_i, .rst_ni,
        .skip_i(overwritten_q),
        .done_o(boot_done_o),
        .baked_o(boot_magic),
        .write_valid_o(boot_valid),
        .write_ready_i(ready_o),
        .write_space_o(boot_space),
        .write_select_o(boot_select),
        .write_address_o(boot_address),
        .write_data_o(boot_data)
    );

    // ---------------------------------------------------------------- map
    logic [lacuna_pkg::BankParts-1:0] emb_we;
    logic [15:0] map_emb_address, emb_address;
    logic [31:0] emb_data;
    logic emb_read, reg_we;
    logic [3:0] reg_address;
    logic [35:0] reg_data, reg_word;

    lacuna_memory_map #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .EmbeddingDepth(EmbeddingDepth)
    ) u_map (
        .clk_i, .rst_ni,
        .valid_i(boot_done_o ? valid_i : boot_valid),
        .ready_o,
        .write_i(boot_done_o ? write_i : 1'b1),
        .space_i(boot_done_o ? space_i : boot_space),
        .select_i(boot_done_o ? select_i : boot_select),
        .address_i(boot_done_o ? address_i : boot_address),
        .data_i(boot_done_o ? data_i : boot_data),
        .rvalid_o, .rdata_o, .space_ok_o, .words_o, .dirty_o,
        .mem_valid_o, .mem_ready_i, .mem_write_o, .mem_space_o, .mem_select_o, .mem_address_o, .mem_data_o,
        .mem_rvalid_i, .mem_rdata_i,
        .emb_we_o(emb_we),
        .emb_address_o(map_emb_address),
        .emb_data_o(emb_data),
        .emb_read_o(emb_read),
        .emb_bank_i(emb_bank_o),
        .reg_we_o(reg_we),
        .reg_address_o(reg_address),
        .reg_data_o(reg_data),
        .reg_word_i(reg_word)
    );

    // ---------------------------------------------------------------- embedding and registers
    // A read through the map and a run never meet.
    assign emb_address = emb_read ? map_emb_address : emb_address_i;

    if (EmbeddingDepth == 0) begin : gen_no_embedding
        assign emb_bank_o = '0;

        logic unused;
        assign unused = ^{emb_we, emb_address, emb_data};
    end else begin : gen_embedding
        localparam int unsigned EmbAw = $clog2(EmbeddingDepth);

        for (genvar part = 0; part < lacuna_pkg::BankParts; part++) begin : gen_part
            lacuna_ebr #(
                .Width(32), .Depth(EmbeddingDepth), .Space(32'(lacuna_link_pkg::SpaceEmbedding)), .Select(part)
            ) u_memory (
                .clk_i,
                .we_i(emb_we[part]),
                .waddr_i(map_emb_address[EmbAw-1:0]),
                .wdata_i(emb_data),
                .raddr_i(emb_address[EmbAw-1:0]),
                .rdata_o(emb_bank_o[part*32+:32])
            );
        end

        logic unused;
        assign unused = ^{emb_address, map_emb_address};
    end

    lacuna_model_registers u_registers (
        .clk_i,
        .we_i(reg_we),
        .address_i(reg_address),
        .data_i(reg_data),
        .word_o(reg_word),
        .model_o
    );
endmodule
