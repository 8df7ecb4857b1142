// PolicyStore against maps in memory: what is added, switched, renewed and removed, what is refused, and
// which ids, seeds and change rows stay.

#include "tests/property/store/properties.h"
#include "tests/store/support.h"

#include <rapidcheck.h>

#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace otk::test {

namespace {

enum Operation {
    add_user,
    switch_user,
    remove_user,
    add_command,
    switch_command,
    remove_command,
    add_grant,
    switch_grant,
    set_rules,
    renew_grant,
    remove_grant,
    operations
};

// An operation on one of two users and commands, with one of so many chains: few, so that they meet.
constexpr int chains = 20;
using Step = std::tuple<int, int, int, int>;

std::string user_name(int which) { return fmt::format("user{}", which); }
std::string command_name(int which) { return fmt::format("command{}", which); }

struct Named {
    std::int64_t id = 0;
    bool enabled = true;
};
struct Granted {
    std::int64_t id = 0;
    bool enabled = true;
    int chain = 0;
    std::uint8_t carriers = 0b1110;
};

struct Model {
    std::map<std::string, Named> users;
    std::map<std::string, Named> commands;
    std::map<std::pair<std::string, std::string>, Granted> grants;
    std::set<int> seen;
    std::int64_t last_user = 0;
    std::int64_t last_command = 0;
    std::int64_t last_grant = 0;
    std::size_t changes = 1; // init

    // Removes the grants for which `gone` holds, each with its change row.
    template <typename Condition>
    void remove_grants(Condition gone) {
        changes += std::erase_if(grants, [&](const auto& entry) { return gone(entry.first); });
    }
};

// Does one step to both; whether the model says that it is possible must be what the store says.
class Pair {
  public:
    Pair(PolicyStore& store, Model& model) : store_(store), model_(model) {}

    void apply(const Step& step) {
        std::tie(operation_, who_, what_, chain_) = step;
        user_ = user_name(who_);
        command_ = command_name(what_);
        const std::size_t before = model_.changes;
        const bool possible = in_model();
        std::string error;
        if (possible || reachable()) error = error_of([&] { in_store(); });
        const bool agreed = possible ? error.empty() : !reachable() || !error.empty();
        RC_ASSERT(agreed);
        if (!possible) RC_ASSERT(model_.changes == before);
    }

  private:
    // Ids are found by name: what the model does not know cannot be asked for, except where a name or chain
    // is taken.
    [[nodiscard]] bool reachable() const {
        switch (operation_) {
        case add_user:
        case add_command: return true;
        case add_grant: return model_.users.contains(user_) && model_.commands.contains(command_);
        case renew_grant: return model_.grants.contains({user_, command_});
        default: return false;
        }
    }

    bool in_model() {
        const auto key = std::make_pair(user_, command_);
        const auto user = model_.users.find(user_);
        const auto command = model_.commands.find(command_);
        const auto grant = model_.grants.find(key);
        const bool have_grant = grant != model_.grants.end();
        switch (operation_) {
        case add_user:
            if (user != model_.users.end()) return false;
            model_.users[user_] = {++model_.last_user, true};
            break;
        case switch_user:
            if (user == model_.users.end()) return false;
            user->second.enabled = !user->second.enabled;
            break;
        case remove_user:
            if (user == model_.users.end()) return false;
            model_.remove_grants([&](const auto& of) { return of.first == user_; });
            model_.users.erase(user);
            break;
        case add_command:
            if (command != model_.commands.end()) return false;
            model_.commands[command_] = {++model_.last_command, true};
            break;
        case switch_command:
            if (command == model_.commands.end()) return false;
            command->second.enabled = !command->second.enabled;
            break;
        case remove_command:
            if (command == model_.commands.end()) return false;
            model_.remove_grants([&](const auto& of) { return of.second == command_; });
            model_.commands.erase(command);
            break;
        case add_grant:
            if (user == model_.users.end() || command == model_.commands.end() || have_grant) return false;
            if (!model_.seen.insert(chain_).second) return false;
            model_.grants[key] = {++model_.last_grant, true, chain_, 0b1110};
            break;
        case renew_grant:
            if (!have_grant || !model_.seen.insert(chain_).second) return false;
            grant->second.chain = chain_;
            break;
        default: return in_grant(grant, have_grant);
        }
        ++model_.changes;
        return true;
    }

    template <typename Iterator>
    bool in_grant(Iterator grant, bool have_grant) {
        if (!have_grant) return false;
        if (operation_ == switch_grant) grant->second.enabled = !grant->second.enabled;
        if (operation_ == set_rules) grant->second.carriers = static_cast<std::uint8_t>(2 + 2 * (chain_ % 7));
        if (operation_ == remove_grant) model_.grants.erase(grant);
        ++model_.changes;
        return true;
    }

