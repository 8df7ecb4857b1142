#include "firewall/ruleset.h"

#include <array>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view door4_type = "ipv4_addr . inet_proto . inet_service";
constexpr std::string_view door6_type = "ipv6_addr . inet_proto . inet_service";
constexpr unsigned most_elements = 65536; // of one set

// Sessions live on: TCP connections of which the kernel's list of sockets said that they exist, also before
// the guard; those that came through a door, noted here by the segment that makes a connection of it; and
// those that this host makes from a guarded port, noted by what it sends. A SYN is never part of one. Whether
// a socket is there does not count: one that only listens is one, too, and of a bare ACK it makes a
// connection when that has a SYN cookie. Nor does connection tracking, which this table must not switch on by
// itself.
constexpr std::string_view rules_for_sessions =
    "    tcp flags & (syn | ack) != syn ip saddr . tcp sport . ip daddr . tcp dport @sessions4 accept\n"
    "    tcp flags & (syn | ack) != syn ip6 saddr . tcp sport . ip6 daddr . tcp dport @sessions6 accept\n";
// What was noted here is confirmed by session_sets.h before that time, and has no end then; as long as
// connection tracking keeps an idle connection (nf_conntrack_tcp_timeout_established).
constexpr std::string_view noting_through_a_door =
    "    tcp flags & (fin | syn | rst | ack) == ack "
    "add @sessions4 { ip saddr . tcp sport . ip daddr . tcp dport timeout 5d }\n"
    "    tcp flags & (fin | syn | rst | ack) == ack "
    "add @sessions6 { ip6 saddr . tcp sport . ip6 daddr . tcp dport timeout 5d }\n"
    "    accept\n";
// udp knows no connections: what passes is the answer to what this host has sent within three minutes.
constexpr std::string_view rules_for_answers = "    ip saddr . udp sport . udp dport @sent4 accept\n"
                                               "    ip6 saddr . udp sport . udp dport @sent6 accept\n";
// A connection whose addresses are translated looks otherwise here than its socket, or has none, but where
// there is translation, connections are tracked anyway.
constexpr std::string_view rule_for_translated =
    "    ct status snat,dnat ct state established,related accept\n";

// An answer to a SYN, a cookie perhaps, makes no session yet, and neither does a refusal.
constexpr std::string_view noting_what_is_sent =
    "    meta l4proto tcp oif != lo meta l4proto . th sport @guarded tcp flags & (syn | ack) != syn | ack "
    "tcp flags & rst == 0 update @sessions4 { ip daddr . tcp dport . ip saddr . tcp sport timeout 5d }\n"
    "    meta l4proto tcp oif != lo meta l4proto . th sport @guarded tcp flags & (syn | ack) != syn | ack "
    "tcp flags & rst == 0 update @sessions6 { ip6 daddr . tcp dport . ip6 saddr . tcp sport timeout 5d }\n"
    "    meta l4proto udp oif != lo meta l4proto . th sport @guarded "
    "update @sent4 { ip daddr . udp dport . udp sport }\n"
    "    meta l4proto udp oif != lo meta l4proto . th sport @guarded "
    "update @sent6 { ip6 daddr . udp dport . udp sport }\n";

Address mask_of(Family family, std::uint8_t prefix) {
    std::array<std::uint8_t, 16> ones{};
    ones.fill(0xff);
    return masked(family == Family::ipv4 ? Address::ipv4(std::span(ones).first<4>()) : Address::ipv6(ones),
                  prefix);
}

std::string name_for(const SetNames& names, Family family, std::uint8_t prefix) {
    return set_name(names, mask_of(family, prefix), prefix); // any address of the family
}

std::string declaration(const std::string& name, std::string_view type) {
    return fmt::format("  set {} {{ type {}; size {}; flags timeout; }}\n", name, type, most_elements);
}

std::string door_rule(const SetNames& names, Family family, std::uint8_t prefix, std::string_view verdict) {
    const bool four = family == Family::ipv4;
    std::string source = four ? "ip saddr" : "ip6 saddr";
    if (prefix != (four ? 32 : 128)) source += " & " + mask_of(family, prefix).text();
    return fmt::format("{} . meta l4proto . th dport @{} {}\n", source, name_for(names, family, prefix),
                       verdict);
}

std::string milliseconds(std::chrono::milliseconds time) {
    return fmt::format("{}ms", std::max<std::int64_t>(time.count(), 1));
}

std::string comma_separated(const std::vector<std::string>& texts) {
    return fmt::format("{}", fmt::join(texts, ", "));
}

// `end`: saddr of what comes in. What goes to these networks needs no note.
std::string allow_rules(const std::vector<Network>& networks, std::string_view end) {
    std::vector<std::string> four;
    std::vector<std::string> six;
    for (const Network& network : networks) {
        const std::string text = network.text();
        (text.find(':') == std::string::npos ? four : six).push_back(text);
    }
    std::string rules;
    for (const std::string& network : four)
        rules += fmt::format("    ip {} {} accept\n", end, network);
    for (const std::string& network : six)
        rules += fmt::format("    ip6 {} {} accept\n", end, network);
    return rules;
}

