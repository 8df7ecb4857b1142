// Alerts, with real programs.

#include "knockd/monitor/alerts.h"

#include "config/alert_words.h"
#include "tests/unit/knockd/children.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <unistd.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

struct Alerting {
    TemporaryDirectory directory;
    std::string file = directory.path() / "told";
    Children children;
    ManualClock clock{Time{1'000'000s}};
    Config config;
    std::optional<Alerts> alerts;

    // Each alert appends a line, what the script writes.
    explicit Alerting(const std::string& words) {
        config.alerts.command = {"/bin/sh", "-c", "echo \"" + words + "\" >> " + file};
        config.alerts.run_as = "root"; // may write there
        begin();
    }
    void begin() {
        alerts.emplace(children.loop, clock, config);
        children.ended = [this](pid_t pid, int status) { (void)alerts->child_ended(pid, status); };
    }
    [[nodiscard]] Lines told() const {
        Lines lines;
        std::ifstream stream(file);
        for (std::string line; std::getline(stream, line);)
            lines.push_back(line);
        return lines;
    }
    Lines told(std::size_t count) {
        children.until([&] { return told().size() >= count; });
        return told();
    }
};

Alert replay_of(std::string user) {
    Alert alert;
    alert.kind = AlertKind::replay;
    alert.user = std::move(user);
    alert.command = "sshd";
    return alert;
}

} // namespace

TEST_CASE("every kind has its word, and the words of the configuration are these") {
    for (std::size_t i = 0; i < alert_kind_names.size(); ++i) {
        const auto kind = static_cast<AlertKind>(i);
        CHECK(name_of(kind) == alert_kind_names[i]);
        CHECK(alert_kind_named(name_of(kind)) == kind);
    }
    CHECK(name_of(AlertKind::used) == "used");
    CHECK(name_of(AlertKind::old_passphrase) == "old-passphrase");
    CHECK(name_of(AlertKind::flood_begun) == "flood-begun");
    CHECK(name_of(AlertKind::guard_lost) == "guard-lost");
    CHECK_FALSE(alert_kind_named("everything"));
    CHECK_FALSE(alert_kind_named(""));
}

TEST_CASE("an alert runs its program with all that is known, as arguments and in the environment") {
    Alerting a("");
    a.config.alerts.command = {"/bin/sh",
                               "-c",
                               "env | grep ^OTK_ | sort > " + a.file + "x; for i; do echo \"<$i>\" >> " +
                                   a.file + "x; done; mv " + a.file + "x " + a.file,
                               "sh",
                               "{alert}",
                               "{user}",
                               "{command}",
                               "{carrier}",
                               "{source}",
                               "{address}",
                               "{text}",
                               "{held_back}",
                               "x{text"};
    a.begin();
    Alert alert = replay_of("anna");
    alert.carrier = Carrier::icmp;
    alert.source = *Address::parse("192.0.2.7");
    alert.text = "$(reboot); `x` \n\x1b[2J {user}";
    a.alerts->raise(alert);
    const std::string text = "$(reboot); `x` \\x0a\\x1b[2J {user}"; // as it was, without control characters
    CHECK(a.told(17) == Lines{"OTK_ADDRESS=", "OTK_ALERT=replay", "OTK_CARRIER=icmp", "OTK_COMMAND=sshd",
                              "OTK_HELD_BACK=0", "OTK_SOURCE=192.0.2.7", "OTK_TEXT=" + text, "OTK_USER=anna",
                              "<replay>", "<anna>", "<sshd>", "<icmp>", "<192.0.2.7>", "<>", "<" + text + ">",
                              "<0>", "<x{text>"});
    CHECK(a.alerts->raised() == 1);
    CHECK(a.alerts->held_back() == 0);
}

TEST_CASE("only kinds that are wanted are raised") {
    Alerting a("$OTK_ALERT");
    a.config.alerts.on = {"late"};
    a.alerts->configure(a.config);
    Alert alert = replay_of("anna");
    a.alerts->raise(alert);
    alert.kind = AlertKind::late;
    a.alerts->raise(alert);
    CHECK(a.told(1) == Lines{"late"});
    a.config.alerts.command.clear();
    a.alerts->configure(a.config);
    a.clock.advance(1h);
    a.alerts->raise(alert);
    CHECK(a.alerts->raised() == 1);
    CHECK(a.alerts->held_back() == 0); // nobody wanted it
}

