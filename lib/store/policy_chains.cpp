// What knockd-validate reads of policy.db: chains without the rest, and which of them have changed.

#include "store/columns.h"
#include "store/policy_inside.h"

#include <fmt/format.h>

namespace otk {

namespace {

std::string select_chains(std::string_view rest) {
    return fmt::format("SELECT grant.id, grant.enabled, enrolment.chain, enrolment.algorithm, "
                       "enrolment.length, enrolment.image, "
                       "enrolment.id < (SELECT oldest_enrolment FROM meta) "
                       "FROM grant JOIN enrolment ON enrolment.id = grant.enrolment {}",
                       rest);
}

GrantChain read_chain(const Database& database, SQLite::Statement& row) {
    GrantChain chain;
    chain.grant = GrantId{row.getColumn(0).getInt64()};
    chain.enabled = row.getColumn(1).getInt() != 0;
    const auto id = array_of<32>(row.getColumn(2));
    if (!id) throw database.damaged("a chain's id has a wrong size");
    chain.chain = *id;
    chain.algorithm = static_cast<Algorithm>(row.getColumn(3).getUInt());
    chain.length = row.getColumn(4).getUInt();
    const SQLite::Column image = row.getColumn(5);
    if (bytes_of(image).size() != value_size(chain.algorithm))
        throw database.damaged("an image has a wrong size");
    chain.image = Value(bytes_of(image));
    chain.retired = row.getColumn(6).getInt() != 0;
    return chain;
}

} // namespace

void PolicyStore::each_chain(const std::function<void(const GrantChain&)>& visit) const {
    inside_->database.doing("read the chains", [&] {
        SQLite::Statement select = inside_->prepare(select_chains("ORDER BY grant.id"));
        while (select.executeStep())
            visit(read_chain(inside_->database, select));
    });
}

std::optional<GrantChain> PolicyStore::chain_of(GrantId id) const {
    return inside_->database.doing("read a chain", [&]() -> std::optional<GrantChain> {
        SQLite::Statement select = inside_->prepare(select_chains("WHERE grant.id = ?"));
        select.bind(1, number_of(id));
        if (!select.executeStep()) return std::nullopt;
        return read_chain(inside_->database, select);
    });
}

void PolicyStore::each_enrolled(Algorithm algorithm,
                                const std::function<void(const EnrolledChain&)>& visit) const {
    inside_->database.doing("read the enrolments", [&] {
        SQLite::Statement select = inside_->prepare(
            "SELECT chain, length, image FROM enrolment WHERE algorithm = ? ORDER BY id DESC");
        select.bind(1, static_cast<std::int32_t>(algorithm));
        while (select.executeStep()) {
            const auto id = array_of<32>(select.getColumn(0));
            const SQLite::Column image = select.getColumn(2);
            if (!id || bytes_of(image).size() != value_size(algorithm))
                throw inside_->database.damaged("an enrolment has fields of a wrong size");
            visit({*id, select.getColumn(1).getUInt(), Value(bytes_of(image))});
        }
    });
}

std::int64_t PolicyStore::newest_change() const {
    return inside_->database.doing("read the changes", [&] {
        return inside_->database.sqlite().execAndGet("SELECT coalesce(max(id), 0) FROM change").getInt64();
    });
}

ChangedGrants PolicyStore::grants_changed_after(std::int64_t after, std::size_t most) const {
    return inside_->database.doing("read the changes", [&] {
        ChangedGrants changed;
        const SQLite::Transaction view(inside_->database.sqlite()); // both questions of one state
        changed.newest = newest_change();
        changed.all = changed.newest < after;
        SQLite::Statement select =
            inside_->prepare("SELECT DISTINCT grant FROM change WHERE id > ? AND grant IS NOT NULL LIMIT ?");
        select.bind(1, after);
        select.bind(2, static_cast<std::int64_t>(most) + 1);
        while (!changed.all && select.executeStep()) {
            changed.grants.push_back(GrantId{select.getColumn(0).getInt64()});
            changed.all = changed.grants.back() == all_grants || changed.grants.size() > most;
        }
        if (changed.all) changed.grants.clear();
        return changed;
    });
}

} // namespace otk
