// CRC-32 of IEEE 802.3, one byte a cycle.
//
// start_i sets the register to all ones; valid_i takes a byte (not with start_i). crc_o is the register, one cycle
// after the byte: the CRC to be sent is its complement, lowest byte first; after a body with its CRC the register is
// lacuna_link_pkg::CrcResidue.
`default_nettype none

module lacuna_crc32 (
    input wire logic clk_i,
    input wire logic start_i,
    input wire logic valid_i,
    input wire logic [7:0] data_i,
    output logic [31:0] crc_o
);
    function automatic logic [31:0] next(input logic [31:0] crc, input logic [7:0] data);
        logic [31:0] state;
        state = crc ^ {24'd0, data};
        for (int i = 0; i < 8; i++) begin
            state = (state >> 1) ^ (state[0] ? lacuna_link_pkg::CrcPolynomial : 32'd0);
        end
        next = state;
    endfunction

    always_ff @(posedge clk_i) begin
        if (start_i) crc_o <= '1;
        else if (valid_i) crc_o <= next(crc_o, data_i);
    end
endmodule
