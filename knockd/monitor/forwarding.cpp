#include "knockd/monitor/forwarding.h"
#include "knockd/forward_messages.h"

#include "knockd/journal.h"
#include "knockd/monitor/door_socket.h"
#include "knockd/monitor/listening.h"
#include "knockd/monitor/relay.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace otk {

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Redirection {
    Door door;
    std::uint16_t to = 0;
    Fd kept_port; // so that nobody else gets it
};

// A door that is open, by one of the two ways.
struct OpenDoor {
    std::uint16_t port = 0;
    SteadyClock::time_point until{};
    std::unique_ptr<EventLoop::Timer> end{};
    std::optional<Redirection> redirection{};
    std::unique_ptr<Relay> relay{};
};

// Since the door was claimed the grant may have been changed: who has it keeps it.
std::vector<Address> claimed(const Forwarding::Wanted& wanted) {
    const auto end = wanted.claimed.begin() +
                     static_cast<std::ptrdiff_t>(std::min<std::size_t>(wanted.claimed.size(), most_claims));
    return {wanted.claimed.begin(), end};
}

unsigned claims(const Forwarding::Wanted& wanted) { return std::clamp(wanted.claims, 1U, most_claims); }

message::ForwardSetup setup_of(const Forwarding::Wanted& wanted) {
    message::ForwardSetup setup;
    setup.left_ms = wanted.how_long.count();
    setup.target = wanted.target;
    if (wanted.address.empty()) {
        for (const Address& address : claimed(wanted))
            setup.allowed.at(setup.allowed_count++) = address;
        setup.claims = claims(wanted);
    } else {
        setup.allowed.at(setup.allowed_count++) = wanted.address;
    }
    setup.run_as = message::Text<33>::of(wanted.run_as);
    setup.empty_root = message::Text<512>::of(wanted.empty_root);
    return setup;
}

// Who may be let in already; nobody in particular while there is something left to claim.
std::vector<Address> known_users(const Forwarding::Wanted& wanted) {
    if (!wanted.address.empty()) return {wanted.address};
    return claimed(wanted).size() < claims(wanted) ? std::vector<Address>{} : claimed(wanted);
}

// The first port that is free, as `take` finds by taking it.
template <typename Take>
std::pair<std::uint16_t, Fd> first_free(const Forwarding::Wanted& wanted, Take take) {
    const std::vector<std::uint16_t> ports = ports_to_try(wanted.port, wanted.range);
    for (const std::uint16_t port : ports) {
        if (std::optional<Fd> taken = take(port)) return {port, std::move(*taken)};
    }
    throw Error(fmt::format("no port is free for the door: {} to {} are taken", ports.front(), ports.back()));
}

} // namespace

struct Forwarding::Inside {
    EventLoop& loop;
    Firewall* firewall;
    Told told;
    std::map<RowNumber, OpenDoor> doors{};
    std::set<pid_t> finishing{}; // relays of doors that are closed

    [[nodiscard]] bool may_redirect(const Wanted& wanted) const;
    [[nodiscard]] OpenDoor redirect(const Wanted& wanted) const;
    [[nodiscard]] OpenDoor relay(const Wanted& wanted);
    void prolong(OpenDoor& door, std::chrono::milliseconds how_long) const;
    void set_end(RowNumber hold, OpenDoor& door, std::chrono::milliseconds how_long);
    OpenDoor take_out(RowNumber hold);
};

bool Forwarding::Inside::may_redirect(const Wanted& wanted) const {
    if (wanted.address.empty() || firewall == nullptr || !firewall->can_redirect()) return false;
    try {
        // What comes from this host itself does not pass the place where redirections happen.
        return of_this_host(wanted.target.address) && !of_this_host(wanted.address) &&
               same_service(listeners_at(wanted.target.port), wanted.target.address, wanted.address);
    } catch (const Error& error) {
        journal("knockd",
                fmt::format("{}; so the door is a relay, and the service does not see the user's "
                            "address",
                            error.what()),
                Priority::warning);
        return false;
    }
}

