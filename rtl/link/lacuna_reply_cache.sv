// Reply cache: the last Window replies, each in the slot of its sequence number's low bits.
//
// A reply is written into slot_i, one byte of the payload a cycle at most with write_i, from byte place_i of start_i on;
// bytes_o is where the next byte goes, and bytes beyond FrameBytes are not kept. commit_i then stores its status and
// length. status_o and length_o are those of read_slot_i; its payload is read through read_address_i -> read_data_o,
// three cycles later.
//
// FrameBytes: a power of two, 256..4096. Window: a power of two, 2..8.
`default_nettype none

module lacuna_reply_cache #(
    parameter int unsigned FrameBytes = 1024,
    parameter int unsigned Window = 4,
    localparam int unsigned IndexW = $clog2(FrameBytes),
    localparam int unsigned SlotW = $clog2(Window)
) (
    input wire logic clk_i,
    input wire logic [SlotW-1:0] slot_i,
    input wire logic start_i,
    input wire logic [3:0] place_i,
    input wire logic write_i,
    input wire logic [7:0] data_i,
    output logic [IndexW:0] bytes_o,
    input wire logic commit_i,
    input wire logic [IndexW:0] commit_length_i,
    input wire logic [7:0] status_i,

    input wire logic [SlotW-1:0] read_slot_i,
    output logic [7:0] status_o,
    output logic [IndexW:0] length_o,
    input wire logic [IndexW-1:0] read_address_i,
    output logic [7:0] read_data_o
);
    (* ram_style = "distributed" *) logic [IndexW+8:0] header[0:Window-1];

    logic write_q;
    logic [IndexW+SlotW-1:0] write_address_q;
    logic [7:0] write_data_q;

    always_ff @(posedge clk_i) begin
        write_q <= write_i && !bytes_o[IndexW];
        write_address_q <= {slot_i, bytes_o[IndexW-1:0]};
        write_data_q <= data_i;
        if (start_i) bytes_o <= (IndexW + 1)'(place_i);
        else if (write_i && !bytes_o[IndexW]) bytes_o <= bytes_o + 1'b1;
        if (commit_i) header[slot_i] <= {commit_length_i, status_i};
    end
    assign {length_o, status_o} = header[read_slot_i];

    lacuna_byte_ram #(
        .Depth(FrameBytes * Window)
    ) u_payload (
        .clk_i,
        .we_i(write_q),
        .waddr_i(write_address_q),
        .wdata_i(write_data_q),
        .raddr_i({read_slot_i, read_address_i}),
        .rdata_o(read_data_o)
    );
endmodule
