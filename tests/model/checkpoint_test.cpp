// Checkpoints that do not belong to the run, or are damaged.
#include <doctest/doctest.h>

#include "model/trainer.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

class CheckpointFixture {
  public:
    Trainer trainer(const TrainOptions& options, std::uint64_t seed = 1) const {
        return {corpus_, layout_, initial_parameters(layout_, seed), options};
    }

    /// Error of restoring a checkpoint of the tiny run, damaged, into a run with `options`.
    std::string restore_error(const TrainOptions& options, const std::function<void(SafeTensors&)>& damage,
                              std::uint64_t seed = 1) const {
        auto writer = trainer(tiny_options());
        writer.step();
        auto file = writer.checkpoint();
        damage(file);
        auto reader = trainer(options, seed);
        return error_text([&] { reader.restore(file, "checkpoint 'c'"); });
    }

  private:
    Dataset corpus_ = tiny_corpus();
    ParameterLayout layout_{tiny_shape(corpus_)};
};

void leave_whole(SafeTensors& /*file*/) {}

}  // namespace

TEST_CASE("a checkpoint of the same run is taken, also with other threads") {
    const CheckpointFixture fixture;
    auto options = tiny_options();
    options.threads = 7;
    CHECK(fixture.restore_error(options, leave_whole) == "no error");
}

TEST_CASE("a checkpoint of other options, data or start is refused with the difference") {
    const CheckpointFixture fixture;
    auto options = tiny_options();
    options.epochs = 9;
    options.seed = 5;
    const auto text = fixture.restore_error(options, leave_whole);
    CHECK(contains(text, "checkpoint 'c': 2 problems"));
    CHECK(contains(text, "was written with epochs = 2, now 9"));
    CHECK(contains(text, "was written with seed = 1, now 5"));
    CHECK(contains(fixture.restore_error(tiny_options(), leave_whole, 2), "start_sha256"));
}

TEST_CASE("damaged checkpoints are named") {
    const CheckpointFixture fixture;
    const auto options = tiny_options();
    const auto error = [&](const std::function<void(SafeTensors&)>& damage) {
        return fixture.restore_error(options, damage);
    };
    CHECK(contains(error([](SafeTensors& f) { f.metadata["lacuna.kind"] = "float-lstm-lm"; }),
                   "is of kind 'float-lstm-lm', expected 'training-checkpoint'"));
    CHECK(contains(error([](SafeTensors& f) { f.metadata.erase("lacuna.kind"); }), "is of kind ''"));
    CHECK(contains(error([](SafeTensors& f) { f.metadata["lacuna.run"] = std::string("{"); }),
                   "has no readable description"));
    CHECK(contains(error([](SafeTensors& f) { f.metadata["lacuna.run"] = std::string("{}"); }),
                   "options = nothing"));
    CHECK(contains(error([](SafeTensors& f) { f.metadata["lacuna.update"] = "soon"; }),
                   "metadata 'lacuna.update' is 'soon'"));
    CHECK(
        contains(error([](SafeTensors& f) { f.tensors.erase("adam.first"); }), "has no tensor 'adam.first'"));
    CHECK(contains(error([](SafeTensors& f) { f.tensors["shard1.h0"].bytes.resize(4); }),
                   "has no tensor 'shard1.h0'"));
}

}  // namespace lacuna
