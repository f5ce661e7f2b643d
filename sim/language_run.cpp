#include "sim/language_run.hpp"

#include <algorithm>

#include "golden/bits_per_character.hpp"
#include "golden/sampling.hpp"
#include "golden/vocabulary.hpp"

namespace lacuna {
namespace {

std::vector<std::int16_t> embed(const QuantisedModel& model, int token) {
    const auto size = static_cast<std::ptrdiff_t>(model.input_size());
    const auto begin = model.embedding.begin() + token * size;
    return {begin, begin + size};
}

}  // namespace

RunStatistics generate(Session& session, const std::string& prompt, std::uint64_t steps, double temperature,
                       std::uint64_t seed, const std::function<void(char)>& write) {
    const QuantisedModel& model = session.golden().model();
    const Vocabulary vocabulary(model.vocab);
    std::vector<int> tokens = vocabulary.encode(prompt);
    const std::size_t prompt_size = tokens.size();
    Sampler sampler(temperature, seed, model.head->fraction);
    const auto source = [&](std::uint64_t step) -> std::optional<std::vector<std::int16_t>> {
        if (step >= tokens.size()) {
            return std::nullopt;
        }
        return embed(model, tokens[step]);
    };
    std::uint64_t outputs = 0;
    const auto sink = [&](std::uint64_t, std::span<const std::int32_t> logits) {
        if (++outputs >= prompt_size) {
            tokens.push_back(sampler.choose(logits));
            write(static_cast<char>(vocabulary.byte(tokens.back())));
        }
    };
    // While the prompt lasts, inputs are known ahead: those steps are no steady state of writing.
    const std::uint64_t warm_up = std::max<std::uint64_t>(kWarmUpSteps, prompt_size);
    return session.run(Mode::Generate, prompt_size + steps - 1, source, sink, warm_up);
}

Score score(Session& session, const std::vector<int>& tokens,
            const std::function<void(std::uint64_t, double)>& progress) {
    const QuantisedModel& model = session.golden().model();
    const int fraction = model.head->fraction;
    Score result;
    result.characters = tokens.size() - 1;

    GoldenModel golden(model);
    BitsPerCharacter golden_bits;
    for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
        golden.step_token(tokens[t]);
        golden_bits.add(surprise_bits(golden.logits(), fraction, tokens[t + 1]));
    }
    result.golden = golden_bits.value();

    BitsPerCharacter engine_bits;
    const auto source = [&](std::uint64_t step) { return std::optional(embed(model, tokens[step])); };
    const auto sink = [&](std::uint64_t, std::span<const std::int32_t> logits) {
        engine_bits.add(surprise_bits(logits, fraction, tokens[engine_bits.count() + 1]));
        progress(engine_bits.count(), engine_bits.value());
    };
    result.run = session.run(Mode::Score, result.characters, source, sink);
    result.engine = engine_bits.value();
    return result;
}

}  // namespace lacuna
