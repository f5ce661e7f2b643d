#include "model/training_run.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "common/file.hpp"
#include "tests/golden/temporary_folder.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

namespace {

/// Runs of the tiny model in one folder.
class RunFixture {
  public:
    FloatModel run(const std::string& name, bool resume, long stop_after = -1) const {
        auto train = tiny_options();
        train.prune.k = 4;
        train.round_fraction = 0.3;
        Trainer trainer(corpus_, layout_, initial_parameters(layout_, 1), train);
        RunOptions options;
        options.out = folder_ / name;
        options.resume = resume;
        options.checkpoint_interval = 7;
        options.output = Progress::Output::None;
        options.stage = "prune";
        options.command = "lacuna prune --k 4";
        options.history = R"({"stages":[{"stage":"train"}]})";
        options.stop_requested = [&trainer, stop_after] { return trainer.update() == stop_after; };
        return run_training(trainer, corpus_, options);
    }

    std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  private:
    TemporaryFolder folder_;
    Dataset corpus_ = tiny_corpus();
    ParameterLayout layout_{tiny_shape(corpus_)};
};

}  // namespace

TEST_CASE("an interrupted run resumes to the same file, byte for byte") {
    const RunFixture fixture;
    fixture.run("whole", false);
    const auto text = error_text([&] { fixture.run("cut", false, 33); });
    CHECK(contains(text, "interrupted after update 33"));
    CHECK(contains(text, "--resume"));
    CHECK_FALSE(std::filesystem::exists(fixture.path("cut")));
    CHECK(std::filesystem::exists(fixture.path("cut.checkpoint")));

    const auto refusal = error_text([&] { fixture.run("cut", false); });
    CHECK(contains(refusal, "cut.checkpoint' of an interrupted run exists; add --resume"));

    error_text([&] { fixture.run("cut", true, 60); });
    fixture.run("cut", true);
    CHECK(read_text(fixture.path("cut")) == read_text(fixture.path("whole")));
    CHECK(read_text(fixture.path("cut.curves.json")) == read_text(fixture.path("whole.curves.json")));
    CHECK_FALSE(std::filesystem::exists(fixture.path("cut.checkpoint")));
}

TEST_CASE("resuming without a checkpoint starts from the beginning") {
    const RunFixture fixture;
    fixture.run("a", true);
    fixture.run("b", false);
    CHECK(read_text(fixture.path("a")) == read_text(fixture.path("b")));
}

TEST_CASE("the model file tells what was done and how well it went") {
    const RunFixture fixture;
    fixture.run("m", false);
    const auto model = load_float_model(fixture.path("m"));
    CHECK(model.layers[0].k_x == 4);
    CHECK(model.k_head == 4);
    const auto history = nlohmann::json::parse(model.history);
    REQUIRE(history["stages"].size() == 2);
    const auto& stage = history["stages"][1];
    CHECK(stage["command"] == "lacuna prune --k 4");
    CHECK(stage["data_sha256"] == "tiny");
    CHECK(stage["options"]["epochs"] == 2);
    const auto corpus = tiny_corpus();
    CHECK(stage["test_bpc"].get<double>() ==
          doctest::Approx(bits_per_character(model, corpus.test.tokens)).epsilon(1e-5));
    CHECK(stage["test_bpc_rounded"].get<double>() ==
          doctest::Approx(stage["test_bpc"].get<double>()).epsilon(0.05));
}

}  // namespace lacuna
