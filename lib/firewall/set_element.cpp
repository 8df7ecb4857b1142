#include "firewall/set_element.h"

#include "base/promise.h"

#include <array>

#include <arpa/inet.h>

namespace otk {

void SetElement::append(Bytes part) {
    key.insert(key.end(), part.begin(), part.end());
    key.resize((key.size() + 3) / 4 * 4, 0);
}

void SetElement::append(std::uint16_t port) {
    append(std::array{static_cast<std::uint8_t>(port >> 8U), static_cast<std::uint8_t>(port & 0xffU)});
}

SetMessage set_message(const std::string& table, const SetElement& element,
                       std::optional<std::chrono::milliseconds> timeout) {
    SetMessage set(nftnl_set_alloc(), &nftnl_set_free);
    nftnl_set_elem* inside = nftnl_set_elem_alloc();
    promise(set && inside != nullptr, "there is memory for an element of a set");
    nftnl_set_elem_add(set.get(), inside);
    promise(nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, table.c_str()) == 0 &&
                nftnl_set_set_str(set.get(), NFTNL_SET_NAME, element.set.c_str()) == 0,
            "there is memory for the name of a set");
    (void)nftnl_set_elem_set(inside, NFTNL_SET_ELEM_KEY, element.key.data(),
                             static_cast<std::uint32_t>(element.key.size()));
    if (element.to) {
        const std::uint16_t to = htons(*element.to);
        (void)nftnl_set_elem_set(inside, NFTNL_SET_ELEM_DATA, &to, sizeof to);
    }
    if (timeout) {
        nftnl_set_elem_set_u64(inside, NFTNL_SET_ELEM_TIMEOUT, static_cast<std::uint64_t>(timeout->count()));
    }
    return set;
}

} // namespace otk
