#include "knockd/monitor/firewall.h"

#include "base/promise.h"
#include "firewall/nft.h"
#include "firewall/ruleset.h"
#include "firewall/watch.h"
#include "knockd/journal.h"
#include "knockd/monitor/administrators_sets.h"
#include "knockd/monitor/guard.h"
#include "knockd/monitor/redirections.h"
#include "sys/capabilities.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <linux/capability.h>

namespace otk {

namespace {

// Several transactions in a row are looked at once.
constexpr std::chrono::milliseconds breath{20};

SetNames names_of(const Config& config) {
    return {config.firewall.table, config.firewall.set4, config.firewall.set6};
}

bool same(const SetNames& a, const SetNames& b) {
    return a.table == b.table && a.set4 == b.set4 && a.set6 == b.set6;
}

} // namespace

struct Firewall::Inside {
    EventLoop& loop;
    const Clock& clock;
    const PolicyStore& policy;
    Needs needs;
    FirewallMode mode = FirewallMode::none;
    // In mode guard: watch, guard, doors, redirections. In mode sets: watch, administrators, redirections.
    std::optional<RulesetWatch> watch{};
    std::optional<Guard> guard{};
    std::optional<DoorSets> doors{};
    std::optional<AdministratorsSets> administrators{};
    std::optional<Redirections> redirections{};
    std::unique_ptr<EventLoop::Timer> soon{};
    Complaint trouble{"knockd", Priority::error};

    [[nodiscard]] std::vector<OpenDoor> standing(bool redirected) const {
        std::vector<OpenDoor> all;
        const Time now = clock.now();
        for (const Standing& one : needs.standing()) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(one.until - now);
            if ((one.to != 0) == redirected && left.count() > 0) all.push_back({one.door, one.to, left});
        }
        return all;
    }

    void begin(const Config& config) {
        mode = config.firewall.mode;
        if (mode == FirewallMode::none) {
            // Who may not touch the firewall, and does not want to, has nothing to be told.
            if (!has_capability(CAP_NET_ADMIN)) return;
            drop_guard_of_another_mode();
            return attempt([] {
                RulesetWatch last;
                Redirections::forget_earlier(last);
            });
        }
        watch.emplace();
        redirections.emplace(*watch, [this] { return standing(true); });
        const auto open_doors = [this] { return standing(false); };
        if (mode == FirewallMode::guard) {
            doors.emplace(guard_sets());
            guard.emplace(*watch, clock, policy, config.firewall.always_allow,
                          Guard::Needs{open_doors, needs.guard_lost, needs.guard_held});
        } else {
            drop_guard_of_another_mode();
            administrators.emplace(*watch, names_of(config), open_doors);
        }
        loop.on_readable(watch->fd(), [this] {
            watch->hear();
            if (!soon) soon = loop.after(breath, [this] { check_now(); });
        });
    }

    void end() {
        soon.reset();
        if (watch) loop.remove(watch->fd());
        redirections.reset();
        administrators.reset();
        guard.reset();
        doors.reset();
        watch.reset();
    }

    // The configuration says that there is none: one that nobody opens any more would only lock out.
    static void drop_guard_of_another_mode() {
        try {
            if (RulesetWatch().table(guard_table).handle != 0) run_nft(without_table(guard_table));
        } catch (const Error& error) {
            journal("knockd", fmt::format("whether a guard is left here is not known: {}", error.what()),
                    Priority::warning);
        }
    }

    void check_now() {
        soon.reset();
        attempt([this] {
            if (guard) guard->check();
            if (administrators) administrators->check();
            if (redirections) redirections->check();
        });
    }

    void attempt(const std::function<void()>& what) {
        try {
            what();
            trouble.over();
        } catch (const Error& error) {
            trouble.say(fmt::format("the firewall: {}", error.what()));
        }
    }

    std::string open_in_guard(const Door& door, std::chrono::milliseconds how_long) {
        if (guard->armed() && doors->add(door, how_long) == DoorSets::Added::done) return "";
        // Not looked yet, or not since the policy has changed; or somebody flushed the ruleset a moment ago.
        guard->look_after();
        if (!guard->armed()) return "the guard is off";
        if (doors->add(door, how_long) == DoorSets::Added::no_table)
            throw Error("the guard vanished while a door was opened; who changes the ruleset?");
        return "";
    }

    Redirections& usable_redirections() {
        if (!redirections) throw Error("[firewall] mode is \"none\": no port can be redirected");
        return *redirections;
    }
};

Firewall::Firewall(EventLoop& loop, const Clock& clock, const PolicyStore& policy, const Config& config,
                   Needs needs) :
    inside_(new Inside{loop, clock, policy, std::move(needs)}) {
    inside_->begin(config);
}

Firewall::~Firewall() { inside_->end(); }

void Firewall::configure(const Config& config) {
    const bool same_mode = config.firewall.mode == inside_->mode;
    if (inside_->guard && same_mode) return inside_->guard->set_always_allow(config.firewall.always_allow);
    const bool same_sets =
        !inside_->administrators || same(inside_->administrators->names(), names_of(config));
    if (same_mode && same_sets) return;
    if (inside_->guard && inside_->guard->armed()) {
        journal("knockd",
                fmt::format("[firewall] mode is {} now: THE GUARD IS GONE, and its ports are as open as "
                            "everything else makes them",
                            name_of(config.firewall.mode)),
                Priority::warning);
    }
    change_over(config);
}

// What stands open, in the new mode too as far as that can be had. In the old one it is taken away where the
// sets are somebody else's; our own table goes as a whole.
void Firewall::change_over(const Config& config) {
    const std::vector<OpenDoor> doors = inside_->standing(false);
    const std::vector<OpenDoor> redirected = inside_->standing(true);
    for (const OpenDoor& each : doors)
        inside_->attempt([&] { close(each.door); });
    inside_->end();
    inside_->begin(config);
    for (const OpenDoor& each : doors)
        inside_->attempt([&] { (void)open(each.door, each.left); });
    for (const OpenDoor& each : redirected)
        inside_->attempt([&] { redirect(each.door, each.to, each.left); });
}

void Firewall::look_after() {
    inside_->attempt([this] {
        if (inside_->guard) inside_->guard->look_after();
        if (inside_->administrators) inside_->administrators->check();
        if (inside_->redirections) inside_->redirections->look_after();
    });
}

std::string Firewall::open(const Door& door, std::chrono::milliseconds how_long) {
    if (inside_->guard) return inside_->open_in_guard(door, how_long);
    if (inside_->administrators) {
        inside_->administrators->open(door, how_long);
        return "";
    }
    if (inside_->mode != FirewallMode::none)
        throw Error(
            "the firewall could not be taken up: the journal says why; mend it and send knockd SIGHUP");
    return "";
}

void Firewall::close(const Door& door) {
    if (inside_->doors) inside_->doors->remove(door);
    if (inside_->administrators) inside_->administrators->close(door);
}

bool Firewall::can_redirect() const { return inside_->redirections.has_value(); }

void Firewall::redirect(const Door& door, std::uint16_t to, std::chrono::milliseconds how_long) {
    inside_->usable_redirections().add(door, to, how_long);
}

void Firewall::end_redirect(const Door& door) { inside_->usable_redirections().remove(door); }

std::string Firewall::guard_state() const { return inside_->guard ? inside_->guard->state() : "not used"; }

std::optional<Firewall::GuardStanding> Firewall::guard_standing() const {
    if (!inside_->guard) return std::nullopt;
    return GuardStanding{.wanted = inside_->guard->wanted(), .armed = inside_->guard->armed()};
}

} // namespace otk
