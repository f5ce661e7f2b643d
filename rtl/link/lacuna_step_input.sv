// Step input: gives the engine the input vectors of a run, bank by bank.
//
// start_i begins a run of steps_i steps. Vectors of x_bytes_i bytes each come from the payload (vectors_i), or are the
// embeddings, of banks_i banks each, of tokens: of the payload's bytes (tokens of a request), or of token_i, which
// token_valid_i brings step by step (feedback_i; the first one comes with start_i). The payload is read from its current
// place. busy_o until the last bank is taken. A vector's last bank is filled up with zeros.
//
// emb_address_o -> emb_bank_i: the embedding, two cycles. x_*: the engine's input. taken_o: it took a bank.
`default_nettype none

module lacuna_step_input (
    input wire logic clk_i,
    input wire logic rst_ni,
    input wire logic start_i,
    input wire logic vectors_i,
    input wire logic feedback_i,
    input wire logic [15:0] steps_i,
    input wire logic [15:0] x_bytes_i,
    input wire logic [15:0] banks_i,
    input wire logic token_valid_i,
    input wire logic [7:0] token_i,
    output logic busy_o,
    output logic taken_o,

    output logic read_next_o,
    input wire logic read_valid_i,
    input wire logic [7:0] read_byte_i,

    output logic [15:0] emb_address_o,
    input wire logic [lacuna_pkg::BankBits-1:0] emb_bank_i,

    output logic x_valid_o,
    input wire logic x_ready_i,
    output logic [lacuna_pkg::BankBits-1:0] x_data_o
);
    localparam int unsigned BankBytes = lacuna_pkg::BankBits / 8;
    localparam int unsigned PlaceW = $clog2(BankBytes);

    typedef enum logic [2:0] {Idle, Bytes, Settle, Token, Place, Fetch, Offer} state_e;

    (* fsm_encoding = "one-hot" *) state_e state_q;
    logic vectors_q, feedback_q, fresh_q, padding_q;
    logic left_one_q, steps_one_q, last_q;  // last_q: the bank on offer is its step's last
    logic [15:0] steps_q;   // left, this one included
    logic [15:0] left_q;    // bytes or banks of this step
    logic [PlaceW-1:0] place_q;
    logic [7:0] token_q;
    logic [1:0] wait_q;
    logic multiply, placed, shift, full, byte_valid;
    logic shift_q;          // the bank moves one cycle behind the place
    logic [7:0] byte_q;
    logic [23:0] base;

    assign busy_o = !(state_q == Idle);
    assign taken_o = x_valid_o && x_ready_i;
    assign x_valid_o = state_q == Offer;
    assign full = place_q == PlaceW'(BankBytes - 1);
    assign byte_valid = read_valid_i && !read_next_o;
    assign shift = state_q == Bytes && (padding_q || byte_valid);

    lacuna_multiplier #(
        .WidthA(16), .WidthB(8)
    ) u_place (
        .clk_i, .rst_ni,
        .start_i(multiply),
        .a_i(banks_i),
        .b_i(token_q),
        .done_o(placed),
        .product_o(base)
    );

    always_ff @(posedge clk_i) begin
        multiply <= 1'b0;
        read_next_o <= byte_valid && ((state_q == Bytes && !padding_q) || (state_q == Token && !feedback_q));
        wait_q <= {wait_q[0], 1'b1};
        left_one_q <= left_q == 16'd1;
        steps_one_q <= steps_q == 16'd1;
        if (token_valid_i) begin
            token_q <= token_i;
            fresh_q <= 1'b1;
        end
        shift_q <= shift;
        byte_q <= padding_q ? 8'd0 : read_byte_i;
        if (shift_q) x_data_o <= {byte_q, x_data_o[lacuna_pkg::BankBits-1:8]};
        else if (state_q == Fetch) x_data_o <= emb_bank_i;

        unique case (state_q)
            Idle: begin
                if (start_i) begin
                    vectors_q <= vectors_i;
                    feedback_q <= feedback_i;
                    steps_q <= steps_i;
                    left_q <= x_bytes_i;
                    place_q <= '0;
                    padding_q <= 1'b0;
                    fresh_q <= 1'b1;
                    state_q <= vectors_i ? Bytes : Token;
                    if (feedback_i) token_q <= token_i;
                end
            end
            Bytes: begin
                if (shift) begin
                    place_q <= place_q + 1'b1;
                    last_q <= padding_q || left_one_q;
                    if (!padding_q) left_q <= left_one_q ? x_bytes_i : left_q - 1'b1;
                    if (left_one_q) padding_q <= 1'b1;
                    if (full) state_q <= Settle;
                end
            end
            Settle: state_q <= Offer;
            Token: begin
                if (feedback_q ? fresh_q : byte_valid) begin
                    if (!feedback_q) token_q <= read_byte_i;
                    fresh_q <= 1'b0;
                    multiply <= 1'b1;
                    left_q <= banks_i;
                    state_q <= Place;
                end
            end
            Place: begin
                emb_address_o <= base[15:0];
                wait_q <= '0;
                if (placed) state_q <= Fetch;
            end
            // The embedding answers two cycles after its address.
            Fetch: begin
                if (wait_q[1]) begin
                    left_q <= left_q - 1'b1;
                    last_q <= left_one_q;
                    wait_q <= '0;
                    emb_address_o <= emb_address_o + 1'b1;
                    state_q <= Offer;
                end
            end
            default: begin
                place_q <= '0;
                if (x_ready_i) begin
                    if (!last_q) begin
                        state_q <= vectors_q ? Bytes : Fetch;
                    end else begin
                        padding_q <= 1'b0;
                        steps_q <= steps_q - 1'b1;
                        state_q <= steps_one_q ? Idle : vectors_q ? Bytes : Token;
                    end
                end
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            multiply <= 1'b0;
            read_next_o <= 1'b0;
        end
    end

    logic unused;
    assign unused = ^base[23:16];
endmodule
