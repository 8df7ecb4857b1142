#include "policy/decide.h"

#include "policy/argument.h"
#include "policy/tokens.h"

#include <algorithm>

namespace otk {

std::string_view name_of(Refusal refusal) {
    switch (refusal) {
    case Refusal::none: return "allowed";
    case Refusal::user_disabled: return "user disabled";
    case Refusal::command_disabled: return "command disabled";
    case Refusal::grant_disabled: return "grant disabled";
    case Refusal::not_yet_valid: return "not yet valid";
    case Refusal::expired: return "expired";
    case Refusal::carrier_not_allowed: return "carrier not allowed";
    case Refusal::source_not_allowed: return "source not allowed";
    case Refusal::address_missing: return "address missing";
    case Refusal::address_not_allowed: return "address not allowed";
    case Refusal::address_unusable: return "address unusable";
    case Refusal::no_such_grant: return "grant removed";
    case Refusal::same_image_twice: return "same image twice";
    case Refusal::retired: return "chain retired";
    case Refusal::outside_hours: return "outside hours";
    case Refusal::too_many_an_hour: return "too many an hour";
    case Refusal::too_many_a_day: return "too many a day";
    case Refusal::no_time_zone: return "time zone unknown";
    case Refusal::signature_missing: return "signature missing";
    case Refusal::signature_wrong: return "signature wrong";
    case Refusal::request_malformed: return "request malformed";
    case Refusal::no_server_key: return "server key unknown";
    case Refusal::clock_differs: return "clock differs";
    case Refusal::time_missing: return "time missing";
    case Refusal::argument_not_allowed: return "argument not allowed";
    case Refusal::not_dynamic: return "not dynamic";
    }
    return "unknown refusal";
}

std::string_view explain(Refusal refusal) {
    switch (refusal) {
    case Refusal::none: return "No rule refused it.";
    case Refusal::user_disabled:
        return "The user was disabled; `knockmgr user enable` lets later knocks pass.";
    case Refusal::command_disabled:
        return "The command was disabled; `knockmgr command enable` lets later knocks pass.";
    case Refusal::grant_disabled:
        return "The grant was disabled; `knockmgr grant enable` lets later knocks pass.";
    case Refusal::not_yet_valid:
        return "It came before the time from which the grant is valid (--not-before of the grant).";
    case Refusal::expired: return "It came after the grant had expired (--expires of the grant).";
    case Refusal::carrier_not_allowed:
        return "The grant does not allow the carrier it came by (--carriers of the grant).";
    case Refusal::source_not_allowed:
        return "It came from an address outside the networks that the grant allows (--from of the grant).";
    case Refusal::address_missing:
        return "The command uses an address, and the knock gave none that the grant's rule takes: one over "
               "dns comes from a resolver and must name the address (--address named), unless the grant "
               "takes the resolver's (--address source); a door of a forward command can also be claimed by "
               "whoever connects first (--address claim).";
    case Refusal::address_not_allowed:
        return "It named an address that the grant does not allow (--address and --named-within of the "
               "grant).";
    case Refusal::address_unusable:
        return "The command uses an address, and this one is nobody's: unspecified, loopback, multicast or "
               "broadcast.";
    case Refusal::no_such_grant: return "The grant was removed between the knock and its command.";
    case Refusal::same_image_twice:
        return "Two enabled grants expect the same value, so nobody can say whose knock it is; renew both.";
    case Refusal::retired:
        return "The chain was retired when the ledger was lost (`knockmgr restore`); `knockmgr grant renew` "
               "gives the grant a new one.";
    case Refusal::outside_hours:
        return "It came outside the hours of the grant (--hours of the grant, by the clocks of its --zone).";
    case Refusal::too_many_an_hour:
        return "As many knocks as the grant allows had been accepted within the hour before it (--per-hour "
               "of the grant).";
    case Refusal::too_many_a_day:
        return "As many knocks as the grant allows had been accepted within the 24 hours before it "
               "(--per-day of the grant).";
    case Refusal::no_time_zone:
        return "The grant has hours, and this system does not know their time zone: install its time zone "
               "database (tzdata), or name another zone (--zone of the grant).";
    case Refusal::signature_missing:
        return "The grant demands a signature, and this was a plain knock: the user sends it with knockgen, "
               "or --plain of the grant lets plain knocks pass, too.";
    case Refusal::signature_wrong:
        return "The signature is not by the key of the grant, or not for this server, command, address, time "
               "and argument: somebody altered it on its way, or the user's profile is of another grant "
               "(`knockmgr grant profile` prints the right one).";
    case Refusal::request_malformed:
        return "It is not encoded as the protocol demands: it was damaged or altered on its way, or made by "
               "another program than knockgen.";
    case Refusal::no_server_key:
        return "It was made for a key of this server that has ended or was never its own; `knockmgr grant "
               "profile` prints a profile with the newest key for the user.";
    case Refusal::clock_differs:
        return "The time in it lies too far from this server's (clock_skew under [accept] in otk.toml): one "
               "of the two clocks is wrong, or somebody held it back.";
    case Refusal::time_missing:
        return "It came without a time, and the grant demands one; --no-clock of the grant is for senders "
               "that have no clock.";
    case Refusal::argument_not_allowed:
        return "Its argument (or that it has none) does not match the pattern of the command (`knockmgr "
               "command show`), or the command takes none.";
    case Refusal::not_dynamic:
        return "It asked for dynamic mode, which is for forward commands alone; a signed knock (`knockgen "
               "send`) triggers this one.";
    }
    return "It was refused by a rule that this version does not know.";
}

bool known(Refusal refusal) { return refusal <= Refusal::not_dynamic; }

namespace {

bool lies_in(const std::vector<Network>& networks, const Address& address) {
    return networks.empty() || std::any_of(networks.begin(), networks.end(),
                                           [&](const Network& network) { return network.contains(address); });
}

Refusal check_state(const User& user, const Command& command, bool grant_enabled) {
    if (!user.enabled) return Refusal::user_disabled;
    if (!command.enabled) return Refusal::command_disabled;
    if (!grant_enabled) return Refusal::grant_disabled;
    return Refusal::none;
}

Refusal check_origin(const GrantRules& rules, const KnockFacts& knock) {
    if (rules.not_before && knock.at < *rules.not_before) return Refusal::not_yet_valid;
    if (rules.expires_at && knock.at >= *rules.expires_at) return Refusal::expired;
    if (!rules.carriers.contains(knock.carrier)) return Refusal::carrier_not_allowed;
    if (!lies_in(rules.sources, knock.source)) return Refusal::source_not_allowed;
    return Refusal::none;
}

// Hours that cannot be judged refuse: better shut than open at the wrong time.
Refusal check_hours(const GrantRules& rules, const KnockFacts& knock) {
    if (rules.hours.empty()) return Refusal::none;
    if (knock.time_zone_unknown) return Refusal::no_time_zone;
    if (knock.local && !within(rules.hours, *knock.local)) return Refusal::outside_hours;
    return Refusal::none;
}

Refusal check_rates(const GrantRules& rules, const KnockFacts& knock) {
    if (rules.per_hour != 0 && knock.in_last_hour >= rules.per_hour) return Refusal::too_many_an_hour;
    if (rules.per_day != 0 && knock.in_last_day >= rules.per_day) return Refusal::too_many_a_day;
    return Refusal::none;
}

// A signed knock says twice where it comes from, and what it says under its signature counts. A resolver that
// happens to have the user's address proves nothing, though, and a door that is claimed has no address yet.
bool names_its_source(const GrantRules& rules, const KnockFacts& knock) {
    return knock.is_signed && knock.named == knock.source && !knock.named.empty() &&
           knock.carrier != Carrier::dns && rules.address != AddressRule::claim;
}

// The address that the knock gives under the grant's rule, or why it gives none (DESIGN 4).
Decision choose_address(const Command& command, const GrantRules& rules, const KnockFacts& knock) {
    if (names_its_source(rules, knock)) {
        if (!knock.source.usable()) return {Refusal::address_unusable, {}};
        return {Refusal::none, knock.source};
    }
    if (!knock.named.empty()) {
        if (rules.address != AddressRule::named) return {Refusal::address_not_allowed, {}};
        if (!lies_in(rules.named_within, knock.named)) return {Refusal::address_not_allowed, {}};
        if (!knock.named.usable()) return {Refusal::address_unusable, {}};
        return {Refusal::none, knock.named};
    }
    if (rules.address == AddressRule::claim) {
        // Whoever connects first; what is no door has nobody who connects.
        const bool door = command.kind == CommandKind::forward;
        return {door ? Refusal::none : Refusal::address_missing, {}};
    }
    // Whoever signs and names none would let anybody on the path choose it: only the rule may allow that.
    if (knock.is_signed && rules.address != AddressRule::source) return {Refusal::address_missing, {}};
    if (knock.carrier == Carrier::dns && rules.address != AddressRule::source) {
        return {Refusal::address_missing, {}};
    }
    if (!knock.source.usable()) return {Refusal::address_unusable, {}};
    return {Refusal::none, knock.source};
}

// What a request says besides its value.
Refusal check_request(const Command& command, const GrantRules& rules, const KnockFacts& knock) {
    if (knock.is_signed && knock.claimed != Time{}) {
        const auto apart = knock.at > knock.claimed ? knock.at - knock.claimed : knock.claimed - knock.at;
        if (apart > knock.clock_skew) return Refusal::clock_differs;
    }
    if (knock.is_signed && knock.claimed == Time{} && !rules.no_clock) return Refusal::time_missing;
    if (!allows_argument(command.argument, knock.argument)) return Refusal::argument_not_allowed;
    if (knock.dynamic && command.kind != CommandKind::forward) return Refusal::not_dynamic;
    return Refusal::none;
}

} // namespace

Decision decide(const User& user, const Command& command, bool grant_enabled, const GrantRules& rules,
                const KnockFacts& knock) {
    const auto refused = [](Refusal refusal) { return Decision{refusal, {}}; };
    if (const Refusal state = check_state(user, command, grant_enabled); state != Refusal::none) {
        return refused(state);
    }
    if (const Refusal origin = check_origin(rules, knock); origin != Refusal::none) return refused(origin);
    const Decision chosen = choose_address(command, rules, knock);
    // A command that uses no address does not fail for want of one; it is told the one there is.
    if (!chosen.allowed() && uses_address(command)) return chosen;
    if (const Refusal hours = check_hours(rules, knock); hours != Refusal::none) return refused(hours);
    if (const Refusal rates = check_rates(rules, knock); rates != Refusal::none) return refused(rates);
    if (const Refusal request = check_request(command, rules, knock); request != Refusal::none) {
        return refused(request);
    }
    return {Refusal::none, chosen.address};
}

} // namespace otk