    void in_store() {
        const auto seed = static_cast<std::uint64_t>(chain_);
        const auto user = [&] { return store_.user_named(user_)->id; };
        const auto command_id = [&] { return store_.command_named(command_)->id; };
        const auto found = [&] { return store_.grant_of(user_, command_)->grant; };
        switch (operation_) {
        case add_user: store_.add_user(user_); break;
        case switch_user: store_.set_user_enabled(user(), !store_.user_named(user_)->enabled); break;
        case remove_user: store_.remove_user(user()); break;
        case add_command: store_.add_command(command(command_)); break;
        case switch_command:
            store_.set_command_enabled(command_id(), !store_.command_named(command_)->enabled);
            break;
        case remove_command: store_.remove_command(command_id()); break;
        case add_grant: store_.add_grant(grant(user(), command_id(), seed)); break;
        case switch_grant: store_.set_grant_enabled(found().id, !found().enabled); break;
        case set_rules:
            store_.set_grant_rules(found().id,
                                   {.carriers = Carriers{static_cast<std::uint8_t>(2 + 2 * (chain_ % 7))}});
            break;
        case renew_grant: store_.renew_grant(found().id, enrolment(seed), chain_id(enrolment(seed))); break;
        case remove_grant: store_.remove_grant(found().id); break;
        }
    }

    PolicyStore& store_;
    Model& model_;
    int operation_ = 0;
    int who_ = 0;
    int what_ = 0;
    int chain_ = 0;
    std::string user_;
    std::string command_;
};

template <typename Things>
std::map<std::string, std::pair<std::int64_t, bool>> table_of(const Things& things) {
    std::map<std::string, std::pair<std::int64_t, bool>> table;
    for (const auto& thing : things)
        table[thing.name] = {static_cast<std::int64_t>(thing.id), thing.enabled};
    return table;
}
std::map<std::string, std::pair<std::int64_t, bool>> table_of(const std::map<std::string, Named>& things) {
    std::map<std::string, std::pair<std::int64_t, bool>> table;
    for (const auto& [name, thing] : things)
        table[name] = {thing.id, thing.enabled};
    return table;
}

void compare(const PolicyStore& store, const Model& model) {
    RC_ASSERT(table_of(store.users()) == table_of(model.users));
    RC_ASSERT(table_of(store.commands()) == table_of(model.commands));
    RC_ASSERT(store.changes(SIZE_MAX).size() == model.changes);
    std::size_t grants = 0;
    store.each_grant([&](const GrantDetails& details) {
        ++grants;
        const auto expected = model.grants.find({details.user.name, details.command.name});
        RC_ASSERT(expected != model.grants.end());
        RC_ASSERT(static_cast<std::int64_t>(details.grant.id) == expected->second.id);
        RC_ASSERT(details.grant.enabled == expected->second.enabled);
        RC_ASSERT(details.grant.rules.carriers.bits == expected->second.carriers);
        const Enrolment chain = enrolment(static_cast<std::uint64_t>(expected->second.chain));
        RC_ASSERT(details.grant.enrolment.image == chain.image);
        RC_ASSERT(details.grant.chain == chain_id(chain));
    });
    RC_ASSERT(grants == model.grants.size());
    for (int chain = 0; chain < chains; ++chain) {
        const Enrolment old = enrolment(static_cast<std::uint64_t>(chain));
        RC_ASSERT(store.seed_seen(old.seed) == model.seen.contains(chain));
        RC_ASSERT(store.image_seen(old.algorithm, old.image) == model.seen.contains(chain));
    }
}

} // namespace

bool policy_store_is_like_its_model() {
    using namespace rc;
    // inRange() offers only small numbers while the size is small: elements have the full size, only the list
    // grows.
    const auto one_step = gen::resize(kNominalSize, gen::tuple(gen::inRange(0, static_cast<int>(operations)),
                                                               gen::inRange(0, 2), gen::inRange(0, 2),
                                                               gen::inRange(0, chains)));
    const auto steps = gen::container<std::vector<Step>>(one_step);
    return check("a policy store does what its model does", [&] {
        const Folder folder;
        PolicyStore store = PolicyStore::create(folder / "policy.db", server_id, ledger_id);
        const PolicyStore reader = PolicyStore::open_for_reading(folder / "policy.db");
        Model model;
        Pair pair(store, model);
        for (const Step& step : *steps) {
            const std::size_t changes = model.changes;
            const std::int64_t version = reader.version();
            pair.apply(step);
            RC_ASSERT((reader.version() != version) == (model.changes != changes));
        }
        compare(store, model);
        compare(reader, model);
    });
}

} // namespace otk::test
