#include "firewall/door_sets.h"

#include "base/promise.h"
#include "firewall/netlink.h"
#include "firewall/set_element.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <linux/netfilter/nf_tables.h>

namespace otk {

namespace {

SetElement door_element(const SetNames& names, const Door& door) {
    SetElement element{set_name(names, door.address, door.prefix)};
    element.append(masked(door.address, door.prefix).bytes());
    element.append(std::array{static_cast<std::uint8_t>(door.service.protocol)});
    element.append(door.service.port);
    return element;
}

SetElement redirection_element(const SetNames& names, const Door& door, std::optional<std::uint16_t> to) {
    SetElement element{door.address.family() == Family::ipv4 ? names.set4 : names.set6, {}, to};
    element.append(door.address.bytes());
    element.append(door.service.port);
    return element;
}

} // namespace

std::string set_name(const SetNames& names, const Address& address, std::uint8_t prefix) {
    const bool four = address.family() == Family::ipv4;
    const std::string& name = four ? names.set4 : names.set6;
    return prefix == (four ? 32 : 128) ? name : fmt::format("{}_{}", name, prefix);
}

Address masked(const Address& address, std::uint8_t prefix) {
    std::array<std::uint8_t, 16> bytes{};
    const Bytes whole = address.bytes();
    promise(prefix <= 8 * whole.size(), "a prefix is not longer than its address");
    for (std::size_t i = 0; i < whole.size(); ++i) {
        const std::size_t covered = prefix <= 8 * i ? 0 : std::min<std::size_t>(prefix - 8 * i, 8);
        bytes[i] = static_cast<std::uint8_t>(whole[i] & (0xff00U >> covered));
    }
    return address.family() == Family::ipv4 ? Address::ipv4(std::span(bytes).first<4>())
                                            : Address::ipv6(bytes);
}

struct DoorSets::Inside {
    SetNames names;
    Netlink netlink;

    explicit Inside(SetNames given) : names(std::move(given)) {}

    // Adding what is there already does nothing before Linux 6.12, so that the old timeout would stay:
    // therefore add (so that there is something to delete), delete, and add anew, all at once.
    [[nodiscard]] Added add(const SetElement& element, std::chrono::milliseconds timeout) {
        promise(timeout.count() > 0, "a door is open for some time");
        const SetMessage set = set_message(names.table, element, timeout);
        const auto fill = [&](nlmsghdr* message) { nftnl_set_elems_nlmsg_build_payload(message, set.get()); };
        constexpr int attempts = 3;
        for (int attempt = 1;; ++attempt) {
            Batch batch;
            batch.add(NFT_MSG_NEWSETELEM, NLM_F_CREATE, fill);
            batch.add(NFT_MSG_DELSETELEM, 0, fill);
            batch.add(NFT_MSG_NEWSETELEM, NLM_F_CREATE, fill);
            const std::vector<int> errors = netlink.change(batch);
            if (errors[0] == ENOENT) return Added::no_table;
            // One that was there may end between the two: then it is not there any more to be deleted.
            if (errors[0] == 0 && errors[1] == ENOENT && attempt < attempts) continue;
            for (const int error : errors) {
                if (error != 0) refuse(element, error);
            }
            return Added::done;
        }
    }

    void remove(const SetElement& element) {
        const SetMessage set = set_message(names.table, element, {});
        Batch batch;
        batch.add(NFT_MSG_DELSETELEM, 0,
                  [&](nlmsghdr* message) { nftnl_set_elems_nlmsg_build_payload(message, set.get()); });
        const int error = netlink.change(batch).front();
        if (error != 0 && error != ENOENT) refuse(element, error);
    }

    [[noreturn]] void refuse(const SetElement& element, int error) const {
        const std::string where = fmt::format("the set {} of table inet {}", element.set, names.table);
        if (error == ENFILE)
            throw Error(where + " is full: wait until doors close, or give it a larger size");
        if (error == EINVAL || error == EOPNOTSUPP) {
            throw Error(where + " is of another type or takes no timeouts: `knockmgr command show` prints "
                                "the lines that it needs");
        }
        throw system_error("cannot change " + where, error);
    }
};

DoorSets::DoorSets(SetNames names) : inside_(std::make_unique<Inside>(std::move(names))) {}
DoorSets::DoorSets(DoorSets&&) noexcept = default;
DoorSets& DoorSets::operator=(DoorSets&&) noexcept = default;
DoorSets::~DoorSets() = default;

const SetNames& DoorSets::names() const { return inside_->names; }

DoorSets::Added DoorSets::add(const Door& door, std::chrono::milliseconds timeout) {
    return inside_->add(door_element(inside_->names, door), timeout);
}

void DoorSets::remove(const Door& door) { inside_->remove(door_element(inside_->names, door)); }

DoorSets::Added DoorSets::add(const Door& door, std::uint16_t to, std::chrono::milliseconds timeout) {
    return inside_->add(redirection_element(inside_->names, door, to), timeout);
}

void DoorSets::remove_redirection(const Door& door) {
    inside_->remove(redirection_element(inside_->names, door, std::nullopt));
}

} // namespace otk
