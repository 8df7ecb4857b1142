// Whatever a profile says is read back as it was written; nothing else is read as that.
#include "base/text.h"
#include "otp/words.h"
#include "profile/profile.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>
#include <rapidcheck.h>

using namespace otk;

namespace {

template <std::size_t size>
std::array<std::uint8_t, size> random_bytes() {
    const auto bytes =
        *rc::gen::container<std::vector<std::uint8_t>>(size, rc::gen::arbitrary<std::uint8_t>());
    std::array<std::uint8_t, size> array{};
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
}

std::string random_text(std::size_t longest, const std::string& characters) {
    const auto size = *rc::gen::inRange<std::size_t>(1, longest + 1);
    return *rc::gen::container<std::string>(size, rc::gen::elementOf(characters));
}

std::uint16_t random_port() { return *rc::gen::inRange<std::uint16_t>(1, 65'535); }

const std::string lower = "abcdefghijklmnopqrstuvwxyz";
const std::string digits = "0123456789";

// One that some grant has.
Profile random_profile() {
    Profile profile;
    profile.host = "h" + random_text(200, lower + digits + ".-_:%");
    profile.algorithm = *rc::gen::elementOf(all_algorithms);
    profile.seed = random_text(16, lower + digits);
    profile.length = *rc::gen::inRange<Count>(shortest_chain, longest_chain + 1);
    profile.command = "c" + random_text(longest_name_of_user - 1, lower + digits + "._-");
    profile.server = random_bytes<16>();
    profile.has_key = profile.algorithm == Algorithm::sha256 && *rc::gen::arbitrary<bool>();
    profile.plain = !profile.has_key || *rc::gen::arbitrary<bool>();
    profile.check = dictionary_word(*rc::gen::inRange<std::uint16_t>(0, 2048));
    if (*rc::gen::arbitrary<bool>()) profile.udp_port = random_port();
    profile.icmp = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) profile.zone = random_text(63, lower + "-_") + ".example";
    profile.confirms = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) profile.server_key = random_bytes<32>();
    if (profile.has_key && profile.server_key) profile.dynamic_port = random_port();
    profile.ignores_sequence = *rc::gen::arbitrary<bool>();
    profile.uses_address = *rc::gen::arbitrary<bool>();
    profile.argument = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) profile.opens = fmt::format("{}/udp", random_port());
    if (*rc::gen::arbitrary<bool>()) {
        const std::uint16_t low = random_port();
        profile.ports = fmt::format("{}-{}", low, *rc::gen::inRange<unsigned>(low, 65'536));
    }
    return profile;
}

std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    for (const std::string_view word : split(line, ' '))
        words.emplace_back(word);
    return words;
}

// In words of the dictionary.
bool read_alike(char one, char other) {
    constexpr std::array alike{std::string_view("O0o"), std::string_view("L1l"), std::string_view("S5s")};
    return std::any_of(alike.begin(), alike.end(), [&](std::string_view signs) {
        return signs.find(one) != std::string_view::npos && signs.find(other) != std::string_view::npos;
    });
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

} // namespace

int main() {
    bool all = rc::check("what is written is read back", [] {
        const Profile profile = random_profile();
        const auto again = parse_profile(format_profile(profile));
        if (!again) RC_FAIL(again.reason());
        RC_ASSERT(*again == profile);
    });
    all = rc::check("the order of the words does not matter, and a word that comes twice is refused",
                    [] {
                        const Profile profile = random_profile();
                        std::vector<std::string> words = words_of(format_profile(profile));
                        const auto place = *rc::gen::inRange<std::size_t>(1, words.size());
                        std::rotate(words.begin() + 1, words.begin() + static_cast<std::ptrdiff_t>(place),
                                    words.end());
                        const auto again = parse_profile(joined(words));
                        RC_ASSERT((again && *again == profile));
                        words.push_back(words[place]);
                        RC_ASSERT(!parse_profile(joined(words)));
                    }) &&
          all;
    all = rc::check("a line that is cut off, or has a byte changed, is refused or says something else",
                    [] {
                        const Profile profile = random_profile();
                        const std::string line = format_profile(profile);
                        const auto at = *rc::gen::inRange<std::size_t>(0, line.size());
                        const auto cut = parse_profile(line.substr(0, at));
                        RC_ASSERT((!cut || !(*cut == profile) || line[at] == ' '));
                        std::string changed = line;
                        changed[at] = *rc::gen::arbitrary<char>();
                        const auto other = parse_profile(changed);
                        const bool same_meaning = read_alike(changed[at], line[at]) ||
                                                  to_lower(changed) == to_lower(line) ||
                                                  changed[at] == '\t' || changed[at] == '\n' ||
                                                  changed[at] == '\r' || changed[at] == ' ';
                        RC_ASSERT((!other || !(*other == profile) || same_meaning));
                    }) &&
          all;
    all = rc::check("no text brings the reader down",
                    [] {
                        const auto text = *rc::gen::string<std::string>();
                        const auto read = parse_profile(std::string(profile_word) + " " + text);
                        RC_ASSERT((!read || parse_profile(format_profile(*read))));
                    }) &&
          all;
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
