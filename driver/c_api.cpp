// The functions of lacuna.h: exceptions become results and a message.
#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "driver/board.hpp"
#include "driver/errors.hpp"
#include "driver/lacuna.h"
#include "driver/serial_transport.hpp"

struct LacunaBoard {
    LacunaBoard(const char* port, unsigned baud) : transport(port, baud), board(transport) {}

    const lacuna::QuantisedModel& loaded() const {
        if (!model) {
            throw lacuna::Error("no model was loaded: call lacuna_load first");
        }
        return model->model;
    }

    lacuna::SerialTransport transport;
    lacuna::Board board;
    std::optional<lacuna::NamedModel> model;
};

namespace lacuna {
namespace {

std::string& message() {
    thread_local std::string text;
    return text;
}

LacunaResult failed(LacunaResult result, const char* what) {
    message() = what;
    return result;
}

template <class Body>
LacunaResult guarded(Body body) {
    try {
        message().clear();
        body();
        return LACUNA_OK;
    } catch (const PortError& error) {
        return failed(LACUNA_PORT_FAILED, error.what());
    } catch (const NoAnswer& error) {
        return failed(LACUNA_NO_ANSWER, error.what());
    } catch (const NotLacuna& error) {
        return failed(LACUNA_NOT_LACUNA, error.what());
    } catch (const ProtocolMismatch& error) {
        return failed(LACUNA_PROTOCOL_MISMATCH, error.what());
    } catch (const DeviceError& error) {
        return failed(LACUNA_REFUSED, error.what());
    } catch (const SessionLost& error) {
        return failed(LACUNA_SESSION_LOST, error.what());
    } catch (const StepCountError& error) {
        return failed(LACUNA_STEPS_DIFFER, error.what());
    } catch (const VerifyError& error) {
        return failed(LACUNA_VERIFY_FAILED, error.what());
    } catch (const Cancelled& error) {
        return failed(LACUNA_CANCELLED, error.what());
    } catch (const LinkError& error) {
        return failed(LACUNA_LINK_FAILED, error.what());
    } catch (const std::exception& error) {
        return failed(LACUNA_FAILED, error.what());
    } catch (...) {
        return failed(LACUNA_FAILED, "failed for an unknown reason");
    }
}

/// The parts of each layer in an array that holds them one after the other.
template <class Value, class Action>
void for_each_layer(const QuantisedModel& model, Value* values, Action action) {
    for (std::size_t layer = 0; layer < model.layers.size(); ++layer) {
        const std::size_t units = model.layers[layer].units;
        action(layer, std::span<Value>(values, units));
        values += units;
    }
}

}  // namespace
}  // namespace lacuna

using lacuna::guarded;

const char* lacuna_message() {
    return lacuna::message().c_str();
}

LacunaResult lacuna_open(const char* port, std::uint32_t baud, LacunaBoard** board) {
    *board = nullptr;
    return guarded([&] { *board = std::make_unique<LacunaBoard>(port, baud).release(); });
}

void lacuna_close(LacunaBoard* board) {
    const std::unique_ptr<LacunaBoard> owner(board);
}

LacunaResult lacuna_reopen(LacunaBoard* board) {
    return guarded([&] {
        board->board.reopen();
        if (board->model && !board->board.attach(*board->model)) {
            board->model.reset();
        }
    });
}

LacunaResult lacuna_info(LacunaBoard* board, LacunaInfo* info) {
    return guarded([&] {
        const lacuna::Identity& id = board->board.device().identify();
        *info = {.build = id.build_hash,
                 .model = id.model_valid ? id.model : 0,
                 .protocol = id.protocol,
                 .clock_hz = id.clock_hz,
                 .baud = id.baud(),
                 .tiles = static_cast<std::uint32_t>(id.geometry.tiles),
                 .ports = static_cast<std::uint32_t>(id.geometry.ports),
                 .activation_bits = static_cast<std::uint32_t>(id.geometry.activation_bits),
                 .frame_bytes = static_cast<std::uint32_t>(id.frame_bytes),
                 .window = static_cast<std::uint32_t>(id.window),
                 .steps = id.steps};
    });
}

LacunaResult lacuna_counters(LacunaBoard* board, std::uint32_t counters[16]) {
    static_assert(lacuna::protocol::kCounters == 16);
    return guarded([&] { std::ranges::copy(board->board.counters(), counters); });
}

const char* lacuna_counter_name(std::size_t position) {
    return position < lacuna::protocol::kCounters ? lacuna::protocol::kCounterNames[position].data()
                                                  : nullptr;
}

