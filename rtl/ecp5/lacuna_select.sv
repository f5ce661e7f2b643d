// One of 16 elements: data_o = element index_i of data_i, element 0 lowest. Combinational.
// A bit takes eight LUT4, four PFUMX and three L6MUX21, one logic tile; what Yosys infers takes 2.6 times as much.
// Twin of generic/lacuna_select.sv.
//
// Width 1..32.
`default_nettype none

module lacuna_select #(
    parameter int unsigned Width = 8
) (
    input wire logic [16*Width-1:0] data_i,
    input wire logic [3:0] index_i,
    output logic [Width-1:0] data_o
);
    if (Width < 1 || Width > 32) begin : gen_bad
        $error("lacuna_select: Width must be 1..32");
    end

    for (genvar w = 0; w < Width; w++) begin : gen_bit
        logic [7:0] of_two;
        logic [3:0] of_four;
        logic [1:0] of_eight;

        for (genvar p = 0; p < 8; p++) begin : gen_two
            LUT4 #(.INIT(16'hCACA)) u_lut (  // C ? B : A
                .A(data_i[2*p*Width+w]), .B(data_i[(2*p+1)*Width+w]), .C(index_i[0]), .D(1'b0), .Z(of_two[p])
            );
        end
        for (genvar p = 0; p < 4; p++) begin : gen_four
            PFUMX u_mux (.BLUT(of_two[2*p]), .ALUT(of_two[2*p+1]), .C0(index_i[1]), .Z(of_four[p]));
        end
        for (genvar p = 0; p < 2; p++) begin : gen_eight
            L6MUX21 u_mux (.D0(of_four[2*p]), .D1(of_four[2*p+1]), .SD(index_i[2]), .Z(of_eight[p]));
        end
        L6MUX21 u_mux (.D0(of_eight[0]), .D1(of_eight[1]), .SD(index_i[3]), .Z(data_o[w]));
    end
endmodule
