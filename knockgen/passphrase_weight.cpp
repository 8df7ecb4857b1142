#include "knockgen/passphrase_weight.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

namespace otk {
namespace {

// Bits. A word is one of some two thousand; of digits and signs each stands by itself, but what goes on in
// equal steps (1234, 7777) counts once.
constexpr double of_word = 11;
constexpr double of_letter = 4.7;
constexpr double of_capital = 1; // whether it is one, for each letter where that follows no usual rule
constexpr double of_digit = 3.3;
constexpr double of_other = 5;
constexpr double of_first_key = 5.5;
constexpr double of_direction = 2.6; // a key has six beside it

constexpr std::size_t shortest_in_dictionary = 6;
// Longer words are few, and each question to a dictionary takes half a millisecond.
constexpr std::size_t longest_in_dictionary = 24;
// What a dictionary finds at the beginning of more letters. It takes one in three random pieces of six
// letters for a word, because it tries them without their ends; one in 25 of seven.
constexpr std::size_t shortest_beginning = 7;
constexpr std::size_t shortest_repetition = 4;
constexpr std::size_t shortest_walk = 4;

enum class Class : std::uint8_t { letter, digit, other };

Class class_of(char c) {
    if (is_digit(c)) return Class::digit;
    // Bytes above ASCII belong to letters of some language.
    return is_alphanumeric(c) || (static_cast<unsigned char>(c) & 0x80U) != 0 ? Class::letter : Class::other;
}

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

// All small, all capital, or one capital at the beginning: as words are written.
bool written_as_words_are(std::string_view run) {
    const auto capitals = static_cast<std::size_t>(std::count_if(run.begin(), run.end(), is_capital));
    if (capitals == 0 || (capitals == 1 && is_capital(run.front()))) return true;
    return std::none_of(run.begin(), run.end(),
                        [](char c) { return class_of(c) == Class::letter && !is_capital(c); });
}

// Letters of other languages may be vowels.
bool has_vowel(std::string_view run) {
    return std::any_of(run.begin(), run.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0x80U) != 0 ||
               std::string_view("aeiouy").find(to_lower(c)) != std::string_view::npos;
    });
}

// Enough letters to be asked about although more follow.
bool beginning_of_letters(std::string_view text) {
    return text.size() >= shortest_beginning && written_as_words_are(text) &&
           std::all_of(text.begin(), text.end(), [](char c) { return class_of(c) == Class::letter; });
}

double weight_of_word(std::string_view word) {
    return of_word + (written_as_words_are(word) ? 0 : of_capital * static_cast<double>(word.size()));
}

// Each by itself, and those that go on as the two before them for nothing.
double weight_in_steps(std::string_view run, double of_each) {
    double weight = of_each;
    for (std::size_t i = 1; i < run.size(); ++i) {
        const bool goes_on = i > 1 && run[i] - run[i - 1] == run[i - 1] - run[i - 2];
        if (!goes_on) weight += of_each;
    }
    return weight;
}

struct Key {
    int row = 0;
    int column = 0;
};

// Of the English keyboard. Each row stands half a key to the right of the one above it.
std::optional<Key> key_of(char c) {
    constexpr std::array<std::string_view, 4> plain{"1234567890-=", "qwertyuiop[]", "asdfghjkl;'",
                                                    "zxcvbnm,./"};
    constexpr std::array<std::string_view, 4> shifted{"!@#$%^&*()_+", "QWERTYUIOP{}", "ASDFGHJKL:\"",
                                                      "ZXCVBNM<>?"};
    for (std::size_t row = 0; row < plain.size(); ++row) {
        const std::size_t column = std::min(plain.at(row).find(c), shifted.at(row).find(c));
        if (column != std::string_view::npos) return Key{static_cast<int>(row), static_cast<int>(column)};
    }
    return std::nullopt;
}

// From one key to one that touches it; nothing where it does not.
std::optional<Key> direction(char from, char to) {
    const auto first = key_of(from);
    const auto second = key_of(to);
    if (!first || !second) return std::nullopt;
    const Key way{second->row - first->row, second->column - first->column};
    const bool beside = way.row == 0 && std::abs(way.column) == 1;
    const bool above = way.row == -1 && (way.column == 0 || way.column == 1);
    const bool below = way.row == 1 && (way.column == 0 || way.column == -1);
    return beside || above || below ? std::optional(way) : std::nullopt;
}

struct Piece {
    std::size_t size = 0; // 0: there is none
    double weight = 0;
};

// From key to key, each touching the one before it, as in zaq12wsx: what counts is the first one, and each
// change of direction.
Piece walk_at(std::string_view rest) {
    Piece walk{1, of_first_key};
    std::optional<Key> before;
    for (; walk.size < rest.size(); ++walk.size) {
        const auto way = direction(rest[walk.size - 1], rest[walk.size]);
        if (!way) break;
        if (!before || before->row != way->row || before->column != way->column) walk.weight += of_direction;
        before = way;
    }
    return walk.size < shortest_walk ? Piece{} : walk;
}

