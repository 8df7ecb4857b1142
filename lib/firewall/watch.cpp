#include "firewall/watch.h"

#include "base/promise.h"
#include "base/text.h"
#include "firewall/netlink.h"
#include "firewall/ruleset.h"
#include "sys/file.h"

#include <array>
#include <cerrno>
#include <initializer_list>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

namespace otk {

namespace {

using Attributes = std::map<std::uint16_t, std::string>; // as raw bytes

Attributes attributes_of(const nlmsghdr* message) {
    Attributes all;
    each_attribute(message, [&](std::uint16_t type, Bytes value) { all[type] = as_text(value); });
    return all;
}

std::string text_of(const Attributes& all, std::uint16_t type) {
    const auto found = all.find(type);
    if (found == all.end()) return "";
    return found->second.substr(0, found->second.find('\0'));
}

// Big-endian, as nftables writes all its numbers.
std::uint64_t number_of(const Attributes& all, std::uint16_t type) {
    std::uint64_t number = 0;
    const auto found = all.find(type);
    if (found == all.end()) return 0;
    for (const std::uint8_t byte : as_bytes(found->second))
        number = number << 8U | byte;
    return number;
}

// The wanted ones, each with its type and length before it, so that no two states look the same.
std::string written(const Attributes& all, std::initializer_list<std::uint16_t> wanted) {
    std::string text;
    for (const std::uint16_t type : wanted) {
        const auto found = all.find(type);
        if (found == all.end()) continue;
        text += std::to_string(type) + ':' + std::to_string(found->second.size()) + ':';
        text += found->second;
    }
    return text + '\n';
}

bool named_in(const char* file, std::string_view wanted) {
    const auto text = read_file(file, 4096);
    if (!text) return false;
    for (const std::string_view line : split(*text, '\n')) {
        if (line == wanted) return true;
    }
    return false;
}

void take_services(const nlmsghdr* message, RulesetWatch::Guarded& guarded) {
    const std::unique_ptr<nftnl_set, decltype(&nftnl_set_free)> set(nftnl_set_alloc(), &nftnl_set_free);
    promise(set && nftnl_set_elems_nlmsg_parse(message, set.get()) >= 0, "the elements can be read");
    const auto visit = [](nftnl_set_elem* element, void* all) {
        std::uint32_t size = 0;
        const auto* key =
            static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size));
        constexpr std::uint32_t key_size = 8; // protocol and port, each in four bytes
        if (key == nullptr || size != key_size) return 0;
        const Service service{static_cast<Protocol>(key[0]),
                              static_cast<std::uint16_t>(key[4] << 8U | key[5])};
        auto* found = static_cast<RulesetWatch::Guarded*>(all);
        found->services.insert(service);
        if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_TIMEOUT)) found->ends = true;
        return 0;
    };
    (void)nftnl_set_elem_foreach(set.get(), visit, &guarded);
}

[[noreturn]] void refuse(int error) { throw system_error("cannot read the ruleset (nfnetlink)", error); }

} // namespace

struct RulesetWatch::Inside {
    Netlink netlink;
    struct Close {
        void operator()(mnl_socket* socket) const { (void)mnl_socket_close(socket); }
    };
    std::unique_ptr<mnl_socket, Close> events{
        mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK)};

    Inside() {
        constexpr unsigned group = 1U << (NFNLGRP_NFTABLES - 1U);
        if (!events || mnl_socket_bind(events.get(), group, MNL_SOCKET_AUTOPID) != 0)
            throw system_error("the firewall cannot be watched (nfnetlink)");
    }

    // Nothing when there is no such table.
    Attributes table(const std::string& name) {
        Attributes found;
        const int error = netlink.get(
            {NFT_MSG_GETTABLE},
            [&](nlmsghdr* message) { mnl_attr_put_strz(message, NFTA_TABLE_NAME, name.c_str()); },
            [&](const nlmsghdr* message) { found = attributes_of(message); });
        if (error != 0 && error != ENOENT) refuse(error);
        return found;
    }

    // Until it is one state, and not parts of two.
    void list(std::uint8_t type, const std::string& table, const std::function<void()>& begin,
              const std::function<void(const Attributes&)>& visit, std::uint8_t family = NFPROTO_INET) {
        constexpr int attempts = 10;
        for (int attempt = 1;; ++attempt) {
            begin();
            const int error = netlink.list(
                {type, family},
                [&](nlmsghdr* message) {
                    // NFTA_RULE_TABLE and NFTA_SET_TABLE are the same number; chains have no such filter.
                    if (!table.empty()) mnl_attr_put_strz(message, NFTA_SET_TABLE, table.c_str());
                },
                [&](const nlmsghdr* message) { visit(attributes_of(message)); });
            if (error == 0 || error == ENOENT) return;
            if (error != EINTR || attempt == attempts) refuse(error);
        }
    }
};

static_assert(int{NFTA_RULE_TABLE} == int{NFTA_SET_TABLE});

