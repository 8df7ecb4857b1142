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
    std::string check_word; // empty: an earlier client did not know it
    Count length = 0;       // 0: an earlier client did not write it
    bool has_key = false;
    ChainState state;
};

std::filesystem::path profile_file(const NamedProfile& profile) {
    return state_folder() / (profile.name + std::string(of_profile));
}

std::filesystem::path chain_file(const NamedProfile& named) {
    const Profile& profile = named.profile;
    return state_folder() / fmt::format("{}-{}-{}{}", name_of(profile.algorithm), profile.seed,
                                        to_lower(profile.check), of_chain);
}

struct Lines {
    std::optional<std::string_view> seed;
    std::optional<std::string_view> length;
    std::optional<std::string_view> has_key;
    std::optional<std::string_view> key_file;
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
    const std::array keys{std::pair{"seed", &lines.seed},       std::pair{"length", &lines.length},
                          std::pair{"signed", &lines.has_key},  std::pair{"key", &lines.key_file},
                          std::pair{"next", &lines.next},       std::pair{"sent", &lines.lowest_sent},
                          std::pair{"check", &lines.check_word}};
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

// What tells the chain again. False where it is damaged.
bool read_chain(const Lines& lines, Record& into) {
    into.seed = *lines.seed;
    into.check_word = lines.check_word.value_or("");
    if (lines.check_word && !dictionary_index(into.check_word)) return false;
    if (lines.length.has_value() != lines.has_key.has_value()) return false;
    if (lines.length) {
        const auto length = parse_decimal(*lines.length, longest_chain);
        if (!length || *length < shortest_chain) return false;
        if (*lines.has_key != "yes" && *lines.has_key != "no") return false;
        into.length = static_cast<Count>(*length);
        into.has_key = *lines.has_key == "yes";
    }
    into.state.key_file = lines.key_file.value_or("");
    return !lines.key_file || from_hex(into.state.key_file).value_or(std::vector<std::uint8_t>()).size() == 8;
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
    Record record;
    record.file = file;
    if (!sent || !read_chain(*lines, record)) return std::nullopt;
    // No earlier client wrote such a file: it has at least these four lines.
    if (file.extension() == of_chain && (unknown || record.check_word.empty())) return std::nullopt;
    record.state.next = static_cast<Count>(*next);
    record.state.lowest_sent = static_cast<Count>(*sent);
    return record;
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

// What the state folder has; none where there is no such folder.
std::vector<std::filesystem::path> files() {
    std::vector<std::filesystem::path> found;
    std::error_code trouble;
    std::filesystem::directory_iterator entry(state_folder(), trouble);
    for (; !trouble && entry != std::filesystem::directory_iterator(); entry.increment(trouble)) {
        const auto extension = entry->path().extension();
        if (extension == of_profile || extension == of_chain) found.push_back(entry->path());
    }
    if (trouble && trouble != std::errc::no_such_file_or_directory)
        throw system_error(fmt::format("cannot read {}", printable(state_folder().string())),
                           trouble.value());
    return found;
}

// All that are of the chain, or may be where a file does not say its check word.
std::vector<Record> records_of(const NamedProfile& profile) {
    std::vector<Record> records;
    for (const std::filesystem::path& file : files()) {
        if (file.extension() == of_chain && file != chain_file(profile)) continue;
        auto record = read_record(profile, file);
        if (!record || record->seed != profile.profile.seed) continue;
        if (record->check_word.empty() || record->check_word == profile.profile.check)
            records.push_back(std::move(*record));
    }
    return records;
}

void write_record(const Record& record) {
    std::string content =
        fmt::format("# Which knock of this chain is the next, and the lowest that was sent (the "
                    "chain's length: none was). Written by knockgen alone.\n"
                    "seed {}\n",
                    record.seed);
    if (record.length != 0)
        content += fmt::format("length {}\nsigned {}\n", record.length, record.has_key ? "yes" : "no");
    if (!record.state.key_file.empty()) content += fmt::format("key {}\n", record.state.key_file);
    content += fmt::format("next {}\nsent {}\n", record.state.next, record.state.lowest_sent);
    if (!record.check_word.empty()) content += fmt::format("check {}\n", record.check_word);
    remove_leftovers(record.file); // of clients that were killed; the lock is ours
    replace_file(record.file, content, 0600, true);
}

std::optional<Record> readable_record(const std::filesystem::path& file) {
    try {
        const auto content = read_file(file, largest_state_file);
        return content ? parse_record(file, *content) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

// ALGORITHM-SEED-WORD.chain; neither part has a dash.
std::optional<Algorithm> algorithm_in(const std::filesystem::path& file) {
    const std::string name = file.stem().string();
    return algorithm_named(std::string_view(name).substr(0, name.find('-')));
}

// NAME.next, or NAME+SEED.next, which an earlier client put aside. No profile's name has a plus.
std::string profile_name_in(const std::filesystem::path& file) {
    const std::string name = file.stem().string();
    return name.substr(0, name.find('+'));
}

} // namespace

ChainState read_state(const NamedProfile& profile) {
    const Count length = profile.profile.length;
    ChainState state{length - 1, length, {}};
    for (const Record& each : records_of(profile)) {
        state.next = std::min(state.next, each.state.next);
        state.lowest_sent = std::min(state.lowest_sent, each.state.lowest_sent);
        if (!each.state.key_file.empty()) state.key_file = each.state.key_file;
    }
    return state;
}

void write_state(const NamedProfile& named, const ChainState& before, const ChainState& state) {
    if (state.next > before.next) { // as the user said; the lowest counts, so none may stay below
        for (Record each : records_of(named)) {
            each.state.next = std::max(each.state.next, state.next);
            write_record(each);
        }
    }
    const Profile& profile = named.profile;
    write_record({chain_file(named), profile.seed, profile.check, profile.length, profile.has_key, state});
}

std::vector<KnownChain> known_chains() {
    std::vector<KnownChain> known;
    for (const std::filesystem::path& file : files()) {
        const auto record = readable_record(file);
        if (!record || record->check_word.empty()) continue;
        const bool of_a_chain = file.extension() == of_chain;
        known.push_back({of_a_chain ? algorithm_in(file) : std::nullopt, record->seed, record->check_word,
                         record->length, record->has_key, record->state.key_file, record->state.next,
                         of_a_chain ? std::string() : profile_name_in(file)});
    }
    return known;
}

} // namespace otk
