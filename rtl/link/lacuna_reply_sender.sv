// Reply sender: makes a frame of a reply and gives its bytes to the transmitter.
//
// send_i, with ready_o high, takes a reply: header_i (session, sequence, status: lowest byte first) and length_i; both
// and the payload hold until ready_o is high again. The payload is read through payload_address_o -> payload_i, which
// must answer three cycles later. out_* are the bytes of the line: a delimiter where lead_i says that the line was idle,
// the body in COBS, a delimiter.
//
// Two walkers share the way to a body's bytes (Latency cycles from a request to its byte): the scanner runs ahead, one
// byte a cycle, sums up the CRC and queues the codes of the COBS blocks; the emitter follows at the line's pace and has
// the first call.
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
    localparam int unsigned Latency = 5;  // request; address; payload, three times; byte
    localparam int unsigned Codes = 16;
    localparam int unsigned CodesW = $clog2(Codes);
    localparam logic [7:0] FullBlock = 8'hFF;
    localparam logic [7:0] FullRun = 8'd254;

    // ---------------------------------------------------------------- a body's bytes
    // Stage 0: which byte. 1: its place. 2, 3, 4: the payload's memory. 5: the byte.
    typedef enum logic [1:0] {FromHeader, FromPayload, FromCrc} source_e;

    logic emit_request, scan_request;
    logic [CountW-1:0] emit_index_q, scan_index_q, index_q, crc_begin_q;
    logic [CountW-1:0] body_last_q, crc_last_q;
    source_e source_q, source_qq, source_qqq, source_qqqq;
    logic [2:0] part_q, part_qq, part_qqq, part_qqqq;
    logic [Latency-1:0] emit_q, scan_q;
    logic [7:0] byte_q;
    logic [31:0] crc;

    always_ff @(posedge clk_i) begin
        index_q <= emit_request ? emit_index_q : scan_index_q;
        emit_q <= {emit_q[Latency-2:0], emit_request};
        scan_q <= {scan_q[Latency-2:0], scan_request};

        payload_address_o <= IndexW'(index_q - CountW'(lacuna_link_pkg::HeaderBytes));
        source_q <= index_q >= crc_begin_q ? FromCrc : index_q < CountW'(lacuna_link_pkg::HeaderBytes) ? FromHeader : FromPayload;
        part_q <= index_q[2:0];
        source_qq <= source_q;
        part_qq <= part_q - (source_q == FromCrc ? crc_begin_q[2:0] : 3'd0);
        source_qqq <= source_qq;
        part_qqq <= part_qq;
        source_qqqq <= source_qqq;
        part_qqqq <= part_qqq;

        unique case (source_qqqq)
            FromHeader: byte_q <= header_i[part_qqqq*8+:8];
            FromCrc: byte_q <= ~crc[part_qqqq[1:0]*8+:8];
            default: byte_q <= payload_i;
        endcase
        if (!rst_ni) begin
            emit_q <= '0;
            scan_q <= '0;
        end
    end

    // ---------------------------------------------------------------- scanner
    typedef enum logic [2:0] {ScanIdle, ScanBody, ScanWait, ScanCrc, ScanEnd, ScanDone} scan_e;

    (* fsm_encoding = "one-hot" *) scan_e scan_state_q;
    logic [3:0] wait_q;
    logic scanned_q, crc_part_q;
    logic [7:0] run_q;  // bytes without a zero behind the last code
    logic after_full_q; // the block before was a full one
    logic code_valid_q, code_end_q, code_taken, code_ready, code_valid, code_end;
    logic [7:0] code_q, code;
    logic [CodesW:0] codes_q;  // in the queue
    logic room, full_q, last_body, last_crc;

    // Codes of the bytes under way find room: Latency of them, three behind, and the final one.
    assign room = !full_q;
    assign scan_request = (scan_state_q == ScanBody || scan_state_q == ScanCrc) && room && !emit_request;
    assign last_body = scan_index_q == body_last_q;
    assign last_crc = scan_index_q == crc_last_q;
    assign ready_o = scan_state_q == ScanIdle;

    lacuna_crc32 u_crc (
        .clk_i,
        .start_i(scan_state_q == ScanIdle),
        .valid_i(scanned_q && !crc_part_q),
        .data_i(byte_q),
        .crc_o(crc)
    );

    always_ff @(posedge clk_i) begin
        scanned_q <= scan_q[Latency-1];
        wait_q <= wait_q + 1'b1;
        code_valid_q <= 1'b0;
        code_end_q <= 1'b0;
        if (scanned_q) begin
            code_q <= run_q + 1'b1;
            if (byte_q == '0) begin
                code_valid_q <= 1'b1;
                run_q <= '0;
                after_full_q <= 1'b0;
            end else if (run_q == FullRun - 1'b1) begin
                code_q <= FullBlock;
                code_valid_q <= 1'b1;
                run_q <= '0;
                after_full_q <= 1'b1;
            end else begin
                run_q <= run_q + 1'b1;
            end
        end

        unique case (scan_state_q)
            ScanIdle: begin
                scan_index_q <= '0;
                crc_begin_q <= CountW'(length_i) + CountW'(lacuna_link_pkg::HeaderBytes);
                body_last_q <= CountW'(length_i) + CountW'(lacuna_link_pkg::HeaderBytes - 1);
                crc_last_q <= CountW'(length_i) + CountW'(lacuna_link_pkg::HeaderBytes + lacuna_link_pkg::CrcBytes - 1);
                run_q <= '0;
                after_full_q <= 1'b0;
                crc_part_q <= 1'b0;
                if (send_i) scan_state_q <= ScanBody;
            end
            ScanBody, ScanCrc: begin
                wait_q <= '0;
                if (scan_request) begin
                    scan_index_q <= scan_index_q + 1'b1;
                    if (scan_state_q == ScanBody && last_body) scan_state_q <= ScanWait;
                    if (scan_state_q == ScanCrc && last_crc) scan_state_q <= ScanEnd;
                end
            end
            // The CRC is complete when the last byte has come by.
            ScanWait: begin
                if (wait_q == 4'(Latency + 2)) begin
                    scan_state_q <= ScanCrc;
                    crc_part_q <= 1'b1;
                end
            end
            ScanEnd: begin
                if (wait_q == 4'(Latency + 2)) begin
                    scan_state_q <= ScanDone;
                    code_valid_q <= 1'b1;
                    code_end_q <= 1'b1;
                    code_q <= run_q == '0 && after_full_q ? '0 : run_q + 1'b1;
                end
            end
            default: if (emitted_q) scan_state_q <= ScanIdle;
        endcase
        full_q <= codes_q >= (CodesW + 1)'(Codes - Latency - 4);
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
    typedef enum logic [2:0] {EmitIdle, EmitLead, EmitCode, EmitLength, EmitNext, EmitFetch, EmitByte, EmitEnd} emit_e;

    (* fsm_encoding = "one-hot" *) emit_e emit_state_q;
    logic [7:0] left_q;  // bytes of the block
    logic zero_q, final_q, emitted_q, none_q, fetched_q;

    assign code_taken = emit_state_q == EmitCode && code_valid;
    assign emit_request = emit_state_q == EmitNext && left_q != '0;
    assign out_valid_o = emit_state_q == EmitLead || (emit_state_q == EmitLength && !none_q) || emit_state_q == EmitByte || emit_state_q == EmitEnd;

    always_ff @(posedge clk_i) begin
        emitted_q <= 1'b0;
        fetched_q <= emit_q[Latency-1];
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
                if (left_q != '0) begin
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
