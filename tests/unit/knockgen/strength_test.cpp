// With the dictionary of cracklib, as the program runs.

#include "knockgen/strength.h"
#include "tests/unit/knockgen/random_passphrase.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <random>
#include <string>
#include <string_view>

namespace {

std::string_view looked_for; // in what is freed; empty: nothing is
int found = 0;

void look_and_free(void* memory) {
    if (memory != nullptr && !looked_for.empty()) {
        const std::string_view content(static_cast<const char*>(memory), malloc_usable_size(memory));
        if (content.find(looked_for) != std::string_view::npos) ++found;
    }
    std::free(memory);
}

} // namespace

// Those of the whole test program. A new block is empty, so that what is found in one was written into it,
// and is not of libraries that free what they do not wipe.
void* operator new(std::size_t size) {
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    std::memset(memory, 0, malloc_usable_size(memory));
    return memory;
}
void operator delete(void* memory) noexcept { look_and_free(memory); }
void operator delete(void* memory, std::size_t) noexcept { look_and_free(memory); }

namespace otk {
namespace {

bool is_weak(std::string_view passphrase) { return weakness_of(SecretText(passphrase)).has_value(); }

TEST_CASE("strength: no block of memory is freed with the passphrase or a part of it") {
    const SecretText passphrase("Passw0rd!qL7vt-Passw0rd?ZkR4mweWq");
    for (const std::string_view part : {"Passw0rd", "Passw0rd!q", "ZkR4mweWq"}) {
        CAPTURE(part);
        found = 0;
        looked_for = part;
        const auto weakness = weakness_of(passphrase);
        looked_for = {};
        CHECK_FALSE(weakness);
        CHECK(found == 0);
    }
    { // It would be seen.
        const std::string copy(passphrase.text());
        looked_for = "Passw0rd";
    }
    looked_for = {};
    CHECK(found == 1);
}

TEST_CASE("strength: what people put together is weak") {
    for (const char* const weak :
         {"password1234",     "Passw0rd!Passw0rd?", "Passw0rd!passw0rd?", "zaq12wsxcde3",
          "letmein letmeout", "letmeinletmeout",    "hunter2hunter2",     "trustno1trustno1",
          "monkey!dragon!",   "dragon1monkey2",     "Summer2024!!",       "iloveyou2024!",
          "!QAZ2wsx#EDC",     "1qaz2wsx3edc",       "qwertymypass",       "correcthorse",
          "PaSsWoRd123456",   "welcome2thejungle",  "password password",  "summer-winter-2024"}) {
        CAPTURE(weak);
        CHECK(is_weak(weak));
    }
}

TEST_CASE("strength: the reason for what is put together says no more than is known") {
    const auto reason = weakness_of(SecretText(std::string_view("Passw0rd!Passw0rd?")));
    REQUIRE(reason);
    CHECK(reason->find("it may be found by some 2^21 guesses, and 2^40 are asked for") != std::string::npos);
}

// Less than one in a hundred by what is written like words (passphrase_weight_test.cpp), and some more by
// cracklib, which takes one in three of the runs of six letters for a word.
TEST_CASE("strength: of random passphrases at most a handful is weak") {
    constexpr unsigned seed = 1;
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::string refused;
    for (int i = 0; i < 200; ++i) {
        const std::string passphrase = test::random_passphrase(random);
        if (is_weak(passphrase)) refused += passphrase + ' ';
    }
    CAPTURE(refused);
    CHECK(std::count(refused.begin(), refused.end(), ' ') <= 10);
}

} // namespace
} // namespace otk
