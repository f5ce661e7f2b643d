// Colorlight i5 v7.0 on its extension board: UART through the board's debugger, one light, low-active.
`default_nettype none

module lacuna_colorlight_i5 (
    input wire logic clk_25mhz,
    input wire logic reset_n,
    input wire logic uart_rx,
    output logic uart_tx,
    output logic led_n
);
    logic [7:0] light;

    lacuna_board u_board (
        .clk_i(clk_25mhz),
        .reset_ni(reset_n),
        .rx_i(uart_rx),
        .tx_o(uart_tx),
        .led_o(light)
    );
    assign led_n = ~light[0];

    logic unused;
    assign unused = ^light[7:1];
endmodule
