// Lattice ECP5 Evaluation Board: eight lights, low-active; reset button, low when pressed.
`default_nettype none

module lacuna_ecp5_evn (
    input wire logic clk_12mhz,
    input wire logic reset_n,
    input wire logic uart_rx,
    output logic uart_tx,
    output logic [7:0] led_n
);
    logic [7:0] light;

    lacuna_board u_board (
        .clk_i(clk_12mhz),
        .reset_ni(reset_n),
        .rx_i(uart_rx),
        .tx_o(uart_tx),
        .led_o(light)
    );
    assign led_n = ~light;
endmodule
