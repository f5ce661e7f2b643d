// Step input: gives the engine the input vectors of a run, bank by bank.
//
// start_i begins a run of steps_i steps. Vectors of x_bytes_i bytes each come from the payload (vectors_i), or are the
// embeddings, of banks_i banks each, of tokens: of the payload's bytes (tokens of a request), or of first_i and then
// token_i, which token_valid_i brings step by step (feedback_i). The payload is read from its current
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
    input wire logic [7:0] first_i,
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
    logic byte_one_q, bank_one_q, steps_one_q, last_q;  // last_q: the bank on offer is its step's last
    logic [15:0] steps_q;   // left, this one included
    logic [15:0] bytes_q, banks_q;  // left of this step
    logic [PlaceW-1:0] place_q;
    logic [7:0] token_q;
    logic [1:0] wait_q;
    logic multiply, placed, shift, full_q;
    logic shift_q;          // the bank moves one cycle behind the place
    logic [7:0] byte_q;
    logic [23:0] base;

    assign busy_o = !(state_q == Idle);
    assign taken_o = x_valid_o && x_ready_i;
    assign x_valid_o = state_q == Offer;
    assign read_next_o = (state_q == Bytes && !padding_q) || (state_q == Token && !feedback_q);
    assign shift = state_q == Bytes && (padding_q || read_valid_i);

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
        multiply <= state_q == Token && (feedback_q ? fresh_q : read_valid_i);
        wait_q <= state_q == Place || (state_q == Fetch && wait_q[1]) ? '0 : {wait_q[0], 1'b1};
        byte_one_q <= bytes_q == 16'd1;
        bank_one_q <= banks_q == 16'd1;
        steps_one_q <= steps_q == 16'd1;

        if (state_q == Idle || (state_q == Token && !feedback_q) || (token_valid_i && feedback_q)) begin
            token_q <= state_q == Idle ? first_i : feedback_q ? token_i : read_byte_i;
        end
        if (state_q == Idle || token_valid_i) fresh_q <= 1'b1;
        else if (state_q == Token) fresh_q <= 1'b0;

        // A vector's bytes, and where the next one goes; the count of the next vector's begins as soon as the last is in.
        if (shift) begin
            place_q <= place_q + 1'b1;
            full_q <= place_q == PlaceW'(BankBytes - 2);
        end
        if (state_q == Idle || (last_q && (state_q == Settle || state_q == Offer))) bytes_q <= x_bytes_i;
        else if (shift && !padding_q) bytes_q <= bytes_q - 1'b1;
        shift_q <= shift;
        byte_q <= padding_q ? 8'd0 : read_byte_i;
        if (shift_q || state_q == Fetch) x_data_o <= shift_q ? {byte_q, x_data_o[lacuna_pkg::BankBits-1:8]} : emb_bank_i;
        // A token's banks.
        if (state_q == Token) banks_q <= banks_i;
        else if (state_q == Fetch && wait_q[1]) banks_q <= banks_q - 1'b1;
        if (state_q == Place) emb_address_o <= base[15:0];
        else if (state_q == Fetch && wait_q[1]) emb_address_o <= emb_address_o + 1'b1;
        if (state_q == Idle) steps_q <= steps_i;
        else if (state_q == Offer && x_ready_i && last_q) steps_q <= steps_q - 1'b1;

        unique case (state_q)
            Idle: begin
                vectors_q <= vectors_i;
                feedback_q <= feedback_i;
                place_q <= '0;
                full_q <= 1'b0;
                padding_q <= 1'b0;
                if (start_i) state_q <= vectors_i ? Bytes : Token;
            end
            Bytes: begin
                if (shift) begin
                    last_q <= padding_q || byte_one_q;
                    if (byte_one_q) padding_q <= 1'b1;
                    if (full_q) state_q <= Settle;
                end
            end
            Settle: state_q <= Offer;
            Token: if (feedback_q ? fresh_q : read_valid_i) state_q <= Place;
            Place: if (placed) state_q <= Fetch;
            // The embedding answers two cycles after its address.
            Fetch: begin
                last_q <= bank_one_q;
                if (wait_q[1]) state_q <= Offer;
            end
            default: begin
                if (x_ready_i) begin
                    if (!last_q) begin
                        state_q <= vectors_q ? Bytes : Fetch;
                    end else begin
                        padding_q <= 1'b0;
                        state_q <= steps_one_q ? Idle : vectors_q ? Bytes : Token;
                    end
                end
            end
        endcase
        if (!rst_ni) begin
            state_q <= Idle;
            multiply <= 1'b0;
        end
    end

    logic unused;
    assign unused = ^base[23:16];
endmodule
