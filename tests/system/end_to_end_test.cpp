// The shipped model on the engine of `make sim`: it writes text, every bit checked.
#include <doctest/doctest.h>

#include "golden/model_file.hpp"
#include "golden/sampling.hpp"
#include "golden/vocabulary.hpp"
#include "sim/language_run.hpp"

namespace lacuna {
namespace {

const std::filesystem::path models = LACUNA_MODELS;

TEST_CASE("the 8x model writes the same text as golden") {
    const QuantisedModel model = load_quantised_model(models / "kjv-8x.safetensors");
    const auto engine = make_engine(built_geometries().front());
    Session session(*engine, model);
    std::string text;
    generate(session, "And the ", 24, 0.5, 3, [&](char c) { text += c; });
    CHECK(session.mismatches() == 0);

    // The same choice of characters from golden alone.
    GoldenModel golden(model);
    const Vocabulary vocabulary(model.vocab);
    Sampler sampler(0.5, 3, model.head->fraction);
    std::string expected;
    std::vector<int> tokens = vocabulary.encode("And the ");
    for (std::size_t t = 0; expected.size() < 24; ++t) {
        golden.step_token(tokens[t]);
        if (t + 1 == tokens.size()) {
            tokens.push_back(sampler.choose(golden.logits()));
            expected += static_cast<char>(vocabulary.byte(tokens.back()));
        }
    }
    CHECK(text == expected);
}

TEST_CASE("all shipped models are valid and of one shape") {
    const QuantisedModel dense = load_quantised_model(models / "kjv-dense.safetensors");
    for (const char* name : {"kjv-8x.safetensors", "kjv-16x.safetensors"}) {
        const QuantisedModel model = load_quantised_model(models / name);
        CHECK(model.dense_weights() == dense.total_slots());
        CHECK(model.vocab == dense.vocab);
    }
}

}  // namespace
}  // namespace lacuna
