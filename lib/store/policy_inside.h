// What the sources of PolicyStore share; for them only.
#pragma once

#include "store/database.h"
#include "store/policy_rows.h"
#include "store/policy_store.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace otk {

struct PolicyStore::Inside {
    Database database;
    std::string who;                              // empty: opened for reading
    std::shared_ptr<const Clock> clock;           // of the change rows
    std::optional<SQLite::Statement> version;     // kept: it is asked for many times a second
    std::optional<SQLite::Statement> one_grant{}; // likewise: for each knock of a user who was not known
    // What a reader decoded of commands, which are few where grants are many; of one version of the file.
    std::map<CommandId, Command> known_commands{};
    std::uint32_t version_of_commands = 0;

    [[nodiscard]] SQLite::Statement prepare(const std::string& sql) const { return {database.sqlite(), sql}; }

    // Does the work in one transaction: all of it is kept when this returns, nothing when it throws.
    template <typename Work>
    auto change(std::string_view doing, Work&& work) const {
        promise(!who.empty(), "a policy store opened for reading was asked to change something");
        return database.doing(doing, [&] {
            SQLite::Transaction transaction(database.sqlite(), SQLite::TransactionBehavior::IMMEDIATE);
            if constexpr (std::is_void_v<decltype(work())>) {
                work();
                transaction.commit();
            } else {
                auto result = work();
                transaction.commit();
                return result;
            }
        });
    }

    // A row of the change table; null where there is nothing. `about`: the grant that it concerns.
    void record(std::string_view what, const std::string& object, const Json& before, const Json& after,
                std::optional<GrantId> about = std::nullopt) const;

    // What the id stands for; Error when it was removed meanwhile.
    [[nodiscard]] User user(UserId id) const;
    [[nodiscard]] Command command(CommandId id) const;
    // The same, while a question is being answered: as the file was when that was asked.
    [[nodiscard]] const Command& known_command(CommandId id);
    [[nodiscard]] GrantDetails grant(GrantId id) const;

    [[nodiscard]] std::vector<GrantDetails> grants_where(std::string_view condition,
                                                         std::int64_t parameter) const;

    [[nodiscard]] Json json_of(const Command& of) const; // with the name of the command that it closes
    void refuse_if_closed_by_others(const Command& command) const; // Error that names them

    // "anna/sshd", or the number of a ledger row; Error when it cannot be asked for.
    [[nodiscard]] std::string object_of(const Request& request) const;

    // A new row of `enrolment`; Error when the seed or the image was seen before.
    [[nodiscard]] std::int64_t add_enrolment(const Enrolment& enrolment, const ChainId& chain, Time at) const;
    // With a change row of its own.
    void end_key(const ServerKeyRecord& before, Time ends) const;
    // With a change row of its own, and a row of `removed_grant`.
    void remove_grant(const GrantDetails& details) const;
};

// In the place of a grant in the change table: the change concerns all of them.
inline constexpr GrantId all_grants{0};

// "anna/sshd", as the change table names a grant.
[[nodiscard]] std::string name_of(const GrantDetails& details);

} // namespace otk
