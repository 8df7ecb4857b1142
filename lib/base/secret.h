// Bytes that must not outlive their use: passphrases, masters, values of a chain not yet spent.
// A Secret cannot be copied, wipes itself, and is compared in constant time.
#pragma once

#include "base/bytes.h"

#include <array>
#include <cstdint>
#include <string.h> // explicit_bzero
#include <string_view>
#include <utility>
#include <vector>

namespace otk {

// True when equal; the time taken depends on the lengths only.
[[nodiscard]] bool equal_in_constant_time(Bytes left, Bytes right);

// Hex digits of a secret, read into `secret`, which says how many: two digits of any case for each of its
// bytes, and nothing else. False for all else, after which `secret` may hold some of it.
[[nodiscard]] bool secret_from_hex(std::string_view digits, MutableBytes secret);

// A fixed number of secret bytes, zero at first.
template <std::size_t size>
class SecretArray {
  public:
    SecretArray() = default;
    SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
    SecretArray& operator=(SecretArray&& other) noexcept {
        if (this != &other) {
            bytes_ = other.bytes_;
            other.wipe();
        }
        return *this;
    }
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;
    ~SecretArray() { wipe(); }

    [[nodiscard]] Bytes view() const { return bytes_; }
    [[nodiscard]] MutableBytes fill() { return bytes_; }

  private:
    void wipe() { explicit_bzero(bytes_.data(), bytes_.size()); }
    std::array<std::uint8_t, size> bytes_{};
};

// A secret of any length, such as a passphrase as it was typed. Never grows in place, so no copy is left
// behind.
class SecretText {
  public:
    SecretText() = default;
    explicit SecretText(std::string_view text) : bytes_(text.begin(), text.end()) {}
    explicit SecretText(std::vector<std::uint8_t>&& bytes) : bytes_(std::move(bytes)) {}
    SecretText(SecretText&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
    SecretText& operator=(SecretText&& other) noexcept {
        if (this != &other) {
            wipe();
            bytes_ = std::move(other.bytes_);
            other.bytes_.clear();
        }
        return *this;
    }
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() { wipe(); }

    [[nodiscard]] Bytes view() const { return bytes_; }
    [[nodiscard]] std::string_view text() const { return as_text(bytes_); }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  private:
    void wipe() {
        if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
    }
    std::vector<std::uint8_t> bytes_;
};

// A secret as it stands in a file: `before`, two lower-case hex digits for each byte, a line end.
[[nodiscard]] SecretText secret_as_hex_line(Bytes secret, std::string_view before = {});

} // namespace otk
