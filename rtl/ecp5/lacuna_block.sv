// One ECP5 block RAM: one write port, one read port, one clock. Width 36: 512 words, with four 9-bit byte enables; 18: 1,024
// words, two byte enables; 9: 2,048 words, one. Deep ones side by side bring fewer wires out than 36-bit ones end to end.
//
// rdata_o is the word at raddr_i two cycles earlier (memory, then the block's own output register: 0.96 ns instead of
// 5.8 ns from the clock to the data at speed grade 6). Bytes are written where we_i and their byte_we_i are high. A read of
// bytes that are written in the same cycle is undefined. Of addresses and data only the low bits count that Width has.
//
// Pins as in Yosys' maps of $__ECP5_DP16KD_ and $__PDPW16KD_ and nextpnr's of PDPW16KD: port A writes and port B reads. With
// both data widths 36, the lower half of a word is on DIA and DOA, the upper on DIB and DOB; ADA[3:0] are the byte enables,
// and ADA[13:5], ADB[13:5] the word. With 18, words are on DIA and DOB, ADA[1:0] the byte enables, [13:4] the word; with 9,
// [13:3]. Both halves' output registers are switched on.
//
// A block with a Space says what belongs into it: its initial values are those of 36-bit words Magic, place and ~place,
// place = {width (0: 36, 1: 18, 2: 9), Part, Space, Select, First}: bits Width * Part and up of the words from First on.
// `lacuna bake` finds the block in a bitstream by them and puts a model's words there. INITVAL_00 holds the first 16
// halves of 36-bit words, 18 bits in every 20, the lower half of a word first; so in all widths.
//
// Width 36, 18 or 9; Part 0..36/Width-1; Space 0..15, 15 for a memory that no model fills; Select 0..255; First 0..1048575.
`default_nettype none

module lacuna_block #(
    parameter int unsigned Width = 36,
    parameter int unsigned Part = 0,
    parameter int unsigned Space = lacuna_pkg::NoSpace,
    parameter int unsigned Select = 0,
    parameter int unsigned First = 0
) (
    input wire logic clk_i,
    input wire logic we_i,
    input wire logic [3:0] byte_we_i,
    input wire logic [10:0] waddr_i,
    input wire logic [35:0] wdata_i,
    input wire logic [10:0] raddr_i,
    output logic [35:0] rdata_o
);
    if (Width != 36 && Width != 18 && Width != 9) begin : gen_bad_width
        $error("lacuna_block: Width must be 36, 18 or 9");
    end
    if (Part * Width >= 36 || Space > lacuna_pkg::NoSpace || Select > 255 || First > 1048575) begin : gen_bad
        $error("lacuna_block: Part must be 0..36/Width-1, Space 0..15, Select 0..255, First 0..1048575");
    end

    localparam logic [35:0] Magic = 36'h1acb0516e;
    localparam logic [1:0] Shape = Width == 36 ? 2'd0 : Width == 18 ? 2'd1 : 2'd2;
    localparam logic [35:0] Place = {Shape, 2'(Part), 4'(Space), 8'(Select), 20'(First)};
    localparam logic [107:0] Signature = Space == lacuna_pkg::NoSpace ? '0 : {~Place, Place, Magic};
    localparam logic [319:0] Initial = {
        200'd0, 2'd0, Signature[107:90], 2'd0, Signature[89:72], 2'd0, Signature[71:54], 2'd0, Signature[53:36],
        2'd0, Signature[35:18], 2'd0, Signature[17:0]
    };

    logic [13:0] ada, adb;
    logic [17:0] dib, doa, dob;
    logic we;

    if (Width == 36) begin : gen_36
        assign we = we_i;
        assign ada = {waddr_i[8:0], 1'b0, byte_we_i};
        assign adb = {raddr_i[8:0], 5'd0};
        assign dib = wdata_i[35:18];
        assign rdata_o = {dob, doa};

        logic unused;
        assign unused = ^{waddr_i[10:9], raddr_i[10:9]};
    end else if (Width == 18) begin : gen_18
        assign we = we_i;
        assign ada = {waddr_i[9:0], 2'd0, byte_we_i[1:0]};
        assign adb = {raddr_i[9:0], 4'd0};
        assign dib = '0;
        assign rdata_o = 36'(dob);

        logic unused;
        assign unused = ^{waddr_i[10], raddr_i[10], byte_we_i[3:2], wdata_i[35:18], doa};
    end else begin : gen_9
        assign we = we_i && byte_we_i[0];
        assign ada = {waddr_i, 3'd0};
        assign adb = {raddr_i, 3'd0};
        assign dib = '0;
        assign rdata_o = 36'(dob[8:0]);

        logic unused;
        assign unused = ^{byte_we_i[3:1], wdata_i[35:18], doa, dob[17:9]};
    end

    DP16KD #(
        .INITVAL_00(Initial),
        .DATA_WIDTH_A(Width),
        .DATA_WIDTH_B(Width),
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
        .CLKA(clk_i), .CEA(1'b1), .OCEA(1'b1), .WEA(we), .RSTA(1'b0), .CSA0(1'b0), .CSA1(1'b0), .CSA2(1'b0),
        .CLKB(clk_i), .CEB(1'b1), .OCEB(1'b1), .WEB(1'b0), .RSTB(1'b0), .CSB0(1'b0), .CSB1(1'b0), .CSB2(1'b0),
        .ADA0(ada[0]), .ADA1(ada[1]), .ADA2(ada[2]), .ADA3(ada[3]), .ADA4(ada[4]), .ADA5(ada[5]), .ADA6(ada[6]),
        .ADA7(ada[7]), .ADA8(ada[8]), .ADA9(ada[9]), .ADA10(ada[10]), .ADA11(ada[11]), .ADA12(ada[12]), .ADA13(ada[13]),
        .ADB0(adb[0]), .ADB1(adb[1]), .ADB2(adb[2]), .ADB3(adb[3]), .ADB4(adb[4]), .ADB5(adb[5]), .ADB6(adb[6]),
        .ADB7(adb[7]), .ADB8(adb[8]), .ADB9(adb[9]), .ADB10(adb[10]), .ADB11(adb[11]), .ADB12(adb[12]), .ADB13(adb[13]),
        .DIA0(wdata_i[0]), .DIA1(wdata_i[1]), .DIA2(wdata_i[2]), .DIA3(wdata_i[3]), .DIA4(wdata_i[4]), .DIA5(wdata_i[5]),
        .DIA6(wdata_i[6]), .DIA7(wdata_i[7]), .DIA8(wdata_i[8]), .DIA9(wdata_i[9]), .DIA10(wdata_i[10]), .DIA11(wdata_i[11]),
        .DIA12(wdata_i[12]), .DIA13(wdata_i[13]), .DIA14(wdata_i[14]), .DIA15(wdata_i[15]), .DIA16(wdata_i[16]), .DIA17(wdata_i[17]),
        .DIB0(dib[0]), .DIB1(dib[1]), .DIB2(dib[2]), .DIB3(dib[3]), .DIB4(dib[4]), .DIB5(dib[5]),
        .DIB6(dib[6]), .DIB7(dib[7]), .DIB8(dib[8]), .DIB9(dib[9]), .DIB10(dib[10]), .DIB11(dib[11]),
        .DIB12(dib[12]), .DIB13(dib[13]), .DIB14(dib[14]), .DIB15(dib[15]), .DIB16(dib[16]), .DIB17(dib[17]),
        .DOA0(doa[0]), .DOA1(doa[1]), .DOA2(doa[2]), .DOA3(doa[3]), .DOA4(doa[4]), .DOA5(doa[5]),
        .DOA6(doa[6]), .DOA7(doa[7]), .DOA8(doa[8]), .DOA9(doa[9]), .DOA10(doa[10]), .DOA11(doa[11]),
        .DOA12(doa[12]), .DOA13(doa[13]), .DOA14(doa[14]), .DOA15(doa[15]), .DOA16(doa[16]), .DOA17(doa[17]),
        .DOB0(dob[0]), .DOB1(dob[1]), .DOB2(dob[2]), .DOB3(dob[3]), .DOB4(dob[4]), .DOB5(dob[5]),
        .DOB6(dob[6]), .DOB7(dob[7]), .DOB8(dob[8]), .DOB9(dob[9]), .DOB10(dob[10]), .DOB11(dob[11]),
        .DOB12(dob[12]), .DOB13(dob[13]), .DOB14(dob[14]), .DOB15(dob[15]), .DOB16(dob[16]), .DOB17(dob[17])
    );
endmodule
