// One ECP5 block RAM as 512 words of 36 bits: one write port with four 9-bit byte enables, one read port, one clock.
//
// rdata_o is the word at raddr_i two cycles earlier (memory, then the block's own output register: 0.96 ns instead of
// 5.8 ns from the clock to the data at speed grade 6). A read of bytes that are written in the same cycle is undefined.
//
// Pins as in Yosys' map of $__PDPW16KD_ and nextpnr's of PDPW16KD: with both data widths 36, port A writes and port B
// reads; the lower half of a word is on DIA and DOA, the upper on DIB and DOB; ADA[3:0] are the byte enables, and
// ADA[13:5], ADB[13:5] the word. Both halves' output registers are switched on.
//
// A block with a Space says what belongs into it: its initial words are Magic, place and ~place,
// place = {Space, Select, First}, First the address of its first word. `lacuna bake` finds the block in a bitstream by them and
// puts a model's words there. INITVAL_00 holds words 0 to 7, 18 bits in every 20, the lower half of a word first.
//
// Space 0..15, 15 for a memory that no model fills; Select 0..255; First 0..1048575.
`default_nettype none

module lacuna_block #(
    parameter int unsigned Space = lacuna_pkg::NoSpace,
    parameter int unsigned Select = 0,
    parameter int unsigned First = 0
) (
    input wire logic clk_i,
    input wire logic [3:0] we_i,
    input wire logic [8:0] waddr_i,
    input wire logic [35:0] wdata_i,
    input wire logic [8:0] raddr_i,
    output logic [35:0] rdata_o
);
    if (Space > lacuna_pkg::NoSpace || Select > 255 || First > 1048575) begin : gen_bad
        $error("lacuna_block: Space must be 0..15, Select 0..255, First 0..1048575");
    end

    localparam logic [35:0] Magic = 36'h1acb0516e;
    localparam logic [35:0] Place = {8'(Space), 8'(Select), 20'(First)};
    localparam logic [107:0] Signature = Space == lacuna_pkg::NoSpace ? '0 : {~Place, Place, Magic};
    localparam logic [319:0] Initial = {
        200'd0, 2'd0, Signature[107:90], 2'd0, Signature[89:72], 2'd0, Signature[71:54], 2'd0, Signature[53:36],
        2'd0, Signature[35:18], 2'd0, Signature[17:0]
    };

    DP16KD #(
        .INITVAL_00(Initial),
        .DATA_WIDTH_A(36),
        .DATA_WIDTH_B(36),
        .REGMODE_A("OUTREG"),
        .REGMODE_B("OUTREG"),
        .RESETMODE("SYNC"),
        .ASYNC_RESET_RELEASE("SYNC"),
        .WRITEMODE_A("NORMAL"),
        .WRITEMODE_B("NORMAL"),
        .CSDECODE_A("0b000"),
        .CSDECODE_B("0b000"),
        .GSR("DISABLED")
    ) u_block (
        .CLKA(clk_i), .CEA(1'b1), .OCEA(1'b1), .WEA(1'b1), .RSTA(1'b0), .CSA0(1'b0), .CSA1(1'b0), .CSA2(1'b0),
        .CLKB(clk_i), .CEB(1'b1), .OCEB(1'b1), .WEB(1'b0), .RSTB(1'b0), .CSB0(1'b0), .CSB1(1'b0), .CSB2(1'b0),
        .ADA0(we_i[0]), .ADA1(we_i[1]), .ADA2(we_i[2]), .ADA3(we_i[3]), .ADA4(1'b0),
        .ADA5(waddr_i[0]), .ADA6(waddr_i[1]), .ADA7(waddr_i[2]), .ADA8(waddr_i[3]), .ADA9(waddr_i[4]), .ADA10(waddr_i[5]),
        .ADA11(waddr_i[6]), .ADA12(waddr_i[7]), .ADA13(waddr_i[8]),
        .ADB0(1'b0), .ADB1(1'b0), .ADB2(1'b0), .ADB3(1'b0), .ADB4(1'b0),
        .ADB5(raddr_i[0]), .ADB6(raddr_i[1]), .ADB7(raddr_i[2]), .ADB8(raddr_i[3]), .ADB9(raddr_i[4]), .ADB10(raddr_i[5]),
        .ADB11(raddr_i[6]), .ADB12(raddr_i[7]), .ADB13(raddr_i[8]),
        .DIA0(wdata_i[0]), .DIA1(wdata_i[1]), .DIA2(wdata_i[2]), .DIA3(wdata_i[3]), .DIA4(wdata_i[4]), .DIA5(wdata_i[5]),
        .DIA6(wdata_i[6]), .DIA7(wdata_i[7]), .DIA8(wdata_i[8]), .DIA9(wdata_i[9]), .DIA10(wdata_i[10]), .DIA11(wdata_i[11]),
        .DIA12(wdata_i[12]), .DIA13(wdata_i[13]), .DIA14(wdata_i[14]), .DIA15(wdata_i[15]), .DIA16(wdata_i[16]), .DIA17(wdata_i[17]),
        .DIB0(wdata_i[18]), .DIB1(wdata_i[19]), .DIB2(wdata_i[20]), .DIB3(wdata_i[21]), .DIB4(wdata_i[22]), .DIB5(wdata_i[23]),
        .DIB6(wdata_i[24]), .DIB7(wdata_i[25]), .DIB8(wdata_i[26]), .DIB9(wdata_i[27]), .DIB10(wdata_i[28]), .DIB11(wdata_i[29]),
        .DIB12(wdata_i[30]), .DIB13(wdata_i[31]), .DIB14(wdata_i[32]), .DIB15(wdata_i[33]), .DIB16(wdata_i[34]), .DIB17(wdata_i[35]),
        .DOA0(rdata_o[0]), .DOA1(rdata_o[1]), .DOA2(rdata_o[2]), .DOA3(rdata_o[3]), .DOA4(rdata_o[4]), .DOA5(rdata_o[5]),
        .DOA6(rdata_o[6]), .DOA7(rdata_o[7]), .DOA8(rdata_o[8]), .DOA9(rdata_o[9]), .DOA10(rdata_o[10]), .DOA11(rdata_o[11]),
        .DOA12(rdata_o[12]), .DOA13(rdata_o[13]), .DOA14(rdata_o[14]), .DOA15(rdata_o[15]), .DOA16(rdata_o[16]), .DOA17(rdata_o[17]),
        .DOB0(rdata_o[18]), .DOB1(rdata_o[19]), .DOB2(rdata_o[20]), .DOB3(rdata_o[21]), .DOB4(rdata_o[22]), .DOB5(rdata_o[23]),
        .DOB6(rdata_o[24]), .DOB7(rdata_o[25]), .DOB8(rdata_o[26]), .DOB9(rdata_o[27]), .DOB10(rdata_o[28]), .DOB11(rdata_o[29]),
        .DOB12(rdata_o[30]), .DOB13(rdata_o[31]), .DOB14(rdata_o[32]), .DOB15(rdata_o[33]), .DOB16(rdata_o[34]), .DOB17(rdata_o[35])
    );
endmodule
