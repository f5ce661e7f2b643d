lacuna_ebr.sv
lacuna_bank_ram.sv
lacuna_pe_mult.sv
lacuna_mult.sv
lacuna_byte_ram.sv
lacuna_select.sv
lacuna_accumulate.sv
