// One of 16 elements: data_o = element index_i of data_i, element 0 lowest. Combinational.
// Behavioural twin of ecp5/lacuna_select.sv.
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

    assign data_o = data_i[index_i*Width+:Width];
endmodule