std::string sets_of_doors(const GuardPlan& plan) {
    std::string sets;
    for (const std::uint8_t prefix : plan.prefixes4)
        sets += declaration(name_for(guard_sets(), Family::ipv4, prefix), door4_type);
    for (const std::uint8_t prefix : plan.prefixes6)
        sets += declaration(name_for(guard_sets(), Family::ipv6, prefix), door6_type);
    return sets;
}

// An element of the sessions has an end only where a rule gives it one.
std::string sets_of_notes() {
    return fmt::format(
        "  set sent4 {{ type ipv4_addr . inet_service . inet_service; size {0}; "
        "flags dynamic,timeout; timeout 3m; }}\n"
        "  set sent6 {{ type ipv6_addr . inet_service . inet_service; size {0}; "
        "flags dynamic,timeout; timeout 3m; }}\n"
        "  set sessions4 {{ type ipv4_addr . inet_service . ipv4_addr . inet_service; size {1}; "
        "flags dynamic,timeout; }}\n"
        "  set sessions6 {{ type ipv6_addr . inet_service . ipv6_addr . inet_service; size {1}; "
        "flags dynamic,timeout; }}\n",
        most_elements, most_sessions);
}

std::string rules_of_doors(const GuardPlan& plan) {
    std::string rules;
    for (const std::uint8_t prefix : plan.prefixes4)
        rules += "    " + door_rule(guard_sets(), Family::ipv4, prefix, "goto through");
    for (const std::uint8_t prefix : plan.prefixes6)
        rules += "    " + door_rule(guard_sets(), Family::ipv6, prefix, "goto through");
    return rules;
}

// Before the destination is translated (-100), so that a container's published port is seen under the number
// that the world knows; after connections are tracked (-200), where they are. What is dropped here never
// becomes an entry in the table of connections.
// A fragment that is not the first has no port and passes: without its first one it becomes nothing.
std::string guard_body(const GuardPlan& plan) {
    return fmt::format("table inet {} {{\n"
                       "  set guarded {{ type inet_proto . inet_service; flags timeout; }}\n{}{}"
                       "  chain through {{\n{}"
                       "  }}\n"
                       "  chain judge {{\n"
                       "    fib daddr type unicast accept\n" // on its way to another host
                       "    iif lo accept\n{}{}{}{}{}"
                       "    drop\n"
                       "  }}\n"
                       "  chain guard {{\n"
                       "    type filter hook prerouting priority -150; policy accept;\n"
                       "    meta l4proto . th dport @guarded jump judge\n"
                       "  }}\n"
                       "  chain note {{\n"
                       "    type filter hook output priority -150; policy accept;\n{}{}"
                       "  }}\n"
                       "}}\n",
                       guard_table, sets_of_doors(plan), sets_of_notes(), noting_through_a_door,
                       rules_for_sessions, rules_for_answers, plan.translation ? rule_for_translated : "",
                       rules_of_doors(plan), allow_rules(plan.always_allow, "saddr"),
                       allow_rules(plan.always_allow, "daddr"), noting_what_is_sent);
}

std::string guarded_elements(const GuardPlan& plan, std::optional<std::chrono::milliseconds> trial) {
    if (plan.services.empty()) return "";
    std::vector<std::string> elements;
    for (const Service& service : plan.services) {
        elements.push_back(fmt::format("{} . {}{}", name_of(service.protocol), service.port,
                                       trial ? " timeout " + milliseconds(*trial) : ""));
    }
    return fmt::format("add element inet {} guarded {{ {} }}\n", guard_table, comma_separated(elements));
}

std::string session_elements(const std::set<Session>& sessions, Family family, const std::string& set) {
    std::vector<std::string> elements;
    for (const Session& session : sessions) {
        if (session.peer.family() != family || elements.size() == most_sessions) continue;
        elements.push_back(fmt::format("{} . {} . {} . {}", session.peer.text(), session.peer_port,
                                       session.here.text(), session.port));
    }
    if (elements.empty()) return "";
    return fmt::format("add element inet {} {} {{ {} }}\n", guard_table, set, comma_separated(elements));
}

std::string session_elements(const std::set<Session>& sessions) {
    return session_elements(sessions, Family::ipv4, guard_sessions().set4) +
           session_elements(sessions, Family::ipv6, guard_sessions().set6);
}

std::string door_element(const OpenDoor& open) {
    const Door& door = open.door;
    return fmt::format("add element inet {} {} {{ {} . {} . {} timeout {} }}\n", guard_table,
                       set_name(guard_sets(), door.address, door.prefix),
                       masked(door.address, door.prefix).text(), name_of(door.service.protocol),
                       door.service.port, milliseconds(open.left));
}

} // namespace

