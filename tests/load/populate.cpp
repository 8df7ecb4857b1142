#include "populate.h"

#include "base/promise.h"
#include "base/text.h"
#include "policy/model.h"
#include "store/columns.h"
#include "store/policy_rows.h"
#include "store/policy_store.h"

#include <fmt/format.h>

namespace otk {

namespace {

Command command_of(const std::filesystem::path& file, const std::string& name) {
    const PolicyStore store =
        PolicyStore::open_for_change(file, "populate"); // also makes sure of the version
    if (const auto command = store.command_named(name)) return *command;
    throw Error(fmt::format("there is no command {} in {}: first `knockmgr command add {} ...`", name,
                            file.native(), name));
}

// What stands in the change table for a new grant: made once by the library's own function, and then with the
// names, seed and image of each grant put in, because a million times that function would take a minute.
class ChangeText {
  public:
    ChangeText(const Command& command, const Enrolment& like) {
        GrantDetails details;
        details.user.name = "USER";
        details.command = command;
        details.grant.enrolment = like;
        details.grant.enrolment.seed = "SEED";
        const std::string text = json_text(to_json(details), "populate");
        const std::string image = to_hex(like.image.view());
        std::size_t from = 0;
        for (const std::string& placeholder : {std::string("USER"), std::string("SEED"), image}) {
            const std::size_t at = text.find(placeholder, from);
            promise(at != std::string::npos, "a grant's change has user, seed and image in this order");
            parts_.push_back(text.substr(from, at - from));
            from = at + placeholder.size();
        }
        parts_.push_back(text.substr(from));
    }
    [[nodiscard]] std::string of(const std::string& user, const Enrolment& enrolment) const {
        return fmt::format("{}{}{}{}{}{}{}", parts_[0], user, parts_[1], enrolment.seed, parts_[2],
                           to_hex(enrolment.image.view()), parts_[3]);
    }

  private:
    std::vector<std::string> parts_;
};

// The statements, prepared once.
class Rows {
  public:
    Rows(SQLite::Database& sqlite, const Population& population, const Command& command) :
        sqlite_(sqlite), population_(population), text_(command, population.chains.enrolment(0)),
        user_(sqlite, "INSERT INTO user (name, enabled) VALUES (?, 1)"),
        enrolment_(sqlite, "INSERT INTO enrolment (chain, algorithm, length, seed, image, enrolled) "
                           "VALUES (?, ?, ?, ?, ?, ?)"),
        grant_(sqlite,
               "INSERT INTO grant (user, command, enabled, enrolment, created, sources, address_rule, "
               "named_within, carriers, hours, time_zone, per_hour, per_day, claims, plain, no_clock, "
               "ignore_sequence) VALUES (?, ?, 1, ?, ?, '[]', ?, '[]', ?, '[]', '', 0, 0, ?, 0, 0, 0)"),
        change_(sqlite, "INSERT INTO change (at, who, what, object, state_before, state_after, grant) "
                        "VALUES (?, ?, ?, ?, '', ?, ?)") {
        const GrantRules rules;
        grant_.bind(2, number_of(command.id));
        bind_time(grant_, 4, population.at);
        bind_text(grant_, 5, name_of(rules.address));
        grant_.bind(6, static_cast<std::int32_t>(rules.carriers.bits));
        grant_.bind(7, static_cast<std::int32_t>(rules.claims));
        bind_time(change_, 1, population.at);
        bind_text(change_, 2, population.who);
        command_ = command.name;
    }

    void add(std::uint64_t number) {
        User user;
        user.name = population_.chains.user(number);
        bind_text(user_, 1, user.name);
        const std::int64_t user_id = run(user_);
        change("user add", user.name, json_text(to_json(user), user.name), std::nullopt);
        const Enrolment enrolment = population_.chains.enrolment(number);
        grant_.bind(1, user_id);
        grant_.bind(3, enrol(enrolment));
        const std::int64_t grant_id = run(grant_);
        change("grant add", fmt::format("{}/{}", user.name, command_), text_.of(user.name, enrolment),
               grant_id);
    }

  private:
    std::int64_t run(SQLite::Statement& statement) {
        statement.exec();
        statement.reset();
        return sqlite_.getLastInsertRowid();
    }

    std::int64_t enrol(const Enrolment& enrolment) {
        bind_bytes(enrolment_, 1, chain_id(enrolment));
        enrolment_.bind(2, static_cast<std::int32_t>(enrolment.algorithm));
        enrolment_.bind(3, enrolment.length);
        bind_text(enrolment_, 4, enrolment.seed);
        bind_bytes(enrolment_, 5, enrolment.image.view());
        bind_time(enrolment_, 6, population_.at);
        return run(enrolment_);
    }

    void change(std::string_view what, const std::string& object, const std::string& after,
                std::optional<std::int64_t> grant) {
        bind_text(change_, 3, what);
        bind_text(change_, 4, object);
        bind_text(change_, 5, after);
        if (grant)
            change_.bind(6, *grant);
        else
            change_.bind(6); // NULL
        run(change_);
    }

    SQLite::Database& sqlite_;
    const Population& population_;
    ChangeText text_;
    std::string command_;
    SQLite::Statement user_;
    SQLite::Statement enrolment_;
    SQLite::Statement grant_;
    SQLite::Statement change_;
};

} // namespace

void populate(const std::filesystem::path& file, const Population& population) {
    const Command command = command_of(file, population.command);
    try {
        SQLite::Database sqlite(file.native(), SQLite::OPEN_READWRITE);
        sqlite.exec("PRAGMA foreign_keys = ON");
        // Nothing is lost by a crash in the middle but the time: no journal, no waiting for the disk, and the
        // indices, which are hit at random, in memory.
        sqlite.exec("PRAGMA synchronous = OFF");
        sqlite.exec("PRAGMA cache_size = -1000000");
        sqlite.execAndGet("PRAGMA journal_mode = OFF");
        {
            SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
            Rows rows(sqlite, population, command);
            for (std::uint64_t number = 0; number < population.grants; ++number)
                rows.add(number);
            transaction.commit();
        }
        sqlite.execAndGet("PRAGMA journal_mode = WAL");
    } catch (const SQLite::Exception& trouble) {
        throw Error(fmt::format("cannot fill {}: {}; it is of no use any more: run `knockmgr init` anew, end "
                                "knockd before, and populate once only",
                                file.native(), trouble.what()));
    }
}

} // namespace otk
