// Runs a model on a device: steps <port> <model.safetensors>
#include <cstdio>
#include <exception>

#include "driver/board.hpp"
#include "driver/serial_transport.hpp"

int main(int argc, char** argv) try {
    if (argc != 3) {
        std::fprintf(stderr, "usage: steps <port> <model.safetensors>\n");
        return 2;
    }
    lacuna::SerialTransport port(argv[1], 1000000);
    lacuna::Board board(port);
    const lacuna::NamedModel model = lacuna::read_named_model(argv[2]);
    if (!board.attach(model)) {
        board.load(model);
    }
    board.clear();
    for (int step = 0; step < 3; ++step) {
        const auto outputs = board.step(std::vector<std::int16_t>(model.model.input_size(), 1));
        std::printf("step %d: first output %d of %zu\n", step, outputs.front(), outputs.size());
    }
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "steps: %s\n", error.what());
    return 1;
}
