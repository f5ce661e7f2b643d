// The line's rate: the default one, or one on trial.
//
// set_i takes increment_i (of lacuna_uart_rx). The default comes back when no good frame arrives within TrialCycles, and
// later, while the rate is not the default, with a break or after 16 bad frames or framing errors in a row. restart_o is
// high for the cycle in which increment_o changes. default_o: the default rate is in use.
`default_nettype none

module lacuna_link_rate #(
    parameter int unsigned ClockHz = 25000000,
    parameter int unsigned Baud = 1000000,
    parameter int unsigned TrialCycles = ClockHz / 4
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic set_i,
    input wire logic [31:0] increment_i,
    input wire logic good_i,
    input wire logic bad_i,
    input wire logic break_i,
    output logic [31:0] increment_o,
    output logic restart_o,
    output logic default_o
);
    localparam longint unsigned Scaled = (64'(Baud) * 64'd4294967296 + 64'(ClockHz) / 64'd2) / 64'(ClockHz);
    localparam logic [31:0] Default = 32'(Scaled);
    localparam int unsigned TrialW = $clog2(TrialCycles + 1);
    localparam int unsigned BadW = $clog2(lacuna_link_pkg::BadFramesMax + 1);

    if (Baud < 1 || ClockHz / Baud < 4 || ClockHz / Baud > 65535 || TrialCycles < 2) begin : gen_bad
        $error("lacuna_link_rate: Baud must be ClockHz/65535..ClockHz/4, TrialCycles at least 2");
    end

    logic good_q, failed_q, break_q;  // what happened, a cycle ago
    logic trial_q, revert_q, over_q, many_q, forget_q;
    logic [TrialW-1:0] left_q;
    logic [BadW-1:0] bad_q;

    always_ff @(posedge clk_i) begin
        restart_o <= 1'b0;
        left_q <= left_q - 1'b1;
        good_q <= good_i && !set_i;  // a frame of the old rate proves nothing about the new one
        failed_q <= bad_i;
        break_q <= break_i;
        if (good_q) trial_q <= 1'b0;
        forget_q <= !rst_ni || set_i || revert_q || good_i;
        if (forget_q) bad_q <= '0;
        else if (failed_q && !many_q) bad_q <= bad_q + 1'b1;
        over_q <= left_q == '0;
        many_q <= bad_q == BadW'(lacuna_link_pkg::BadFramesMax) && !forget_q;
        revert_q <= !default_o && ((trial_q && over_q) || break_q || many_q);
        if (set_i) begin
            increment_o <= increment_i;
            default_o <= increment_i == Default;
            restart_o <= 1'b1;
            trial_q <= 1'b1;
            left_q <= TrialW'(TrialCycles);
            revert_q <= 1'b0;
            over_q <= 1'b0;
            many_q <= 1'b0;
        end else if (!rst_ni || revert_q) begin
            increment_o <= Default;
            default_o <= 1'b1;
            restart_o <= 1'b1;
            trial_q <= 1'b0;
            revert_q <= 1'b0;
        end
    end
endmodule