OpenDoor Forwarding::Inside::redirect(const Wanted& wanted) const {
    auto [port, kept] = first_free(
        wanted, [&](std::uint16_t candidate) { return keep_port(candidate, wanted.address.family()); });
    const auto whole_address = static_cast<std::uint8_t>(8 * wanted.address.bytes().size());
    OpenDoor door{.port = port};
    door.redirection = Redirection{
        {wanted.address, whole_address, {Protocol::tcp, port}}, wanted.target.port, std::move(kept)};
    firewall->redirect(door.redirection->door, door.redirection->to, wanted.how_long);
    return door;
}

OpenDoor Forwarding::Inside::relay(const Wanted& wanted) {
    auto [port, listener] = first_free(wanted, [&](std::uint16_t candidate) {
        return listen_at(candidate, wanted.address.family(), known_users(wanted));
    });
    OpenDoor door{.port = port};
    const RowNumber hold = wanted.hold;
    door.relay = std::make_unique<Relay>(
        loop, setup_of(wanted), std::move(listener),
        Relay::Told{[this, hold](const Address& source) { told.claimed(hold, source); },
                    [this, hold](const Address& source) { told.refused(hold, source); },
                    [this, hold] {
                        (void)take_out(hold);
                        told.lost(hold,
                                  "knockd-forward sent a message that breaks its contract, and was killed");
                    }});
    return door;
}

void Forwarding::Inside::prolong(OpenDoor& door, std::chrono::milliseconds how_long) const {
    if (door.redirection) firewall->redirect(door.redirection->door, door.redirection->to, how_long);
    if (door.relay) door.relay->prolong(how_long);
}

void Forwarding::Inside::set_end(RowNumber hold, OpenDoor& door, std::chrono::milliseconds how_long) {
    door.until = SteadyClock::now() + how_long;
    // The kernel ends a redirection, and a relay its door, by themselves; here it is only forgotten.
    door.end = loop.after(how_long, [this, hold] { (void)take_out(hold); });
}

OpenDoor Forwarding::Inside::take_out(RowNumber hold) {
    auto door = std::move(doors.extract(hold).mapped());
    if (door.relay) finishing.insert(door.relay->pid());
    return door;
}

Forwarding::Forwarding(EventLoop& loop, Firewall* firewall, Told told) :
    inside_(new Inside{loop, firewall, std::move(told)}) {}

Forwarding::~Forwarding() = default;

std::uint16_t Forwarding::open(const Wanted& wanted) {
    const auto known = inside_->doors.find(wanted.hold);
    if (known != inside_->doors.end()) {
        inside_->prolong(known->second, wanted.how_long);
    } else {
        inside_->doors[wanted.hold] =
            inside_->may_redirect(wanted) ? inside_->redirect(wanted) : inside_->relay(wanted);
    }
    OpenDoor& door = inside_->doors.at(wanted.hold);
    inside_->set_end(wanted.hold, door, wanted.how_long);
    return door.port;
}

void Forwarding::close(RowNumber hold) {
    if (!inside_->doors.contains(hold)) return;
    const OpenDoor door = inside_->take_out(hold);
    if (door.redirection) inside_->firewall->end_redirect(door.redirection->door);
}

std::vector<Firewall::Standing> Forwarding::redirections() const {
    const auto steady_now = SteadyClock::now();
    const Time now = SystemClock().now();
    std::vector<Firewall::Standing> standing;
    for (const auto& [hold, door] : inside_->doors) {
        if (!door.redirection || door.until <= steady_now) continue;
        standing.push_back({door.redirection->door, door.redirection->to, now + (door.until - steady_now)});
    }
    return standing;
}

bool Forwarding::child_ended(pid_t pid, int wait_status) {
    if (inside_->finishing.erase(pid) > 0) return true;
    for (const auto& [hold, door] : inside_->doors) {
        if (!door.relay || door.relay->pid() != pid) continue;
        const RowNumber lost = hold;
        (void)inside_->take_out(lost);
        inside_->finishing.erase(pid); // it has ended already
        inside_->told.lost(lost, fmt::format("knockd-forward ended with {}", describe_end(wait_status)));
        return true;
    }
    return false;
}

} // namespace otk
