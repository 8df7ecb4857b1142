// Typed and bounded reading of one setting. Every refusal is an Error that says where it stands, what is
// wrong and what it should be.
#pragma once

#include "config/document.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

// One setting with what is needed to complain about it. Borrows both.
class SettingReader {
  public:
    SettingReader(const Document& document, const Setting& setting) :
        document_(document), setting_(setting) {}

    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::uint64_t number(std::uint64_t smallest, std::uint64_t largest) const;
    [[nodiscard]] std::string text() const;

    // Lists: `most` items at most, none of them twice.
    [[nodiscard]] std::vector<std::uint64_t> numbers(std::uint64_t smallest, std::uint64_t largest,
                                                     std::size_t most) const;
    [[nodiscard]] std::vector<std::string> texts(std::size_t most) const;
    [[nodiscard]] std::vector<std::string> arguments(std::size_t most) const; // texts that may come again

    // Throw what is wrong with the value, or with item `index` of it.
    [[noreturn]] void refuse(std::string_view what) const;
    [[noreturn]] void refuse_item(std::size_t index, std::string_view what) const;

  private:
    [[nodiscard]] const Scalar& single(std::string_view wanted) const;
    [[nodiscard]] const std::vector<Scalar>& items(std::string_view wanted, std::size_t most) const;
    [[nodiscard]] const std::vector<Scalar>& different_items(std::string_view wanted, std::size_t most) const;
    [[nodiscard]] std::vector<std::string> texts_of(const std::vector<Scalar>& scalars) const;
    [[noreturn]] void refuse_at(const FilePlace& at, std::string_view what) const;
    [[noreturn]] void refuse_kind(const Scalar& scalar, std::string_view wanted) const;
    [[nodiscard]] std::uint64_t bounded(const Scalar& scalar, std::uint64_t smallest,
                                        std::uint64_t largest) const;

    const Document& document_;
    const Setting& setting_;
};

} // namespace otk
