// ULX3S: pins to the shared part. FT231X for the UART, eight lights, FIRE 1 resets. wifi_gpio0 high keeps the ESP32
// from reconfiguring the FPGA.
`default_nettype none

module lacuna_ulx3s (
    input wire logic clk_25mhz,
    input wire logic btn_fire1,
    input wire logic ftdi_txd,
    output logic ftdi_rxd,
    output logic [7:0] led,
    output logic wifi_gpio0
);
    assign wifi_gpio0 = 1'b1;

    lacuna_board u_board (
        .clk_i(clk_25mhz),
        .reset_ni(!btn_fire1),
        .rx_i(ftdi_txd),
        .tx_o(ftdi_rxd),
        .led_o(led)
    );
endmodule