LacunaResult lacuna_set_baud(LacunaBoard* board, std::uint32_t baud) {
    return guarded([&] { board->board.set_baud(baud); });
}

LacunaResult lacuna_load(LacunaBoard* board, const char* path, LacunaProgress progress, void* user) {
    return guarded([&] {
        lacuna::NamedModel named = lacuna::read_named_model(path);
        board->model.reset();
        if (board->board.attach(named)) {
            board->board.clear();
        } else {
            std::stop_source stop;
            lacuna::LoadOptions options;
            options.stop = stop.get_token();
            if (progress != nullptr) {
                options.progress = [&](const char* what, std::size_t done, std::size_t total) {
                    if (progress(what, done, total, user) != 0) {
                        stop.request_stop();
                    }
                };
            }
            board->board.load(named, options);
        }
        board->model = std::move(named);
    });
}

LacunaResult lacuna_model(LacunaBoard* board, LacunaModel* model) {
    return guarded([&] {
        const lacuna::QuantisedModel& loaded = board->loaded();
        *model = {};
        model->input_scale = loaded.input_scale;
        model->inputs = loaded.input_size();
        model->outputs = board->board.image().outputs();
        for (const lacuna::RecurrentLayer& layer : loaded.layers) {
            model->units += layer.units;
        }
        model->vocabulary = loaded.vocab.size();
        model->activation_bits = static_cast<std::uint32_t>(loaded.activation_bits);
        model->output_fraction =
            static_cast<std::uint32_t>(loaded.head ? loaded.head->fraction : loaded.activation_bits - 1);
        std::ranges::copy(loaded.vocab, model->characters);
    });
}

LacunaResult lacuna_clear(LacunaBoard* board) {
    return guarded([&] { board->board.clear(); });
}

LacunaResult lacuna_read_state(LacunaBoard* board, std::int16_t* h, std::int16_t* c) {
    return guarded([&] {
        const lacuna::ModelState state = board->board.read_state();
        lacuna::for_each_layer(board->loaded(), h, [&](std::size_t layer, std::span<std::int16_t> part) {
            std::ranges::copy(state.h[layer], part.begin());
        });
        lacuna::for_each_layer(board->loaded(), c, [&](std::size_t layer, std::span<std::int16_t> part) {
            std::ranges::copy(state.c[layer], part.begin());
        });
    });
}

LacunaResult lacuna_write_state(LacunaBoard* board, const std::int16_t* h, const std::int16_t* c) {
    return guarded([&] {
        lacuna::ModelState state;
        const auto add_to = [](std::vector<std::vector<std::int16_t>>& layers) {
            return [&layers](std::size_t, std::span<const std::int16_t> part) {
                layers.emplace_back(part.begin(), part.end());
            };
        };
        lacuna::for_each_layer(board->loaded(), h, add_to(state.h));
        lacuna::for_each_layer(board->loaded(), c, add_to(state.c));
        board->board.write_state(state);
    });
}

LacunaResult lacuna_run(LacunaBoard* board, LacunaMode mode, const std::int16_t* inputs, std::size_t steps,
                        std::int32_t* outputs) {
    return guarded([&] {
        const std::size_t size = board->loaded().input_size();
        std::size_t given = 0;
        board->board.run(
            mode == LACUNA_SCORE ? lacuna::Mode::Score : lacuna::Mode::Generate,
            [&]() -> std::optional<std::vector<std::int16_t>> {
                if (given == steps) {
                    return std::nullopt;
                }
                const std::int16_t* x = inputs + given++ * size;
                return std::vector<std::int16_t>(x, x + size);
            },
            [&](std::span<const std::int32_t> values) { outputs = std::ranges::copy(values, outputs).out; });
    });
}

LacunaResult lacuna_run_tokens(LacunaBoard* board, const std::uint8_t* tokens, std::size_t steps,
                               std::int32_t* outputs) {
    return guarded([&] {
        board->loaded();
        const std::span<const std::uint8_t> given(tokens, steps);
        std::size_t at = 0;
        board->board.run_tokens(
            [&] { return at < steps ? std::optional<int>(given[at++]) : std::nullopt; },
            [&](std::span<const std::int32_t> values) { outputs = std::ranges::copy(values, outputs).out; });
    });
}

LacunaResult lacuna_generate(LacunaBoard* board, std::uint8_t first, std::size_t count,
                             std::uint8_t* tokens) {
    return guarded([&] {
        board->loaded();
        std::ranges::transform(board->board.generate(first, count), tokens,
                               [](int token) { return static_cast<std::uint8_t>(token); });
    });
}
