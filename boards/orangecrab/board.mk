# OrangeCrab r0.2. Sources: orangecrab-fpga/orangecrab-examples verilog/orangecrab_r0.2.pcf; litex-boards gsd_orangecrab.py.
BOARD_NAME := OrangeCrab r0.2
BOARD_SIZES := 25f=LFE5U-25F 85f=LFE5U-85F
BOARD_PACKAGE := CSFBGA285
BOARD_GRADE := 8
BOARD_OSCILLATOR_MHZ := 48
BOARD_BAUD := 115200
BOARD_UART := none: USB-UART (3.3 V) to header pins 1 (sends) and 0
BOARD_LOADER := --board orangeCrab
