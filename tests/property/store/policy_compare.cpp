#include "tests/property/store/policy_choices.h"
#include "tests/property/store/policy_model.h"
#include "tests/store/support.h"

#include <rapidcheck.h>

namespace otk::test {

namespace {

void compare_commands(const PolicyStore& store, const Model& model) {
    const std::vector<Command> commands = store.commands();
    RC_ASSERT(commands.size() == model.commands.size());
    for (const Command& command : commands) {
        RC_ASSERT(model.commands.contains(command.name));
        RC_ASSERT(same(command, model.commands.at(command.name)));
    }
}

void compare_users(const PolicyStore& store, const Model& model) {
    const std::vector<User> users = store.users();
    RC_ASSERT(users.size() == model.users.size());
    for (const User& user : users) {
        RC_ASSERT(model.users.contains(user.name));
        const User& expected = model.users.at(user.name);
        RC_ASSERT((user.id == expected.id && user.enabled == expected.enabled));
    }
}

void compare_grants(const PolicyStore& store, const Model& model) {
    std::size_t grants = 0;
    store.each_grant([&](const GrantDetails& details) {
        ++grants;
        const auto expected = model.grants.find({details.user.name, details.command.name});
        RC_ASSERT(expected != model.grants.end());
        RC_ASSERT(static_cast<std::int64_t>(details.grant.id) == expected->second.id);
        RC_ASSERT(details.grant.enabled == expected->second.enabled);
        RC_ASSERT(same(details.grant.rules, expected->second.rules));
        RC_ASSERT(same(details.command, model.commands.at(details.command.name)));
        const Enrolment chain = enrolment(static_cast<std::uint64_t>(expected->second.chain));
        RC_ASSERT(details.grant.enrolment.image == chain.image);
        RC_ASSERT(details.grant.chain == chain_id(chain));
    });
    RC_ASSERT(grants == model.grants.size());
    for (std::int64_t id = 1; id <= model.last_grant + 1; ++id) {
        const auto left = store.removed_grant(GrantId{id});
        RC_ASSERT(left.has_value() == model.removed.contains(id));
        if (!left) continue;
        const auto& [user, command] = model.removed.at(id);
        RC_ASSERT((left->user.name == user.name && left->grant.user == user.id));
        RC_ASSERT(same(left->command, command));
    }
}

void compare_requests(const PolicyStore& store, const Model& model) {
    for (std::size_t known : {std::size_t{0}, model.requests.size() / 2}) {
        const std::vector<Request> requests = store.requests_after(static_cast<std::int64_t>(known));
        RC_ASSERT(requests.size() == model.requests.size() - known);
        for (const Request& request : requests) {
            RC_ASSERT(request.id == static_cast<std::int64_t>(++known));
            const Request& expected = model.requests[known - 1];
            RC_ASSERT(request.kind == expected.kind);
            RC_ASSERT(request.grant == expected.grant);
            RC_ASSERT(request.value == expected.value);
            RC_ASSERT(request.row == expected.row);
        }
    }
}

} // namespace

void compare(const PolicyStore& store, const Model& model) {
    compare_users(store, model);
    compare_commands(store, model);
    compare_grants(store, model);
    compare_requests(store, model);
    RC_ASSERT(store.guard() == model.guard);
    RC_ASSERT(store.changes(SIZE_MAX).size() == model.changes);
    for (int chain = 0; chain < chains; ++chain) {
        const Enrolment old = enrolment(static_cast<std::uint64_t>(chain));
        RC_ASSERT(store.seed_seen(old.seed) == model.seen.contains(chain));
        RC_ASSERT(store.image_seen(old.algorithm, old.image) == model.seen.contains(chain));
    }
}

} // namespace otk::test
