// Executes WRITE_MEMORY, READ_MEMORY and HASH_MEMORY.
//
// start_i takes the request (opcode_i, length_i of its payload); done_o comes once, with status_o and detail_o. Everything
// is checked before the first word is written or read. The payload comes through read_* (lacuna_payload_reader), bytes of
// the reply go out on reply_*; map_* is lacuna_memory_map.
`default_nettype none

module lacuna_memory_unit #(
    parameter int unsigned FrameBytes = 1024,
    localparam int unsigned IndexW = $clog2(FrameBytes)
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic [7:0] opcode_i,
    input wire logic [IndexW:0] length_i,
    output logic done_o,
    output logic [7:0] status_o,
    output logic [31:0] detail_o,

    output logic read_seek_o,
    output logic [IndexW-1:0] read_index_o,
    output logic read_next_o,
    input wire logic read_valid_i,
    input wire logic [7:0] read_byte_i,

    output logic reply_valid_o,
    output logic [7:0] reply_data_o,

    output logic map_valid_o,
    input wire logic map_ready_i,
    output logic map_write_o,
    output logic [7:0] map_space_o,
    output logic [7:0] map_select_o,
    output logic [23:0] map_address_o,
    output logic [35:0] map_data_o,
    input wire logic map_rvalid_i,
    input wire logic [35:0] map_rdata_i,
    input wire logic map_space_ok_i,
    input wire logic [23:0] map_words_i
);
    localparam int unsigned HeadBytes = 6;   // space, select, address
    localparam int unsigned Nibbles = 9;     // of a word
    localparam int unsigned HashBytes = 5;   // of a word
    localparam int unsigned ReadMax = 2 * FrameBytes / Nibbles;
    localparam int unsigned CountW = 17;

    typedef enum logic [3:0] {
        Idle, Head, Divide, Padding, Settle, Check, Nibble, Put, Ask, Answer, Spread, Digest, Flush, Result, Done
    } state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic writing_q, hashing_q, half_q;
    logic too_many_q, none_q, beyond_q, high_q;  // of count and address
    logic last_q, empty_q, more_q, whole_q, again_q;
    logic [3:0] step_q;
    logic [31:0] address_q, count_q;
    logic [CountW-1:0] left_q;
    logic [24:0] end_q;
    logic [IndexW+1:0] rest_q;  // nibbles that are not yet part of a word
    logic [35:0] word_q;
    logic [3:0] nibble, low_q;
    logic byte_valid, last_of_head;
    logic crc_start, crc_valid;
    logic [31:0] crc;

    assign nibble = half_q ? read_byte_i[7:4] : read_byte_i[3:0];
    assign map_valid_o = state_q == Put || state_q == Ask;
    assign map_write_o = writing_q;
    assign map_address_o = address_q[23:0];
    assign map_data_o = word_q;
    assign crc_start = state_q == Check;
    assign crc_valid = state_q == Digest;
    assign byte_valid = read_valid_i && !read_seek_o && !read_next_o;
    assign last_of_head = step_q == (writing_q ? 4'd5 : hashing_q ? 4'd9 : 4'd7);

    lacuna_crc32 u_crc (
        .clk_i,
        .start_i(crc_start),
        .valid_i(crc_valid),
        .data_i(word_q[7:0]),
        .crc_o(crc)
    );

    always_ff @(posedge clk_i) begin
        done_o <= 1'b0;
        read_seek_o <= 1'b0;
        reply_valid_o <= 1'b0;
        read_next_o <= byte_valid && (state_q == Head || (state_q == Nibble && half_q));
        too_many_q <= !writing_q && count_q > (hashing_q ? 32'(lacuna_link_pkg::HashCountMax) : 32'(ReadMax));
        none_q <= count_q == '0;
        high_q <= address_q[31:24] != '0;
        last_q <= left_q == CountW'(1);
        empty_q <= left_q == '0;
        more_q <= rest_q >= (IndexW + 2)'(Nibbles);
        whole_q <= count_q[IndexW:0] != '0 && rest_q <= (IndexW + 2)'(1);
        again_q <= state_q == Divide && !again_q;
        end_q <= {1'b0, address_q[23:0]} + 25'(count_q[CountW-1:0]);
        beyond_q <= end_q > {1'b0, map_words_i};
        unique case (state_q)
            Idle: begin
                if (start_i) begin
                    state_q <= Head;
                    writing_q <= opcode_i == lacuna_link_pkg::OpWriteMemory;
                    hashing_q <= opcode_i == lacuna_link_pkg::OpHashMemory;
                    read_seek_o <= 1'b1;
                    read_index_o <= '0;
                    step_q <= '0;
                    count_q <= '0;
                    half_q <= 1'b0;
                    rest_q <= {length_i, 1'b0} - (IndexW + 2)'(2 * HeadBytes);
                end
            end
            Head: begin
                if (byte_valid) begin
                    step_q <= step_q + 1'b1;
                    unique case (step_q)
                        4'd0: map_space_o <= read_byte_i;
                        4'd1: map_select_o <= read_byte_i;
                        4'd2, 4'd3, 4'd4, 4'd5: address_q <= {read_byte_i, address_q[31:8]};
                        4'd6: count_q[7:0] <= read_byte_i;
                        4'd7: count_q[15:8] <= read_byte_i;
                        4'd8: count_q[23:16] <= read_byte_i;
                        default: count_q[31:24] <= read_byte_i;
                    endcase
                    if (last_of_head) begin
                        step_q <= '0;
                        state_q <= writing_q ? Divide : Settle;
                    end
                end
            end
            Divide: begin
                if (!again_q) begin
                    // more_q and whole_q follow.
                end else if (more_q) begin
                    rest_q <= rest_q - (IndexW + 2)'(Nibbles);
                    count_q <= count_q + 1'b1;
                end else if (!whole_q) begin
                    status_o <= lacuna_link_pkg::StatusBadLength;
                    state_q <= Done;
                end else begin
                    read_seek_o <= 1'b1;
                    read_index_o <= IndexW'(length_i - 1'b1);
                    state_q <= rest_q[0] ? Padding : Settle;
                end
            end
            Padding: begin
                if (byte_valid) begin
                    state_q <= Settle;
                    if (read_byte_i[7:4] != '0) begin
                        status_o <= lacuna_link_pkg::StatusBadValue;
                        state_q <= Done;
                    end
                end
            end
            // The map's answer and the sums follow their inputs by up to four cycles.
            Settle: begin
                step_q <= step_q + 1'b1;
                if (step_q == 4'd5) state_q <= Check;
            end
            Check: begin
                step_q <= '0;
                left_q <= count_q[CountW-1:0];
                state_q <= writing_q ? Nibble : Ask;
                read_seek_o <= 1'b1;
                read_index_o <= IndexW'(HeadBytes);
                if (!map_space_ok_i) begin
                    status_o <= lacuna_link_pkg::StatusBadSpace;
                    state_q <= Done;
                end else if (none_q || too_many_q) begin
                    status_o <= lacuna_link_pkg::StatusBadCount;
                    state_q <= Done;
                end else if (beyond_q || high_q) begin
                    status_o <= lacuna_link_pkg::StatusBadAddress;
                    state_q <= Done;
                end else begin
                    status_o <= lacuna_link_pkg::StatusOk;
                end
            end
            Nibble: begin
                if (byte_valid) begin
                    word_q <= {nibble, word_q[35:4]};
                    half_q <= !half_q;
                    step_q <= step_q + 1'b1;
                    if (step_q == 4'(Nibbles - 1)) state_q <= Put;
                end
            end
            Put: begin
                step_q <= '0;
                if (map_ready_i) begin
                    address_q <= address_q + 1'b1;
                    left_q <= left_q - 1'b1;
                    state_q <= last_q ? Done : Nibble;
                end
            end
            Ask: if (map_ready_i) state_q <= Answer;
            Answer: begin
                step_q <= '0;
                word_q <= map_rdata_i;
                if (map_rvalid_i) begin
                    address_q <= address_q + 1'b1;
                    left_q <= left_q - 1'b1;
                    state_q <= hashing_q ? Digest : Spread;
                end
            end
            Spread: begin
                word_q <= word_q >> 4;
                half_q <= !half_q;
                low_q <= word_q[3:0];
                reply_valid_o <= half_q;
                reply_data_o <= {word_q[3:0], low_q};
                step_q <= step_q + 1'b1;
                if (step_q == 4'(Nibbles - 1)) state_q <= empty_q ? Flush : Ask;
            end
            Digest: begin
                word_q <= word_q >> 8;
                step_q <= step_q + 1'b1;
                if (step_q == 4'(HashBytes - 1)) begin
                    step_q <= '0;
                    state_q <= empty_q ? Result : Ask;
                end
            end
            Flush: begin
                reply_valid_o <= half_q;
                reply_data_o <= {4'd0, low_q};
                state_q <= Done;
            end
            Result: begin
                reply_valid_o <= 1'b1;
                reply_data_o <= ~crc[step_q[1:0]*8+:8];
                step_q <= step_q + 1'b1;
                if (step_q == 4'd3) state_q <= Done;
            end
            default: begin
                done_o <= 1'b1;
                state_q <= Idle;
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            done_o <= 1'b0;
            read_seek_o <= 1'b0;
            read_next_o <= 1'b0;
            reply_valid_o <= 1'b0;
        end
    end

    // The detail follows from the status, a cycle behind it.
    always_ff @(posedge clk_i) begin
        unique case (status_o)
            lacuna_link_pkg::StatusBadLength: detail_o <= 32'(HeadBytes + (Nibbles + 1) / 2);
            lacuna_link_pkg::StatusBadValue: detail_o <= 32'h0000_000F;
            lacuna_link_pkg::StatusBadSpace: detail_o <= 32'(lacuna_link_pkg::SpaceModel);
            lacuna_link_pkg::StatusBadCount: detail_o <= hashing_q ? 32'(lacuna_link_pkg::HashCountMax) : 32'(ReadMax);
            default: detail_o <= 32'(map_words_i);
        endcase
    end
endmodule
