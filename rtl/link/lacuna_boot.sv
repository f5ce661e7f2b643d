// Boot: writes the model that was baked into the bitstream, if there is one.
//
// The boot memory holds the magic word, a number N, and N pairs of {space 4 bits, select 8, address 24} and a word of 36
// bits. After reset they are written one after the other through write_* (valid/ready); done_o then stays high, and
// baked_o says that there was a magic word. With skip_i, which must hold from reset on, nothing is written, as if there were
// none. BootDepth, words of the memory, 0: there is none.
`default_nettype none

module lacuna_boot #(
    parameter int unsigned BootDepth = 512
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic skip_i,
    output logic done_o,
    output logic baked_o,
    output logic write_valid_o,
    input wire logic write_ready_i,
    output logic [7:0] write_space_o,
    output logic [7:0] write_select_o,
    output logic [23:0] write_address_o,
    output logic [35:0] write_data_o
);
    if (BootDepth == 0) begin : gen_none
        assign done_o = 1'b1;
        assign baked_o = 1'b0;
        assign write_valid_o = 1'b0;
        assign write_space_o = '0;
        assign write_select_o = '0;
        assign write_address_o = '0;
        assign write_data_o = '0;

        logic unused;
        assign unused = ^{clk_i, rst_ni, skip_i, write_ready_i};
    end else begin : gen_boot
        localparam int unsigned AddrW = $clog2(BootDepth);
        localparam int unsigned BootSpace = 10;  // of no request: only a bitstream fills this memory

        if (BootDepth < 16 || BootDepth > 65536) begin : gen_bad
            $error("lacuna_boot: BootDepth must be 0 or 16..65536");
        end

        typedef enum logic [2:0] {Magic, Count, Place, Data, Write, Last, Done} state_e;

        (* fsm_encoding = "one-hot" *) state_e state_q;
        logic [3:0] wait_q;
        logic [AddrW-1:0] address_q;
        logic [35:0] word, word_q;
        logic magic_q, last_q, empty_q;
        logic read_q;  // the word is there
        logic [15:0] left_q;

        // Written never: its contents come with the bitstream.
        lacuna_ebr #(
            .Width(36), .Depth(BootDepth), .Space(BootSpace)
        ) u_memory (
            .clk_i,
            .we_i(1'b0),
            .waddr_i('0),
            .wdata_i('0),
            .raddr_i(address_q),
            .rdata_o(word)
        );

        assign write_valid_o = state_q == Write;

        always_ff @(posedge clk_i) begin
            done_o <= state_q == Done;
            wait_q <= {wait_q[2:0], 1'b1};
            word_q <= word;
            magic_q <= word_q == lacuna_link_pkg::BootMagic && !skip_i;
            last_q <= left_q == 16'd1;
            read_q <= !read_q && wait_q[3] && !(state_q == Write) && !(state_q == Last) && !(state_q == Done);
            empty_q <= word_q[15:0] == '0;
            if (read_q) begin
                address_q <= address_q + 1'b1;
                wait_q <= '0;
            end
            if (state_q == Magic) baked_o <= magic_q && read_q;
            if (state_q == Count) left_q <= word_q[15:0];
            else if (state_q == Write && write_ready_i) left_q <= left_q - 1'b1;
            if (state_q == Place) begin
                write_space_o <= 8'(word_q[35:32]);
                write_select_o <= word_q[31:24];
                write_address_o <= word_q[23:0];
            end
            if (state_q == Data) write_data_o <= word_q;
            unique case (state_q)
                Magic: if (read_q) state_q <= magic_q ? Count : Done;
                Count: if (read_q) state_q <= empty_q ? Done : Place;
                Place: if (read_q) state_q <= Data;
                Data: if (read_q) state_q <= Write;
                Write: if (write_ready_i) state_q <= last_q ? Last : Place;
                Last: if (write_ready_i) state_q <= Done;  // it is written
                default: state_q <= Done;
            endcase
            if (!rst_ni) begin
                state_q <= Magic;
                address_q <= '0;
                wait_q <= '0;
                read_q <= 1'b0;
                baked_o <= 1'b0;
                done_o <= 1'b0;
            end
        end
    end
endmodule
