// A small server for the tests of knockd-validate: both databases in a folder of their own, users with
// chains, and the acceptance that judges what they send, without processes and with a clock that the test
// sets.
#pragma once

#include "knockd/validate/acceptance.h"
#include "knockd/validate/loading.h"
#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fmt/ranges.h>

namespace otk::test {

// A grant with the secret that only its user has.
struct Member {
    GrantId grant{};
    ChainId chain{};
    Algorithm algorithm{};
    Count length = 0;
    std::shared_ptr<const ChainSecret> secret;
    [[nodiscard]] Value at(Count count) const { return secret->at(count); }
};

// How a knock travels.
struct Way {
    Address source = *Address::parse("192.0.2.7");
    Carrier carrier = Carrier::udp;
    Address named;
};
[[nodiscard]] Way from(const char* source, Carrier carrier = Carrier::udp, const char* named = "");

struct Terms {
    Algorithm algorithm = Algorithm::sha256;
    Count length = 100;
    GrantRules rules;
    Command command = test::command("any"); // its name is filled in
    bool with_key = false;                  // enrolled with the public key of its secret
};

// Commands that last.
[[nodiscard]] Command door(std::chrono::seconds hold);    // to 22/tcp
[[nodiscard]] Command forward(std::chrono::seconds hold); // to 127.0.0.1:22
[[nodiscard]] Command undoing(std::chrono::seconds hold); // exec, for the address of the knock

// What a batch led to, as lines that can be compared: "act anna/open 99 for 192.0.2.7", "anna/open 98
// refused: expired", with the hold where there is one: "act anna/open 99 for 192.0.2.7 until +60s of row 2".
using Verdicts = std::vector<std::string>;

class World {
  public:
    explicit World(unsigned window = 10);

    // User and command are made when they are not there. All commands here use the address.
    Member add(const std::string& user, const std::string& command, const Terms& terms = {});
    void open_policy(); // after a test has closed it
    // What knockd-validate does when policy.db has changed.
    void reload();
    // What a restart of knockd-validate leaves: the two files.
    void restart();
    [[nodiscard]] const message::ValidateCounters& counters() const { return acceptance_->counters(); }

    [[nodiscard]] message::Hit hit(Algorithm algorithm, const Value& value, const Way& way = {}) const;
    [[nodiscard]] message::Hit hit(const Member& member, Count count, const Way& way = {}) const {
        return hit(member.algorithm, member.at(count), way);
    }
    [[nodiscard]] Outbox take(const std::vector<message::Hit>& hits,
                              const std::vector<message::Request>& requests = {});
    [[nodiscard]] Verdicts judge(const std::vector<message::Hit>& hits) { return verdicts(take(hits)); }
    [[nodiscard]] Verdicts knock(const Member& member, Count count, const Way& way = {}) {
        return judge({hit(member, count, way)});
    }
    [[nodiscard]] Verdicts verdicts(const Outbox& out) const;

    // Rows of this kind, oldest first.
    [[nodiscard]] std::vector<Row> rows(RowKind kind) const;
    // As long as it lives the ledger refuses this: "INSERT ON hold".
    class Failing {
      public:
        Failing(World& world, const std::string& what);
        Failing(const Failing&) = delete;
        Failing& operator=(const Failing&) = delete;
        ~Failing();

      private:
        std::filesystem::path ledger_;
    };

    // Everything that acceptance goes by, to be compared before and after.
    [[nodiscard]] std::vector<std::string> state() const;

    Folder folder;
    std::filesystem::path ledger_file = folder / "ledger.db";
    static constexpr PortRange forward_ports{61'000, 65'534};
    Time now = at_second(1'800'000'000);
    std::optional<PolicyStore> admin;  // the administrator's connection
    std::optional<PolicyStore> policy; // validate's
    std::optional<Ledger> ledger;
    ServerKeys* server_keys = nullptr; // for the next restart()
    Book book;
    Memory memory;

  private:
    unsigned window_;
    std::mt19937_64 random_{4711};
    std::uint64_t next_ = 1;
    std::optional<Acceptance> acceptance_;
};

} // namespace otk::test

// So that a failing comparison shows them.
template <>
struct doctest::StringMaker<otk::test::Verdicts> {
    static doctest::String convert(const otk::test::Verdicts& verdicts) {
        return fmt::format("[{}]", fmt::join(verdicts, "; ")).c_str();
    }
};
