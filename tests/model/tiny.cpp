#include "tests/model/tiny.hpp"

#include <cstring>

#include "common/error.hpp"
#include "golden/prng.hpp"

namespace lacuna {

namespace {

/// Words in random order: inside a word each character follows from the ones before.
std::string tiny_text(std::uint64_t seed, int words) {
    constexpr const char* kWords[] = {"abba ", "acdc ", "bead ", "deed\n"};
    SplitMix64 random(seed);
    std::string text = "abcde \n";
    for (int i = 0; i < words; ++i) {
        text += kWords[random.between(0, 3)];
    }
    return text;
}

std::vector<int> tokens_of(const std::string& text, const std::vector<std::uint8_t>& vocab) {
    std::vector<int> tokens;
    for (const char character : text) {
        const auto place = std::ranges::find(vocab, static_cast<std::uint8_t>(character));
        tokens.push_back(static_cast<int>(place - vocab.begin()));
    }
    return tokens;
}

}  // namespace

Dataset tiny_corpus() {
    const auto train = tiny_text(1, 500);
    Dataset corpus;
    corpus.format.vocab = bytes_of(train);
    corpus.train.tokens = tokens_of(train, corpus.format.vocab);
    corpus.valid.tokens = tokens_of(tiny_text(2, 60), corpus.format.vocab);
    corpus.test.tokens = tokens_of(tiny_text(3, 60), corpus.format.vocab);
    corpus.sha256 = "tiny";
    return corpus;
}

NetworkShape tiny_shape(const Dataset& corpus, Cell cell) {
    NetworkShape shape;
    shape.cell = cell;
    shape.vocabulary = static_cast<Eigen::Index>(corpus.format.vocab.size());
    shape.embedding = 20;
    shape.units = {24, 16};
    return shape;
}

TrainOptions tiny_options() {
    TrainOptions options;
    options.epochs = 2;
    options.streams = 4;
    options.steps = 10;
    options.shards = 2;
    options.threads = 1;
    options.learning_rate.warmup = 5;
    options.prune.interval = 5;
    return options;
}

FloatModel random_float_model(const NetworkShape& shape, std::uint64_t seed) {
    const ParameterLayout layout(shape);
    auto flat = initial_parameters(layout, seed);
    auto head_bias = view(flat, layout.head_bias);
    for (Eigen::Index i = 0; i < head_bias.size(); ++i) {
        head_bias(i, 0) = 0.1F * static_cast<float>(i);
    }
    if (shape.cell == Cell::Gru) {
        for (const auto& blocks : layout.layers) {
            auto bias = view(flat, blocks.bias);
            for (Eigen::Index i = 0; i < bias.rows(); ++i) {
                bias(i, 0) = 0.05F * static_cast<float>(i % 17 - 8) + 0.01F;
            }
        }
    }
    DataFormat format;
    for (Eigen::Index i = 0; i < shape.vocabulary; ++i) {
        format.vocab.push_back(static_cast<std::uint8_t>('a' + i));
    }
    return unflatten(flat, layout, format);
}

std::string error_text(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

bool same_bytes(const Flat<float>& a, const Flat<float>& b) {
    const auto size = static_cast<std::size_t>(a.size()) * sizeof(float);
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), size) == 0;
}

}  // namespace lacuna
