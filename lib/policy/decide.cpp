#include "policy/decide.h"

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
        return "The command uses an address, and a knock over dns comes from a resolver: it must name the "
               "address "
               "(--address named), or the grant must take the resolver's (--address source).";
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
    }
    return "It was refused by a rule that this version does not know.";
}

bool known(Refusal refusal) { return refusal <= Refusal::retired; }

namespace {

bool within(const std::vector<Network>& networks, const Address& address) {
    return networks.empty() || std::any_of(networks.begin(), networks.end(),
                                           [&](const Network& network) { return network.contains(address); });
}

Refusal check_state(const User& user, const Command& command, bool grant_enabled) {
    if (!user.enabled) return Refusal::user_disabled;
    if (!command.enabled) return Refusal::command_disabled;
    if (!grant_enabled) return Refusal::grant_disabled;
    return Refusal::none;
}

Refusal check_rules(const GrantRules& rules, const KnockFacts& knock) {
    if (rules.not_before && knock.at < *rules.not_before) return Refusal::not_yet_valid;
    if (rules.expires_at && knock.at >= *rules.expires_at) return Refusal::expired;
    if (!rules.carriers.contains(knock.carrier)) return Refusal::carrier_not_allowed;
    if (!within(rules.sources, knock.source)) return Refusal::source_not_allowed;
    return Refusal::none;
}

// The address that the knock gives under the grant's rule, or why it gives none (DESIGN 4).
Decision choose_address(const GrantRules& rules, const KnockFacts& knock) {
    Address address = knock.source;
    if (!knock.named.empty()) {
        if (rules.address != AddressRule::named) return {Refusal::address_not_allowed, {}};
        if (!within(rules.named_within, knock.named)) return {Refusal::address_not_allowed, {}};
        address = knock.named;
    } else if (knock.carrier == Carrier::dns && rules.address != AddressRule::source) {
        return {Refusal::address_missing, {}};
    }
    if (!address.usable()) return {Refusal::address_unusable, {}};
    return {Refusal::none, address};
}

} // namespace

Decision decide(const User& user, const Command& command, bool grant_enabled, const GrantRules& rules,
                const KnockFacts& knock) {
    if (const Refusal refusal = check_state(user, command, grant_enabled); refusal != Refusal::none) {
        return {refusal, {}};
    }
    if (const Refusal refusal = check_rules(rules, knock); refusal != Refusal::none) return {refusal, {}};
    const Decision chosen = choose_address(rules, knock);
    // A command that uses no address does not fail for want of one; it is told the one there is.
    if (!uses_address(command)) return {Refusal::none, chosen.address};
    return chosen;
}

} // namespace otk
