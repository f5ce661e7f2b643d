// ECP5 PLL, a stand-in with the pins and parameters that boards/common/lacuna_pll.sv uses, so that board tops can be
// linted and simulated: the output is the input, and lock is immediate.
`default_nettype none

module EHXPLLL #(
    parameter int CLKI_DIV = 1,
    parameter int CLKFB_DIV = 1,
    parameter int CLKOP_DIV = 8,
    parameter int CLKOP_CPHASE = 0,
    parameter int CLKOP_FPHASE = 0,
    parameter CLKOP_ENABLE = "ENABLED",
    parameter FEEDBK_PATH = "CLKOP",
    parameter PLLRST_ENA = "DISABLED",
    parameter INTFB_WAKE = "DISABLED",
    parameter STDBY_ENABLE = "DISABLED",
    parameter DPHASE_SOURCE = "DISABLED",
    parameter OUTDIVIDER_MUXA = "DIVA",
    parameter OUTDIVIDER_MUXB = "DIVB",
    parameter OUTDIVIDER_MUXC = "DIVC",
    parameter OUTDIVIDER_MUXD = "DIVD"
) (
    input wire logic CLKI, CLKFB, RST, STDBY, PLLWAKESYNC, ENCLKOP,
    input wire logic PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
    output logic CLKOP,
    output logic LOCK
);
    if (FEEDBK_PATH != "CLKOP" || CLKOP_ENABLE != "ENABLED" || PLLRST_ENA != "DISABLED" || INTFB_WAKE != "DISABLED"
        || STDBY_ENABLE != "DISABLED" || DPHASE_SOURCE != "DISABLED" || OUTDIVIDER_MUXA != "DIVA" || OUTDIVIDER_MUXB != "DIVB"
        || OUTDIVIDER_MUXC != "DIVC" || OUTDIVIDER_MUXD != "DIVD" || CLKI_DIV < 1 || CLKFB_DIV < 1 || CLKOP_DIV < 1
        || CLKOP_CPHASE < 0 || CLKOP_FPHASE < 0) begin : gen_bad
        $error("EHXPLLL: the stand-in knows only feedback from CLKOP, without anything dynamic");
    end

    assign CLKOP = CLKI;
    assign LOCK = !RST && !STDBY;

    logic unused;
    assign unused = ^{CLKFB, PLLWAKESYNC, ENCLKOP, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG};
endmodule
