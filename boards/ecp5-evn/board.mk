# Lattice ECP5 EVN. Sources: litex-boards lattice_ecp5_evn.py; amaranth-boards ecp5_5g_evn.py.
BOARD_NAME := Lattice ECP5 EVN
BOARD_SIZES := 85f=LFE5UM5G-85F
BOARD_PACKAGE := CABGA381
BOARD_GRADE := 8
BOARD_OSCILLATOR_MHZ := 12
BOARD_BAUD := 1000000
BOARD_UART := FT2232H, after a change of the board (docs/boards.md)
BOARD_LOADER := --board ecp5_evn
