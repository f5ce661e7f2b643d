// What all boards share: PLL, reset, and the system. A board's own top only connects pins and their polarity.
//
// clk_i: the oscillator. reset_ni: asynchronous, low resets (a button; tie it high if there is none). Reset also lasts
// until the PLL has locked, and 256 cycles longer: idle waves must pass the lanes (lacuna_engine).
// rx_i, tx_o: the UART, idle high. led_o: high lights, meaning as in lacuna_system.
//
// Parameters as in lacuna_system and lacuna_pll; ClockHz is the frequency after the PLL.
`default_nettype none

module lacuna_board #(
    parameter int unsigned Tiles = 1,
    parameter int unsigned Ports = 1,
    parameter int unsigned WeightDepth = 512,
    parameter int unsigned BankDepth = 512,
    parameter int unsigned RowDepth = 512,
    parameter int unsigned OutputDepth = 64,
    parameter int unsigned AccW = 24,
    parameter int unsigned BankColumns = lacuna_pkg::BankParts,
    parameter int unsigned CellDsps = 0,
    parameter int unsigned EmbeddingDepth = 512,
    parameter int unsigned FrameBytes = 512,
    parameter int unsigned Window = 4,
    parameter int unsigned BootDepth = 512,
    parameter int unsigned ClockHz = 100000000,
    parameter int unsigned Baud = 115200,
    parameter logic [63:0] BuildHash = 64'd0,
    parameter int unsigned ClkiDiv = 1,
    parameter int unsigned ClkfbDiv = 4,
    parameter int unsigned ClkopDiv = 6
) (
    input wire logic clk_i,
    input wire logic reset_ni,
    input wire logic rx_i,
    output logic tx_o,
    output logic [7:0] led_o
);
    logic clk, locked;

    lacuna_pll #(
        .ClkiDiv(ClkiDiv), .ClkfbDiv(ClkfbDiv), .ClkopDiv(ClkopDiv)
    ) u_pll (
        .clk_i,
        .clk_o(clk),
        .locked_o(locked)
    );

    // Two registers against metastability; the count starts again whenever lock or button goes away.
    logic [1:0] ready_q;
    logic [8:0] count_q = '0;
    logic rst_nq = 1'b0;

    always_ff @(posedge clk) begin
        ready_q <= {ready_q[0], locked && reset_ni};
        if (!ready_q[1]) count_q <= '0;
        else if (!count_q[8]) count_q <= count_q + 1'b1;
        rst_nq <= count_q[8];
    end

    lacuna_system #(
        .Tiles(Tiles), .Ports(Ports), .WeightDepth(WeightDepth), .BankDepth(BankDepth), .RowDepth(RowDepth),
        .OutputDepth(OutputDepth), .AccW(AccW), .BankColumns(BankColumns), .CellDsps(CellDsps),
        .EmbeddingDepth(EmbeddingDepth), .FrameBytes(FrameBytes), .Window(Window), .BootDepth(BootDepth), .ClockHz(ClockHz), .Baud(Baud), .BuildHash(BuildHash)
    ) u_system (
        .clk_i(clk),
        .rst_ni(rst_nq),
        .rx_i,
        .tx_o,
        .led_o
    );
endmodule
