// UART receiver, 8N1, least significant bit first.
//
// A 32-bit phase accumulator counts bit times: increment_i is clock periods a bit, as a fraction of 2^32, and may change
// while restart_i is high. The line passes two flip-flops and a vote of three samples, so a glitch of one cycle is not
// seen; each bit is sampled once, in its middle to within half a clock. valid_o is high for one cycle a byte,
// framing_error_o in its place where there was no stop bit; break_o once when the line has been low for 20 bit times.
// low_o: the line as it is sampled. At least 4 clocks a bit. Reset must last 8 cycles, in which the samples settle.
`default_nettype none

module lacuna_uart_rx (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic restart_i,
    input wire logic [31:0] increment_i,
    input wire logic rx_i,
    output logic valid_o,
    output logic [7:0] data_o,
    output logic framing_error_o,
    output logic break_o,
    output logic low_o
);
    localparam int unsigned LowW = $clog2(lacuna_link_pkg::BreakBits + 1);
    localparam logic [3:0] StopBit = 4'd9;

    logic [3:0] sample_q;  // [1]: behind two flip-flops
    logic line_q, before_q;
    logic [31:0] phase_q, phase;
    logic [32:0] first_q;
    logic active_q, start_q, stop, tick, tick_q;
    logic [3:0] bit_q;
    logic last_q;  // the next sample is that of the stop bit
    logic [LowW-1:0] low_q;

    // A start bit may follow the sample of a stop bit at once. Its edge is half a clock old, on average, it sets the phase two
    // cycles later, and a tick is acted upon a cycle later, on the line of a cycle ago: first_q is the phase, with its tick,
    // that puts the samples into the middle of bits.
    assign stop = active_q && tick_q && last_q;
    assign {tick, phase} = {1'b0, phase_q} + {1'b0, increment_i};
    assign low_o = !line_q;

    always_ff @(posedge clk_i) begin
        sample_q <= {sample_q[2:0], rx_i};
        line_q <= (sample_q[1] && sample_q[2]) || (sample_q[2] && sample_q[3]) || (sample_q[1] && sample_q[3]);
        before_q <= line_q;
        start_q <= (!active_q || stop) && before_q && !line_q;
        first_q <= 33'h0_8000_0000 + {increment_i, 1'b0};
        phase_q <= start_q ? first_q[31:0] : phase;
        tick_q <= start_q ? first_q[32] : tick;
        last_q <= bit_q == StopBit && !start_q;
        valid_o <= stop && before_q;
        framing_error_o <= stop && !before_q;
        if (start_q) begin
            active_q <= 1'b1;
            bit_q <= '0;
        end else if (active_q && tick_q) begin
            bit_q <= bit_q + 1'b1;
            if (bit_q == '0 && before_q) active_q <= 1'b0;  // no start bit: a disturbance
            if (stop) active_q <= 1'b0;
        end
        if (active_q && tick_q && !last_q) data_o <= {before_q, data_o[7:1]};

        break_o <= 1'b0;
        if (line_q) begin
            low_q <= '0;
        end else if (tick_q && !start_q && low_q != LowW'(lacuna_link_pkg::BreakBits)) begin
            low_q <= low_q + 1'b1;
            break_o <= low_q == LowW'(lacuna_link_pkg::BreakBits - 1);
        end

        if (!rst_ni || restart_i) begin
            active_q <= 1'b0;
            start_q <= 1'b0;
            valid_o <= 1'b0;
            framing_error_o <= 1'b0;
            break_o <= 1'b0;
            low_q <= '0;
        end
    end
endmodule
