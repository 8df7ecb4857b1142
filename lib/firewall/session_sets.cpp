#include "firewall/session_sets.h"

#include "base/promise.h"
#include "firewall/set_element.h"

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>

namespace otk {

namespace {

// Each batch takes effect for itself, and each may cost the kernel a wait for all its processors.
constexpr std::size_t changes_in_a_batch = 256;
constexpr std::size_t changes_at_once = 16 * changes_in_a_batch;

SetElement session_element(const Session& session) {
    const bool four = session.peer.family() == Family::ipv4;
    SetElement element{four ? guard_sessions().set4 : guard_sessions().set6};
    element.append(session.peer.bytes());
    element.append(session.peer_port);
    element.append(session.here.bytes());
    element.append(session.port);
    return element;
}

// What session_element() made a key of.
Session session_in(Bytes key) {
    const std::size_t size = key.size() / 2 - 4; // of an address; each port has four bytes
    const auto address = [&](std::size_t at) {
        const Bytes bytes = key.subspan(at, size);
        return size == 4 ? Address::ipv4(bytes.first<4>()) : Address::ipv6(bytes.first<16>());
    };
    const auto port = [&](std::size_t at) { return static_cast<std::uint16_t>(key[at] << 8U | key[at + 1]); };
    return {address(0), port(size), address(size + 4), port(2 * size + 4)};
}

using Visit = std::function<void(const Session& session, bool ends)>;

int visit_session(nftnl_set_elem* element, void* visit) {
    std::uint32_t size = 0;
    const auto* key =
        static_cast<const std::uint8_t*>(nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size));
    if (key != nullptr && (size == 16 || size == 40)) // of IPv4, of IPv6
        (*static_cast<Visit*>(visit))(session_in({key, size}),
                                      nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_TIMEOUT));
    return 0;
}

void take_noted(const nlmsghdr* message, Visit visit) {
    const SetMessage set(nftnl_set_alloc(), &nftnl_set_free);
    promise(set && nftnl_set_elems_nlmsg_parse(message, set.get()) >= 0, "the elements can be read");
    (void)nftnl_set_elem_foreach(set.get(), visit_session, &visit);
}

void put(Batch& batch, std::uint16_t type, std::uint16_t flags, const SetMessage& set) {
    batch.add(type, flags,
              [&](nlmsghdr* message) { nftnl_set_elems_nlmsg_build_payload(message, set.get()); });
}

} // namespace

SessionSets::Noted SessionSets::noted() {
    Noted all;
    for (const std::string& name : {guard_sessions().set4, guard_sessions().set6}) {
        // One state or parts of two: what is missed in one settling is there in the next.
        const int error = netlink_.list(
            {NFT_MSG_GETSETELEM},
            [&](nlmsghdr* message) {
                mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, guard_table.c_str());
                mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, name.c_str());
            },
            [&](const nlmsghdr* message) {
                take_noted(message, [&](const Session& session, bool ends) { all[session] = ends; });
            });
        if (error != 0 && error != EINTR && error != ENOENT)
            throw system_error("cannot read the guard's sessions (nfnetlink)", error);
    }
    return all;
}

std::size_t SessionSets::count() { return noted().size(); }

bool SessionSets::settle(const GuardPlan& plan) {
    const Noted before = noted();
    const std::vector<Change> changes =
        wanted_changes(before, existing_sessions(plan.services, plan.always_allow));
    const auto now = std::span(changes).first(std::min(changes.size(), changes_at_once));
    for (auto rest = now; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), changes_in_a_batch));
        carry_out({some.begin(), some.end()});
        rest = rest.subspan(some.size());
    }
    return now.size() == changes.size();
}

// First those that sessions wait for, or, where there might be no room for these, those that make room.
std::vector<SessionSets::Change> SessionSets::wanted_changes(const Noted& before,
                                                             const std::set<Session>& existing) {
    std::vector<Change> changes;
    for (const Session& session : existing) {
        const auto found = before.find(session);
        const bool ends = found != before.end() && found->second;
        if (found == before.end() || ends) changes.push_back({session, ends, true});
    }
    const bool there_is_room = before.size() + changes.size() <= most_sessions;
    const auto additions = static_cast<std::ptrdiff_t>(changes.size());
    std::set<Session> none;
    for (const auto& each : before) {
        const Session& session = each.first;
        if (existing.contains(session)) continue;
        none.insert(session);
        if (none_.contains(session)) changes.push_back({session, true, false});
    }
    none_ = std::move(none);
    if (!there_is_room) std::rotate(changes.begin(), changes.begin() + additions, changes.end());
    return changes;
}

// What ended by itself meanwhile need not be removed; the rest is tried again.
void SessionSets::carry_out(std::vector<Change> changes) {
    constexpr int attempts = 3;
    for (int attempt = 1; attempt <= attempts && !changes.empty(); ++attempt) {
        Batch batch;
        for (const Change& change : changes) {
            const SetMessage set = set_message(guard_table, session_element(change.session), {});
            if (change.remove) put(batch, NFT_MSG_DELSETELEM, 0, set);
            if (change.add) put(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, set);
        }
        const std::vector<int> errors = netlink_.change(batch);
        if (std::ranges::all_of(errors, [](int error) { return error == 0; })) return;
        auto error = errors.begin();
        for (Change& change : changes) {
            if (change.remove && *error++ == ENOENT) change.remove = false;
            if (!change.add) continue;
            const int refused = *error++;
            if (refused == ENOENT) return; // there is no guard any more
            if (refused == ENFILE) {
                throw Error(
                    fmt::format("the guard has room for {} sessions of a family, and there are more: the "
                                "others end when their doors close",
                                most_sessions));
            }
            if (refused != 0) throw system_error("cannot change the guard's sessions (nfnetlink)", refused);
        }
        std::erase_if(changes, [](const Change& change) { return !change.remove && !change.add; });
    }
}

} // namespace otk
