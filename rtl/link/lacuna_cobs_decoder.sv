// COBS decoder: bytes of the line in, bytes of bodies out.
//
// A zero byte ends a frame; frames without a byte are ignored. valid_o carries one byte of a body, a cycle after the
// byte that completes it. end_o comes once a frame, never together with valid_o: ok_o says that the frame was whole,
// damaged_o that damage_i (a framing error or a break) hit it or the line before it; neither: its COBS was broken.
`default_nettype none

module lacuna_cobs_decoder (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic valid_i,
    input wire logic [7:0] data_i,
    input wire logic damage_i,
    output logic valid_o,
    output logic [7:0] data_o,
    output logic end_o,
    output logic ok_o,
    output logic damaged_o
);
    localparam logic [7:0] FullBlock = 8'hFF;  // 254 bytes without a zero behind them

    logic first_q;       // the next byte is a frame's first code
    logic [7:0] left_q;  // bytes left of the block
    logic zero_q;        // a zero follows the block, unless the frame ends there
    logic damaged_q, delimiter;

    assign delimiter = data_i == '0;

    always_ff @(posedge clk_i) begin
        valid_o <= 1'b0;
        end_o <= 1'b0;
        if (damage_i) damaged_q <= 1'b1;
        if (valid_i && delimiter) begin
            end_o <= !first_q || damaged_q;
            ok_o <= left_q == '0 && !damaged_q;
            damaged_o <= damaged_q;
            first_q <= 1'b1;
            left_q <= '0;
            damaged_q <= 1'b0;
        end else if (valid_i && left_q == '0) begin
            valid_o <= !first_q && zero_q;
            data_o <= '0;
            first_q <= 1'b0;
            zero_q <= data_i != FullBlock;
            left_q <= data_i - 1'b1;
        end else if (valid_i) begin
            valid_o <= 1'b1;
            data_o <= data_i;
            left_q <= left_q - 1'b1;
        end
        if (!rst_ni) begin
            valid_o <= 1'b0;
            end_o <= 1'b0;
            first_q <= 1'b1;
            left_q <= '0;
            damaged_q <= 1'b0;
        end
    end
endmodule
