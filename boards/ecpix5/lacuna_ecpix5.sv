// ECPIX-5: red and green of its four lights, low-active. No button: sources differ on its pin.
`default_nettype none

module lacuna_ecpix5 (
    input wire logic clk_100mhz,
    input wire logic uart_rx,
    output logic uart_tx,
    output logic [7:0] led_n
);
    logic [7:0] light;

    lacuna_board u_board (
        .clk_i(clk_100mhz),
        .reset_ni(1'b1),
        .rx_i(uart_rx),
        .tx_o(uart_tx),
        .led_o(light)
    );
    assign led_n = ~light;
endmodule
