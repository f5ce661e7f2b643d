// Stream register that cuts both ways: valid, ready and data come out of flip-flops, data through one multiplexer.
//
// in_*, out_*: valid/ready. A word leaves one cycle after it came at the earliest, one word a cycle. Two words are held at
// most, each in a place of its own. A free place takes over in_data_i in every cycle, and whether that counts is decided
// beside it: so neither handshake has to reach the data's flip-flops.
//
// Width at least 1.
`default_nettype none

module lacuna_skid #(
    parameter int unsigned Width = 8
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic in_valid_i,
    output logic in_ready_o,
    input wire logic [Width-1:0] in_data_i,
    output logic out_valid_o,
    input wire logic out_ready_i,
    output logic [Width-1:0] out_data_o
);
    logic [Width-1:0] first_q, second_q;
    logic [1:0] full_q, full;
    logic to_second_q, from_second_q, from_second;

    if (Width < 1) begin : gen_bad
        $error("lacuna_skid: Width must be at least 1");
    end

    always_comb begin
        full = full_q;
        if (in_valid_i && in_ready_o) full[to_second_q] = 1'b1;
        if (out_valid_o && out_ready_i) full[from_second_q] = 1'b0;
    end
    assign from_second = from_second_q ^ (out_valid_o && out_ready_i);

    always_ff @(posedge clk_i) begin
        if (!full_q[0]) first_q <= in_data_i;
        if (!full_q[1]) second_q <= in_data_i;
        full_q <= full;
        to_second_q <= to_second_q ^ (in_valid_i && in_ready_o);
        from_second_q <= from_second;
        in_ready_o <= !(full[0] && full[1]);
        out_valid_o <= from_second ? full[1] : full[0];
        if (!rst_ni) begin
            full_q <= '0;
            to_second_q <= 1'b0;
            from_second_q <= 1'b0;
            in_ready_o <= 1'b1;
            out_valid_o <= 1'b0;
        end
    end
    assign out_data_o = from_second_q ? second_q : first_q;
endmodule
