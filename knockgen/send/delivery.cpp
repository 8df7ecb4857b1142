#include "knockgen/send/delivery.h"

#include "base/text.h"
#include "knockgen/send/door_watch.h"
#include "knockgen/send/message.h"
#include "knockgen/send/questions.h"
#include "otp/door_port.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

namespace otk {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds all_copies{1};
constexpr seconds patience{10}; // for the door, and for the server to say what became of the knock
// For a port that answers before the knock. Shut ones mostly stay silent, so this is what waiting for a door
// costs; on a path with a longer round trip an open port is not noticed.
constexpr milliseconds patience_before{500};

milliseconds between_copies(unsigned copies) { return milliseconds{all_copies} / std::max(1U, copies - 1); }

// Sleeps, or watches the door meanwhile; true when it is open.
bool pause_until(SteadyClock::time_point until, std::optional<DoorWatch>& watch, Outcome& outcome) {
    if (!watch) {
        std::this_thread::sleep_until(until);
        return false;
    }
    outcome.open_at = watch->watch_until(until);
    return outcome.open_at.has_value();
}

void note_trouble(Outcome& outcome, const std::string& trouble) {
    const auto& known = outcome.troubles;
    if (std::find(known.begin(), known.end(), trouble) == known.end()) outcome.troubles.push_back(trouble);
}

DoorWatch watch_at(const Plan& plan, std::uint16_t port) {
    std::vector<Target> targets;
    for (const Addressed& each : plan.addressed)
        targets.push_back(each.target);
    return {std::move(targets), port};
}

// Nothing where no door is waited for, or it need not be.
std::optional<DoorWatch> watch_of(const Plan& plan, const Outcome& outcome) {
    if (!outcome.port || outcome.open_before) return std::nullopt;
    return watch_at(plan, *outcome.port);
}

void look_before(const Plan& plan, Outcome& outcome) {
    if (!outcome.port) return;
    outcome.open_at = watch_at(plan, *outcome.port).open_already(patience_before);
    outcome.open_before = outcome.open_at.has_value();
}

Time now_for(const SendOptions& options) {
    return options.no_clock ? Time{} : std::chrono::floor<seconds>(SystemClock().now());
}

// One copy is one packet to each address. Each of them is made once: duplicates are recognised byte for byte.
Outcome deliver_packets(Plan& plan, const ChainSecret& chain, const Value& value, Outcome outcome) {
    const SendOptions& options = plan.options;
    const Time time = now_for(options);
    std::vector<std::vector<std::uint8_t>> payloads;
    for (const Addressed& each : plan.addressed)
        payloads.push_back(payload_of(options, {value, each.named, time}, chain));

    auto watch = watch_of(plan, outcome);
    while (outcome.copies < options.copies) {
        if (outcome.copies > 0 &&
            pause_until(SteadyClock::now() + between_copies(options.copies), watch, outcome))
            break;
        for (std::size_t i = 0; i < payloads.size(); ++i) {
            const Target& target = plan.addressed[i].target;
            const int error = plan.carrier->send(target, payloads[i]);
            if (error != 0) {
                note_trouble(outcome, system_error("to " + target.address.text(), error).what());
            } else if (std::find(outcome.sent_to.begin(), outcome.sent_to.end(), target.address) ==
                       outcome.sent_to.end()) {
                outcome.sent_to.push_back(target.address);
            }
        }
        ++outcome.copies;
    }
    outcome.left = !outcome.sent_to.empty();
    if (outcome.left && watch && !outcome.open_at)
        (void)pause_until(SteadyClock::now() + patience, watch, outcome);
    return outcome;
}

Reply ask(const Plan& plan, const std::string& name) {
    const SendOptions& options = plan.options;
    if (options.resolver == Resolver::system) return ask_system(name);
    if (options.resolver == Resolver::given)
        return ask_at({options.resolver_address, 0, {}}, name, seconds{2});
    Reply best;
    for (const Addressed& each : plan.addressed) {
        Reply reply = ask_at(each.target, name, milliseconds{all_copies});
        if (!reply.text.empty()) return reply;
        if (reply.sent || !best.sent) best = std::move(reply);
    }
    return best;
}

// "open 62898 58s": the port that was really opened.
std::optional<std::uint16_t> port_in(const std::string& confirmation) {
    const auto words = split(confirmation, ' ');
    if (words.size() < 2 || words[0] != "open") return std::nullopt;
    const auto port = parse_decimal(words[1], 65535);
    if (!port || *port == 0) return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

// The same name, until the server says what became of it or has had the time to; where it says nothing ever,
// as often as there are copies.
void ask_for(Plan& plan, const std::string& name, std::optional<DoorWatch>& watch, Outcome& outcome) {
    const SendOptions& options = plan.options;
    const auto end = SteadyClock::now() + patience;
    for (;;) {
        const auto begun = SteadyClock::now();
        const Reply reply = ask(plan, name);
        ++outcome.copies;
        outcome.left = outcome.left || reply.sent;
        if (!reply.trouble.empty()) note_trouble(outcome, reply.trouble);
        outcome.confirmation = reply.text;
        const bool tells = options.profile().confirms && outcome.left;
        const bool asked_enough = outcome.copies >= options.copies && !tells;
        if (!reply.text.empty() || asked_enough || SteadyClock::now() >= end) return;
        const bool more_copies = outcome.copies < options.copies;
        const auto gap = more_copies ? between_copies(options.copies) : milliseconds{all_copies};
        if (pause_until(begun + gap, watch, outcome)) return;
    }
}

Outcome deliver_name(Plan& plan, const ChainSecret& chain, const Value& value, Outcome outcome) {
    const SendOptions& options = plan.options;
    const Address named = plan.addressed.empty() ? options.address : plan.addressed.front().named;
    const std::string name = name_of(options, {value, named, now_for(options)}, chain);

    // Where the server says which port it opened, the one that the knock determines may be somebody else's.
    const bool port_is_told = options.profile().confirms && !options.wait_port;
    auto watch = port_is_told ? std::nullopt : watch_of(plan, outcome);
    ask_for(plan, name, watch, outcome);
    const auto told = port_is_told ? port_in(outcome.confirmation) : std::nullopt;
    if (told && outcome.port && *told != *outcome.port) {
        outcome.port = told;
        outcome.open_at.reset();
        outcome.open_before = false;
    }
    if (port_is_told) watch = watch_of(plan, outcome);
    if (outcome.left && watch && !outcome.open_at)
        (void)pause_until(SteadyClock::now() + patience, watch, outcome);
    return outcome;
}

} // namespace

std::optional<std::uint16_t> port_to_watch(const SendOptions& options, const Value& value) {
    if (!options.wait) return std::nullopt;
    if (options.wait_port) return options.wait_port;
    if (const auto port = forward_port_of(options, value)) return port;
    throw Error(fmt::format("the profile's ports \"{}\" are no range; say --wait=PORT",
                            printable(options.profile().ports)));
}

std::optional<std::uint16_t> forward_port_of(const SendOptions& options, const Value& value) {
    const std::string_view ports = options.profile().ports;
    const std::size_t dash = std::min(ports.find('-'), ports.size());
    const auto low = parse_decimal(ports.substr(0, dash), 65535);
    const auto high = parse_decimal(ports.substr(std::min(dash + 1, ports.size())), 65535);
    if (!low || !high || *low == 0 || *low > *high) return std::nullopt;
    return door_port(value, {static_cast<std::uint16_t>(*low), static_cast<std::uint16_t>(*high)});
}

Outcome deliver(Plan& plan, const ChainSecret& chain, Count number) {
    const Value value = chain.at(number);
    Outcome outcome;
    outcome.port = port_to_watch(plan.options, value);
    outcome.forward_port = forward_port_of(plan.options, value);
    look_before(plan, outcome);
    if (plan.options.carrier == Carrier::dns) return deliver_name(plan, chain, value, std::move(outcome));
    return deliver_packets(plan, chain, value, std::move(outcome));
}

} // namespace otk
