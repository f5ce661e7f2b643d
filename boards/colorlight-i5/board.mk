# Colorlight i5 v7.0. Sources: wuxx/Colorlight-FPGA-Projects src/i5; litex-boards colorlight_i5.py.
BOARD_NAME := Colorlight i5 v7.0
BOARD_SIZES := 25f=LFE5U-25F
BOARD_PACKAGE := CABGA381
BOARD_GRADE := 6
BOARD_OSCILLATOR_MHZ := 25
BOARD_BAUD := 115200
BOARD_UART := CMSIS-DAP of the extension board
BOARD_LOADER := --board colorlight-i5
