// The line: requests as they arrive, bytes of replies as they leave, both at one rate; wiring only.
//
//   rx -> lacuna_uart_rx -> lacuna_cobs_decoder -> lacuna_frame_receiver -> request_*
//   tx <- lacuna_uart_tx <- out_*
//
// request_* and payload_* as of lacuna_frame_receiver; rate_set_i takes increment_i (lacuna_link_rate); out_* and busy_o as
// of lacuna_uart_tx. event_o: what happened on the line, bits of lacuna_link_pkg::counter_e. damage_o: a frame or a byte
// was lost. low_o: the line is low.
`default_nettype none

module lacuna_link_line #(
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned Window = 4,
    parameter int unsigned ClockHz = 25000000,
    parameter int unsigned Baud = 1000000,
    parameter int unsigned TrialCycles = ClockHz / 4,
    localparam int unsigned IndexW = $clog2(FrameBytes)
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic rx_i,
    output logic tx_o,

    input wire logic rate_set_i,
    input wire logic [31:0] increment_i,
    output logic [31:0] increment_o,
    output logic default_rate_o,

    output logic request_valid_o,
    output logic [15:0] request_session_o,
    output logic [15:0] request_sequence_o,
    output logic [7:0] request_opcode_o,
    output logic [IndexW:0] request_length_o,
    input wire logic request_done_i,
    input wire logic [IndexW-1:0] payload_address_i,
    output logic [7:0] payload_data_o,

    input wire logic out_valid_i,
    output logic out_ready_o,
    input wire logic [7:0] out_data_i,
    output logic busy_o,

    output logic [10:0] event_o,
    output logic damage_o,
    output logic low_o
);
    logic restart, rx_valid, framing_error, line_break;
    logic [7:0] rx_byte;
    logic body_valid, body_end, body_ok, body_damaged;
    logic [7:0] body_byte;
    logic good, dropped, crc_error, length_error, bad;

    lacuna_link_rate #(
        .ClockHz(ClockHz), .Baud(Baud), .TrialCycles(TrialCycles)
    ) u_rate (
        .clk_i, .rst_ni,
        .set_i(rate_set_i),
        .increment_i,
        .good_i(good),
        .bad_i(damage_o),
        .break_i(line_break),
        .increment_o,
        .restart_o(restart),
        .default_o(default_rate_o)
    );

    lacuna_uart_rx u_rx (
        .clk_i, .rst_ni,
        .restart_i(restart),
        .increment_i(increment_o),
        .rx_i,
        .valid_o(rx_valid),
        .data_o(rx_byte),
        .framing_error_o(framing_error),
        .break_o(line_break),
        .low_o
    );

    lacuna_cobs_decoder u_decoder (
        .clk_i, .rst_ni,
        .valid_i(rx_valid),
        .data_i(rx_byte),
        .damage_i(framing_error || line_break || restart),
        .valid_o(body_valid),
        .data_o(body_byte),
        .end_o(body_end),
        .ok_o(body_ok),
        .damaged_o(body_damaged)
    );

    lacuna_frame_receiver #(
        .FrameBytes(FrameBytes), .Window(Window)
    ) u_receiver (
        .clk_i, .rst_ni,
        .valid_i(body_valid),
        .data_i(body_byte),
        .end_i(body_end),
        .ok_i(body_ok),
        .damaged_i(body_damaged),
        .request_valid_o, .request_session_o, .request_sequence_o, .request_opcode_o, .request_length_o, .request_done_i,
        .address_i(payload_address_i),
        .data_o(payload_data_o),
        .good_o(good),
        .dropped_o(dropped),
        .crc_error_o(crc_error),
        .length_error_o(length_error),
        .bad_o(bad)
    );

    lacuna_uart_tx u_tx (
        .clk_i, .rst_ni,
        .increment_i(increment_o),
        .valid_i(out_valid_i),
        .ready_o(out_ready_o),
        .data_i(out_data_i),
        .busy_o,
        .tx_o
    );

    assign damage_o = bad || framing_error;

    always_comb begin
        event_o = '0;
        event_o[lacuna_link_pkg::CountFramesGood] = good;
        event_o[lacuna_link_pkg::CountCrcErrors] = crc_error;
        event_o[lacuna_link_pkg::CountLengthErrors] = length_error;
        event_o[lacuna_link_pkg::CountFramingErrors] = framing_error;
        event_o[lacuna_link_pkg::CountBreaks] = line_break;
        event_o[lacuna_link_pkg::CountFramesDropped] = dropped;
    end
endmodule
