# Icepi Zero. Sources: litex-boards icepi_zero.py; gallicchio/icepi-zero-dac-adc src/verilog/icepi_adda.lpf; JTAG pins
# of the FT231X: the board's firmware README (openFPGALoader 0.13.1 has no name for the board).
BOARD_NAME := Icepi Zero
BOARD_SIZES := 25f=LFE5U-25F
BOARD_PACKAGE := CABGA256
BOARD_GRADE := 6
BOARD_OSCILLATOR_MHZ := 50
BOARD_BAUD := 1000000
BOARD_UART := FT231X on the board
BOARD_LOADER := --cable ft231X --pins=7:3:5:6
