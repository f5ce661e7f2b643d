// ECP5 block RAM, simulation model of the configurations that rtl/ecp5/lacuna_block.sv uses: port A writes and port B
// reads, both 36, 18 or 9 bits wide, with output registers. Any other parameter or pin setting stops simulation.
//
// What it knows, all of it checked against the open tools (see lacuna_block.sv): word order {DIB, DIA} and {DOB, DOA} at 36
// bits, else DIA and DOB; byte enables on ADA[3:0], ADA[1:0] at 18 bits; word address on bits 13:5, 13:4, 13:3; data two
// clock edges after the address. A byte that is read while it is written comes out inverted: it is undefined, so nobody
// may use it.
// Contents start random, but for INITVAL_00 where it is not 0 (the signature of rtl/ecp5/lacuna_block.sv). A block with
// a signature reads its whole contents from the file <place>.hex in the folder of the plusarg +contents=, if that is
// given and the file is there: 2,048 values of 9 bits, as the block RAMs of a bitstream that a model was baked into.
`default_nettype none

module DP16KD #(
    parameter int DATA_WIDTH_A = 18,
    parameter int DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter GSR = "ENABLED",
    parameter logic [319:0] INITVAL_00 = '0
) (
    input wire logic CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2,
    input wire logic CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2,
    input wire logic ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8,
    input wire logic ADA9, ADA10, ADA11, ADA12, ADA13,
    input wire logic ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8,
    input wire logic ADB9, ADB10, ADB11, ADB12, ADB13,
    input wire logic DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8,
    input wire logic DIA9, DIA10, DIA11, DIA12, DIA13, DIA14, DIA15, DIA16, DIA17,
    input wire logic DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8,
    input wire logic DIB9, DIB10, DIB11, DIB12, DIB13, DIB14, DIB15, DIB16, DIB17,
    output logic DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8,
    output logic DOA9, DOA10, DOA11, DOA12, DOA13, DOA14, DOA15, DOA16, DOA17,
    output logic DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8,
    output logic DOB9, DOB10, DOB11, DOB12, DOB13, DOB14, DOB15, DOB16, DOB17
);
    if ((DATA_WIDTH_A != 36 && DATA_WIDTH_A != 18 && DATA_WIDTH_A != 9) || DATA_WIDTH_B != DATA_WIDTH_A || REGMODE_A != "OUTREG" || REGMODE_B != "OUTREG"
        || RESETMODE != "SYNC" || ASYNC_RESET_RELEASE != "SYNC" || WRITEMODE_A != "NORMAL" || WRITEMODE_B != "NORMAL"
        || CSDECODE_A != "0b000" || CSDECODE_B != "0b000" || GSR != "DISABLED") begin : gen_bad
        $error("DP16KD: the model knows only one write and one read port of 36, 18 or 9 bits, with output registers");
    end

    localparam int Bytes = DATA_WIDTH_A / 9;
    localparam int Ignored = $clog2(Bytes) + 3;  // bits of the address below the word's

    logic [8:0] mem[0:2047];

    // Halves of 36-bit words, 18 bits in every 20.
    initial begin : start
        string folder, name;
        int file;
        if (INITVAL_00 != '0) begin
            for (int unsigned v = 0; v < 32; v++) mem[v] = INITVAL_00[20*(v/2)+9*(v%2)+:9];
            if ($value$plusargs("contents=%s", folder)) begin
                name = $sformatf("%s/%09x.hex", folder, {mem[7], mem[6], mem[5], mem[4]});
                file = $fopen(name, "r");
                if (file != 0) begin
                    $fclose(file);
                    $readmemh(name, mem);
                end
            end
        end
    end

    logic [13:0] ada, adb;
    logic [35:0] wdata, read_q, rdata_q;

    assign ada = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5,
        ADA4, ADA3, ADA2, ADA1, ADA0};
    assign adb = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5,
        ADB4, ADB3, ADB2, ADB1, ADB0};
    assign wdata = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9,
        DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
        DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9,
        DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
        DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0,
        DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
        DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = DATA_WIDTH_B == 36 ? rdata_q : {rdata_q[17:0], 18'd0};

    logic [10:0] written, read;  // first byte of the word
    logic [3:0] byte_we;

    assign written = 11'(ada >> Ignored) << $clog2(Bytes);
    assign read = 11'(adb >> Ignored) << $clog2(Bytes);
    assign byte_we = !WEA ? 4'd0 : Bytes == 1 ? 4'd1 : ada[3:0] & 4'((1 << Bytes) - 1);

    always_ff @(posedge CLKA) begin
        for (int unsigned b = 0; b < Bytes; b++) begin
            if (byte_we[b]) mem[written+11'(b)] <= wdata[b*9+:9];
        end
    end

    always_ff @(posedge CLKB) begin
        for (int unsigned b = 0; b < Bytes; b++) begin
            if (byte_we[b] && written == read) read_q[b*9+:9] <= ~mem[read+11'(b)];
            else read_q[b*9+:9] <= mem[read+11'(b)];
        end
        rdata_q <= read_q;
        a_pins : assert ({CEA, OCEA, RSTA, CSA0, CSA1, CSA2, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2} == 13'b110000_1100000
                         && (ada & 14'((1 << Ignored) - (1 << (Bytes == 1 ? 0 : Bytes)))) == '0
                         && (adb & 14'((1 << Ignored) - 1)) == '0);
    end
endmodule
