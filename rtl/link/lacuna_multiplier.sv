// Sequential multiplier, without a multiplier of the device: one bit of b a cycle.
//
// start_i takes a_i and b_i; done_o is high WidthB + 1 cycles later, and product_o holds from then until the next start.
// WidthA, WidthB >= 1.
`default_nettype none

module lacuna_multiplier #(
    parameter int unsigned WidthA = 16,
    parameter int unsigned WidthB = 16
) (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic [WidthA-1:0] a_i,
    input wire logic [WidthB-1:0] b_i,
    output logic done_o,
    output logic [WidthA+WidthB-1:0] product_o
);
    localparam int unsigned CountW = $clog2(WidthB + 1);

    if (WidthA < 1 || WidthB < 1) begin : gen_bad
        $error("lacuna_multiplier: WidthA and WidthB must be at least 1");
    end

    logic [WidthA-1:0] a_q;
    logic [WidthB-1:0] b_q;
    logic [CountW-1:0] left_q;
    logic run_q;  // bits are left

    // Highest bit first.
    always_ff @(posedge clk_i) begin
        done_o <= run_q && left_q == CountW'(1);
        if (run_q) begin
            run_q <= left_q != CountW'(1);
            left_q <= left_q - 1'b1;
            b_q <= b_q << 1;
            product_o <= (product_o << 1) + (b_q[WidthB-1] ? (WidthA + WidthB)'(a_q) : '0);
        end
        if (start_i) begin
            a_q <= a_i;
            b_q <= b_i;
            product_o <= '0;
            left_q <= CountW'(WidthB);
            run_q <= 1'b1;
        end
        if (!rst_ni) begin
            run_q <= 1'b0;
            done_o <= 1'b0;
        end
    end
endmodule
