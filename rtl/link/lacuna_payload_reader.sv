// Payload reader: the bytes of a request, one after the other.
//
// seek_i goes to byte index_i; valid_o then says that byte_o is the byte asked for, and next_i, which is heard while it does,
// goes on to the one behind it. valid_o is low from the cycle after seek_i on, so who takes bytes must not do so in the same
// one. The first byte is there six cycles after seek_i; while it is, the next one is fetched. address_o -> data_i is the
// payload memory, three cycles.
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
    logic [2:0] wait_q;  // for the memory
    logic ahead_q, take; // the byte behind the one asked for is there; it is moved up
    logic [7:0] ahead_byte_q;

    assign take = ahead_q && !valid_o;

    always_ff @(posedge clk_i) begin
        wait_q <= ahead_q ? '0 : {wait_q[1:0], 1'b1};
        if (!ahead_q) ahead_byte_q <= data_i;
        if (take) byte_o <= ahead_byte_q;
        ahead_q <= !seek_i && (ahead_q ? valid_o : wait_q[2]);
        valid_o <= !seek_i && (valid_o ? !next_i : ahead_q);
        if (seek_i) begin
            address_o <= index_i;
            wait_q <= '0;
        end else if (take) begin
            address_o <= address_o + 1'b1;
        end
    end
endmodule
