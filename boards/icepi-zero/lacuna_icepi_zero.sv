// Icepi Zero: five lights, high-active; button, low when pressed.
`default_nettype none

module lacuna_icepi_zero (
    input wire logic clk_50mhz,
    input wire logic button_n,
    input wire logic uart_rx,
    output logic uart_tx,
    output logic [4:0] led
);
    logic [7:0] light;

    lacuna_board u_board (
        .clk_i(clk_50mhz),
        .reset_ni(button_n),
        .rx_i(uart_rx),
        .tx_o(uart_tx),
        .led_o(light)
    );
    assign led = light[4:0];

    logic unused;
    assign unused = ^light[7:5];
endmodule
