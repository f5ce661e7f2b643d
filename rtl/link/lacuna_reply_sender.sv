// Reply sender: makes a frame of a reply and gives its bytes to the transmitter.
//
// send_i, with ready_o high, takes a reply: header_i (session, sequence, status: lowest byte first) and length_i; both
// and the payload hold until ready_o is high again. The payload is read through payload_address_o -> payload_i, which
// must answer four cycles later. out_* are the bytes of the line: a delimiter where lead_i says that the line was idle,
// the body in COBS, a delimiter.
//
// Two walkers share the way to a body's bytes (Latency cycles from a request to its byte): the scanner runs ahead, one
// byte a cycle, sums up the CRC and queues the codes of the COBS blocks; the emitter follows at the line's pace and has
// the first call: the scanner rests in every cycle in which the emitter may ask.
//
// FrameBytes: a power of two, 256..4096.
`default_nettype none

module lacuna_reply_sender #(
    parameter int unsigned FrameBytes = 1024,
    localparam int unsigned IndexW = $clog2(FrameBytes)
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic send_i,
    output logic ready_o,
    input wire logic lead_i,
    input wire logic [39:0] header_i,
    input wire logic [IndexW:0] length_i,
    output logic [IndexW-1:0] payload_address_o,
    input wire logic [7:0] payload_i,
    output logic out_valid_o,
    input wire logic out_ready_i,
    output logic [7:0] out_data_o
);
    localparam int unsigned CountW = IndexW + 2;
    localparam int unsigned Latency = 6;  // request; address; payload, four times; byte
    localparam int unsigned Codes = 16;
    localparam int unsigned CodesW = $clog2(Codes);
    localparam logic [7:0] FullBlock = 8'hFF;
    localparam logic [7:0] FullRun = 8'd254;

    typedef enum logic [2:0] {ScanIdle, ScanRun, ScanWait, ScanEnd, ScanDone} scan_e;
    typedef enum logic [2:0] {EmitIdle, EmitLead, EmitCode, EmitLength, EmitNext, EmitFetch, EmitByte, EmitEnd} emit_e;

    (* fsm_encoding = "one-hot" *) scan_e scan_state_q;
    (* fsm_encoding = "one-hot" *) emit_e emit_state_q;

    // ---------------------------------------------------------------- a body's bytes
    // Stage 0: which byte. 1: its place. 2 to 5: the payload's memory, and bytes of header and CRC. 6: the byte.
    logic emit_request, scan_request;
    logic [CountW-1:0] emit_index_q, scan_index_q, index_q, crc_begin_q;
    logic [4:0] from_header_q, from_crc_q;
    logic [3:0][2:0] part_q;
    logic [3:0][1:0] crc_part_q;
    logic [Latency-1:0] emit_q, scan_q;
    logic [7:0] header_byte_q, crc_byte_q, byte_q;
    logic [31:0] crc;

    always_ff @(posedge clk_i) begin
        index_q <= emit_request ? emit_index_q : scan_index_q;
        emit_q <= {emit_q[Latency-2:0], emit_request};
        scan_q <= {scan_q[Latency-2:0], scan_request};

        payload_address_o <= IndexW'(index_q - CountW'(lacuna_link_pkg::HeaderBytes));
        from_header_q <= {from_header_q[3:0], index_q < CountW'(lacuna_link_pkg::HeaderBytes)};
        from_crc_q <= {from_crc_q[3:0], index_q >= crc_begin_q};
        part_q <= {part_q[2:0], index_q[2:0]};
        crc_part_q <= {crc_part_q[2:0], index_q[1:0] - crc_begin_q[1:0]};
        header_byte_q <= header_i[part_q[3]*8+:8];
        crc_byte_q <= ~crc[crc_part_q[3]*8+:8];
        byte_q <= from_header_q[4] ? header_byte_q : from_crc_q[4] ? crc_byte_q : payload_i;
        if (!rst_ni) begin
            emit_q <= '0;
            scan_q <= '0;
        end
    end

    // ---------------------------------------------------------------- scanner
    logic [3:0] wait_q;
    logic settled_q;    // nothing is under way
    logic [CountW-1:0] scan_left_q;
    logic scan_last_q;  // one is left
    logic scanned_q, scanned_qq, is_zero_q, crc_scan_q;
    logic [7:0] run_q;  // bytes without a zero behind the last code
    logic run_last_q;   // one more fills the block
    logic after_full_q; // the block before was a full one
    logic code_valid_q, code_end_q, code_taken, code_ready, code_valid, code_end;
    logic [7:0] code_q, code_final_q, code;
    logic [CodesW:0] codes_q;  // in the queue
    logic full_q;

    // Codes of the bytes under way find room: Latency of them, four behind, and the final one.
    assign scan_request = scan_state_q == ScanRun && !full_q && emit_state_q != EmitNext;
    assign ready_o = scan_state_q == ScanIdle;

    lacuna_crc32 u_crc (
        .clk_i,
        .start_i(scan_state_q == ScanIdle),
        .valid_i(scanned_q && !crc_scan_q),
        .data_i(byte_q),
        .crc_o(crc)
    );

    always_ff @(posedge clk_i) begin
        scanned_q <= scan_q[Latency-1];
        scanned_qq <= scanned_q && rst_ni;
        is_zero_q <= byte_q == '0;
        wait_q <= wait_q + 1'b1;
        settled_q <= wait_q == 4'(Latency + 3);
        code_valid_q <= scanned_qq && (is_zero_q || run_last_q);
        code_end_q <= 1'b0;
        code_q <= run_last_q && !is_zero_q ? FullBlock : run_q + 1'b1;
        code_final_q <= run_q == '0 && after_full_q ? '0 : run_q + 1'b1;
        if (scanned_qq) begin
            run_q <= is_zero_q || run_last_q ? '0 : run_q + 1'b1;
            run_last_q <= !is_zero_q && run_q == FullRun - 8'd2;
            if (is_zero_q || run_last_q) after_full_q <= !is_zero_q;
        end

        unique case (scan_state_q)
            ScanIdle: begin
                scan_index_q <= '0;
                crc_begin_q <= CountW'(length_i) + CountW'(lacuna_link_pkg::HeaderBytes);
                scan_left_q <= CountW'(length_i) + CountW'(lacuna_link_pkg::HeaderBytes);
                scan_last_q <= 1'b0;
                run_q <= '0;
                run_last_q <= 1'b0;
                after_full_q <= 1'b0;
                crc_scan_q <= 1'b0;
                if (send_i) scan_state_q <= ScanRun;
            end
            // The body up to its CRC; then, with crc_scan_q, that.
            ScanRun: begin
                wait_q <= '0;
                if (scan_request) begin
                    scan_index_q <= scan_index_q + 1'b1;
                    scan_left_q <= scan_left_q - 1'b1;
                    scan_last_q <= scan_left_q == CountW'(2);
                    if (scan_last_q) scan_state_q <= crc_scan_q ? ScanEnd : ScanWait;
                end
            end
            // The CRC is complete when the last byte has come by.
            ScanWait: begin
                scan_left_q <= CountW'(lacuna_link_pkg::CrcBytes);
                scan_last_q <= 1'b0;
                if (settled_q) begin
                    scan_state_q <= ScanRun;
                    crc_scan_q <= 1'b1;
                end
            end
            ScanEnd: begin
                if (settled_q) begin
                    scan_state_q <= ScanDone;
                    code_q <= code_final_q;
                    code_valid_q <= 1'b1;
                    code_end_q <= 1'b1;
                end
            end
            default: if (emitted_q) scan_state_q <= ScanIdle;
        endcase
        full_q <= codes_q >= (CodesW + 1)'(Codes - Latency - 5);
        codes_q <= codes_q + (CodesW + 1)'(code_valid_q) - (CodesW + 1)'(code_taken);
        if (!rst_ni) begin
            scan_state_q <= ScanIdle;
            scanned_q <= 1'b0;
            code_valid_q <= 1'b0;
            codes_q <= '0;
        end
    end

    lacuna_fifo #(
        .Width(9),
        .Depth(Codes)
    ) u_codes (
        .clk_i, .rst_ni,
        .in_valid_i(code_valid_q),
        .in_ready_o(code_ready),
        .in_data_i({code_end_q, code_q}),
        .out_valid_o(code_valid),
        .out_ready_i(code_taken),
        .out_data_o({code_end, code})
    );

    // ---------------------------------------------------------------- emitter
    logic [7:0] left_q;  // bytes of the block
    logic zero_q, final_q, emitted_q, none_q, more_q, fetched_q;

    assign code_taken = emit_state_q == EmitCode && code_valid;
    assign emit_request = emit_state_q == EmitNext && more_q;
    assign out_valid_o = emit_state_q == EmitLead || (emit_state_q == EmitLength && !none_q) || emit_state_q == EmitByte || emit_state_q == EmitEnd;

    always_ff @(posedge clk_i) begin
        emitted_q <= 1'b0;
        fetched_q <= emit_q[Latency-1];
        more_q <= left_q != '0 && !(emit_state_q == EmitLength && none_q);
        unique case (emit_state_q)
            EmitIdle: begin
                emit_index_q <= '0;
                out_data_o <= '0;
                if (send_i && ready_o) emit_state_q <= lead_i ? EmitLead : EmitCode;
            end
            EmitLead: if (out_ready_i) emit_state_q <= EmitCode;
            EmitCode: begin
                out_data_o <= code;
                left_q <= code - 1'b1;
                zero_q <= code != FullBlock;
                final_q <= code_end;
                none_q <= code == '0;
                if (code_valid) emit_state_q <= EmitLength;
            end
            EmitLength: begin
                if (none_q) left_q <= '0;
                if (none_q || out_ready_i) emit_state_q <= EmitNext;
            end
            // The zero at a block's end is not sent: its code stands for it.
            EmitNext: begin
                if (more_q) begin
                    emit_index_q <= emit_index_q + 1'b1;
                    left_q <= left_q - 1'b1;
                    emit_state_q <= EmitFetch;
                end else begin
                    out_data_o <= '0;
                    if (zero_q) emit_index_q <= emit_index_q + 1'b1;
                    emit_state_q <= final_q ? EmitEnd : EmitCode;
                end
            end
            EmitFetch: begin
                out_data_o <= byte_q;
                if (fetched_q) emit_state_q <= EmitByte;
            end
            EmitByte: if (out_ready_i) emit_state_q <= EmitNext;
            default: begin
                if (out_ready_i) begin
                    emit_state_q <= EmitIdle;
                    emitted_q <= 1'b1;
                end
            end
        endcase
        if (!rst_ni) begin
            emit_state_q <= EmitIdle;
            fetched_q <= 1'b0;
            emitted_q <= 1'b0;
        end
    end

    logic unused;
    assign unused = code_ready;
endmodule
