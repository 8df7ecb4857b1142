// Hits as capture sends them, each followed by the request that its value came in, if any, gathered into what
// one commit may hold.
#pragma once

#include "knockd/mailbox.h"
#include "knockd/messages.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace otk {

class Hits {
  public:
    enum class Taken : std::uint8_t {
        yes,
        not_a_hit, // a message of another kind
        broken,    // capture breaks its contract
    };
    [[nodiscard]] Taken take(const Mailbox& mailbox);
    // Capture has started again: what it had not said to the end it will not say any more.
    void begin_again() { without_request_.reset(); }
    void clear();

    [[nodiscard]] std::span<const message::Hit> all() const { return hits_; }
    // Of those that have a request_size, in order.
    [[nodiscard]] std::span<const message::Request> requests() const { return requests_; }

  private:
    [[nodiscard]] Taken take_hit(const message::Hit& hit);
    [[nodiscard]] Taken take_request(const message::Request& request);

    bool heard_ = false; // something was taken since this was made
    std::vector<message::Hit> hits_;
    std::vector<message::Request> requests_;
    std::optional<message::Hit> without_request_; // yet
};

} // namespace otk
