// iCESugar-pro: three colours of one light, low-active; reset button, low when pressed.
`default_nettype none

module lacuna_icesugar_pro (
    input wire logic clk_25mhz,
    input wire logic reset_n,
    input wire logic uart_rx,
    output logic uart_tx,
    output logic [2:0] led_n
);
    logic [7:0] light;

    lacuna_board u_board (
        .clk_i(clk_25mhz),
        .reset_ni(reset_n),
        .rx_i(uart_rx),
        .tx_o(uart_tx),
        .led_o(light)
    );
    assign led_n = ~light[2:0];

    logic unused;
    assign unused = ^light[7:3];
endmodule
