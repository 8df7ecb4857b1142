// The dynamic requests that validate has accepted (DESIGN 6): which SYN segments they declared, and which P2
// belongs to which of them. All of it is validate's word; strangers add nothing to these tables.
#pragma once

#include "knockd/messages.h"
#include "net/packet.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace otk {

class SessionWatch {
  public:
    using Session = std::uint64_t;

    // `key` is random: it keeps strangers from choosing addresses and ports that share a place.
    explicit SessionWatch(std::uint64_t key) : syns_(0, Keyed{key}), of_id_(0, Keyed{key}) {}

    // One of the same number takes the place of the one before. At most message::most_sessions.
    void expect(const message::Expect& expect);
    void forget(Session session); // nothing when it is not there
    void clear();

    // A SYN. Returns the request whose three SYNs have now all come; they are looked for no more. They may
    // come in any order and more than once. A packet costs one comparison while no SYN is expected.
    [[nodiscard]] std::optional<Session> take(const Packet& syn);

    // The request that a P2 belongs to.
    [[nodiscard]] std::optional<Session> with(const DynamicId& id) const;
    // May a P2 of it be handed on now? `now` only rises. The id is no secret: whoever saw a P2 can send it
    // again without end, and validate shall not have to decrypt each.
    [[nodiscard]] bool pass(Session session, std::chrono::nanoseconds now);

    static constexpr unsigned most_of_one = 20; // P2 in a second; a client asks a few times a second
    static constexpr unsigned most_of_all = 2000;

    [[nodiscard]] std::size_t size() const { return sessions_.size(); }

  private:
    // Where a SYN comes from and goes to.
    struct Place {
        Address source;
        std::uint16_t port = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };
    struct Keyed {
        std::uint64_t key;
        [[nodiscard]] std::size_t operator()(const Place& place) const;
        [[nodiscard]] std::size_t operator()(const DynamicId& id) const;
    };
    struct Expected {
        Session session = 0;
        std::size_t which = 0; // of its SYNs
    };
    // How many have passed in the second that began then.
    struct Budget {
        std::chrono::nanoseconds began{};
        unsigned passed = 0;
        [[nodiscard]] bool take_one(unsigned most, std::chrono::nanoseconds now);
    };
    struct Known {
        message::Expect expect;
        std::array<bool, 3> came{};
        Budget questions{};
    };
    void look_no_more(const Known& known);

    std::unordered_map<Session, Known> sessions_;
    std::unordered_multimap<Place, Expected, Keyed> syns_; // that are still waited for
    std::unordered_map<DynamicId, Session, Keyed> of_id_;
    Budget questions_;
};

} // namespace otk
