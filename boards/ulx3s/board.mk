# ULX3S, Radiona. Sources: emard/ulx3s doc/MANUAL.md, doc/constraints/ulx3s_v20.lpf; litex-boards radiona_ulx3s.py.
BOARD_NAME := ULX3S
BOARD_SIZES := 85f=LFE5U-85F 12f=LFE5U-12F 25f=LFE5U-25F 45f=LFE5U-45F
BOARD_PACKAGE := CABGA381
BOARD_GRADE := 6
BOARD_OSCILLATOR_MHZ := 25
BOARD_BAUD := 1000000
BOARD_UART := FT231X on the board, USB socket US1
BOARD_LOADER := --board ulx3s
