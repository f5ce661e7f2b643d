lacuna_pll.sv
lacuna_board.sv