RulesetWatch::RulesetWatch() : inside_(std::make_unique<Inside>()) {}
RulesetWatch::~RulesetWatch() = default;

int RulesetWatch::fd() const { return mnl_socket_get_fd(inside_->events.get()); }

void RulesetWatch::hear() {
    std::array<char, 65536> room;
    // That something happened is all that counts; a queue that ran over (ENOBUFS) says that, too.
    while (::recv(fd(), room.data(), room.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
    }
}

std::uint32_t RulesetWatch::generation() {
    std::uint32_t number = 0;
    const int error = inside_->netlink.get({NFT_MSG_GETGEN}, nullptr, [&](const nlmsghdr* message) {
        number = static_cast<std::uint32_t>(number_of(attributes_of(message), NFTA_GEN_ID));
    });
    if (error != 0) refuse(error);
    return number;
}

RulesetWatch::Table RulesetWatch::table(const std::string& name) {
    Table found;
    const Attributes table = inside_->table(name);
    if (table.empty()) return found;
    found.handle = number_of(table, NFTA_TABLE_HANDLE);
    std::string chains;
    inside_->list(
        NFT_MSG_GETCHAIN, "", [&] { found.chains = 0, chains.clear(); },
        [&](const Attributes& all) {
            if (text_of(all, NFTA_CHAIN_TABLE) != name) return;
            ++found.chains;
            chains += written(all, {NFTA_CHAIN_NAME, NFTA_CHAIN_HANDLE, NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY,
                                    NFTA_CHAIN_TYPE, NFTA_CHAIN_FLAGS});
        });
    std::string rules; // one that is replaced gets another handle: there is no need to read what it says
    inside_->list(
        NFT_MSG_GETRULE, name, [&] { found.rules = 0, rules.clear(); },
        [&](const Attributes& all) {
            ++found.rules;
            rules += written(all, {NFTA_RULE_CHAIN, NFTA_RULE_HANDLE});
        });
    std::string sets;
    inside_->list(
        NFT_MSG_GETSET, name, [&] { sets.clear(); },
        [&](const Attributes& all) {
            sets += written(all, {NFTA_SET_NAME, NFTA_SET_HANDLE, NFTA_SET_FLAGS, NFTA_SET_TIMEOUT});
        });
    found.fingerprint = written(table, {NFTA_TABLE_FLAGS, NFTA_TABLE_HANDLE}) + chains + rules + sets;
    return found;
}

RulesetWatch::Sets RulesetWatch::sets(const std::string& table) {
    Sets found;
    const std::uint64_t handle = number_of(inside_->table(table), NFTA_TABLE_HANDLE);
    if (handle == 0) return found;
    inside_->list(
        NFT_MSG_GETSET, table, [&] { found.clear(); },
        [&](const Attributes& all) {
            found[text_of(all, NFTA_SET_NAME)] = {handle, number_of(all, NFTA_SET_HANDLE)};
        });
    return found;
}

RulesetWatch::Guarded RulesetWatch::guarded() {
    constexpr int attempts = 10;
    for (int attempt = 1;; ++attempt) {
        Guarded found;
        const int error = inside_->netlink.list(
            {NFT_MSG_GETSETELEM},
            [](nlmsghdr* message) {
                mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, guard_table.c_str());
                mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, "guarded");
            },
            [&](const nlmsghdr* message) { take_services(message, found); });
        if (error == 0 || error == ENOENT) return found;
        if (error != EINTR || attempt == attempts) refuse(error);
    }
}

bool RulesetWatch::translation() {
    bool found = false;
    inside_->list(
        NFT_MSG_GETCHAIN, "", [&] { found = false; },
        [&](const Attributes& all) {
            found = found || (text_of(all, NFTA_CHAIN_TYPE) == "nat" &&
                              text_of(all, NFTA_CHAIN_TABLE) != forward_table);
        },
        NFPROTO_UNSPEC);
    // The older iptables keeps its tables outside nftables.
    return found || named_in("/proc/net/ip_tables_names", "nat") ||
           named_in("/proc/net/ip6_tables_names", "nat");
}

bool translated_connections() {
    Netlink netlink;
    bool found = false;
    const int error = netlink.list(
        {IPCTNL_MSG_CT_GET, NFPROTO_UNSPEC, NFNL_SUBSYS_CTNETLINK},
        [](nlmsghdr* message) { // a kernel that does not know these tells of all connections
            mnl_attr_put_u32(message, CTA_STATUS, htonl(IPS_DST_NAT));
            mnl_attr_put_u32(message, CTA_STATUS_MASK, htonl(IPS_DST_NAT));
        },
        [&](const nlmsghdr* message) {
            found = found || (number_of(attributes_of(message), CTA_STATUS) & IPS_DST_NAT) != 0;
        });
    // Without connection tracking there is no connection that it translates.
    if (error != 0 && error != EINTR && error != ENOENT && error != EOPNOTSUPP && error != EINVAL)
        throw system_error("cannot read the table of connections (nfnetlink)", error);
    return found || error == EINTR;
}

} // namespace otk
