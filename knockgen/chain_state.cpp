#include "knockgen/chain_state.h"

#include "base/text.h"
#include "otp/words.h"
#include "sys/file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::size_t largest_state_file = 4096;
constexpr std::string_view of_chain = ".chain";
constexpr std::string_view of_profile = ".next";

// What one file says.
struct Record {
    std::filesystem::path file;
    std::string seed;
    ChainState state;
};

std::filesystem::path profile_file(const NamedProfile& profile) {
    return state_folder() / (profile.name + std::string(of_profile));
}

std::string chain_name(const NamedProfile& profile, std::string_view check_word) {
    return fmt::format("{}-{}-{}", name_of(profile.profile.algorithm), profile.profile.seed,
                       to_lower(check_word));
}

std::filesystem::path chain_file(const NamedProfile& profile, std::string_view check_word) {
    return state_folder() / (chain_name(profile, check_word) + std::string(of_chain));
}

struct Lines {
    std::optional<std::string_view> seed;
    std::optional<std::string_view> next;
    std::optional<std::string_view> lowest_sent;
    std::optional<std::string_view> check_word;
};

// Nothing for what knockgen does not write, and for what it wrote only in part.
std::optional<Lines> read_lines(std::string_view content) {
    // A number that was cut off is a number, too: the end of its line shows that it is whole.
    if (!content.ends_with('\n')) return std::nullopt;
    content.remove_suffix(1);
    Lines lines;
    const std::array keys{std::pair{"seed", &lines.seed}, std::pair{"next", &lines.next},
                          std::pair{"sent", &lines.lowest_sent}, std::pair{"check", &lines.check_word}};
    for (const std::string_view line : split(content, '\n')) {
        if (line.starts_with('#')) continue;
        const std::size_t blank = std::min(line.find(' '), line.size());
        const auto* const known = std::find_if(
            keys.begin(), keys.end(), [&](const auto& each) { return each.first == line.substr(0, blank); });
        if (known == keys.end() || *known->second) return std::nullopt;
        *known->second = line.substr(std::min(blank + 1, line.size()));
    }
    if (!lines.seed || lines.seed->empty() || !lines.next) return std::nullopt;
    return lines;
}

// Nothing where it is damaged.
std::optional<Record> parse_record(const std::filesystem::path& file, std::string_view content) {
    const auto lines = read_lines(content);
    if (!lines) return std::nullopt;
    const auto next = parse_decimal(*lines->next, longest_chain);
    if (!next) return std::nullopt;
    // Who does not know what was sent takes all above the next one for sent.
    const bool unknown = !lines->lowest_sent || lines->lowest_sent->empty();
    const auto sent =
        unknown ? std::optional<std::uint64_t>(*next + 1) : parse_decimal(*lines->lowest_sent, longest_chain);
    const std::string_view word = lines->check_word.value_or("");
    if (!sent || (lines->check_word && !dictionary_index(word))) return std::nullopt;
    // No earlier client wrote such a file: it has all four lines.
    if (file.extension() == of_chain && (unknown || word.empty())) return std::nullopt;
    return Record{file,
                  std::string(*lines->seed),
                  {static_cast<Count>(*next), static_cast<Count>(*sent), std::string(word)}};
}

Error damaged(const NamedProfile& profile, const std::filesystem::path& file) {
    return Error(fmt::format("{0} is damaged: it is not all of what knockgen writes there, so which knock is "
                             "the next is not known. Ask your administrator which one the server waits for "
                             "(knockmgr grant show USER {1}), remove the file, and say that number: knockgen "
                             "profile set {2} --next N",
                             printable(file.string()), profile.profile.command, profile.name));
}

// Nothing where there is none.
std::optional<Record> read_record(const NamedProfile& profile, const std::filesystem::path& file) {
    const auto content = read_file(file, largest_state_file);
    if (!content) return std::nullopt;
    auto record = parse_record(file, *content);
    if (record) return record;
    // What is kept for another profile, and cannot be understood, is that profile's trouble.
    if (file.extension() == of_profile && file != profile_file(profile)) return std::nullopt;
    throw damaged(profile, file);
}

