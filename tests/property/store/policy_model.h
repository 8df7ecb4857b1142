// What a PolicyStore should hold, in maps; and the comparison of the two.
#pragma once

#include "store/policy_store.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace otk::test {

inline constexpr int chains = 20; // enrolment(0) and so on

struct Granted {
    std::int64_t id = 0;
    bool enabled = true;
    int chain = 0;
    GrantRules rules;
};

struct Model {
    std::map<std::string, User> users;
    std::map<std::string, Command> commands;
    std::map<std::pair<std::string, std::string>, Granted> grants;
    std::map<std::int64_t, std::pair<User, Command>> removed; // by id of the grant
    std::vector<Request> requests;
    GuardDecision guard;
    std::set<int> seen;
    std::int64_t last_user = 0;
    std::int64_t last_command = 0;
    std::int64_t last_grant = 0;
    std::size_t changes = 1; // init

    // Removes the grants for which `gone` holds, each with its change row and its trace.
    template <typename Condition>
    void remove_grants(Condition gone) {
        changes += std::erase_if(grants, [&](const auto& entry) {
            if (!gone(entry.first)) return false;
            removed[entry.second.id] = {users.at(entry.first.first), commands.at(entry.first.second)};
            return true;
        });
    }

    [[nodiscard]] CommandId id_of(const std::string& command) const {
        const auto found = commands.find(command);
        return found == commands.end() ? CommandId{999} : found->second.id;
    }
};

void compare(const PolicyStore& store, const Model& model); // by RC_ASSERT

} // namespace otk::test
