// Replies: collects what executor and units say, keeps it, and makes the frames that leave.
//
// write_start_i (at byte 0), place_valid_i (at byte place_i) and the bytes of write_valid_i, of which one bit is set a
// cycle at most, fill the reply in slot_i, a cycle later; bytes_o is where its next byte goes. commit_i stores it with its
// length and status (lacuna_reply_cache). send_i, with send_ready_o high, sends that of send_slot_i; or, with direct_i, one
// that comes from no memory (lacuna_link_info). What a reply is made of must hold until send_ready_o is high again.
// out_*: bytes for the line; line_busy_i: it is not idle.
//
// Parameters as of lacuna_link.
`default_nettype none

module lacuna_link_replies #(
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
    parameter logic [63:0] BuildHash = 64'd0,
    localparam int unsigned IndexW = $clog2(FrameBytes),
    localparam int unsigned SlotW = $clog2(Window)
) (
    input wire logic clk_i,
    input wire logic rst_ni,

    input wire logic [SlotW-1:0] slot_i,
    input wire logic write_start_i,
    input wire logic place_valid_i,
    input wire logic [3:0] place_i,
    input wire logic [3:0] write_valid_i,
    input wire logic [3:0][7:0] write_data_i,
    output logic [IndexW:0] bytes_o,
    input wire logic commit_i,
    input wire logic [7:0] status_i,
    input wire logic [IndexW:0] length_i,

    input wire logic send_i,
    output logic send_ready_o,
    input wire logic [SlotW-1:0] send_slot_i,
    input wire logic [15:0] send_session_i,
    input wire logic [15:0] send_sequence_i,
    input wire logic direct_i,
    input wire logic direct_open_i,
    input wire logic direct_detail_i,
    input wire logic [7:0] direct_status_i,
    input wire logic [IndexW:0] direct_length_i,
    input wire logic [31:0] direct_value_i,
    input wire logic [7:0] flags_i,
    input wire logic [31:0] steps_i,
    input wire logic [63:0] model_id_i,
    input wire logic [31:0] increment_i,

    input wire logic line_busy_i,
    output logic out_valid_o,
    input wire logic out_ready_i,
    output logic [7:0] out_data_o
);
    logic start_q, valid_q, send_q, sender_ready;
    logic [3:0] place_q;
    logic [7:0] data, data_q, cached_status, cached_byte, info_byte, payload_q;
    logic [IndexW:0] cached_length, length_q;
    logic [39:0] header_q;
    logic [IndexW-1:0] address;

    always_comb begin
        data = '0;
        for (int unsigned unit = 0; unit < 4; unit++) begin
            if (write_valid_i[unit]) data = data | write_data_i[unit];
        end
    end

    always_ff @(posedge clk_i) begin
        start_q <= write_start_i || place_valid_i;
        place_q <= place_valid_i ? place_i : '0;
        valid_q <= write_valid_i != '0;
        data_q <= data;
        payload_q <= direct_i ? info_byte : cached_byte;
        send_q <= send_i && rst_ni;
        header_q <= {direct_i ? direct_status_i : cached_status, send_sequence_i, send_session_i};
        length_q <= direct_i ? direct_length_i : cached_length;
    end

    lacuna_reply_cache #(
        .FrameBytes(FrameBytes), .Window(Window)
    ) u_cache (
        .clk_i,
        .slot_i,
        .start_i(start_q),
        .place_i(place_q),
        .write_i(valid_q),
        .data_i(data_q),
        .bytes_o,
        .commit_i,
        .commit_length_i(length_i),
        .status_i,
        .read_slot_i(send_slot_i),
        .status_o(cached_status),
        .length_o(cached_length),
        .read_address_i(address),
        .read_data_o(cached_byte)
    );

    lacuna_link_info #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .OutputDepth(OutputDepth), .AccW(AccW), .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .Window(Window),
        .ClockHz(ClockHz), .Baud(Baud), .BuildHash(BuildHash)
    ) u_info (
        .clk_i,
        .open_i(direct_open_i),
        .detail_i(direct_detail_i),
        .detail_value_i(direct_value_i),
        .flags_i, .steps_i, .model_id_i, .increment_i,
        .address_i(address[6:0]),
        .data_o(info_byte)
    );

    lacuna_reply_sender #(
        .FrameBytes(FrameBytes)
    ) u_sender (
        .clk_i, .rst_ni,
        .send_i(send_q),
        .ready_o(sender_ready),
        .lead_i(!line_busy_i),
        .header_i(header_q),
        .length_i(length_q),
        .payload_address_o(address),
        .payload_i(payload_q),
        .out_valid_o, .out_ready_i, .out_data_o
    );
    assign send_ready_o = sender_ready && !send_q;
endmodule
