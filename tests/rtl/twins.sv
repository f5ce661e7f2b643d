// Every primitive in the widths and depths that the engine uses, and in its extremes, side by side: built once with
// rtl/generic and once with rtl/ecp5, the two must not differ.
`default_nettype none

module twins #(
    localparam int unsigned Mults = 21,
    localparam int unsigned PeMults = 4,
    localparam int unsigned Sums = 4,
    localparam int unsigned Selects = 3,
    localparam int unsigned Ebrs = 13,
    localparam int unsigned Banks = 3
) (
    input wire logic clk_i,
    input wire logic signed [35:0] a_i,
    input wire logic signed [17:0] b_i,
    output logic [Mults-1:0][53:0] product_o,
    output logic [PeMults-1:0][35:0] pe_product_o,
    input wire logic first_i,
    output logic [Sums-1:0][35:0] sum_o,
    input wire logic [3:0] index_i,
    output logic [Selects-1:0][31:0] selected_o,
    input wire logic we_i,
    input wire logic [3:0] part_we_i,
    input wire logic [15:0] waddr_i,
    input wire logic [35:0] wdata_i,
    input wire logic [15:0] raddr_i,
    output logic [Ebrs-1:0][35:0] rdata_o,
    input wire logic [15:0] bank_we_i,
    input wire logic [lacuna_pkg::BankBits-1:0] bank_wdata_i,
    output logic [Banks-1:0][lacuna_pkg::BankBits-1:0] bank_rdata_o
);
    // Sizes as flat tables of 8 or 16 bits an entry, entry 0 lowest.
    localparam logic [Mults*8-1:0] MultA = {8'd2, 8'd36, 8'd24, 8'd16, 8'd16, 8'd20, 8'd2, 8'd16, 8'd12, 8'd19, 8'd9, 8'd16, 8'd19, 8'd11, 8'd36, 8'd5, 8'd36, 8'd2, 8'd12, 8'd16, 8'd24};
    localparam logic [Mults*8-1:0] MultB = {8'd10, 8'd13, 8'd16, 8'd16, 8'd16, 8'd4, 8'd2, 8'd16, 8'd9, 8'd16, 8'd12, 8'd16, 8'd16, 8'd10, 8'd13, 8'd3, 8'd18, 8'd2, 8'd9, 8'd16, 8'd16};
    localparam logic [Mults*8-1:0] MultLatency = {8'd3, 8'd3, 8'd3, 8'd3, 8'd3, 8'd3, 8'd2, 8'd3, 8'd2, 8'd3, 8'd2, 8'd3, 8'd3, 8'd2, 8'd3, 8'd3, 8'd3, 8'd2, 8'd2, 8'd3, 8'd3};
    localparam logic [Mults-1:0] MultDsp = 21'b000100000111000000000;  // 19 bits do not fit a DSP
    localparam logic [Mults-1:0] MultPositive = 21'b111000001000010000100;  // b_i never negative
    localparam logic [Mults-1:0] MultFar = 21'b111011111000000000000;
    localparam logic [Mults-1:0] MultHalf = 21'b000111000000000000000;
    localparam logic [PeMults*8-1:0] PeA = {8'd15, 8'd2, 8'd18, 8'd15};
    localparam logic [PeMults*8-1:0] PeB = {8'd16, 8'd2, 8'd18, 8'd8};
    localparam logic [Sums*8-1:0] SumWidth = {8'd2, 8'd36, 8'd25, 8'd24};
    localparam logic [Selects*8-1:0] SelectWidth = {8'd1, 8'd16, 8'd8};
    // The last three are memories of bytes.
    localparam int unsigned ByteRams = 3;
    localparam logic [Ebrs-1:0] EbrInParts = 13'b0001100000010;  // written nine bits at a time
    localparam logic [Ebrs*16-1:0] EbrWidth = {16'd8, 16'd8, 16'd8, 16'd36, 16'd36, 16'd25, 16'd16, 16'd1, 16'd36, 16'd16, 16'd26, 16'd36, 16'd36};
    localparam logic [Ebrs*16-1:0] EbrDepth = {16'd16, 16'd8192, 16'd2048, 16'd1052, 16'd2560, 16'd512, 16'd512, 16'd2, 16'd8192, 16'd528, 16'd256, 16'd1536, 16'd512};
    localparam logic [Banks*16-1:0] BankDepth = {16'd64, 16'd1024, 16'd512};

    for (genvar m = 0; m < Mults; m++) begin : gen_mult
        localparam int unsigned A = 32'(MultA[m*8+:8]);
        localparam int unsigned B = 32'(MultB[m*8+:8]);
        logic signed [A+B-1:0] product;
        logic signed [B-1:0] b;

        assign b = {b_i[B-1] && !MultPositive[m], b_i[B-2:0]};

        lacuna_mult #(
            .WidthA(A), .WidthB(B), .Latency(32'(MultLatency[m*8+:8])), .Dsp(32'(MultDsp[m])), .PositiveB(32'(MultPositive[m])),
            .FarInputs(32'(MultFar[m])), .Half(32'(MultHalf[m]))
        ) u_mult (
            .clk_i, .a_i(a_i[A-1:0]), .b_i(b), .product_o(product)
        );
        assign product_o[m] = 54'(product);
    end

    for (genvar m = 0; m < PeMults; m++) begin : gen_pe_mult
        localparam int unsigned A = 32'(PeA[m*8+:8]);
        localparam int unsigned B = 32'(PeB[m*8+:8]);
        logic signed [A+B-1:0] product;

        lacuna_pe_mult #(.WidthA(A), .WidthB(B)) u_mult (
            .clk_i, .a_i(a_i[A-1:0]), .b_i(b_i[B-1:0]), .product_o(product)
        );
        assign pe_product_o[m] = 36'(product);
    end

    for (genvar m = 0; m < Sums; m++) begin : gen_sum
        localparam int unsigned Width = 32'(SumWidth[m*8+:8]);
        logic signed [Width-1:0] sum;

        lacuna_accumulate #(.Width(Width)) u_sum (.clk_i, .first_i, .addend_i(a_i[Width-1:0]), .sum_o(sum));
        assign sum_o[m] = 36'(sum);
    end

    for (genvar m = 0; m < Selects; m++) begin : gen_select
        localparam int unsigned Width = 32'(SelectWidth[m*8+:8]);
        logic [Width-1:0] selected;

        lacuna_select #(.Width(Width)) u_select (
            .data_i((16 * Width)'(bank_wdata_i)), .index_i, .data_o(selected)
        );
        assign selected_o[m] = 32'(selected);
    end

    for (genvar e = 0; e < Ebrs; e++) begin : gen_ebr
        localparam int unsigned Width = 32'(EbrWidth[e*16+:16]);
        localparam int unsigned Depth = 32'(EbrDepth[e*16+:16]);
        localparam int unsigned AddrW = $clog2(Depth);
        logic [Width-1:0] rdata;

        if (e < Ebrs - ByteRams) begin : gen_words
            localparam int unsigned Parts = EbrInParts[e] ? 4 : 1;
            logic [Parts-1:0] we;
            assign we = EbrInParts[e] ? Parts'(part_we_i) : {Parts{we_i}};

            lacuna_ebr #(.Width(Width), .Depth(Depth), .Parts(Parts)) u_ebr (
                .clk_i,
                .we_i(we),
                .waddr_i(AddrW'(waddr_i % 16'(Depth))),
                .wdata_i(wdata_i[Width-1:0]),
                .raddr_i(AddrW'(raddr_i % 16'(Depth))),
                .rdata_o(rdata)
            );
        end else begin : gen_bytes
            lacuna_byte_ram #(.Depth(Depth)) u_bytes (
                .clk_i,
                .we_i,
                .waddr_i(AddrW'(waddr_i % 16'(Depth))),
                .wdata_i(wdata_i[7:0]),
                .raddr_i(AddrW'(raddr_i % 16'(Depth))),
                .rdata_o(rdata)
            );
        end
        assign rdata_o[e] = 36'(rdata);
    end

    for (genvar k = 0; k < Banks; k++) begin : gen_bank
        localparam int unsigned Depth = 32'(BankDepth[k*16+:16]);
        localparam int unsigned AddrW = $clog2(Depth);

        lacuna_bank_ram #(.Depth(Depth), .Columns(Depth == 64 ? 1 : lacuna_pkg::BankParts)) u_banks (
            .clk_i,
            .we_i(bank_we_i),
            .waddr_i(AddrW'(waddr_i % 16'(Depth))),
            .wdata_i(bank_wdata_i),
            .raddr_i(AddrW'(raddr_i % 16'(Depth))),
            .rdata_o(bank_rdata_o[k])
        );
    end
endmodule
