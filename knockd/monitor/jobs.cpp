#include "knockd/monitor/jobs.h"

#include "policy/tokens.h"
#include "sys/privileges.h"

#include <unistd.h>

namespace otk {

namespace {

TokenValues token_values(const JobFacts& facts) {
    TokenValues values;
    if (!facts.address.empty()) values.address = facts.address.text();
    values.user = facts.details.user.name;
    values.command = facts.details.command.name;
    values.carrier = name_of(facts.carrier);
    values.count = std::to_string(facts.count);
    values.argument = facts.argument;
    return values;
}

} // namespace

ReadyToRun ready_to_run(const std::vector<std::string>& argv, const JobFacts& facts) {
    const TokenValues values = token_values(facts);
    const Command& command = facts.details.command;
    ReadyToRun ready;
    ready.run = {expand(argv, values), environment(values), std::nullopt};
    ready.limit = command.time_limit;
    ready.may_leave = command.leave_running;
    if (geteuid() == 0) {
        ready.run.run_as = find_account(command.run_as);
        if (!ready.run.run_as) throw Error("there is no user " + command.run_as);
    }
    return ready;
}

} // namespace otk
