// Clock from the board's oscillator: one EHXPLLL, clk_o = clk_i / ClkiDiv * ClkfbDiv, with an oscillator of the PLL at
// ClkopDiv times clk_o. locked_o is asynchronous. tools/bitstream/pll.py chooses the dividers and checks the ranges.
//
// Frequencies in the PLL: phase detector 3.125..400 MHz, oscillator 400..800 MHz, clk_o 3.125..400 MHz.
// ClkiDiv 1..128, ClkfbDiv 1..80, ClkopDiv 2..128.
`default_nettype none

module lacuna_pll #(
    parameter int unsigned ClkiDiv = 1,
    parameter int unsigned ClkfbDiv = 4,
    parameter int unsigned ClkopDiv = 6
) (
    input wire logic clk_i,
    output logic clk_o,
    output logic locked_o
);
    if (ClkiDiv < 1 || ClkiDiv > 128 || ClkfbDiv < 1 || ClkfbDiv > 80 || ClkopDiv < 2 || ClkopDiv > 128) begin : gen_bad
        $error("lacuna_pll: ClkiDiv 1..128, ClkfbDiv 1..80, ClkopDiv 2..128");
    end

    (* ICP_CURRENT = "12", LPF_RESISTOR = "8", MFG_ENABLE_FILTEROPAMP = "1", MFG_GMCREF_SEL = "2" *)
    EHXPLLL #(
        .CLKI_DIV(ClkiDiv),
        .CLKFB_DIV(ClkfbDiv),
        .CLKOP_DIV(ClkopDiv),
        .CLKOP_CPHASE((ClkopDiv + 1) / 2 - 1),
        .CLKOP_FPHASE(0),
        .CLKOP_ENABLE("ENABLED"),
        .FEEDBK_PATH("CLKOP"),
        .PLLRST_ENA("DISABLED"),
        .INTFB_WAKE("DISABLED"),
        .STDBY_ENABLE("DISABLED"),
        .DPHASE_SOURCE("DISABLED"),
        .OUTDIVIDER_MUXA("DIVA"),
        .OUTDIVIDER_MUXB("DIVB"),
        .OUTDIVIDER_MUXC("DIVC"),
        .OUTDIVIDER_MUXD("DIVD")
    ) u_pll (
        .CLKI(clk_i), .CLKFB(clk_o), .CLKOP(clk_o), .LOCK(locked_o),
        .RST(1'b0), .STDBY(1'b0), .PLLWAKESYNC(1'b0), .ENCLKOP(1'b0),
        .PHASESEL0(1'b0), .PHASESEL1(1'b0), .PHASEDIR(1'b1), .PHASESTEP(1'b1), .PHASELOADREG(1'b1)
    );
endmodule