class Weighing {
  public:
    Weighing(std::string_view passphrase, const IsWord& is_word) : whole_(passphrase), is_word_(is_word) {}

    double run() {
        double weight = 0;
        while (at_ < whole_.size()) {
            const Piece piece = next_piece();
            const std::string_view text = whole_.substr(at_, piece.size);
            // What stands there twice counts once: single signs between words, such as blanks, too.
            if (std::find(seen_.begin(), seen_.end(), text) == seen_.end()) weight += piece.weight;
            seen_.push_back(text);
            at_ += piece.size;
        }
        return weight;
    }

  private:
    [[nodiscard]] bool in_dictionary(std::string_view text) const {
        return text.size() >= shortest_in_dictionary && text.size() <= longest_in_dictionary &&
               is_word_(text);
    }

    [[nodiscard]] Piece next_piece() const {
        const std::size_t joined = joined_letters();
        if (const auto word = whole_.substr(at_, joined); in_dictionary(word))
            return {joined, weight_of_word(word)};
        if (const std::size_t again = repetition(at_); again != 0) return {again, 0};
        if (const std::size_t word = word_at_the_beginning(joined); word != 0)
            return {word, weight_of_word(whole_.substr(at_, word))};
        const std::string_view run = whole_.substr(at_, size_of_run());
        const Piece by_class{run.size(), weight_of_run(run)};
        const Piece walk = walk_at(whole_.substr(at_));
        if (walk.size > run.size()) return walk;
        if (walk.size == 0) return by_class;
        const std::string_view behind = run.substr(walk.size);
        return walk.weight + (behind.empty() ? 0 : weight_of_run(behind)) < by_class.weight ? walk : by_class;
    }

    // Letters from here on, and between them single digits and signs that may stand for letters (p4ssw0rd):
    // the dictionary knows how people write.
    [[nodiscard]] std::size_t joined_letters() const {
        std::size_t end = at_;
        while (is_letter(end) || (end > at_ && joins(end)))
            ++end;
        return end - at_;
    }

    // The longest word that ends before one of those digits and signs, or within the letters: none has 0.
    [[nodiscard]] std::size_t word_at_the_beginning(std::size_t joined) const {
        for (std::size_t size = joined; size-- > shortest_in_dictionary;) {
            const std::string_view word = whole_.substr(at_, size);
            if (!joins(at_ + size) && !beginning_of_letters(word)) continue;
            if (in_dictionary(word)) return size;
        }
        return 0;
    }

    // How much of what begins at `from` stands before it, too, in small letters or capitals; 0: too little.
    [[nodiscard]] std::size_t repetition(std::size_t from) const {
        std::size_t longest = 0;
        for (std::size_t earlier = 0; earlier < from; ++earlier) {
            std::size_t size = 0;
            while (earlier + size < from && from + size < whole_.size() &&
                   to_lower(whole_[earlier + size]) == to_lower(whole_[from + size]))
                ++size;
            longest = std::max(longest, size);
        }
        return longest < shortest_repetition ? 0 : longest;
    }

    // Characters of one class from here on, up to where a repetition begins.
    [[nodiscard]] std::size_t size_of_run() const {
        std::size_t end = at_ + 1;
        while (end < whole_.size() && class_of(whole_[end]) == class_of(whole_[at_]) && repetition(end) == 0)
            ++end;
        return end - at_;
    }

    [[nodiscard]] double weight_of_run(std::string_view run) const {
        switch (class_of(run.front())) {
        case Class::letter: return weight_of_letters(run);
        case Class::digit: return weight_in_steps(run, of_digit);
        case Class::other: break;
        }
        return weight_in_steps(run, of_other);
    }

    [[nodiscard]] double weight_of_letters(std::string_view run) const {
        const bool as_words = written_as_words_are(run);
        const double spelled_out = weight_in_steps(run, of_letter + (as_words ? 0 : of_capital));
        // What is too short for the dictionary is a word where it is written like one and can be pronounced.
        const bool short_word = as_words && has_vowel(run);
        const bool a_word = run.size() < shortest_in_dictionary ? short_word : in_dictionary(run);
        return a_word ? std::min(weight_of_word(run), spelled_out) : spelled_out;
    }

    [[nodiscard]] bool is_letter(std::size_t at) const {
        return at < whole_.size() && class_of(whole_[at]) == Class::letter;
    }

    // A single one between letters. Not the first of all.
    [[nodiscard]] bool joins(std::size_t at) const {
        if (at == 0 || at >= whole_.size() || !is_letter(at - 1) || !is_letter(at + 1)) return false;
        return is_digit(whole_[at]) || whole_[at] == '@' || whole_[at] == '$' || whole_[at] == '!';
    }

    std::string_view whole_;
    const IsWord& is_word_;
    std::size_t at_ = 0;
    std::vector<std::string_view> seen_;
};

} // namespace

double weight_of(std::string_view passphrase, const IsWord& is_word) {
    return Weighing(passphrase, is_word).run();
}

} // namespace otk
