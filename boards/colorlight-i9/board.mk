# Colorlight i9 v7.2. Sources: wuxx/Colorlight-FPGA-Projects colorlight_i9_v7.2.md, src/i9.
BOARD_NAME := Colorlight i9 v7.2
BOARD_SIZES := 45f=LFE5U-45F
BOARD_PACKAGE := CABGA381
BOARD_GRADE := 6
BOARD_OSCILLATOR_MHZ := 25
BOARD_BAUD := 115200
BOARD_UART := CMSIS-DAP of the extension board
BOARD_LOADER := --board colorlight-i9
