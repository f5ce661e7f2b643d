// Replies that come from no memory: IDENTIFY, OPEN, and the detail of an error that is not kept.
//
// open_i: OPEN's; detail_i: the detail; else IDENTIFY's. Byte address_i of it appears on data_o three cycles later. What it
// shows holds while it is read, since no other request is executed meanwhile.
`default_nettype none

module lacuna_link_info #(
    parameter int unsigned Tiles = 13,
    parameter int unsigned Ports = 2,
    parameter int unsigned WeightDepth = 1536,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned OutputDepth = 64,
    parameter int unsigned AccW = 24,
    parameter int unsigned EmbeddingDepth = 512,
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned Window = 4,
    parameter int unsigned ClockHz = 25000000,
    parameter int unsigned Baud = 1000000,
    parameter logic [63:0] BuildHash = 64'd0
) (
    input wire logic clk_i,
    input wire logic open_i,
    input wire logic detail_i,
    input wire logic [31:0] detail_value_i,
    input wire logic [7:0] flags_i,
    input wire logic [31:0] steps_i,
    input wire logic [63:0] model_id_i,
    input wire logic [31:0] increment_i,
    input wire logic [6:0] address_i,
    output logic [7:0] data_o
);
    // OPEN: the protocol, then the part of IDENTIFY that begins at FrameBytes.
    localparam logic [6:0] OpenSkip = 7'(lacuna_link_pkg::IdentifyFrameBytes) - 7'd2;

    logic [8*lacuna_link_pkg::IdentifyBytes-1:0] identify;
    logic [6:0] place;
    logic [5:0] place_q;
    logic [2:0] place_qq;
    logic detail_q;
    logic [63:0] part_q;

    // Fields as the protocol lists them, the last one on top.
    assign identify = {
        increment_i,
        model_id_i,
        steps_i,
        flags_i,
        8'(Window),
        16'(FrameBytes),
        16'(EmbeddingDepth),
        16'(OutputDepth),
        32'(RowDepth),
        32'(BankDepth),
        32'(WeightDepth),
        8'(AccW),
        8'(lacuna_pkg::ActW),
        8'(Ports),
        8'(Tiles),
        32'(Baud),
        32'(ClockHz),
        BuildHash,
        lacuna_link_pkg::Design,
        lacuna_link_pkg::Protocol,
        lacuna_link_pkg::Magic
    };

    always_comb begin
        place = address_i;
        if (open_i && !detail_i) place = address_i < 7'd2 ? address_i + 7'(lacuna_link_pkg::IdentifyProtocol) : address_i + OpenSkip;
    end

    always_ff @(posedge clk_i) begin
        place_q <= place[5:0];
        detail_q <= detail_i;
        part_q <= detail_q ? 64'(detail_value_i) : identify[place_q[5:3]*64+:64];
        place_qq <= place_q[2:0];
        data_o <= part_q[place_qq*8+:8];
    end

    logic unused;
    assign unused = place[6];
endmodule
