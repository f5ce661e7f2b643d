// Colorlight i9 v7.2 on its extension board: UART through the board's debugger, one light, low-active, no button.
`default_nettype none

module lacuna_colorlight_i9 (
    input wire logic clk_25mhz,
    input wire logic uart_rx,
    output logic uart_tx,
    output logic led_n
);
    logic [7:0] light;

    lacuna_board u_board (
        .clk_i(clk_25mhz),
        .reset_ni(1'b1),
        .rx_i(uart_rx),
        .tx_o(uart_tx),
        .led_o(light)
    );
    assign led_n = ~light[0];

    logic unused;
    assign unused = ^light[7:1];
endmodule
