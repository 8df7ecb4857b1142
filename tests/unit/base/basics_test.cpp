#include "base/clock.h"
#include "base/fd.h"
#include "base/promise.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace otk {

using namespace std::chrono_literals;

namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

} // namespace

TEST_CASE("fd: closed with its owner, moved without being closed, released to the caller") {
    const int number = open_null();
    {
        Fd first(number);
        CHECK(first.get() == number);
        Fd second(std::move(first));
        CHECK_FALSE(first); // NOLINT(bugprone-use-after-move): that it is empty is what is tested
        CHECK(is_open(number));
        Fd& itself = second;
        second = std::move(itself);
        CHECK(second.get() == number);
    }
    CHECK_FALSE(is_open(number));

    Fd target(open_null());
    const int overwritten = target.get();
    const int kept = open_null();
    target = Fd(kept);
    CHECK_FALSE(is_open(overwritten));
    CHECK(is_open(kept));
    CHECK(target.release() == kept);
    CHECK_FALSE(target);
    target.close();
    CHECK(is_open(kept));
    ::close(kept);
}

TEST_CASE("promise: a kept one does nothing, a broken one says what and aborts") {
    promise(true, "kept");
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const Fd read(ends[0]);
    Fd write(ends[1]);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
        (void)::setrlimit(RLIMIT_CORE, &no_core);
        (void)std::signal(SIGABRT, SIG_DFL);
        (void)::dup2(write.get(), STDERR_FILENO);
        promise(false, "water runs uphill");
        ::_exit(0);
    }
    REQUIRE(pid > 0);
    write.close();
    std::string said;
    for (char c = 0; ::read(read.get(), &c, 1) == 1;) {
        said += c;
    }
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
    CHECK(said == "broken promise: water runs uphill\n");
}

TEST_CASE("error: what, and why in the system's words") {
    errno = ENOSPC;
    CHECK(std::string(system_error("cannot write x").what()) == "cannot write x: No space left on device");
    CHECK(std::string(system_error("cannot open y", ENOENT).what()) ==
          "cannot open y: No such file or directory");
}

TEST_CASE(
    "clock: a manual one stands still until it is moved; the system's does not run backwards past 2020") {
    ManualClock clock(from_nanoseconds(5));
    CHECK(to_nanoseconds(clock.now()) == 5);
    clock.advance(2s);
    CHECK(to_nanoseconds(clock.now()) == 2'000'000'005);
    clock.set(Time{});
    CHECK(clock.now() == Time{});
    CHECK(SystemClock().now() > from_nanoseconds(1'577'836'800'000'000'000));
}

TEST_CASE("secret: moved, never copied, and wiped where it was") {
    static_assert(!std::is_copy_constructible_v<SecretArray<4>> &&
                  !std::is_copy_assignable_v<SecretArray<4>>);
    static_assert(!std::is_copy_constructible_v<SecretText> && !std::is_copy_assignable_v<SecretText>);
    const auto all_zero = [](Bytes bytes) {
        return std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; });
    };

    SecretArray<4> first;
    CHECK(all_zero(first.view()));
    std::fill(first.fill().begin(), first.fill().end(), std::uint8_t{7});
    SecretArray<4> second(std::move(first));
    CHECK(all_zero(first.view())); // NOLINT(bugprone-use-after-move): that nothing is left is what is tested
    CHECK(second.view()[3] == 7);
    first = std::move(second);
    CHECK(all_zero(second.view())); // NOLINT(bugprone-use-after-move)
    CHECK(first.view()[0] == 7);

    SecretText text("correct horse");
    SecretText moved(std::move(text));
    CHECK(text.size() == 0); // NOLINT(bugprone-use-after-move)
    CHECK(moved.text() == "correct horse");
    text = std::move(moved);
    CHECK(moved.size() == 0); // NOLINT(bugprone-use-after-move)
    CHECK(text.text() == "correct horse");
}

TEST_CASE("secret: the destructor leaves zeros behind") {
    alignas(SecretArray<8>) std::array<std::uint8_t, sizeof(SecretArray<8>)> memory{};
    auto* secret = new (memory.data()) SecretArray<8>;
    std::fill(secret->fill().begin(), secret->fill().end(), std::uint8_t{0xEE});
    CHECK(std::count(memory.begin(), memory.end(), 0xEE) == 8);
    secret->~SecretArray<8>();
    CHECK(std::count(memory.begin(), memory.end(), 0xEE) == 0);
}

TEST_CASE("secret: equal means same length and every byte the same") {
    const std::array<std::uint8_t, 3> value{1, 2, 3};
    std::array<std::uint8_t, 3> other = value;
    CHECK(equal_in_constant_time(value, other));
    CHECK(equal_in_constant_time({}, {}));
    CHECK_FALSE(equal_in_constant_time(value, Bytes(other).first(2)));
    for (std::size_t place = 0; place < other.size(); ++place) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            other = value;
            other[place] = static_cast<std::uint8_t>(other[place] ^ (1U << bit));
            CHECK_FALSE(equal_in_constant_time(value, other));
        }
    }
}

TEST_CASE("random: the system's fills everything and repeats nothing") {
    std::array<std::uint8_t, 1000> first{};
    std::array<std::uint8_t, 1000> second{};
    system_random(first);
    system_random(second);
    CHECK(first != second);
    // Of 1000 random bytes each value is missing with probability 2 %; half of all values are never missing.
    CHECK(std::set<std::uint8_t>(first.begin(), first.end()).size() > 128);
    system_random({});
}

TEST_CASE("random: below a bound, without favouring a remainder") {
    // A source that gives what the test wants, four bytes a time.
    std::vector<std::uint32_t> numbers;
    const RandomSource source = [&numbers](MutableBytes bytes) {
        REQUIRE_FALSE(numbers.empty());
        const std::uint32_t number = numbers.back();
        numbers.pop_back();
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
        }
    };
    numbers = {11, 0xFFFFFFFFU};
    CHECK(random_below(source, 10) == 1); // 2^32 - 1 lies past the last whole ten and is thrown away
    CHECK(numbers.empty());
    numbers = {0xFFFFFFF9U};
    CHECK(random_below(source, 10) == 0xFFFFFFF9U % 10);
    numbers = {0xFFFFFFFFU};
    CHECK(random_below(source, 1) == 0);
    numbers = {0xFFFFFFFEU};
    CHECK(random_below(source, 0xFFFFFFFFU) == 0xFFFFFFFEU);
}

TEST_CASE("secrets as hex: a line for a file, and back; nothing but the digits that fit") {
    SecretArray<3> secret;
    const std::array<std::uint8_t, 3> bytes{0x00, 0x9F, 0xA5};
    std::copy(bytes.begin(), bytes.end(), secret.fill().begin());
    CHECK(secret_as_hex_line(secret.view()).text() == "009fa5\n");
    CHECK(secret_as_hex_line(secret.view(), "# a key\n").text() == "# a key\n009fa5\n");

    SecretArray<3> back;
    CHECK(secret_from_hex("009FA5", back.fill()));
    CHECK(to_hex(back.view()) == "009fa5");
    for (const char* bad : {"", "009fa", "009fa50", "009fa500", "009fag", "g09fa5", "009f 5", "009fa\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(secret_from_hex(bad, back.fill()));
    }
}

} // namespace otk
