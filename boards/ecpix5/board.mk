# ECPIX-5. Sources: litex-boards lambdaconcept_ecpix5.py; amaranth-boards ecpix5.py.
BOARD_NAME := ECPIX-5
BOARD_SIZES := 85f=LFE5UM5G-85F 45f=LFE5UM5G-45F
BOARD_PACKAGE := CABGA554
BOARD_GRADE := 8
BOARD_OSCILLATOR_MHZ := 100
BOARD_BAUD := 1000000
BOARD_UART := FTDI chip on the board
BOARD_LOADER := --board ecpix5
