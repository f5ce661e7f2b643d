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

        std::int64_t gate() const {
            return raw ? raw_value : tanh ? tanh_q<kAct>(value) : sigmoid_q<kAct>(value);
        }
        const char* name() const { return raw ? "raw value" : tanh ? "tanh" : "sigmoid"; }
    };
    DelayLine<Input> line(6);
    SplitMix64 random(1);
    const auto any = [&] { return static_cast<int>(random.between(kFormat.min_gate(), kFormat.max_gate())); };
    const auto give = [&](int value, bool tanh, bool raw = false) {
        const Input input{value, tanh, any(), raw};
        give_port(bench->value_i, value, kFormat.gate_bits);
        bench->tanh_i = tanh;
        give_port(bench->raw_value_i, input.raw_value, kFormat.gate_bits);
        bench->raw_i = raw;
        bench.tick();
        if (const auto old = line.next(input)) {
            checker.check(old->name(), old->value, old->gate(),
                          get_signed(bench->gate_o, 0, kFormat.gate_bits));
        }
    };
    for (const bool tanh : {true, false}) {
        for (int value = kFormat.min_gate(); value <= kFormat.max_gate(); ++value) {
            give(value, tanh);
        }
    }
    // The functions change from cycle to cycle without disturbing each other.
    for (int i = 0; i < 20'000; ++i) {
        give(any(), random.one_in(2), random.one_in(3));
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
    DelayLine<int> line(3);
    for (int s = 0; s <= kTableWords + 2; ++s) {
        put(bench->table_i, TableAccess{0, s, 1, 0});
        give_port(bench->value_i, s * 91, kFormat.gate_bits);
        bench.tick();
        if (const auto old = line.next(s)) {
            checker.check("table word", *old, table_word(*old), bench->table_word_o);
        }
    }
    CHECK_CLEAN(checker);
}

}  // namespace
}  // namespace lacuna::rtl_test
