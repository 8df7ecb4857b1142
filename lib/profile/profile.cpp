#include "profile/profile.h"

#include "base/text.h"
#include "net/dns.h"
#include "otp/rules.h"
#include "otp/words.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t longest_host = 253; // of a name in DNS; addresses are shorter
constexpr std::size_t longest_line = 2048;

// Why a value is wrong: what it should be instead. Empty when it is right.
using Fault = std::string;

// What stands in a name or address of either family, and needs no quotes in any shell.
bool stands_in_a_host(char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
}

Fault read_host(std::string_view text, Profile& into) {
    const bool good = text.size() <= longest_host && text.front() != '-' &&
                      std::all_of(text.begin(), text.end(), stands_in_a_host);
    if (!good) return "the server's name or address";
    into.host = text;
    return {};
}

Fault read_algorithm(std::string_view text, Profile& into) {
    const auto algorithm = algorithm_named(text);
    if (!algorithm) return "md5, md4, sha1 or sha256";
    into.algorithm = *algorithm;
    return {};
}

Fault read_seed(std::string_view text, Profile& into) {
    if (check_seed(text)) return fmt::format("1 to {} letters and digits", longest_seed);
    into.seed = to_lower(text);
    return {};
}

Fault read_length(std::string_view text, Profile& into) {
    const auto length = parse_decimal(text, longest_chain);
    if (!length || *length < shortest_chain)
        return fmt::format("a number from {} to {}", shortest_chain, longest_chain);
    into.length = static_cast<Count>(*length);
    return {};
}

Fault read_command(std::string_view text, Profile& into) {
    if (!valid_name(text)) return "the name of a command: a-z 0-9 . _ -, beginning with a letter";
    into.command = text;
    return {};
}

template <std::size_t size>
Fault read_bytes(std::string_view text, std::array<std::uint8_t, size>& into) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != size) return fmt::format("{} hex digits", 2 * size);
    std::copy(bytes->begin(), bytes->end(), into.begin());
    return {};
}

Fault read_server(std::string_view text, Profile& into) { return read_bytes(text, into.server); }

Fault read_key(std::string_view text, Profile& into) { return read_bytes(text, into.server_key.emplace()); }

Fault read_flag(std::string_view text, bool& into) {
    if (text != "yes" && text != "no") return "yes or no";
    into = text == "yes";
    return {};
}

template <bool Profile::*flag>
Fault read(std::string_view text, Profile& into) {
    return read_flag(text, into.*flag);
}