const SetNames& guard_sets() {
    static const SetNames names{guard_table, "door4", "door6"};
    return names;
}

const SetNames& guard_sessions() {
    static const SetNames names{guard_table, "sessions4", "sessions6"};
    return names;
}

const SetNames& forward_maps() {
    static const SetNames names{forward_table, "to4", "to6"};
    return names;
}

std::string guard_ruleset(const GuardPlan& plan, std::optional<std::chrono::milliseconds> trial,
                          const std::set<Session>& sessions) {
    // Declared first, so that there is something to be flushed; all of it is one transaction.
    return fmt::format("table inet {0} {{\n"
                       "  set guarded {{ type inet_proto . inet_service; flags timeout; }}\n"
                       "  chain through {{ }}\n"
                       "  chain judge {{ }}\n"
                       "  chain guard {{ type filter hook prerouting priority -150; policy accept; }}\n"
                       "  chain note {{ type filter hook output priority -150; policy accept; }}\n"
                       "}}\n"
                       "flush table inet {0}\n"
                       "flush set inet {0} guarded\n",
                       guard_table) +
           guard_body(plan) + guarded_elements(plan, trial) + session_elements(sessions);
}

std::string guard_ruleset_anew(const GuardPlan& plan, std::optional<std::chrono::milliseconds> trial,
                               const std::set<Session>& sessions, const std::vector<OpenDoor>& doors) {
    std::string text = without_table(guard_table) + guard_body(plan) + guarded_elements(plan, trial) +
                       session_elements(sessions);
    for (const OpenDoor& door : doors) {
        const auto& prefixes = door.door.address.family() == Family::ipv4 ? plan.prefixes4 : plan.prefixes6;
        if (prefixes.contains(door.door.prefix)) text += door_element(door);
    }
    return text;
}

std::size_t guard_rules(const GuardPlan& plan) {
    constexpr std::size_t always = 15; // three in through, seven in judge, one in guard, four in note
    return always + (plan.translation ? 1 : 0) + plan.prefixes4.size() + plan.prefixes6.size() +
           2 * plan.always_allow.size();
}

std::string forward_maps_emptied() {
    const SetNames& names = forward_maps();
    return fmt::format("flush map inet {0} {1}\nflush map inet {0} {2}\n", names.table, names.set4,
                       names.set6);
}

std::string forward_ruleset_anew(const std::vector<OpenDoor>& redirections) {
    std::string text = without_table(forward_table) +
                       fmt::format("table inet {0} {{\n"
                                   "  map {1} {{ type ipv4_addr . inet_service : inet_service; size {3}; "
                                   "flags timeout; }}\n"
                                   "  map {2} {{ type ipv6_addr . inet_service : inet_service; size {3}; "
                                   "flags timeout; }}\n"
                                   "  chain forwarding {{\n"
                                   "    type nat hook prerouting priority -110; policy accept;\n"
                                   "    meta nfproto ipv4 meta l4proto tcp fib daddr type local "
                                   "redirect to : ip saddr . tcp dport map @{1}\n"
                                   "    meta nfproto ipv6 meta l4proto tcp fib daddr type local "
                                   "redirect to : ip6 saddr . tcp dport map @{2}\n"
                                   "  }}\n"
                                   "}}\n",
                                   forward_table, forward_maps().set4, forward_maps().set6, most_elements);
    for (const OpenDoor& one : redirections) {
        const Address& address = one.door.address;
        text += fmt::format("add element inet {} {} {{ {} . {} timeout {} : {} }}\n", forward_table,
                            address.family() == Family::ipv4 ? forward_maps().set4 : forward_maps().set6,
                            address.text(), one.door.service.port, milliseconds(one.left), one.to);
    }
    return text;
}

std::string without_table(const std::string& table) {
    return fmt::format("table inet {0}\ndelete table inet {0}\n", table);
}

std::string lines_for_sets(const SetNames& names, const Command& command) {
    const std::string set4 = name_for(names, Family::ipv4, command.prefix4);
    const std::string set6 = name_for(names, Family::ipv6, command.prefix6);
    return fmt::format("# in your ruleset, so that a knock for {} opens {}:\n"
                       "table inet {} {{\n{}{}"
                       "  chain input {{ # yours, where it accepts; before what drops\n"
                       "    ct state established,related accept # connections live on when the door closes\n"
                       "    {}    {}"
                       "  }}\n"
                       "}}\n",
                       command.name, format_service(command.service), names.table,
                       declaration(set4, door4_type), declaration(set6, door6_type),
                       door_rule(names, Family::ipv4, command.prefix4, "accept"),
                       door_rule(names, Family::ipv6, command.prefix6, "accept"));
}

} // namespace otk
