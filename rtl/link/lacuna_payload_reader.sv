// Payload reader: the bytes of a request, one after the other.
//
// seek_i goes to byte index_i; valid_o then says that byte_o is the byte asked for, and next_i goes on to the one behind
// it. A byte is there four cycles after seek_i or next_i. address_o -> data_i is the payload memory, two cycles.
`default_nettype none

module lacuna_payload_reader #(
    parameter int unsigned IndexW = 10
) (
    input wire logic clk_i,
    input wire logic seek_i,
    input wire logic [IndexW-1:0] index_i,
    input wire logic next_i,
    output logic valid_o,
    output logic [7:0] byte_o,
    output logic [IndexW-1:0] address_o,
    input wire logic [7:0] data_i
);
    logic [1:0] wait_q;

    always_ff @(posedge clk_i) begin
        wait_q <= {wait_q[0], 1'b1};
        valid_o <= wait_q[1];
        byte_o <= data_i;
        if (seek_i || next_i) begin
            address_o <= seek_i ? index_i : address_o + 1'b1;
            wait_q <= '0;
            valid_o <= 1'b0;
        end
    end
endmodule