TEST_CASE("the default configuration raises all kinds but used") {
    Alerting a("$OTK_ALERT");
    for (std::size_t i = 0; i < alert_kind_names.size(); ++i) {
        Alert alert;
        alert.kind = static_cast<AlertKind>(i);
        a.alerts->raise(alert);
    }
    Lines told = a.told(alert_kind_names.size() - 1);
    CHECK(told.size() == alert_kind_names.size() - 1);
    CHECK(std::find(told.begin(), told.end(), "used") == told.end());
}

TEST_CASE("what is held back is counted and said by the next one") {
    Alerting a("$OTK_USER $OTK_HELD_BACK $OTK_TEXT");
    Alert alert = replay_of("anna");
    alert.text = "a replay";
    a.alerts->raise(alert);
    CHECK(a.told(1) == Lines{"anna 0 a replay"});
    for (int i = 0; i < 7; ++i)
        a.alerts->raise(alert);
    CHECK(a.alerts->held_back() == 7);
    a.alerts->raise(replay_of("bert"));
    CHECK(a.told(2)[1] == "bert 7  (7 held back before it)");
    a.clock.advance(1min);
    a.alerts->raise(alert);
    CHECK(a.told(3)[2] == "anna 0 a replay");
    CHECK(a.alerts->raised() == 3);
    CHECK(a.alerts->held_back() == 7);
}

TEST_CASE("what was held back is told later though nothing else happens") {
    Alerting a("$OTK_USER $OTK_HELD_BACK");
    a.config.alerts.per_hour = 4; // three for strangers
    a.begin();
    for (const char* user : {"a", "b", "c", "d", "e"})
        a.alerts->raise(replay_of(user));
    CHECK(a.alerts->held_back() == 2);
    a.alerts->say_what_was_held_back();
    CHECK(a.alerts->raised() == 3); // not yet
    CHECK(a.told(3).size() == 3);
    a.clock.advance(1h);
    a.alerts->say_what_was_held_back();
    a.alerts->say_what_was_held_back(); // nothing is left
    const Lines told = a.told(4);
    CHECK(told.back() == "e 1"); // the newest, and the number of the others
    CHECK(a.alerts->raised() == 4);
    CHECK(a.alerts->held_back() == 1);
}

TEST_CASE("two run at once, 64 wait, and more are held back") {
    Alerting a("");
    a.config.alerts.command = {"/bin/sh", "-c",
                               "echo begun >> " + a.file + "; while [ ! -e " + a.file +
                                   ".go ]; do sleep 0.02; done"};
    a.config.alerts.per_hour = 3600;
    a.begin();
    for (int i = 0; i < 70; ++i)
        a.alerts->raise(replay_of("user" + std::to_string(i)));
    CHECK(a.alerts->raised() == 66);
    CHECK(a.alerts->held_back() == 4);
    CHECK(a.told(2).size() == 2); // both are in their loop, and nobody else may begin
    std::ofstream(a.file + ".go") << "go";
    CHECK(a.told(66).size() == 66);
}

TEST_CASE("a program that cannot be run does not disturb the next") {
    Alerting a("$OTK_USER");
    const auto works = a.config;
    a.config.alerts.command = {"/no/such/program"};
    a.alerts->configure(a.config);
    a.alerts->raise(replay_of("anna"));
    a.config.alerts.run_as = "no-such-account";
    a.alerts->configure(a.config);
    a.alerts->raise(replay_of("bert"));
    a.alerts->configure(works);
    a.alerts->raise(replay_of("carl"));
    CHECK(a.told(1) == Lines{"carl"});
}

TEST_CASE("it runs as the account of the configuration") {
    if (!is_root()) return say_skipped("it runs as the account of the configuration", "not root");
    Alerting a("");
    std::filesystem::permissions(a.directory.path(), std::filesystem::perms::all);
    a.config.alerts.command = {"/bin/sh", "-c", "id -un >> " + a.file};
    a.config.alerts.run_as = "nobody";
    a.begin();
    a.alerts->raise(replay_of("anna"));
    CHECK(a.told(1) == Lines{"nobody"});
}
