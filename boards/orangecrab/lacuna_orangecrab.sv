// OrangeCrab r0.2: UART on header pins 1 (sends) and 0 (receives); three colours of one light, low-active. Its
// button is not used: its pin's 1.35 V standard stops nextpnr 0.7.
`default_nettype none

module lacuna_orangecrab (
    input wire logic clk_48mhz,
    input wire logic gpio_0,
    output logic gpio_1,
    output logic [2:0] led_n
);
    logic [7:0] light;

    lacuna_board u_board (
        .clk_i(clk_48mhz),
        .reset_ni(1'b1),
        .rx_i(gpio_0),
        .tx_o(gpio_1),
        .led_o(light)
    );
    assign led_n = ~light[2:0];

    logic unused;
    assign unused = ^light[7:3];
endmodule
