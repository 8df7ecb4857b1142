#include "store/policy_store.h"

#include "base/text.h"
#include "store/columns.h"
#include "store/policy_inside.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::int32_t application_id = 0x6f746b50; // "otkP"

DatabaseKind kind() {
    return {.name = "policy database",
            .application_id = application_id,
            .migrations = policy_migrations(),
            .help_if_missing = "knockmgr init makes it"};
}

template <std::size_t size>
std::array<std::uint8_t, size> read_id(const Database& database, const char* sql) {
    return database.doing("read", [&] {
        SQLite::Statement select(database.sqlite(), sql);
        const auto id = select.executeStep() ? array_of<size>(select.getColumn(0)) : std::nullopt;
        if (!id) throw database.damaged("it does not say to which server it belongs");
        return *id;
    });
}

} // namespace

PolicyStore::PolicyStore(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
PolicyStore::PolicyStore(PolicyStore&&) noexcept = default;
PolicyStore& PolicyStore::operator=(PolicyStore&&) noexcept = default;
PolicyStore::~PolicyStore() = default;

PolicyStore PolicyStore::create(const std::filesystem::path& file, const ServerId& server,
                                const LedgerId& ledger, std::string who, std::shared_ptr<const Clock> clock) {
    const Json made = {{"server", to_hex(server)}, {"ledger", to_hex(ledger)}};
    Database::create(file, kind(), [&](SQLite::Database& sqlite) {
        SQLite::Statement meta(sqlite, "INSERT INTO meta (one, server, ledger) VALUES (1, ?, ?)");
        bind_bytes(meta, 1, server);
        bind_bytes(meta, 2, ledger);
        meta.exec();
        SQLite::Statement change(sqlite,
                                 "INSERT INTO change (at, who, what, object, state_before, state_after) "
                                 "VALUES (?, ?, 'init', '', '', ?)");
        bind_time(change, 1, clock->now());
        bind_text(change, 2, who);
        bind_text(change, 3, made.dump());
        change.exec();
    });
    return open_for_change(file, std::move(who), std::move(clock));
}

void PolicyStore::check_nothing_left(const std::filesystem::path& file) {
    Database::check_nothing_left(file);
}

void PolicyStore::remove(const std::filesystem::path& file) { Database::remove(file); }

PolicyStore PolicyStore::open_for_change(const std::filesystem::path& file, std::string who,
                                         std::shared_ptr<const Clock> clock) {
    promise(!who.empty(), "a policy store is opened for change by somebody with a name");
    return PolicyStore(std::make_unique<Inside>(Inside{Database::open(file, kind(), Access::writing),
                                                       std::move(who), std::move(clock), std::nullopt}));
}

bool PolicyStore::is_older(const std::filesystem::path& file) { return Database::is_older(file, kind()); }

void PolicyStore::bring_up_to_date(const std::filesystem::path& file) {
    if (is_older(file)) (void)Database::open(file, kind(), Access::writing);
}

PolicyStore PolicyStore::open_for_reading(const std::filesystem::path& file) {
    return PolicyStore(std::make_unique<Inside>(
        Inside{Database::open(file, kind(), Access::reading), "", nullptr, std::nullopt}));
}

PolicyStore PolicyStore::open_for_a_look(const std::filesystem::path& file) {
    return PolicyStore(
        std::make_unique<Inside>(Inside{Database::open_for_a_look(file, kind()), "", nullptr, std::nullopt}));
}

PolicyStore PolicyStore::open_for_glance(const std::filesystem::path& file) {
    return PolicyStore(
        std::make_unique<Inside>(Inside{Database::glance(file, kind()), "", nullptr, std::nullopt}));
}

ServerId PolicyStore::server_id() const { return read_id<16>(inside_->database, "SELECT server FROM meta"); }
LedgerId PolicyStore::ledger_id() const { return read_id<16>(inside_->database, "SELECT ledger FROM meta"); }

PolicyStore::Reading::Reading(const PolicyStore& store) : store_(store) {
    const Database& database = store.inside_->database;
    database.doing("read", [&] { database.sqlite().exec("BEGIN"); });
}

// Nothing was written, so there is nothing that could fail to be kept.
PolicyStore::Reading::~Reading() { (void)store_.inside_->database.sqlite().tryExec("ROLLBACK"); }

std::int64_t PolicyStore::version() const {
    return inside_->database.doing("read", [&] {
        if (!inside_->version) inside_->version.emplace(inside_->database.sqlite(), "PRAGMA data_version");
        (void)inside_->version->tryReset(); // reset() would throw the error of the last time once more
        if (!inside_->version->executeStep()) throw inside_->database.damaged("it has no version");
        const std::int64_t version = inside_->version->getColumn(0).getInt64();
        inside_->version->reset();
        return version;
    });
}

} // namespace otk
