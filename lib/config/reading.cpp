#include "config/reading.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

void SettingReader::refuse_at(const FilePlace& at, std::string_view what) const {
    throw error_at(document_, at, fmt::format("{} of [{}] {}", setting_.key, setting_.section, what));
}

void SettingReader::refuse(std::string_view what) const { refuse_at(setting_.at, what); }

void SettingReader::refuse_item(std::size_t index, std::string_view what) const {
    refuse_at(setting_.items.at(index).at, what);
}

void SettingReader::refuse_kind(const Scalar& scalar, std::string_view wanted) const {
    refuse_at(scalar.at, fmt::format("is {}; it should be {}", scalar.kind, wanted));
}

const Scalar& SettingReader::single(std::string_view wanted) const {
    if (setting_.list) refuse(fmt::format("is a list; it should be {}", wanted));
    return setting_.items.front();
}

const std::vector<Scalar>& SettingReader::items(std::string_view wanted, std::size_t most) const {
    if (!setting_.list) {
        refuse(fmt::format("is {}; it should be {} in brackets", setting_.items.front().kind, wanted));
    }
    if (setting_.items.size() > most) {
        refuse(fmt::format("has {} items; at most {} are allowed", setting_.items.size(), most));
    }
    return setting_.items;
}

const std::vector<Scalar>& SettingReader::different_items(std::string_view wanted, std::size_t most) const {
    (void)items(wanted, most);
    for (std::size_t i = 0; i < setting_.items.size(); ++i) {
        const auto same = [&](const Scalar& other) { return other.value == setting_.items[i].value; };
        const auto first = setting_.items.begin();
        const bool again = std::any_of(first, first + static_cast<std::ptrdiff_t>(i), same);
        if (again) refuse_item(i, "names the same thing twice; drop one of them");
    }
    return setting_.items;
}

bool SettingReader::boolean() const {
    const Scalar& scalar = single("true or false");
    const bool* const value = std::get_if<bool>(&scalar.value);
    if (value == nullptr) refuse_kind(scalar, "true or false");
    return *value;
}

std::uint64_t SettingReader::bounded(const Scalar& scalar, std::uint64_t smallest,
                                     std::uint64_t largest) const {
    const std::string wanted = fmt::format("a number from {} to {}", smallest, largest);
    const std::int64_t* const value = std::get_if<std::int64_t>(&scalar.value);
    if (value == nullptr) refuse_kind(scalar, wanted);
    const bool fits = *value >= 0 && static_cast<std::uint64_t>(*value) >= smallest &&
                      static_cast<std::uint64_t>(*value) <= largest;
    if (!fits) refuse_at(scalar.at, fmt::format("is {}; it should be {}", *value, wanted));
    return static_cast<std::uint64_t>(*value);
}

std::uint64_t SettingReader::number(std::uint64_t smallest, std::uint64_t largest) const {
    return bounded(single(fmt::format("a number from {} to {}", smallest, largest)), smallest, largest);
}

std::vector<std::uint64_t> SettingReader::numbers(std::uint64_t smallest, std::uint64_t largest,
                                                  std::size_t most) const {
    std::vector<std::uint64_t> values;
    for (const Scalar& scalar : different_items("numbers", most)) {
        values.push_back(bounded(scalar, smallest, largest));
    }
    return values;
}

std::string SettingReader::text() const {
    const Scalar& scalar = single("a text in quotes");
    const std::string* const value = std::get_if<std::string>(&scalar.value);
    if (value == nullptr) refuse_kind(scalar, "a text in quotes");
    return *value;
}

std::vector<std::string> SettingReader::texts_of(const std::vector<Scalar>& scalars) const {
    std::vector<std::string> values;
    for (const Scalar& scalar : scalars) {
        const std::string* const value = std::get_if<std::string>(&scalar.value);
        if (value == nullptr) refuse_kind(scalar, "a text in quotes");
        values.push_back(*value);
    }
    return values;
}

std::vector<std::string> SettingReader::texts(std::size_t most) const {
    return texts_of(different_items("texts in quotes", most));
}

std::vector<std::string> SettingReader::arguments(std::size_t most) const {
    return texts_of(items("texts in quotes", most));
}

} // namespace otk
