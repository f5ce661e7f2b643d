# Lattice ECP5 Versa 5G. Sources: litex-boards lattice_versa_ecp5.py; prjtrellis examples/soc_versa5g/versa.lpf.
BOARD_NAME := Lattice ECP5 Versa 5G
BOARD_SIZES := 45f=LFE5UM5G-45F
BOARD_PACKAGE := CABGA381
BOARD_GRADE := 8
BOARD_OSCILLATOR_MHZ := 100
BOARD_BAUD := 1000000
BOARD_UART := FT2232H on the board
BOARD_LOADER := --cable ft2232