// By its name alone.
bool may_be_of(const NamedProfile& profile, std::string_view check_word, const std::filesystem::path& file) {
    if (file.extension() == of_profile) return true;
    if (file.extension() != of_chain) return false;
    const std::string name = file.stem().string();
    return check_word.empty() ? name.starts_with(chain_name(profile, ""))
                              : name == chain_name(profile, check_word);
}

// All that are of the chain, or may be where a check word is not known.
std::vector<Record> records_of(const NamedProfile& profile, std::string_view check_word) {
    std::vector<Record> records;
    std::error_code trouble;
    std::filesystem::directory_iterator entry(state_folder(), trouble);
    for (; !trouble && entry != std::filesystem::directory_iterator(); entry.increment(trouble)) {
        if (!may_be_of(profile, check_word, entry->path())) continue;
        auto record = read_record(profile, entry->path());
        if (!record || record->seed != profile.profile.seed) continue;
        const std::string& word = record->state.check_word;
        if (word.empty() || check_word.empty() || word == check_word) records.push_back(std::move(*record));
    }
    if (trouble && trouble != std::errc::no_such_file_or_directory)
        throw system_error(fmt::format("cannot read {}", printable(state_folder().string())),
                           trouble.value());
    return records;
}

std::string known_check_word(const NamedProfile& profile) {
    if (!profile.profile.check.empty()) return profile.profile.check;
    const auto own = read_record(profile, profile_file(profile));
    return own && own->seed == profile.profile.seed ? own->state.check_word : std::string();
}

void write_record(const Record& record) {
    std::string content =
        fmt::format("# Which knock of this chain is the next, and the lowest that was sent (the "
                    "chain's length: none was). Written by knockgen alone.\n"
                    "seed {}\nnext {}\nsent {}\n",
                    record.seed, record.state.next, record.state.lowest_sent);
    if (!record.state.check_word.empty()) content += fmt::format("check {}\n", record.state.check_word);
    remove_leftovers(record.file); // of clients that were killed; the lock is ours
    replace_file(record.file, content, 0600, true);
}

// Of a profile whose name was another chain's before. No profile's name has a plus.
void put_aside_other_chain(const NamedProfile& profile) {
    const std::filesystem::path file = profile_file(profile);
    const auto own = read_record(profile, file);
    if (!own || own->seed == profile.profile.seed) return;
    std::filesystem::rename(file,
                            state_folder() / fmt::format("{}+{}{}", profile.name, own->seed, of_profile));
}

} // namespace

ChainState read_state_of(const NamedProfile& profile, std::string_view check_word) {
    const Count length = profile.profile.length;
    ChainState state{length - 1, length, known_check_word(profile)};
    for (const Record& each : records_of(profile, check_word)) {
        state.next = std::min(state.next, each.state.next);
        state.lowest_sent = std::min(state.lowest_sent, each.state.lowest_sent);
    }
    return state;
}

ChainState read_state(const NamedProfile& profile) {
    return read_state_of(profile, known_check_word(profile));
}

void write_state(const NamedProfile& profile, std::string_view check_word, const ChainState& before,
                 const ChainState& state) {
    if (state.next > before.next) { // as the user said; the lowest counts, so none may stay below
        for (Record each : records_of(profile, check_word)) {
            each.state.next = std::max(each.state.next, state.next);
            write_record(each);
        }
    }
    if (!check_word.empty()) {
        write_record({chain_file(profile, check_word),
                      profile.profile.seed,
                      {state.next, state.lowest_sent, std::string(check_word)}});
    }
    if (!profile.profile.check.empty()) return;
    put_aside_other_chain(profile);
    write_record({profile_file(profile), profile.profile.seed, state});
}

} // namespace otk
