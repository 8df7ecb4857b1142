// PolicyStore against maps in memory: what is added, switched, renewed, removed, asked for and decided, what
// is refused, and which ids, seeds, change rows and traces of removed grants stay.

#include "tests/property/store/policy_model.h"
#include "tests/property/store/policy_choices.h"
#include "tests/property/store/properties.h"
#include "tests/store/support.h"

#include <rapidcheck.h>

#include <algorithm>
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
    ask_resync,
    ask_close,
    set_guard
};

// An operation on one of two users and commands, with one of so many chains: few, so that they meet. The
// chain's number also chooses kinds and rules.
using Step = std::tuple<int, int, int, int>;

std::string user_name(int which) { return fmt::format("user{}", which); }
std::string command_name(int which) { return fmt::format("command{}", which); }

// Does one step to both; whether the model says that it is possible must be what the store says.
class StoreAndModel {
  public:
    StoreAndModel(PolicyStore& store, Model& model) : store_(store), model_(model) {}

    void apply(const Step& step) {
        std::tie(operation_, who_, what_, chain_) = step;
        user_ = user_name(who_);
        command_ = command_name(what_);
        wanted_ = command_of(command_, chain_, model_.id_of(command_name(1 - what_)));
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
        case remove_command: return model_.commands.contains(command_);
        case add_grant: return model_.users.contains(user_) && model_.commands.contains(command_);
        case set_rules:
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
            model_.users[user_] = {UserId{++model_.last_user}, user_, true};
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
            if (command != model_.commands.end() || !can_close(wanted_)) return false;
            wanted_.id = CommandId{++model_.last_command};
            model_.commands[command_] = wanted_;
            break;
        case switch_command:
            if (command == model_.commands.end()) return false;
            command->second.enabled = !command->second.enabled;
            break;
        case remove_command:
            if (command == model_.commands.end() || is_closed(command->second.id)) return false;
            model_.remove_grants([&](const auto& of) { return of.second == command_; });
            model_.commands.erase(command);
            break;
        case add_grant:
            if (user == model_.users.end() || command == model_.commands.end() || have_grant) return false;
            if (!model_.seen.insert(chain_).second) return false;
            model_.grants[key] = {++model_.last_grant, true, chain_, {}};
            break;
        case renew_grant:
            if (!have_grant || !model_.seen.insert(chain_).second) return false;
            grant->second.chain = chain_;
            break;
        case ask_close: model_.requests.push_back(wish(0)); break;
        case set_guard: model_.guard = decision(); break;
        default: return in_grant(grant, have_grant);
        }
        ++model_.changes;
        return true;
    }

    [[nodiscard]] bool can_close(const Command& closing) const {
        return closing.kind != CommandKind::close ||
               std::any_of(model_.commands.begin(), model_.commands.end(), [&](const auto& entry) {
                   return entry.second.id == closing.closes && lasts(entry.second);
               });
    }
    [[nodiscard]] bool is_closed(CommandId id) const {
        return std::any_of(model_.commands.begin(), model_.commands.end(),
                           [id](const auto& entry) { return entry.second.closes == id; });
    }

    // What this step asks for: of a grant, or of a row of the ledger.
    [[nodiscard]] Request wish(std::int64_t of_grant) const {
        Request request;
        request.kind = operation_ == ask_resync ? Request::Kind::resync : Request::Kind::close;
        request.grant = GrantId{of_grant};
        if (operation_ == ask_resync)
            request.value = enrolment(static_cast<std::uint64_t>(chain_)).image;
        else
            request.row = 1 + chain_;
        return request;
    }
    [[nodiscard]] GuardDecision decision() const {
        if (chain_ % 3 == 0) return {};
        if (chain_ % 3 == 1) return {.on = true, .trial_until = std::nullopt};
        return {.on = true, .trial_until = at_second(chain_)};
    }

    template <typename Iterator>
    bool in_grant(Iterator grant, bool have_grant) {
        if (!have_grant) return false;
        if (operation_ == switch_grant) grant->second.enabled = !grant->second.enabled;
        if (operation_ == ask_resync) model_.requests.push_back(wish(grant->second.id));
        if (operation_ == set_rules) {
            const GrantRules rules = rules_of(chain_);
            const bool door = model_.commands.at(command_).kind == CommandKind::forward;
            if (rules.address == AddressRule::claim && !door) return false;
            grant->second.rules = rules;
        }
        if (operation_ == remove_grant) {
            model_.remove_grants([&](const auto& of) { return of == std::pair(user_, command_); });
        } else {
            ++model_.changes;
        }
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
        case add_command: store_.add_command(wanted_); break;
        case switch_command:
            store_.set_command_enabled(command_id(), !store_.command_named(command_)->enabled);
            break;
        case remove_command: store_.remove_command(command_id()); break;
        case add_grant: store_.add_grant(grant(user(), command_id(), seed)); break;
        case switch_grant: store_.set_grant_enabled(found().id, !found().enabled); break;
        case set_rules: store_.set_grant_rules(found().id, rules_of(chain_)); break;
        case renew_grant: store_.renew_grant(found().id, enrolment(seed), chain_id(enrolment(seed))); break;
        case remove_grant: store_.remove_grant(found().id); break;
        case ask_resync: store_.add_request(wish(static_cast<std::int64_t>(found().id))); break;
        case ask_close: store_.add_request(wish(0)); break;
        case set_guard: store_.set_guard(decision()); break;
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
    Command wanted_; // what add_command adds
};

} // namespace

bool policy_store_is_like_its_model() {
    using namespace rc;
    // What adds comes more often than what removes, or there would seldom be anything to compare.
    const auto operation = gen::weightedElement<int>({{4, add_user},
                                                      {1, switch_user},
                                                      {1, remove_user},
                                                      {4, add_command},
                                                      {1, switch_command},
                                                      {1, remove_command},
                                                      {6, add_grant},
                                                      {2, switch_grant},
                                                      {6, set_rules},
                                                      {2, renew_grant},
                                                      {1, remove_grant},
                                                      {2, ask_resync},
                                                      {1, ask_close},
                                                      {1, set_guard}});
    // inRange() offers only small numbers while the size is small: elements have the full size, only the list
    // grows.
    const auto one_step = gen::resize(
        kNominalSize, gen::tuple(operation, gen::inRange(0, 2), gen::inRange(0, 2), gen::inRange(0, chains)));
    const auto steps = gen::container<std::vector<Step>>(one_step);
    return check("a policy store does what its model does", [&] {
        const Folder folder;
        PolicyStore store = PolicyStore::create(folder / "policy.db", server_id, ledger_id);
        const PolicyStore reader = PolicyStore::open_for_reading(folder / "policy.db");
        Model model;
        StoreAndModel pair(store, model);
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
