// Payload reader: the bytes of a request, one after the other.
//
// seek_i goes to byte index_i; valid_o then says that byte_o is the byte asked for, and next_i, in the cycle after valid_o,
// goes on to the one behind it. valid_o is high every other cycle, until then; from the cycle after seek_i on it is low, so
// who waits for a byte must not have asked for it in the same cycle. The first byte is there seven cycles after seek_i;
// while it is, the next one is fetched. address_o -> data_i is the payload memory, three cycles.
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
    logic [2:0] wait_q;           // for the memory
    logic ahead_q, here_q, take;  // the byte behind, and the one asked for, are there
    logic [7:0] next_q;

    assign take = ahead_q && !here_q;

    always_ff @(posedge clk_i) begin
        wait_q <= ahead_q ? '0 : {wait_q[1:0], 1'b1};
        if (!ahead_q) next_q <= data_i;
        if (take) byte_o <= next_q;
        ahead_q <= !seek_i && (ahead_q ? here_q : wait_q[2]);
        here_q <= !seek_i && (here_q ? !next_i : ahead_q);
        valid_o <= here_q && !valid_o && !seek_i && !next_i;
        if (seek_i) begin
            address_o <= index_i;
            wait_q <= '0;
        end else if (take) begin
            address_o <= address_o + 1'b1;
        end
    end
endmodule
