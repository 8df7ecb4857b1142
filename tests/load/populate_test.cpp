// A populated policy.db is what PolicyStore would have written, row by row.

#include "populate.h"

#include "base/text.h"
#include "store/policy_store.h"
#include "tests/store/support.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

constexpr std::uint64_t grants = 25;

PolicyStore with_command(const Folder& folder, const std::shared_ptr<const Clock>& clock) {
    PolicyStore store = PolicyStore::create(folder / "policy.db", server_id, ledger_id, "root", clock);
    store.add_command(command("load"));
    return store;
}

// All rows of all tables, as text.
std::vector<std::string> content(const std::filesystem::path& file) {
    const SQLite::Database sqlite(file.native(), SQLite::OPEN_READONLY);
    std::vector<std::string> lines;
    SQLite::Statement tables(sqlite, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    while (tables.executeStep()) {
        const std::string table = tables.getColumn(0).getString();
        SQLite::Statement select(sqlite, fmt::format("SELECT * FROM {} ORDER BY 1, 2", table));
        while (select.executeStep()) {
            std::string line = table;
            for (int column = 0; column < select.getColumnCount(); ++column) {
                const SQLite::Column cell = select.getColumn(column);
                line += fmt::format(" | {} {}", cell.getType(),
                                    cell.isBlob() ? to_hex(as_bytes(cell.getString())) : cell.getString());
            }
            lines.push_back(line);
        }
    }
    return lines;
}

} // namespace

TEST_CASE("a populated policy database has just the rows that PolicyStore would have written") {
    const auto clock = std::make_shared<ManualClock>(at_second(500));
    Population population;
    population.grants = grants;
    population.chains = {.seed = 7, .length = 30};
    population.at = clock->now();

    const Folder one;
    {
        PolicyStore store = with_command(one, clock);
        const CommandId load = store.command_named("load")->id;
        for (std::uint64_t number = 0; number < grants; ++number) {
            Grant grant;
            grant.user = store.add_user(population.chains.user(number));
            grant.command = load;
            grant.enrolment = population.chains.enrolment(number);
            grant.chain = chain_id(grant.enrolment);
            grant.created = clock->now();
            store.add_grant(grant);
        }
    }
    const Folder other;
    { (void)with_command(other, clock); }
    populate(other / "policy.db", population);

    const std::vector<std::string> expected = content(one / "policy.db");
    const std::vector<std::string> found = content(other / "policy.db");
    REQUIRE(found.size() == expected.size());
    for (std::size_t line = 0; line < found.size(); ++line)
        CHECK(found[line] == expected[line]);

    const PolicyStore store = PolicyStore::open_for_reading(other / "policy.db");
    std::uint64_t seen = 0;
    store.each_grant([&](const GrantDetails& details) {
        CHECK(details.user.name == population.chains.user(seen));
        CHECK(details.grant.enrolment.image == population.chains.value(seen, 30));
        CHECK(details.grant.chain == chain_id(details.grant.enrolment));
        ++seen;
    });
    CHECK(seen == grants);
}

TEST_CASE("each grant has a chain of its own, and each run has other ones") {
    const LoadChains chains{.seed = 1, .length = 10};
    const LoadChains others{.seed = 2, .length = 10};
    CHECK(chains.start(0) != chains.start(1));
    CHECK(chains.start(0) != others.start(0));
    CHECK(chains.enrolment(3).seed != chains.enrolment(4).seed);
    CHECK(chains.value(3, 10) == step(Algorithm::sha256, chains.value(3, 9)));
    // By Python's hashlib: sha256(b"otk-load-chain" + pack(">QQ", 1, 5)).digest()[:16], then two steps.
    CHECK(to_hex(chains.value(5, 2).view()) == "a84c9dd9e8f3bfc31e0dac336bc7b19c");
}

TEST_CASE("a command that is not there is said") {
    const Folder folder;
    { (void)with_command(folder, std::make_shared<ManualClock>(at_second(500))); }
    Population population;
    population.command = "nosuch";
    const std::string error = error_of([&] { populate(folder / "policy.db", population); });
    CHECK(error.find("no command nosuch") != std::string::npos);
}
