// An Actor with a policy, children that really run, and doors of nowhere.
#pragma once

#include "knockd/monitor/actor.h"
#include "tests/unit/knockd/children.h"
#include "tests/unit/knockd/fake_doorway.h"
#include "tests/unit/knockd/policy_files.h"

#include <optional>
#include <vector>

namespace otk::test {

struct Acting {
    PolicyFiles files;
    Children children;
    FakeDoorway doorway;
    Mark mark{files.directory.path() / "mark"};
    StartedUndos started_undos{files.directory.path() / "undo"};
    Status status;
    std::vector<Alert> alerts;
    Noticing noticing{Config{}, [this](const Alert& alert) { alerts.push_back(alert); }};
    std::vector<End> sent;
    std::vector<message::Release> releases;
    unsigned doors_changed = 0;
    ManualClock clock{PolicyFiles::now}; // the monitor's own: the time in a message counts for nothing
    std::optional<Actor> actor;
    std::int64_t next = 10;

    Acting() { begin(); }
    void begin() {
        Config config;
        config.limits.running_commands = 4;
        config.limits.doors = 3;
        actor.emplace(
            Actor::World{children.loop, clock, files.policy, doorway, mark, started_undos, status, noticing},
            config,
            Actor::Hands{[this](const End& end) { sent.push_back(end); },
                         [this](const message::Release& release) { releases.push_back(release); },
                         [this] { ++doors_changed; }});
        children.ended = [this](pid_t pid, int status_of_it) {
            (void)actor->commands().child_ended(pid, status_of_it);
        };
    }
    message::Act act() {
        message::Act made;
        made.row.row = RowNumber{++next};
        made.row.hash[0] = static_cast<std::uint8_t>(next);
        made.grant = files.grant;
        made.count = 99;
        made.carrier = Carrier::udp;
        made.source = *Address::parse("192.0.2.7");
        made.at = to_nanoseconds(PolicyFiles::now -
                                 std::chrono::hours{48}); // a lie: the monitor looks at its own clock
        return made;
    }
    void until_sent(std::size_t count) {
        children.until([&] { return sent.size() >= count; });
    }
};

} // namespace otk::test
