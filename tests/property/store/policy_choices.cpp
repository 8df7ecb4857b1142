#include "tests/property/store/policy_choices.h"

#include "tests/store/support.h"

namespace otk::test {

Command command_of(const std::string& name, int choice, CommandId closes) {
    Command made = command(name);
    if (choice % 2 == 0) made.argument = std::string(static_cast<std::size_t>(1 + choice), 'a');
    made.leave_running = choice % 3 == 0;
    if (choice % 5 == 0) return made;
    if (choice % 5 == 1) {
        made.undo = {"/bin/false"};
        made.hold = std::chrono::seconds(1 + choice);
        return made;
    }
    made = Command{.name = name, .hold = std::chrono::seconds(1 + choice)};
    if (choice % 5 == 2) {
        made.kind = CommandKind::open;
        made.service = {choice % 2 == 0 ? Protocol::tcp : Protocol::udp,
                        static_cast<std::uint16_t>(22 + choice)};
        made.prefix4 = static_cast<std::uint8_t>(8 + choice);
        made.prefix6 = static_cast<std::uint8_t>(16 + choice);
    } else if (choice % 5 == 3) {
        made.kind = CommandKind::forward;
        made.target = {*Address::parse(choice % 2 == 0 ? "127.0.0.1" : "2001:db8::7"), 22};
    } else {
        made.kind = CommandKind::close;
        made.hold = {};
        made.closes = closes;
    }
    return made;
}

GrantRules rules_of(int choice) {
    GrantRules rules;
    rules.carriers = Carriers{static_cast<std::uint8_t>(2 + 2 * (choice % 7))};
    if (choice % 3 == 0) rules.hours = {*parse_hours("mon-fri 08:00-18:00"), *parse_hours("sat 22:00-06:00")};
    if (choice % 2 == 0) rules.time_zone = "Europe/Berlin";
    rules.per_hour = static_cast<std::uint32_t>(choice);
    rules.per_day = static_cast<std::uint32_t>(choice * 1000);
    rules.plain = choice % 2 == 1;
    rules.no_clock = choice % 3 == 1;
    rules.ignore_sequence = choice % 5 == 1;
    if (choice % 4 != 3) return rules;
    rules.address = AddressRule::claim;
    rules.claims = static_cast<std::uint8_t>(1 + choice % 4);
    return rules;
}

bool same(const GrantRules& a, const GrantRules& b) {
    return a.not_before == b.not_before && a.expires_at == b.expires_at && a.sources == b.sources &&
           a.address == b.address && a.named_within == b.named_within && a.carriers == b.carriers &&
           a.hours == b.hours && a.time_zone == b.time_zone && a.per_hour == b.per_hour &&
           a.per_day == b.per_day && a.claims == b.claims && a.plain == b.plain && a.no_clock == b.no_clock &&
           a.ignore_sequence == b.ignore_sequence;
}

bool same(const Command& a, const Command& b) {
    return a.id == b.id && a.name == b.name && a.enabled == b.enabled && a.kind == b.kind &&
           a.argv == b.argv && a.undo == b.undo && a.run_as == b.run_as && a.time_limit == b.time_limit &&
           a.leave_running == b.leave_running && a.hold == b.hold && a.service == b.service &&
           a.prefix4 == b.prefix4 && a.prefix6 == b.prefix6 && a.target == b.target && a.closes == b.closes &&
           a.argument == b.argument;
}

} // namespace otk::test
