// A value, or the reason why there is none. For input that may be hostile or mistyped: a refusal is an
// ordinary value with a word of its own (an enum), not an exception.
#pragma once

#include "base/promise.h"

#include <utility>
#include <variant>

namespace otk {

template <typename Value, typename Reason>
class Result {
  public:
    Result(Value value) : either_(std::in_place_index<0>, std::move(value)) {} // NOLINT: implicit by design
    Result(Reason reason) : either_(std::in_place_index<1>, std::move(reason)) {} // NOLINT: likewise

    [[nodiscard]] explicit operator bool() const { return either_.index() == 0; }

    // Asking the wrong one is our bug and ends the process.
    [[nodiscard]] const Value& operator*() const { return checked<0>(); }
    [[nodiscard]] const Value* operator->() const { return &checked<0>(); }
    [[nodiscard]] Value take() && { return std::move(const_cast<Value&>(checked<0>())); }
    [[nodiscard]] const Reason& reason() const { return checked<1>(); }

  private:
    template <std::size_t index>
    const auto& checked() const {
        promise(either_.index() == index, "a Result was asked for what it does not hold");
        return *std::get_if<index>(&either_);
    }
    std::variant<Value, Reason> either_;
};

} // namespace otk
