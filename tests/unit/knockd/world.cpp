#include "tests/unit/knockd/world.h"

#include "base/text.h"
#include "request/signing_key.h"

#include <algorithm>

namespace otk::test {

Way from(const char* source, Carrier carrier, const char* named) {
    Way way{*Address::parse(source), carrier, {}};
    if (*named != '\0') way.named = *Address::parse(named);
    return way;
}

namespace {

Command lasting(CommandKind kind, std::chrono::seconds hold) {
    Command command;
    command.kind = kind;
    command.hold = hold;
    return command;
}

} // namespace

Command door(std::chrono::seconds hold) {
    Command command = lasting(CommandKind::open, hold);
    command.service = {Protocol::tcp, 22};
    return command;
}

Command forward(std::chrono::seconds hold) {
    Command command = lasting(CommandKind::forward, hold);
    command.target = {*Address::parse("127.0.0.1"), 22};
    return command;
}

Command undoing(std::chrono::seconds hold) {
    Command command = test::command("any");
    command.hold = hold;
    command.undo = {"/usr/bin/rm", "{address}"};
    return command;
}

World::World(unsigned window) : window_(window) {
    const auto file = folder / "policy.db";
    { const PolicyStore made = PolicyStore::create(file, server_id, ledger_id); }
    open_policy();
    Ledger::create(ledger_file, ledger_id, at_second(1));
    restart();
}

void World::open_policy() {
    const auto file = folder / "policy.db";
    admin = PolicyStore::open_for_change(file, "root");
    policy = PolicyStore::open_for_reading(file);
}

Member World::add(const std::string& user, const std::string& command, const Terms& terms) {
    const auto random = [this](MutableBytes bytes) {
        for (std::uint8_t& byte : bytes)
            byte = static_cast<std::uint8_t>(random_());
    };
    const auto known_user = admin->user_named(user);
    const auto known_command = admin->command_named(command);
    Member member;
    member.algorithm = terms.algorithm;
    member.length = terms.length;
    member.secret = std::make_shared<const ChainSecret>(ChainSecret::generate(terms.algorithm, random));

    Command made = terms.command;
    made.name = command;
    Grant grant;
    grant.user = known_user ? known_user->id : admin->add_user(user);
    grant.command = known_command ? known_command->id : admin->add_command(made);
    grant.enrolment = {terms.algorithm, terms.length, fmt::format("seed{}", next_++), member.at(terms.length),
                       std::nullopt};
    if (terms.with_key) grant.enrolment.public_key = SigningKey::of(*member.secret).public_key();
    grant.chain = member.chain = chain_id(grant.enrolment);
    grant.rules = terms.rules;
    grant.created = now;
    member.grant = admin->add_grant(grant);
    reload();
    return member;
}

void World::reload() {
    std::vector<message::WatchEntry> watches;
    std::uint8_t algorithms = 0;
    for (const Algorithm each : all_algorithms)
        algorithms = static_cast<std::uint8_t>(algorithms | bit(each));
    load_chains(*policy, *ledger, algorithms, book, watches);
}

void World::restart() {
    acceptance_.reset();
    ledger.reset();
    ledger = Ledger::open(ledger_file);
    book = {};
    memory = {};
    reload();
    load_memory(*ledger, memory);
    acceptance_.emplace(
        book, memory, *ledger, *policy,
        Acceptance::Settings{.window = window_, .forward_ports = forward_ports, .server_keys = server_keys});
}

message::Hit World::hit(Algorithm algorithm, const Value& value, const Way& way) const {
    message::Hit hit;
    hit.algorithm = algorithm;
    hit.steps = 1;
    hit.carrier = way.carrier;
    hit.value = value;
    hit.source = way.source;
    hit.named = way.named;
    hit.source_port = 40'000;
    hit.at = to_nanoseconds(now);
    return hit;
}

Outbox World::take(const std::vector<message::Hit>& hits, const std::vector<message::Request>& requests) {
    return acceptance_->take(hits, requests, [this](const message::Hit&) { return now; });
}

Verdicts World::verdicts(const Outbox& out) const {
    using What = message::Report::What;
    Verdicts lines;
    const auto name = [this](GrantId id) {
        const auto details = policy->grant(id);
        return details ? details->user.name + "/" + details->command.name : std::string("removed");
    };
    for (const message::Act& act : out.acts) {
        lines.push_back(fmt::format("act {} {} for {}", name(act.grant), act.count, act.address.text()));
        if (act.hold == RowNumber{}) continue;
        lines.back() += fmt::format(" until +{}s of row {}", (act.deadline - act.at) / 1'000'000'000,
                                    static_cast<std::int64_t>(act.hold));
    }
    for (const message::Report& report : out.reports) {
        std::string what;
        switch (report.what) {
        case What::refused: what = fmt::format("refused: {}", otk::name_of(report.refusal)); break;
        case What::replay: what = "replay"; break;
        case What::late: what = "late"; break;
        case What::contested: what = "contested, first from " + report.other_source.text(); break;
        case What::duplicate: what = "duplicate"; break;
        case What::same_image: what = "same image"; break;
        case What::not_signed: what = fmt::format("not signed: {}", otk::name_of(report.refusal)); break;
        }
        lines.push_back(fmt::format("{} {} {}", name(report.grant), report.count, what));
    }
    if (out.lost > 0) lines.push_back(fmt::format("lost {}", out.lost));
    return lines;
}

std::vector<Row> World::rows(RowKind kind) const {
    std::vector<Row> rows = ledger->rows({.kind = kind}, SIZE_MAX);
    std::reverse(rows.begin(), rows.end());
    return rows;
}

std::vector<std::string> World::state() const {
    std::vector<std::string> lines;
    book.each([&](const Entry& entry) {
        lines.push_back(fmt::format("chain {} {} {} {} {} {}", static_cast<std::int64_t>(entry.grant),
                                    to_hex(entry.image.view()), entry.count, entry.enabled,
                                    to_nanoseconds(entry.last_used), !book.sharing_image_of(entry).empty()));
        const Admitted admitted = ledger->admitted(entry.grant, now);
        lines.back() += fmt::format(" {} {}", admitted.in_last_hour, admitted.in_last_day);
    });
    std::sort(lines.begin(), lines.end()); // a book has no order; a memory has
    memory.each([&](const Known& known) {
        lines.push_back(fmt::format("known {} {} {} {} {} {} {} {}", to_hex(known.value.view()),
                                    static_cast<int>(known.kind), static_cast<std::int64_t>(known.row),
                                    known.count, known.source.text(), to_nanoseconds(known.last_seen),
                                    to_nanoseconds(known.reported), known.contested));
    });
    for (const Hold& hold : ledger->holds())
        lines.push_back(fmt::format("hold {} {} {} {} {}", static_cast<std::int64_t>(hold.row),
                                    static_cast<std::int64_t>(hold.grant), hold.address.text(), hold.port,
                                    to_nanoseconds(hold.deadline)));
    return lines;
}

World::Failing::Failing(World& world, const std::string& what) : ledger_(world.ledger_file) {
    raw(ledger_, "CREATE TRIGGER failing BEFORE " + what + " BEGIN SELECT RAISE(ABORT, 'failing'); END");
}

World::Failing::~Failing() { raw(ledger_, "DROP TRIGGER failing"); }

} // namespace otk::test
