// How many valid knocks of different users a second the validating process judges and spends, each group of
// them with one durable commit to a ledger on a real disk: `spend-bench [FOLDER [KNOCKS]]`. FOLDER is where
// the two databases stand meanwhile; a folder in memory would measure something else. No packets, no
// processes: Acceptance::take alone, and Ends::store for what the monitor answers to each.
#include "base/random.h"
#include "knockd/validate/acceptance.h"
#include "knockd/validate/ends.h"
#include "knockd/validate/loading.h"
#include "otp/chain.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

using namespace otk;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t members = 1024; // of each kind: more than the largest group
constexpr std::array<std::size_t, 4> groups{1, 10, 100, 512};
constexpr LedgerId ledger_id{1};

// A folder that is gone when the measurement is over.
struct Folder {
    explicit Folder(const std::filesystem::path& parent) :
        path(parent / fmt::format("spend-bench-{}", ::getpid())) {
        std::filesystem::create_directory(path);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path;
};

// What this process has computed until now, in seconds. Beside it, the time that passed is the disk's, or
// that of other programs on this machine.
double computed() {
    timespec now{};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A user's grant with all knocks that she will send, the first one last.
struct Member {
    GrantId grant{};
    std::vector<Value> values;
};

struct Terms {
    std::string name;
    Command command;
    GrantRules rules;
};

std::vector<Terms> all_terms() {
    Command exec;
    exec.argv = {"/bin/true", "{address}"};
    exec.run_as = "nobody";
    Command open;
    open.kind = CommandKind::open;
    open.service = {Protocol::tcp, 22};
    open.hold = std::chrono::seconds{60};
    Command close;
    close.kind = CommandKind::close;
    GrantRules rate;
    rate.per_hour = 1'000'000;
    return {{"exec", exec, {}}, {"open", open, {}}, {"close", close, {}}, {"rate", exec, rate}};
}

class Bench {
  public:
    Bench(const std::filesystem::path& folder, std::size_t knocks) :
        knocks_(knocks), policy_file_(folder / "policy.db"), ledger_file_(folder / "ledger.db"),
        admin_(PolicyStore::create(policy_file_, {}, ledger_id)) {
        Ledger::create(ledger_file_, ledger_id, SystemClock{}.now());
    }

    void run() {
        CommandId opened{};
        fmt::print("{:8} {:>6} {:>10} {:>14} {:>10} {:>13} {:>12}\n", "command", "group", "knocks/s",
                   "us per commit", "ends/s", "CPU us/knock", "CPU us/end");
        for (Terms& terms : all_terms()) {
            terms.command.name = terms.name;
            terms.command.closes = terms.command.kind == CommandKind::close ? opened : CommandId{};
            const CommandId command = admin_.add_command(terms.command);
            if (terms.command.kind == CommandKind::open) opened = command;
            enrol(command, terms);
            for (const std::size_t group : groups)
                measure(terms.name, group);
        }
    }

  private:
    // The groups of one are measured with fewer knocks: each has to wait for the disk.
    [[nodiscard]] std::size_t rounds(std::size_t group) const {
        return std::max<std::size_t>(1, std::min(knocks_ / group, knocks_ / 10));
    }

    void enrol(CommandId command, const Terms& terms) {
        std::size_t needed = 0;
        for (const std::size_t group : groups)
            needed += rounds(group) * group;
        const auto length = static_cast<Count>(needed / members + groups.size() + 2);
        members_.clear();
        for (std::size_t i = 0; i < members; ++i) {
            const ChainSecret secret = ChainSecret::generate(Algorithm::sha256, system_random);
            Member member;
            member.values.push_back(secret.at(1));
            for (Count count = 2; count <= length; ++count)
                member.values.push_back(step(Algorithm::sha256, member.values.back()));
            Grant grant;
            grant.user = admin_.add_user(fmt::format("{}{}", terms.name, i));
            grant.command = command;
            grant.rules = terms.rules;
            grant.enrolment = {Algorithm::sha256, length, fmt::format("{}{}", terms.name, i),
                               member.values.back(), std::nullopt};
            grant.chain = chain_id(grant.enrolment);
            grant.created = SystemClock{}.now();
            member.values.pop_back(); // the image is no knock
            member.grant = admin_.add_grant(grant);
            members_.push_back(std::move(member));
        }
        next_ = 0;
    }

    message::Hit next_hit() {
        Member& member = members_[next_++ % members_.size()];
        message::Hit hit;
        hit.algorithm = Algorithm::sha256;
        hit.steps = 1;
        hit.carrier = Carrier::udp;
        hit.value = member.values.back();
        member.values.pop_back();
        const std::array<std::uint8_t, 4> source{192, 0, static_cast<std::uint8_t>(next_ / 256),
                                                 static_cast<std::uint8_t>(next_)};
        hit.source = Address::ipv4(source);
        hit.source_port = 40'000;
        return hit;
    }

    // As knockd-validate does it: what is there together is judged together.
    void measure(const std::string& name, std::size_t group) {
        PolicyStore policy = PolicyStore::open_for_reading(policy_file_);
        Ledger ledger = Ledger::open(ledger_file_);
        Book book;
        Memory memory;
        std::vector<message::WatchEntry> watches;
        load_chains(policy, ledger, bit(Algorithm::sha256), book, watches);
        load_memory(ledger, memory);
        Acceptance acceptance(book, memory, ledger, policy,
                              {.window = 10, .forward_ports = {61'000, 65'534}});
        const SystemClock clock;
        const auto when = [&clock](const message::Hit&) { return clock.now(); };
        Ends ends;
        steady_clock::duration spending{};
        steady_clock::duration ending{};
        double cpu_spending = 0;
        double cpu_ending = 0;
        std::vector<message::Hit> hits;
        const std::size_t all = rounds(group);
        for (std::size_t round = 0; round < all; ++round) {
            hits.clear();
            while (hits.size() < group)
                hits.push_back(next_hit());
            const double cpu_begun = computed();
            const auto begun = steady_clock::now();
            const Outbox out = acceptance.take(hits, when);
            const auto spent = steady_clock::now();
            const double cpu_spent = computed();
            if (out.acts.size() != group) {
                fmt::print(stderr, "{} of {} knocks were accepted: {}\n", out.acts.size(), group,
                           out.trouble);
                std::exit(1);
            }
            for (const message::Act& act : out.acts)
                ends.take(done(act));
            if (ends.store(ledger, clock.now()).size() != group) std::exit(1);
            ending += steady_clock::now() - spent;
            spending += spent - begun;
            cpu_ending += computed() - cpu_spent;
            cpu_spending += cpu_spent - cpu_begun;
        }
        const auto seconds = [](steady_clock::duration time) {
            return std::chrono::duration<double>(time).count();
        };
        const double knocks = static_cast<double>(all * group);
        fmt::print("{:8} {:6} {:10.0f} {:14.0f} {:10.0f} {:13.1f} {:12.1f}\n", name, group,
                   knocks / seconds(spending), seconds(spending) / static_cast<double>(all) * 1e6,
                   knocks / seconds(ending), cpu_spending / knocks * 1e6, cpu_ending / knocks * 1e6);
        (void)std::fflush(stdout);
    }

    static message::Done done(const message::Act& act) {
        message::Done done;
        done.row = act.row.row;
        done.outcome = Outcome::exited;
        return done;
    }

    std::size_t knocks_;
    std::filesystem::path policy_file_;
    std::filesystem::path ledger_file_;
    PolicyStore admin_;
    std::vector<Member> members_;
    std::size_t next_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    try {
        const Folder folder(argc > 1 ? argv[1] : ".");
        const std::size_t knocks = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20'000;
        prepare(Algorithm::sha256);
        Bench(folder.path, std::max<std::size_t>(knocks, 1000)).run();
    } catch (const std::exception& error) {
        fmt::print(stderr, "spend-bench: {}\n", error.what());
        return 1;
    }
    return 0;
}
