// lacuna_gate against golden: every pre-activation, both functions.
#include <doctest/doctest.h>

#include "Vgate.h"
#include "golden/prng.hpp"
#include "tests/rtl/checker.hpp"
#include "tests/rtl/table.hpp"

namespace lacuna::rtl_test {
namespace {

Checker run_gate(int damaged) {
    Checker checker("lacuna_gate");
    if (damaged >= 0) {
        checker.be_quiet();
    }
    Testbench<Vgate> bench(6);
    load_table(bench, damaged);

    struct Input {
        int value;
        bool tanh;
        int raw_value;
        bool raw;

        std::int64_t gate() const { return raw ? raw_value : tanh ? tanh_q(value) : sigmoid_q(value); }
        const char* name() const { return raw ? "raw value" : tanh ? "tanh" : "sigmoid"; }
    };
    DelayLine<Input> line(6);
    SplitMix64 random(1);
    const auto give = [&](int value, bool tanh, bool raw = false) {
        const Input input{value, tanh, static_cast<int>(random.between(-32768, 32767)), raw};
        bench->value_i = static_cast<SData>(value);
        bench->tanh_i = tanh;
        bench->raw_value_i = static_cast<SData>(input.raw_value);
        bench->raw_i = raw;
        bench.tick();
        if (const auto old = line.next(input)) {
            checker.check(old->name(), old->value, old->gate(), get_signed(bench->gate_o, 0, 16));
        }
    };
    for (const bool tanh : {true, false}) {
        for (int value = -32768; value <= 32767; ++value) {
            give(value, tanh);
        }
    }
    // The functions change from cycle to cycle without disturbing each other.
    for (int i = 0; i < 20'000; ++i) {
        give(static_cast<int>(random.between(-32768, 32767)), random.one_in(2), random.one_in(3));
    }
    return checker;
}

TEST_CASE("gate equals golden for every input") {
    CHECK_CLEAN(run_gate(-1));
}
TEST_CASE("gate: a damaged table word is reported") {
    CHECK(run_gate(40).mismatches() > 0);
}

TEST_CASE("gate: the table reads back") {
    Checker checker("lacuna_gate");
    Testbench<Vgate> bench(8);
    load_table(bench);
    DelayLine<int> line(1);
    bench->table_read_i = 1;
    for (int s = 0; s <= kTableWords; ++s) {
        bench->table_addr_i = static_cast<CData>(s);
        bench->value_i = static_cast<SData>(s * 91);
        bench.tick();
        if (const auto old = line.next(s)) {
            checker.check("table word", *old, table_word(*old), bench->table_word_o);
        }
    }
    CHECK_CLEAN(checker);
}

}  // namespace
}  // namespace lacuna::rtl_test
