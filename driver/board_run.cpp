// Board: requests in a pipeline, and steps.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>

#include "driver/board.hpp"
#include "driver/errors.hpp"

namespace lacuna {
namespace {

using protocol::Opcode;

constexpr std::uint64_t kRunCycles = 16384;  // of a run beside its sweeps, more than any has

std::uint8_t mode_byte(Mode mode) {
    return static_cast<std::uint8_t>(mode == Mode::Score ? protocol::StepMode::Score
                                                         : protocol::StepMode::Generate);
}

void put_input(Bytes& payload, std::span<const std::int16_t> x, std::size_t x_bytes) {
    const std::size_t size = x_bytes / std::max<std::size_t>(x.size(), 1);
    for (const std::int16_t value : x) {
        put(payload, static_cast<std::uint16_t>(value), size);
    }
}

}  // namespace

Board::Board(Transport& transport, const DeviceOptions& options) : device_(transport, options) {
    steps_ = identity().steps;
}

void Board::reopen() {
    device_.open();
    device_.identify();
    image_.reset();
    model_.reset();
    steps_ = identity().steps;
}

void Board::pipeline(const std::function<std::optional<Job>()>& next,
                     const std::function<void(const Job&, std::span<const std::uint8_t>)>& done) {
    std::deque<Job> jobs;
    std::exception_ptr failure;
    bool more = true;
    const auto keep = [&](auto&& action) {
        try {
            action();
        } catch (...) {
            failure = failure ? failure : std::current_exception();
            more = false;
        }
    };
    try {
        while (more || !jobs.empty()) {
            keep([&] {
                while (more && !device_.window_full()) {
                    auto job = next();
                    if (!job) {
                        more = false;
                        break;
                    }
                    device_.post(job->opcode, std::move(job->payload), job->reply_bytes, job->cycles);
                    job->payload.clear();
                    jobs.push_back(std::move(*job));
                }
            });
            if (jobs.empty()) {
                break;
            }
            const Reply reply = device_.take();
            const Job job = std::move(jobs.front());
            jobs.pop_front();
            keep([&] {
                try {
                    Device::check(reply, job.opcode);
                    done(job, reply.payload);
                } catch (const std::out_of_range&) {
                    throw LinkError(
                        fmt::format("the device's reply to {} is {} bytes long, fewer than it must be",
                                    protocol::name(job.opcode), reply.payload.size()));
                }
            });
        }
    } catch (...) {
        steps_.reset();
        throw;
    }
    if (failure) {
        steps_.reset();  // which of the steps under way were made, the device knows
        std::rethrow_exception(failure);
    }
}

std::uint32_t Board::count_steps(const Job& job, ByteReader& reply) {
    const std::uint32_t counted = reply.u32();
    const std::uint32_t expected = *steps_ + static_cast<std::uint32_t>(job.steps);
    if (counted != expected) {
        throw StepCountError(
            fmt::format("the device counts {} steps, expected {}: something else ran steps on it, or its "
                        "state was cleared; "
                        "set the state again and repeat",
                        counted, expected));
    }
    steps_ = counted;
    return reply.u32();
}

void Board::give_outputs(Mode mode, std::size_t steps, ByteReader& reply, const Sink& sink) const {
    if (reply.left() != image_->output_bytes(mode, steps)) {
        throw LinkError(
            fmt::format("{} steps gave {} bytes of outputs, expected {}: the device's model registers "
                        "are not those of this model; load it again",
                        steps, reply.left(), image_->output_bytes(mode, steps)));
    }
    std::vector<std::int32_t> outputs(image_->outputs());
    for (std::size_t step = 0; step < steps; ++step) {
        for (const int output : image_->output_map(mode, step + 1 == steps).output) {
            const std::int32_t value = reply.signed_value(image_->value_bytes());
            if (output >= 0) {
                outputs[static_cast<std::size_t>(output)] = value;
            }
        }
        sink(outputs);
    }
}

std::size_t Board::batch_of(Mode mode, std::size_t input_bytes, std::size_t asked) const {
    const std::size_t frame = identity().frame_bytes;
    std::size_t batch = (frame - protocol::step_request::kSize) / input_bytes;
    while (batch > 1 && protocol::step_reply::kSize + image_->output_bytes(mode, batch) > frame) {
        --batch;
    }
    return asked == 0 ? batch : std::min(batch, asked);
}

std::uint64_t Board::work(Mode mode, std::size_t steps) const {
    return 2 * static_cast<std::uint64_t>(image_->layout().sweep_cycles(mode)) * steps + kRunCycles;
}

RunTotals Board::run(Mode mode, const Source& source, const Sink& sink, std::stop_token stop,
                     std::size_t batch) {
    const std::size_t most = batch_of(mode, image().x_bytes(), batch);
    const std::size_t inputs = model_->input_size();
    steps();
    RunTotals totals;
    bool ended = false;
    const auto next = [&]() -> std::optional<Job> {
        check_stop(stop, "the run");
        Job job{Opcode::Step, {mode_byte(mode), 0, 0}, 0, 0, 0};
        while (!ended && job.steps < most) {
            const auto x = source();
            if (!x) {
                ended = true;
                break;
            }
            if (x->size() != inputs) {
                throw Error(fmt::format("an input vector has {} values, expected {}", x->size(), inputs));
            }
            put_input(job.payload, *x, image_->x_bytes());
            ++job.steps;
        }
        if (job.steps == 0) {
            return std::nullopt;
        }
        job.payload[1] = static_cast<std::uint8_t>(job.steps);
        job.payload[2] = static_cast<std::uint8_t>(job.steps >> 8);
        job.reply_bytes = protocol::step_reply::kSize + image_->output_bytes(mode, job.steps);
        job.cycles = work(mode, job.steps);
        return job;
    };
    pipeline(next, [&](const Job& job, std::span<const std::uint8_t> payload) {
        ByteReader reply(payload);
        totals.cycles += count_steps(job, reply);
        totals.steps += job.steps;
        give_outputs(mode, job.steps, reply, sink);
    });
    return totals;
}

std::vector<std::int32_t> Board::step(std::span<const std::int16_t> x) {
    std::vector<std::int32_t> result;
    bool given = false;
    run(
        Mode::Generate,
        [&]() -> std::optional<std::vector<std::int16_t>> {
            return std::exchange(given, true) ? std::nullopt : std::optional(std::vector(x.begin(), x.end()));
        },
        [&](std::span<const std::int32_t> outputs) { result.assign(outputs.begin(), outputs.end()); });
    return result;
}

RunTotals Board::run_tokens(const TokenSource& source, const Sink& sink, std::stop_token stop,
                            std::size_t batch) {
    image();
    if (!image_->token_mode()) {
        if (!model_->language) {
            need_tokens("tokens");
        }
        const auto embed = [&]() -> std::optional<std::vector<std::int16_t>> {
            const auto token = source();
            if (!token) {
                return std::nullopt;
            }
            const auto begin = model_->embedding.begin() +
                               token_byte(*token) * static_cast<std::ptrdiff_t>(model_->input_size());
            return std::vector(begin, begin + static_cast<std::ptrdiff_t>(model_->input_size()));
        };
        return run(Mode::Generate, embed, sink, stop, batch);
    }
    const std::size_t most = batch_of(Mode::Generate, 1, batch);
    steps();
    RunTotals totals;
    bool ended = false;
    const auto next = [&]() -> std::optional<Job> {
        check_stop(stop, "the run");
        Job job{Opcode::Tokens, {protocol::kTokenFlagLogits, 0, 0}, 0, 0, 0};
        while (!ended && job.steps < most) {
            const auto token = source();
            if (!token) {
                ended = true;
                break;
            }
            job.payload.push_back(token_byte(*token));
            ++job.steps;
        }
        if (job.steps == 0) {
            return std::nullopt;
        }
        job.payload[1] = static_cast<std::uint8_t>(job.steps);
        job.payload[2] = static_cast<std::uint8_t>(job.steps >> 8);
        job.reply_bytes = protocol::tokens_reply::kSize + image_->output_bytes(Mode::Generate, job.steps);
        job.cycles = work(Mode::Generate, job.steps);
        return job;
    };
    pipeline(next, [&](const Job& job, std::span<const std::uint8_t> payload) {
        ByteReader reply(payload);
        totals.cycles += count_steps(job, reply);
        totals.steps += job.steps;
        give_outputs(Mode::Generate, job.steps, reply, sink);
    });
    return totals;
}

void Board::need_tokens(const char* what) const {
    throw Error(
        fmt::format("{} cannot be run by the device: the model has no vocabulary, or the device's embedding "
                    "memory of {} banks "
                    "does not hold it",
                    what, identity().embedding_banks));
}

std::uint8_t Board::token_byte(int token) const {
    const std::size_t tokens = model_->vocab.size();
    if (token < 0 || static_cast<std::size_t>(token) >= tokens) {
        throw Error(fmt::format("token {} is not one of the model's: expected 0 to {}", token, tokens - 1));
    }
    return static_cast<std::uint8_t>(token);
}

std::vector<int> Board::likeliest(std::span<const int> tokens) {
    if (!image().token_mode()) {
        need_tokens("tokens");
    }
    const std::size_t most = identity().frame_bytes - protocol::tokens_reply::kSize;
    steps();
    std::size_t posted = 0;
    std::vector<int> result;
    const auto next = [&]() -> std::optional<Job> {
        const std::size_t count = std::min(most, tokens.size() - posted);
        if (count == 0) {
            return std::nullopt;
        }
        Job job{
            Opcode::Tokens, {0}, protocol::tokens_reply::kSize + count, work(Mode::Generate, count), count};
        put(job.payload, count, 2);
        for (const int token : tokens.subspan(posted, count)) {
            job.payload.push_back(token_byte(token));
        }
        posted += count;
        return job;
    };
    pipeline(next, [&](const Job& job, std::span<const std::uint8_t> payload) {
        ByteReader reply(payload);
        count_steps(job, reply);
        for (const std::uint8_t token : reply.rest(job.steps)) {
            result.push_back(token);
        }
    });
    return result;
}

std::vector<int> Board::generate(int first, std::size_t count, const std::stop_token& stop) {
    if (!image().token_mode()) {
        need_tokens("generation");
    }
    const std::size_t most = identity().frame_bytes - protocol::generate_reply::kSize;
    std::vector<int> result;
    while (result.size() < count) {
        steps();
        check_stop(stop, "generation");
        const std::size_t part = std::min(most, count - result.size());
        bool posted = false;
        // The next request begins with the last token of this one: no two can be under way.
        const auto next = [&]() -> std::optional<Job> {
            if (std::exchange(posted, true)) {
                return std::nullopt;
            }
            Job job{Opcode::Generate,
                    {token_byte(result.empty() ? first : result.back())},
                    protocol::generate_reply::kSize + part,
                    work(Mode::Generate, part),
                    part};
            put(job.payload, part, 2);
            return job;
        };
        pipeline(next, [&](const Job& job, std::span<const std::uint8_t> payload) {
            ByteReader reply(payload);
            count_steps(job, reply);
            for (const std::uint8_t token : reply.rest(job.steps)) {
                result.push_back(token);
            }
        });
    }
    return result;
}

}  // namespace lacuna
