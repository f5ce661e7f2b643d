// CRC-32 of IEEE 802.3, one byte a cycle.
//
// start_i sets the register to all ones; valid_i takes a byte (not with start_i). crc_o is the register, two cycles
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
    // What eight bits that leave the register do to it. It is linear: those of the byte go through it a cycle ahead.
    function automatic logic [31:0] effect(input logic [7:0] leaving);
        logic [31:0] state;
        state = 32'(leaving);
        for (int i = 0; i < 8; i++) begin
            state = (state >> 1) ^ (state[0] ? lacuna_link_pkg::CrcPolynomial : 32'd0);
        end
        effect = state;
    endfunction

    logic valid_q;
    logic [31:0] effect_q;

    always_ff @(posedge clk_i) begin
        valid_q <= valid_i;
        effect_q <= effect(data_i);
        if (start_i) crc_o <= '1;
        else if (valid_q) crc_o <= (crc_o >> 8) ^ effect(crc_o[7:0]) ^ effect_q;
    end
endmodule
