// A knockmgr that dies at every point of a change, while the monitor keeps policy.db open: whoever reads it,
// through a connection from before or a new one, as root or as another user, goes on.

#include "tests/store/child.h"
#include "tests/store/crash_vfs.h"
#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

constexpr gid_t readers_group = 65534; // nogroup: stands for the group otk
constexpr uid_t reader_user = 65534;   // nobody: stands for the user otk

Command door() {
    Command door{.name = "door", .kind = CommandKind::open, .hold = std::chrono::seconds(60)};
    door.service = {Protocol::tcp, 22};
    return door;
}

Command closing() { return {.name = "shut", .kind = CommandKind::close, .closes = CommandId{2}}; }

GrantRules rules() {
    GrantRules rules;
    rules.hours = {*parse_hours("mon-fri 08:00-18:00")};
    rules.time_zone = "Europe/Berlin";
    rules.per_hour = 3;
    return rules;
}

Request resync() {
    Request request;
    request.kind = Request::Kind::resync;
    request.grant = GrantId{2};
    request.value = enrolment(3).image;
    return request;
}

PublicServerKey key_made(std::int64_t number) {
    PublicServerKey key{};
    key.fill(static_cast<std::uint8_t>(number));
    return key;
}

// What knockmgr does, one change after the other.
const std::vector<std::function<void(PolicyStore&)>>& changes() {
    static const std::vector<std::function<void(PolicyStore&)>> all{
        [](PolicyStore& store) { store.add_user("anna"); },
        [](PolicyStore& store) { store.add_command(command("sshd")); },
        [](PolicyStore& store) { store.add_grant(grant(UserId{1}, CommandId{1}, 1)); },
        [](PolicyStore& store) { store.renew_grant(GrantId{1}, enrolment(2), chain_id(enrolment(2))); },
        [](PolicyStore& store) { store.retire_all_chains(); },
        [](PolicyStore& store) { store.add_command(door()); },
        [](PolicyStore& store) { store.add_command(closing()); },
        [](PolicyStore& store) { store.add_grant(grant(UserId{1}, CommandId{2}, 3)); },
        [](PolicyStore& store) { store.set_grant_rules(GrantId{2}, rules()); },
        [](PolicyStore& store) { store.add_request(resync()); },
        [](PolicyStore& store) { store.set_guard({.on = true, .trial_until = at_second(900)}); },
        [](PolicyStore& store) { store.add_server_key(key_made); },
        [](PolicyStore& store) { store.add_server_key(key_made, at_second(2'000'000'000)); },
        [](PolicyStore& store) { store.remove_user(UserId{1}); },
        [](PolicyStore& store) { store.remove_command(CommandId{3}); }};
    return all;
}

// Everything that a reader can see, as one text.
std::string contents(const PolicyStore& store) {
    std::string text;
    for (const User& user : store.users())
        text += fmt::format("user {}\n", user.name);
    for (const Command& command : store.commands())
        text += fmt::format("command {} {}\n", command.name, name_of(command.kind));
    store.each_grant([&](const GrantDetails& details) {
        text += fmt::format("grant {} {} {}\n", details.user.name, details.grant.enrolment.seed,
                            details.grant.retired ? "retired" : "live");
        text += fmt::format("{} hours, {} an hour\n", details.grant.rules.hours.size(),
                            details.grant.rules.per_hour);
    });
    for (const std::int64_t id : {1, 2}) {
        const auto left = store.removed_grant(GrantId{id});
        if (left) text += fmt::format("removed {} {}\n", left->user.name, left->command.name);
    }
    for (const Request& request : store.requests_after(0))
        text += fmt::format("request {} of {}\n", request.id, request.who);
    text += fmt::format("guard {} {}\n", store.guard().on, store.guard().trial_until.has_value());
    for (const ServerKeyRecord& key : store.server_keys())
        text += fmt::format("key {} {}\n", key.id, key.ends.has_value());
    for (const Change& change : store.changes(SIZE_MAX))
        text += fmt::format("{} {}\n", change.what, change.object);
    for (const std::uint64_t which : {1U, 2U, 3U})
        text += store.seed_seen(enrolment(which).seed) ? "seen\n" : "new\n";
    return text;
}

// What the contents are after none, one, two... of the changes.
std::vector<std::string> states() {
    const Folder folder;
    PolicyStore store = PolicyStore::create(folder / "policy.db", server_id, ledger_id);
    std::vector<std::string> states{contents(store)};
    for (const auto& change : changes()) {
        change(store);
        states.push_back(contents(store));
    }
    return states;
}

// A folder that only its owner can write, and a database whose group may read.
void make_policy(const Folder& folder, const std::filesystem::path& file) {
    { const PolicyStore made = PolicyStore::create(file, server_id, ledger_id); }
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    if (::geteuid() == 0) REQUIRE(::chown(file.c_str(), 0, readers_group) == 0);
}

void become_reader() {
    if (::setgroups(0, nullptr) != 0 || ::setgid(readers_group) != 0 || ::setuid(reader_user) != 0) {
        throw system_error("setuid");
    }
}

// What a new process sees that opens the file only now, or the message where it cannot.
std::string seen_anew(const std::filesystem::path& file, bool as_other_user) {
    Child reader([&](int out) {
        if (as_other_user) become_reader();
        std::string text;
        const std::string error = error_of([&] { text = contents(PolicyStore::open_for_reading(file)); });
        text += error;
        write_all(out, text.data(), text.size());
    });
    return reader.rest();
}

// A process that opened the file before the crash and tells what it sees, each time when it is asked: the
// monitor, or the validator as another user.
class Watcher {
  public:
    Watcher(const std::filesystem::path& file, bool as_other_user) :
        ask_(pipe()), child_([this, file, as_other_user](int out) {
            ::close(ask_.second);
            if (as_other_user) become_reader();
            const PolicyStore store = PolicyStore::open_for_reading(file);
            char question = sees_what;
            do {
                const std::string text =
                    question == sees_what ? contents(store) : fmt::format("{}", store.version());
                report(out, text.size());
                write_all(out, text.data(), text.size());
            } while (::read(ask_.first, &question, 1) == 1);
        }) {
        ::close(ask_.first);
        first_ = answer();
    }
    ~Watcher() { ::close(ask_.second); }
    [[nodiscard]] std::string sees() {
        write_all(ask_.second, &sees_what, 1);
        return answer();
    }
    // Asks for the version only, as the monitor does all the time.
    void looks() {
        write_all(ask_.second, &asks_version, 1);
        (void)answer();
    }
    [[nodiscard]] const std::string& saw_first() const { return first_; }

  private:
    static constexpr char sees_what = '?';
    static constexpr char asks_version = 'v';

    static std::pair<int, int> pipe() {
        int ends[2];
        if (::pipe(ends) != 0) throw system_error("pipe");
        return {ends[0], ends[1]};
    }
    std::string answer() {
        const auto size = reports<std::size_t>(child_.read(sizeof(std::size_t)));
        return size.empty() ? "the watcher ended" : child_.read(size.front());
    }
    std::pair<int, int> ask_;
    Child child_;
    std::string first_;
};

// The child reports each change that it has made; the answer is how many there are, or nothing when it was
// killed.
struct Run {
    std::size_t made = 0;
    bool finished = false;
};
Run knockmgr(const std::filesystem::path& file, long at, Crash how) {
    Child child([&](int out) {
        crash_at(at, how);
        PolicyStore store = PolicyStore::open_for_change(file, "root");
        for (const auto& change : changes()) {
            change(store);
            report(out, char{1});
        }
    });
    const std::size_t made = child.rest().size();
    const auto code = child.end();
    REQUIRE((!code || *code == 0));
    return {made, code.has_value()};
}

} // namespace

TEST_CASE("a knockmgr killed at any point makes no reader deaf") {
    const bool root = ::geteuid() == 0;
    if (!root) MESSAGE("SKIPPED without root: new readers as another user");
    const std::vector<std::string> expected = states();
    for (const Crash how : {Crash::killed, Crash::torn}) {
        for (long at = 1;; ++at) {
            const Folder folder;
            const auto file = folder / "policy.db";
            make_policy(folder, file);
            Watcher monitor(file, false);
            Watcher validator(file, root);
            REQUIRE(monitor.saw_first() == expected.front());
            REQUIRE(validator.saw_first() == expected.front());
            const Run run = knockmgr(file, at, how);
            CAPTURE(at);
            // The change in progress is there or not, whole; all that were reported are there.
            // Until the monitor has looked, which mends the shared index, another user may be told to wait,
            // no more.
            const std::string early = root ? seen_anew(file, true) : "";
            const std::string after = monitor.sees();
            const bool told_to_wait = early.find("mended as soon as") != std::string::npos;
            if (root && !told_to_wait) CHECK(early == after);
            const bool next = run.made < changes().size() && after == expected[run.made + 1];
            const bool as_expected = after == expected[run.made] || next;
            CHECK(as_expected);
            CHECK(validator.sees() == after);
            CHECK(seen_anew(file, false) == after);
            // And the next knockmgr goes on, for the monitor to see.
            {
                PolicyStore store = PolicyStore::open_for_change(file, "root");
                CHECK(contents(store) == after);
                store.add_user("berta");
            }
            CHECK(monitor.sees().find("user berta") != std::string::npos);
            CHECK(validator.sees() == monitor.sees());
            if (root) CHECK(seen_anew(file, true) == monitor.sees());
            if (run.finished) {
                CHECK(at > 50);
                break;
            }
        }
    }
}

TEST_CASE("a power cut at any point leaves whole changes") {
    const std::vector<std::string> expected = states();
    for (const Crash how : {Crash::power_cut, Crash::reordered}) {
        for (long at = 1;; ++at) {
            const Folder folder;
            const auto file = folder / "policy.db";
            make_policy(folder, file);
            const Run run = knockmgr(file, at, how);
            CAPTURE(at);
            PolicyStore store = PolicyStore::open_for_change(file, "root");
            const std::string after = contents(store);
            const bool next = run.made < changes().size() && after == expected[run.made + 1];
            const bool as_expected = after == expected[run.made] || next;
            CHECK(as_expected);
            store.add_user("berta");
            if (run.finished) break;
        }
    }
}

TEST_CASE(
    "a reader that may write nothing reads while root keeps the file open, and its files get its group") {
    if (::geteuid() != 0) {
        MESSAGE("SKIPPED without root");
        return;
    }
    const Folder folder;
    const auto file = folder / "policy.db";
    make_policy(folder, file);
    const PolicyStore monitor = PolicyStore::open_for_reading(file);
    for (const char* suffix : {"-wal", "-shm"}) {
        struct stat status {};
        REQUIRE(::stat((file.native() + suffix).c_str(), &status) == 0);
        CHECK((status.st_mode & 07777) == 0640);
        CHECK(status.st_gid == readers_group);
        CHECK(status.st_uid == 0);
    }
    CHECK(seen_anew(file, true) == contents(monitor));
    Child intruder([&](int out) {
        become_reader();
        const std::string error =
            error_of([&] { PolicyStore::open_for_change(file, "nobody").add_user("mallory"); });
        write_all(out, error.data(), error.size());
    });
    CHECK(intruder.rest().find("run the program as the user that owns it") != std::string::npos);
    CHECK_FALSE(monitor.user_named("mallory"));
}
