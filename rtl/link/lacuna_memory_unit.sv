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

    typedef enum logic [4:0] {
        Idle, Seek, Head, Fill, Divide, Tail, Padding, Settle, Check, Begin, Nibble, Put, Ask, Answer, Spread, Digest, Sum, Result,
        Flush, Done
    } state_e;

    localparam int unsigned Steps = 10;  // at most, of a state
    localparam int unsigned RestW = IndexW + 2;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic writing_q, reading_q, hashing_q, half_q;
    logic read_many_q, hash_many_q, too_many_q, none_q, beyond_q, high_q;  // of count and address
    logic count_high_q, count_zero_q, count_full_q;
    logic last_q, empty_q, more_q, some_q, whole_q, padded_q;
    logic [1:0] again_q;
    logic [Steps-1:0] step_q;  // one bit is set
    logic [79:0] head_q;       // count, address, select, space
    logic [31:0] count, address;
    logic [23:0] address_q;
    logic [CountW-1:0] total_q, left_q;
    logic [24:0] end_q;
    logic [IndexW-1:0] words_q;   // of WRITE_MEMORY: whole ones so far
    logic [RestW-1:0] rest_q;     // nibbles that are not yet part of one
    logic [35:0] word_q;
    logic [3:0] nibble, low_q;
    logic step, seen_q;  // a step is done; the byte was there a cycle ago
    logic [31:0] crc;

    assign {count, address, map_select_o, map_space_o} = head_q;
    assign nibble = half_q ? read_byte_i[7:4] : read_byte_i[3:0];
    assign map_valid_o = state_q == Put || state_q == Ask;
    assign read_next_o = state_q == Head || (state_q == Nibble && half_q);
    assign map_write_o = writing_q;
    assign map_address_o = address_q;
    assign map_data_o = word_q;

    lacuna_crc32 u_crc (
        .clk_i,
        .start_i(state_q == Check),
        .valid_i(state_q == Digest && !half_q),
        .data_i(word_q[7:0]),
        .crc_o(crc)
    );

    // ---------------------------------------------------------------- steps
    // Of a state with several of them, from the first one on.
    always_comb begin
        step = state_q == Fill || state_q == Settle || state_q == Spread || state_q == Digest || state_q == Result;
        if (read_valid_i && (state_q == Head || state_q == Nibble)) step = 1'b1;
    end

    always_ff @(posedge clk_i) begin
        if (state_q == Seek || state_q == Divide || state_q == Check || state_q == Put || state_q == Answer || state_q == Sum) step_q <= Steps'(1);
        else if (step) step_q <= {step_q[Steps-2:0], step_q[Steps-1]};
    end

    // ---------------------------------------------------------------- verdicts, cycles behind what they are about
    always_ff @(posedge clk_i) begin
        count_high_q <= count[31:CountW] != '0;
        count_zero_q <= count[CountW-1:0] == '0;
        count_full_q <= count[CountW-1:0] > CountW'(ReadMax);
        hash_many_q <= count_high_q || count[CountW-1:0] > CountW'(lacuna_link_pkg::HashCountMax);
        read_many_q <= count_high_q || count_full_q;
        too_many_q <= !writing_q && (hashing_q ? hash_many_q : read_many_q);
        none_q <= !writing_q && count_zero_q && !count_high_q;
        high_q <= address[31:24] != '0;
        total_q <= writing_q ? CountW'(words_q) : count[CountW-1:0];
        end_q <= {1'b0, address[23:0]} + 25'(total_q);
        beyond_q <= end_q > {1'b0, map_words_i};
        last_q <= left_q == CountW'(1);
        empty_q <= left_q == '0;
        more_q <= rest_q >= RestW'(Nibbles);
        some_q <= words_q != '0;
        whole_q <= some_q && rest_q <= RestW'(1);
        padded_q <= read_byte_i[7:4] != '0;
    end

    // ---------------------------------------------------------------- words
    always_ff @(posedge clk_i) begin
        // Nibbles come and go one by one; bytes of a digest two by two.
        if (!(state_q == Put) && !(state_q == Nibble && !read_valid_i)) begin
            if (state_q == Answer) word_q <= map_rdata_i;
            else if (state_q == Sum) word_q <= {4'd0, ~crc};
            else word_q <= {state_q == Nibble ? nibble : 4'd0, word_q[35:4]};
        end
        if (state_q == Spread) low_q <= word_q[3:0];
        reply_data_o <= state_q == Result ? word_q[7:0] : {word_q[3:0], low_q};
        reply_valid_o <= rst_ni && ((state_q == Result && !half_q) || (half_q && (state_q == Spread || state_q == Flush)));
        if (state_q == Seek || state_q == Check) half_q <= 1'b0;
        else if (state_q == Spread || state_q == Digest || state_q == Result || (state_q == Nibble && read_valid_i)) half_q <= !half_q;

        if (state_q == Settle) begin
            address_q <= address[23:0];
            left_q <= total_q;
        end else if ((state_q == Put && map_ready_i) || (state_q == Answer && map_rvalid_i)) begin
            address_q <= address_q + 1'b1;
            left_q <= left_q - 1'b1;
        end
    end

    always_ff @(posedge clk_i) begin
        done_o <= 1'b0;
        read_seek_o <= 1'b0;
        seen_q <= read_valid_i;
        again_q <= state_q == Divide ? again_q + 1'b1 : '0;
        if ((state_q == Head && read_valid_i) || state_q == Fill) head_q <= {state_q == Fill ? 8'd0 : read_byte_i, head_q[79:8]};
        unique case (state_q)
            Idle: begin
                writing_q <= opcode_i == lacuna_link_pkg::OpWriteMemory;
                reading_q <= opcode_i == lacuna_link_pkg::OpReadMemory;
                hashing_q <= opcode_i == lacuna_link_pkg::OpHashMemory;
                read_index_o <= '0;
                words_q <= '0;
                rest_q <= {length_i, 1'b0} - RestW'(2 * HeadBytes);
                if (start_i) begin
                    read_seek_o <= 1'b1;
                    state_q <= Seek;
                end
            end
            Seek: state_q <= Head;
            // Bytes that a shorter head does not have are zeros.
            Head: begin
                if (read_valid_i) begin
                    if ((writing_q && step_q[5]) || (reading_q && step_q[7])) state_q <= Fill;
                    if (step_q[9]) state_q <= Settle;
                end
            end
            Fill: if (step_q[9]) state_q <= writing_q ? Divide : Settle;
            // Three cycles for more_q and whole_q to follow.
            Divide: begin
                if (again_q == '1) begin
                    if (more_q) begin
                        rest_q <= rest_q - RestW'(Nibbles);
                        words_q <= words_q + 1'b1;
                    end else begin
                        read_seek_o <= 1'b1;
                        read_index_o <= IndexW'(length_i - 1'b1);
                        state_q <= Tail;
                    end
                end
            end
            Tail: begin
                state_q <= rest_q[0] ? Padding : Settle;
                if (!whole_q) begin
                    status_o <= lacuna_link_pkg::StatusBadLength;
                    state_q <= Done;
                end
            end
            Padding: begin
                if (read_valid_i && seen_q) begin
                    state_q <= Settle;
                    if (padded_q) begin
                        status_o <= lacuna_link_pkg::StatusBadValue;
                        state_q <= Done;
                    end
                end
            end
            // The map's answer and the sums follow their inputs by up to five cycles.
            Settle: if (step_q[8]) state_q <= Check;
            Check: begin
                read_seek_o <= 1'b1;
                read_index_o <= IndexW'(HeadBytes);
                state_q <= Begin;
                status_o <= lacuna_link_pkg::StatusOk;
                if (!map_space_ok_i) begin
                    status_o <= lacuna_link_pkg::StatusBadSpace;
                    state_q <= Done;
                end else if (none_q || too_many_q) begin
                    status_o <= lacuna_link_pkg::StatusBadCount;
                    state_q <= Done;
                end else if (beyond_q || high_q) begin
                    status_o <= lacuna_link_pkg::StatusBadAddress;
                    state_q <= Done;
                end
            end
            Begin: state_q <= writing_q ? Nibble : Ask;
            Nibble: if (read_valid_i && step_q[Nibbles-1]) state_q <= Put;
            Put: if (map_ready_i) state_q <= last_q ? Done : Nibble;
            Ask: if (map_ready_i) state_q <= Answer;
            Answer: if (map_rvalid_i) state_q <= hashing_q ? Digest : Spread;
            Spread: if (step_q[Nibbles-1]) state_q <= empty_q ? Flush : Ask;
            Digest: if (step_q[2*HashBytes-1]) state_q <= empty_q ? Sum : Ask;
            Flush: state_q <= Done;
            Sum: state_q <= Result;
            Result: if (step_q[2*lacuna_link_pkg::CrcBytes-1]) state_q <= Done;
            default: begin
                done_o <= 1'b1;
                state_q <= Idle;
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            done_o <= 1'b0;
            read_seek_o <= 1'b0;
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
