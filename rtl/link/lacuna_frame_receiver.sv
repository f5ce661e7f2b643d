// Frame receiver: keeps the requests that arrived whole until they have been executed.
//
// Bytes and frame ends come from lacuna_cobs_decoder. A frame's header is queued, its payload kept in one of Window
// slots; it is shown on request_* only when its length and CRC are right. One request at a time: request_valid_o, its
// header, and its payload through address_i -> data_o (three cycles later) hold until request_done_i frees the slot.
// One-cycle pulses: good_o (right, also where no slot was free), dropped_o (that case), crc_error_o, length_error_o
// (broken COBS, too short, too long), bad_o (any frame that is not good).
//
// FrameBytes (largest payload): a power of two, 256..4096. Window: a power of two, 2..8.
`default_nettype none

module lacuna_frame_receiver #(
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned Window = 4,
    localparam int unsigned IndexW = $clog2(FrameBytes),
    localparam int unsigned SlotW = $clog2(Window)
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic valid_i,
    input wire logic [7:0] data_i,
    input wire logic end_i,
    input wire logic ok_i,
    input wire logic damaged_i,

    output logic request_valid_o,
    output logic [15:0] request_session_o,
    output logic [15:0] request_sequence_o,
    output logic [7:0] request_opcode_o,
    output logic [IndexW:0] request_length_o,
    input wire logic request_done_i,
    input wire logic [IndexW-1:0] address_i,
    output logic [7:0] data_o,

    output logic good_o,
    output logic dropped_o,
    output logic crc_error_o,
    output logic length_error_o,
    output logic bad_o
);
    localparam int unsigned CountW = IndexW + 2;
    localparam logic [CountW-1:0] Least = CountW'(lacuna_link_pkg::BodyOverhead);
    localparam logic [CountW-1:0] Most = CountW'(FrameBytes + lacuna_link_pkg::BodyOverhead);

    if (FrameBytes < lacuna_link_pkg::FrameBytesMin || FrameBytes > lacuna_link_pkg::FrameBytesMax || FrameBytes != (1 << IndexW)) begin : gen_bad_bytes
        $error("lacuna_frame_receiver: FrameBytes must be a power of two in 256..4096");
    end
    if (Window < lacuna_link_pkg::WindowMin || Window > lacuna_link_pkg::WindowMax || Window != (1 << SlotW)) begin : gen_bad_window
        $error("lacuna_frame_receiver: Window must be a power of two in 2..8");
    end

    logic [CountW-1:0] count_q;  // bytes of the body so far; stops beyond Most
    logic [IndexW-1:0] index_q;  // where the next byte of the payload goes
    logic [SlotW-1:0] slot_q, done_slot_q;
    logic [39:0] header_q;  // opcode, sequence, session
    logic full_q, room, payload_q, fits_q;
    logic write_q;
    logic [IndexW+SlotW-1:0] write_address_q;
    logic [7:0] write_data_q;
    logic short_q, over_q;
    logic end_q, end_qq, whole_q, long_q, crc_q, lost_q;
    logic push_q;
    logic [CountW-1:0] length_q;
    logic [31:0] crc;

    // Bytes of the line are many cycles apart, so what depends on their count may follow it.
    // The CRC starts anew when a frame has been judged.
    lacuna_crc32 u_crc (
        .clk_i,
        .start_i(end_qq || !rst_ni),
        .valid_i,
        .data_i,
        .crc_o(crc)
    );

    always_ff @(posedge clk_i) begin
        payload_q <= count_q >= CountW'(lacuna_link_pkg::HeaderBytes);
        fits_q <= count_q < CountW'(FrameBytes + lacuna_link_pkg::HeaderBytes);
        short_q <= count_q < Least;
        over_q <= count_q > Most;
        write_q <= valid_i && payload_q && fits_q && room && !full_q;
        write_address_q <= {slot_q, index_q};
        write_data_q <= data_i;
        if (valid_i) begin
            if (!over_q) count_q <= count_q + 1'b1;
            if (!payload_q) header_q <= {data_i, header_q[39:8]};
            else index_q <= index_q + 1'b1;
            if (!room) full_q <= 1'b1;
        end

        end_q <= end_i;
        end_qq <= end_q;
        whole_q <= ok_i && !short_q && !over_q;
        long_q <= !damaged_i && !(ok_i && !short_q && !over_q);
        crc_q <= crc == lacuna_link_pkg::CrcResidue;
        lost_q <= full_q;
        good_o <= end_q && whole_q && crc_q;
        dropped_o <= end_q && whole_q && crc_q && lost_q;
        crc_error_o <= end_q && whole_q && !crc_q;
        length_error_o <= end_q && long_q;
        bad_o <= end_q && !(whole_q && crc_q);
        length_q <= count_q - Least;
        push_q <= end_qq && good_o && !lost_q && rst_ni;
        if (push_q) slot_q <= slot_q + 1'b1;
        if (request_done_i) done_slot_q <= done_slot_q + 1'b1;
        if (end_qq) begin
            count_q <= '0;
            index_q <= '0;
            full_q <= 1'b0;
        end
        if (!rst_ni) begin
            count_q <= '0;
            index_q <= '0;
            full_q <= 1'b0;
            end_q <= 1'b0;
            end_qq <= 1'b0;
            slot_q <= '0;
            done_slot_q <= '0;
        end
    end

    lacuna_fifo #(
        .Width(IndexW + 1 + 40),
        .Depth(Window)
    ) u_headers (
        .clk_i, .rst_ni,
        .in_valid_i(push_q),
        .in_ready_o(room),
        .in_data_i({length_q[IndexW:0], header_q}),
        .out_valid_o(request_valid_o),
        .out_ready_i(request_done_i),
        .out_data_o({request_length_o, request_opcode_o, request_sequence_o, request_session_o})
    );

    lacuna_byte_ram #(
        .Depth(FrameBytes * Window)
    ) u_payload (
        .clk_i,
        .we_i(write_q),
        .waddr_i(write_address_q),
        .wdata_i(write_data_q),
        .raddr_i({done_slot_q, address_i}),
        .rdata_o(data_o)
    );

    logic unused;
    assign unused = length_q[CountW-1];
endmodule
