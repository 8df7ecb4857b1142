// How many knocks a second the monitor can act on (issue 4): for a command that closes doors, for a door that
// is prolonged, and for a command that waits for its turn; with one grant and with more than it remembers.
// Also what a command that waits takes of memory. Doors are of nowhere: what nfnetlink costs is measured by
// the latencies. The journal goes to standard error: send it to /dev/null or to a reader.
#include "knockd/monitor/actor.h"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <malloc.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

using Stopwatch = std::chrono::steady_clock;
constexpr int acts = 20'000;

class NoDoors final : public Doorway {
  public:
    Opened open(const OpenHold& hold, std::chrono::milliseconds) override {
        return {hold.details.command.service.port, {}};
    }
    void close(const OpenHold&) override {}
};

struct Bench {
    std::filesystem::path directory;
    PolicyStore admin;
    PolicyStore policy;
    std::vector<GrantId> grants{};
    std::vector<UserId> users{};
    int enrolled = 0;

    explicit Bench(const std::filesystem::path& where) :
        directory(where), admin(PolicyStore::create(where / "policy.db", {}, {1})),
        policy(PolicyStore::open_for_reading(where / "policy.db")) {}

    void use(Command command, int how_many) {
        command.id = admin.add_command(command);
        grants.clear();
        for (int number = 0; number < how_many; ++number) {
            if (static_cast<std::size_t>(number) == users.size())
                users.push_back(admin.add_user(fmt::format("user{}", number)));
            Grant grant;
            grant.user = users[static_cast<std::size_t>(number)];
            grant.command = command.id;
            std::array<std::uint8_t, 16> image{};
            ++enrolled;
            std::memcpy(image.data(), &enrolled, sizeof enrolled);
            grant.enrolment = {Algorithm::sha256, 100, fmt::format("seed{}", enrolled), Value(image),
                               std::nullopt};
            std::memcpy(grant.chain.data(), &enrolled, sizeof enrolled);
            grants.push_back(admin.add_grant(grant));
        }
    }
};

message::Act act_of(RowNumber row, GrantId grant) {
    message::Act act;
    act.row.row = row;
    act.grant = grant;
    act.count = 50;
    act.carrier = Carrier::udp;
    act.source = *Address::parse("192.0.2.7");
    return act;
}

void measure(Bench& bench, const std::string& what, bool holds) {
    SystemClock clock;
    EventLoop loop;
    NoDoors doors;
    const auto state = bench.directory / what;
    std::filesystem::create_directory(state);
    Mark mark(state / "mark");
    StartedUndos undos(state / "undo");
    Status status;
    Config config;
    config.limits.running_commands = 1;
    std::uint64_t alerts = 0;
    Noticing noticing(config, [&alerts](const Alert&) { ++alerts; });
    std::uint64_t sent = 0;
    Actor actor({loop, clock, bench.policy, doors, mark, undos, status, noticing}, config,
                {[&sent](const End&) { ++sent; }, [](const message::Release&) {}, [] {}});
    std::vector<RowNumber> first(bench.grants.size());
    std::int64_t row = 0;
    const auto one = [&](std::size_t place) {
        message::Act act = act_of(RowNumber{++row}, bench.grants[place]);
        if (holds) {
            act.address = act.source;
            if (first[place] == RowNumber{}) first[place] = act.row.row;
            act.hold = first[place];
            act.deadline = to_nanoseconds(clock.now() + std::chrono::seconds{60});
        }
        if (!actor.act(act)) std::abort();
        message::Stored stored;
        stored.row = act.row.row;
        actor.stored(stored);
    };
    for (std::size_t place = 0; place < std::min<std::size_t>(bench.grants.size(), 200); ++place)
        one(place);
    const std::size_t of_them = holds ? std::min<std::size_t>(bench.grants.size(), 200) : bench.grants.size();
    const auto before = mallinfo2().uordblks;
    const std::size_t waited = actor.commands().waiting();
    const auto began = Stopwatch::now();
    for (int number = 0; number < acts; ++number)
        one(static_cast<std::size_t>(number) % of_them);
    const std::chrono::duration<double> took = Stopwatch::now() - began;
    const std::size_t waiting = actor.commands().waiting() - waited;
    std::string memory;
    if (waiting > 0) {
        const auto each = static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(waiting);
        memory = fmt::format(", {} wait, {:.0f} bytes each", waiting, each);
    }
    fmt::print("{:22} {:6} grant(s): {:9.0f} acts/s{}\n", what, bench.grants.size(), acts / took.count(),
               memory);
}

int run() {
    std::string name = (std::filesystem::temp_directory_path() / "otk-act-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) return 1;
    Bench bench(name);
    for (const int grants : {1, 10'000}) {
        const std::string tail = std::to_string(grants);
        Command open;
        open.name = "open" + tail;
        open.kind = CommandKind::open;
        open.service = {Protocol::tcp, 22};
        open.hold = std::chrono::seconds{60};
        Command close;
        close.name = "close" + tail;
        close.kind = CommandKind::close;
        Command slow;
        slow.name = "slow" + tail;
        slow.argv = {"/bin/sleep", "3600", "{address}", "{user}"};
        slow.run_as = "nobody";

        bench.use(open, grants);
        measure(bench, open.name, true);
        close.closes = CommandId{1};
        bench.use(close, grants);
        measure(bench, close.name, false);
        bench.use(slow, grants);
        measure(bench, slow.name, false);
    }
    std::filesystem::remove_all(name);
    return 0;
}

} // namespace

} // namespace otk

int main() {
    try {
        return otk::run();
    } catch (const std::exception& error) {
        fmt::print("act-bench: {}\n", error.what());
        return 1;
    }
}
