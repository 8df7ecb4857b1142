#include "knockd/monitor/doors.h"

#include "knockd/monitor/setup.h"
#include "sys/boot.h"
#include "sys/file.h"

#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t largest_file = 1U << 20U; // some 4,000 doors

Door door_of(const OpenHold& hold) {
    const Command& command = hold.details.command;
    const bool ipv4 = hold.hold.address.family() == Family::ipv4;
    const std::uint8_t prefix = ipv4 ? command.prefix4 : command.prefix6;
    return {masked(hold.hold.address, prefix), prefix, command.service};
}

// A port let through that is open now.
bool stands(const OpenHold& hold, std::chrono::steady_clock::time_point now) {
    return hold.details.command.kind == CommandKind::open && !hold.ending && hold.until > now;
}

} // namespace

std::string describe_door(const OpenHold& hold) {
    const Command& command = hold.details.command;
    const Address& address = hold.hold.address;
    switch (command.kind) {
    case CommandKind::open: {
        const Door door = door_of(hold);
        return fmt::format("{} for {}/{}", format_service(door.service), address.text(), door.prefix);
    }
    case CommandKind::forward:
        return fmt::format("{}/tcp to {} for {}", hold.port, format_endpoint(command.target),
                           address.empty() ? "whoever claims it" : address.text());
    case CommandKind::exec: return fmt::format("undo for {}", address.text());
    case CommandKind::close: break;
    }
    return "no door";
}

Doors::Doors(EventLoop& loop, const Clock& clock, const PolicyStore& policy, const Config& config,
             const Places& places, Told told) :
    clock_(clock),
    policy_(policy), config_(config), places_(places), told_(std::move(told)) {
    try {
        firewall_ = std::make_unique<Firewall>(
            loop, clock, policy, config,
            Firewall::Needs{[this] { return standing(); }, told_.guard_lost, told_.guard_held});
    } catch (const Error& error) {
        no_firewall_ = error.what();
        journal("knockd", fmt::format("no door can be opened here: {}", no_firewall_), Priority::error);
    }
    forwarding_ = std::make_unique<Forwarding>(loop, firewall_.get(),
                                               Forwarding::Told{told_.claimed, told_.refused, told_.lost});
}

Firewall& Doors::firewall() const {
    if (!firewall_) throw Error(no_firewall_);
    return *firewall_;
}

std::optional<Firewall::GuardStanding> Doors::guard_standing() const {
    if (firewall_) return firewall_->guard_standing();
    if (config_.firewall.mode != FirewallMode::guard) return std::nullopt;
    try {
        return Firewall::GuardStanding{.wanted = policy_.guard().on, .armed = false};
    } catch (const Error&) { // the policy watch tells of it
        return std::nullopt;
    }
}

Doorway::Opened Doors::open(const OpenHold& hold, std::chrono::milliseconds how_long) {
    const Command& command = hold.details.command;
    if (command.kind == CommandKind::open) {
        const auto longest = std::max(how_long, wanted_by_others(hold));
        return {command.service.port, firewall().open(door_of(hold), longest)};
    }
    Forwarding::Wanted wanted;
    wanted.hold = hold.hold.row;
    wanted.address = hold.hold.address;
    wanted.claims = hold.details.grant.rules.claims;
    wanted.claimed = hold.claims;
    wanted.port = hold.hold.port;
    wanted.range = config_.forward.ports;
    wanted.target = command.target;
    wanted.how_long = how_long;
    if (geteuid() == 0) {
        wanted.run_as = config_.users.forward;
        wanted.empty_root = empty_root(places_);
    }
    return {forwarding_->open(wanted), {}};
}

void Doors::close(const OpenHold& hold) {
    try {
        if (hold.details.command.kind == CommandKind::forward) return forwarding_->close(hold.hold.row);
        const auto wanted = wanted_by_others(hold);
        if (wanted.count() > 0)
            (void)firewall().open(door_of(hold), wanted);
        else
            firewall().close(door_of(hold));
    } catch (const Error& error) {
        journal("knockd",
                fmt::format("{}/{}: {} could not be closed before its time: {}", hold.details.user.name,
                            hold.details.command.name, describe_door(hold), error.what()),
                Priority::error);
    }
}

std::chrono::milliseconds Doors::wanted_by_others(const OpenHold& hold) const {
    std::chrono::milliseconds longest{0};
    const auto now = std::chrono::steady_clock::now();
    told_.each([&](const OpenHold& other) {
        if (other.hold.row == hold.hold.row || !stands(other, now) || door_of(other) != door_of(hold)) return;
        longest = std::max(longest, std::chrono::duration_cast<std::chrono::milliseconds>(other.until - now));
    });
    return longest;
}

std::vector<Firewall::Standing> Doors::standing() const {
    std::vector<Firewall::Standing> all;
    if (forwarding_) all = forwarding_->redirections();
    const auto now = std::chrono::steady_clock::now();
    told_.each([&](const OpenHold& hold) {
        if (stands(hold, now)) all.push_back({door_of(hold), 0, clock_.now() + (hold.until - now)});
    });
    return all;
}

void Doors::configure(const Config& config) {
    config_ = config;
    if (firewall_) firewall_->configure(config);
}

void Doors::every_second() {
    if (firewall_) firewall_->look_after();
}

DoorListed listed(const OpenHold& hold, Time now) {
    const Command& command = hold.details.command;
    DoorListed door;
    door.row = static_cast<std::int64_t>(hold.hold.row);
    door.user = hold.details.user.name;
    door.command = command.name;
    door.kind = command.kind;
    door.address = hold.hold.address;
    if (command.kind == CommandKind::open) {
        door.prefix = door_of(hold).prefix;
        door.service = command.service;
    } else if (command.kind == CommandKind::forward) {
        door.service = {Protocol::tcp, hold.port};
        door.target = command.target;
        door.claims = hold.claims;
    }
    const auto left = hold.until - std::chrono::steady_clock::now();
    door.until = now + left;
    door.boot = this_boot();
    door.boot_until = (since_boot() + std::chrono::duration_cast<std::chrono::milliseconds>(left)).count();
    return door;
}

DoorsFile::DoorsFile(std::filesystem::path file) : file_(std::move(file)) {
    try {
        if (const auto text = read_file(file_, largest_file)) before_ = parse_doors(*text);
    } catch (const Error& error) { // the ledger knows the doors themselves
        journal("knockd",
                fmt::format("{}: what was left of the doors before is not known: {}", file_.string(),
                            error.what()),
                Priority::warning);
    }
}

const DoorListed* DoorsFile::before(RowNumber row) const {
    for (const DoorListed& door : before_) {
        if (door.row == static_cast<std::int64_t>(row)) return &door;
    }
    return nullptr;
}

void DoorsFile::show_to(const Readers& readers) {
    readers_ = readers;
    change_readers(file_, readers_);
}

void DoorsFile::write(const std::vector<DoorListed>& doors) {
    try {
        // A power cut ends all doors that it lists: it need not survive one.
        publish_file(file_, format_doors(doors), readers_);
        trouble_.over();
    } catch (const Error& error) {
        trouble_.say(error.what());
    }
}

} // namespace otk
