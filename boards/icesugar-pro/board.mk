# iCESugar-pro. Sources: wuxx/icesugar-pro src/uart_tx/top.lpf; litex-boards muselab_icesugar_pro.py.
BOARD_NAME := iCESugar-pro
BOARD_SIZES := 25f=LFE5U-25F
BOARD_PACKAGE := CABGA256
BOARD_GRADE := 6
BOARD_OSCILLATOR_MHZ := 25
BOARD_BAUD := 115200
BOARD_UART := iCELink on the board
BOARD_LOADER := --cable cmsisdap
