// The engine of 13 tiles behind a UART with a board's divider: 100 clocks a bit, then 33 and a third.
#include <doctest/doctest.h>

#include "driver/self_test.hpp"
#include "tests/driver/fixture.hpp"

namespace lacuna {

TEST_CASE("Thirteen tiles and a real divider: identify, rate, load, verify, steps") {
    Fixture fixture;
    const Identity& identity = fixture.board.identity();
    CHECK(identity.geometry.tiles == 13);
    CHECK(identity.clock_hz == 100'000'000);
    CHECK(identity.baud() == 1'000'000);

    fixture.board.set_baud(3'000'000);
    const NamedModel named = small_model(identity.geometry, 6);
    fixture.board.load(named);
    CHECK(identity.baud() == 3'000'000);
    const SelfTestReport report =
        self_test(fixture.board, named.model, {.steps = 4, .seed = 2, .progress = {}, .stop = {}});
    INFO((report.first ? report.first->to_string() : ""));
    CHECK(report.differing == 0);
    CHECK(report.values > 4 * 4 * 7);

    fixture.board.set_baud(1'000'000);
    fixture.board.clear();
    CHECK(fixture.board.step(std::vector<std::int16_t>(named.model.input_size())).size() == 13);
    CHECK(fixture.board.steps() == 1);
    CHECK(fixture.board.device().statistics().resent == 0);
    CHECK(fixture.board.device().statistics().bad_frames == 0);
}

}  // namespace lacuna