template <std::uint16_t Profile::*port>
Fault read(std::string_view text, Profile& into) {
    const auto number = parse_decimal(text, 65'535);
    if (!number || *number == 0) return "a port from 1 to 65535";
    into.*port = static_cast<std::uint16_t>(*number);
    return {};
}

Fault read_check(std::string_view text, Profile& into) {
    const auto index = dictionary_index(text);
    if (!index) return "the first of the six check words";
    into.check = dictionary_word(*index);
    return {};
}

Fault read_zone(std::string_view text, Profile& into) {
    const auto zone = Zone::parse(text);
    if (!zone) return "a domain name";
    into.zone = zone->text();
    return {};
}

Fault read_sequence(std::string_view text, Profile& into) {
    if (text != "ignore" && text != "compare") return "ignore or compare";
    into.ignores_sequence = text == "ignore";
    return {};
}

Fault read_opens(std::string_view text, Profile& into) {
    const auto service = parse_service(text);
    if (!service) return "a port and protocol, such as 22/tcp";
    into.opens = format_service(*service);
    return {};
}

Fault read_ports(std::string_view text, Profile& into) {
    const std::vector<std::string_view> ends = split(text, '-');
    const auto low = parse_decimal(ends.front(), 65'535);
    const auto high = parse_decimal(ends.back(), 65'535);
    if (ends.size() != 2 || !low || !high || *low == 0 || *low > *high)
        return "the lowest and the highest port, such as 61000-65534";
    into.ports = fmt::format("{}-{}", *low, *high);
    return {};
}

std::string yes_if(bool flag) { return flag ? "yes" : ""; }
std::string yes_or_no(bool flag) { return flag ? "yes" : "no"; }
std::string number_or_nothing(std::uint16_t number) { return number == 0 ? "" : std::to_string(number); }

// In the order of the line. What is written for nothing ("") is left out.
struct Word {
    std::string_view key;
    bool required;
    Fault (*read)(std::string_view text, Profile& into);
    std::string (*written)(const Profile& profile);
};
constexpr std::array words{
    Word{"host", true, read_host, [](const Profile& p) { return p.host; }},
    Word{"algorithm", true, read_algorithm,
         [](const Profile& p) { return std::string(name_of(p.algorithm)); }},
    Word{"seed", true, read_seed, [](const Profile& p) { return p.seed; }},
    Word{"length", true, read_length, [](const Profile& p) { return std::to_string(p.length); }},
    Word{"command", true, read_command, [](const Profile& p) { return p.command; }},
    Word{"server", true, read_server, [](const Profile& p) { return to_hex(p.server); }},
    Word{"signed", true, read<&Profile::has_key>, [](const Profile& p) { return yes_or_no(p.has_key); }},
    Word{"plain", true, read<&Profile::plain>, [](const Profile& p) { return yes_or_no(p.plain); }},
    Word{"check", true, read_check, [](const Profile& p) { return p.check; }},
    Word{"udp", false, read<&Profile::udp_port>,
         [](const Profile& p) { return number_or_nothing(p.udp_port); }},
    Word{"icmp", false, read<&Profile::icmp>, [](const Profile& p) { return yes_if(p.icmp); }},
    Word{"dns", false, read_zone, [](const Profile& p) { return p.zone; }},
    Word{"confirm", false, read<&Profile::confirms>, [](const Profile& p) { return yes_if(p.confirms); }},
    Word{"dynamic", false, read<&Profile::dynamic_port>,
         [](const Profile& p) { return number_or_nothing(p.dynamic_port); }},
    Word{"key", false, read_key,
         [](const Profile& p) { return p.server_key ? to_hex(*p.server_key) : std::string(); }},
    Word{"isn", false, read_sequence,
         [](const Profile& p) { return p.ignores_sequence ? std::string("ignore") : std::string(); }},
    Word{"address", false, read<&Profile::uses_address>,
         [](const Profile& p) { return yes_if(p.uses_address); }},
    Word{"argument", false, read<&Profile::argument>, [](const Profile& p) { return yes_if(p.argument); }},
    Word{"opens", false, read_opens, [](const Profile& p) { return p.opens; }},
    Word{"ports", false, read_ports, [](const Profile& p) { return p.ports; }},
};

// Mail programs break long lines: any blanks part the words.
std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view blanks = " \t\r\n";
    std::vector<std::string_view> found;
    for (std::size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
        const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
        found.push_back(line.substr(at, end - at));
        at = line.find_first_not_of(blanks, end);
    }
    return found;
}

// What no grant is.
std::string fault_in(const Profile& profile) {
    if (profile.has_key && profile.algorithm != Algorithm::sha256)
        return "it says signed=yes, but only sha256 chains can sign";
    if (!profile.has_key && !profile.plain)
        return "it says signed=no and plain=no, so that no knock would be accepted";
    if (profile.dynamic_port != 0 && (!profile.has_key || !profile.server_key))
        return "it says dynamic=, which needs signed=yes and the server's key=";
    return {};
}

class ProfileReader {
  public:
    // The reason why the word is wrong; empty when it was taken.
    std::string take(std::string_view word) {
        const std::size_t equals = word.find('=');
        const std::string_view key = word.substr(0, equals);
        const auto* const known =
            std::find_if(words.begin(), words.end(), [key](const Word& each) { return each.key == key; });
        if (equals == std::string_view::npos || known == words.end()) {
            return fmt::format("the profile has '{}', which this version does not know; was it made for a "
                               "newer knockgen, or cut off?",
                               printable(word));
        }
        bool& seen = seen_[static_cast<std::size_t>(known - words.begin())];
        if (seen) return fmt::format("the profile says {}= twice", key);
        seen = true;
        const std::string_view value = word.substr(equals + 1);
        if (value.empty()) return fmt::format("the profile says {}= and not what", key);
        const std::string fault = known->read(value, profile_);
        if (fault.empty()) return {};
        return fmt::format("the profile has '{}', and {}= should be {}", printable(word), key, fault);
    }

    std::string finish() const {
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (words[i].required && !seen_[i])
                return fmt::format("the profile lacks {}=; is it all of the line?", words[i].key);
        }
        const std::string fault = fault_in(profile_);
        return fault.empty() ? std::string() : fmt::format("the profile cannot be used: {}", fault);
    }

    [[nodiscard]] const Profile& profile() const { return profile_; }

  private:
    Profile profile_;
    std::array<bool, words.size()> seen_{};
};

} // namespace

Result<Profile, std::string> parse_profile(std::string_view line) {
    if (line.size() > longest_line) {
        return fmt::format("a profile is one line of at most {} characters, and this has {}", longest_line,
                           line.size());
    }
    const std::vector<std::string_view> given = words_of(line);
    if (given.empty() || given.front() != profile_word)
        return fmt::format("a profile begins with the word {}; `knockmgr grant profile` prints it",
                           profile_word);
    ProfileReader reader;
    for (std::size_t i = 1; i < given.size(); ++i) {
        std::string fault = reader.take(given[i]);
        if (!fault.empty()) return fault;
    }
    std::string fault = reader.finish();
    if (!fault.empty()) return fault;
    return reader.profile();
}

std::string format_profile(const Profile& profile) {
    std::string line(profile_word);
    for (const Word& word : words) {
        const std::string value = word.written(profile);
        if (!value.empty()) line += fmt::format(" {}={}", word.key, value);
    }
    return line;
}

} // namespace otk
