// Files, digests and durations of common/.
#include "common/file.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "common/progress.hpp"
#include "common/sha256.hpp"
#include "tests/golden/temporary_folder.hpp"
#include "tests/model/tiny.hpp"

namespace lacuna {

TEST_CASE("a written file reads back, replaces the old one and leaves no partial file") {
    const TemporaryFolder folder;
    const auto path = folder / "new/deep.txt";
    write_text(path, "one");
    write_text(path, std::string("two\0three", 9));
    CHECK(read_text(path) == std::string("two\0three", 9));
    CHECK(read_bytes(path).size() == 9);
    CHECK_FALSE(std::filesystem::exists(folder / "new/deep.txt.partial"));
}

TEST_CASE("files that cannot be read or written are named with the reason") {
    const TemporaryFolder folder;
    CHECK(contains(error_text([&] { read_text(folder / "absent"); }), "absent': No such file"));
    CHECK(contains(error_text([&] { read_text(folder / "."); }), "is a folder"));
    write_text(folder / "plain", "x");
    CHECK(contains(error_text([&] { write_text(folder / "plain/below", "y"); }), "cannot make folder"));
    std::filesystem::create_directory(folder / "taken");
    CHECK(contains(error_text([&] { write_text(folder / "taken", "y"); }), "cannot write"));
    CHECK_FALSE(std::filesystem::exists(folder / "taken.partial"));
}

TEST_CASE("SHA-256 gives the standard's values") {
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256_hex(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("durations read naturally") {
    CHECK(duration_text(7.4) == "7s");
    CHECK(duration_text(185) == "3m05s");
    CHECK(duration_text(8040) == "2h14m");
}

}  // namespace lacuna
