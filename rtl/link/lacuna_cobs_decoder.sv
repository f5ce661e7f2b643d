// COBS decoder: bytes of the line in, bytes of bodies out.
//
// A zero byte ends a frame; frames without a byte are ignored. valid_o carries one byte of a body, two cycles after the
// byte that completes it; bytes are at least two cycles apart. end_o comes once a frame, never together with valid_o: ok_o
// says that the frame was whole, damaged_o that damage_i (a framing error or a break) hit it or the line before it; neither:
// its COBS was broken.
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
    logic damaged_q;
    // The byte, what it could be, and whether the block is through: flip-flops, before they meet.
    logic valid_q, damage_q, delimiter_q, full_q, through_q;
    logic [7:0] data_q;

    always_ff @(posedge clk_i) begin
        valid_q <= valid_i && rst_ni;
        data_q <= data_i;
        damage_q <= damage_i;
        delimiter_q <= data_i == '0;
        full_q <= data_i == FullBlock;
        through_q <= left_q == '0;

        valid_o <= 1'b0;
        end_o <= 1'b0;
        data_o <= through_q ? '0 : data_q;
        if (damage_q) damaged_q <= 1'b1;
        if (valid_q) begin
            damaged_o <= damaged_q;
            ok_o <= through_q && !damaged_q;
            left_q <= delimiter_q ? '0 : (through_q ? data_q : left_q) - 1'b1;
            first_q <= delimiter_q;
            if (through_q) zero_q <= !full_q;
            if (delimiter_q) begin
                end_o <= !first_q || damaged_q;
                damaged_q <= 1'b0;
            end else begin
                valid_o <= !through_q || (!first_q && zero_q);
            end
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
