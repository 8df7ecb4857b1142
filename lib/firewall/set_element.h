// Elements of nftables sets as messages of nfnetlink carry them. Not for users of the library.
#pragma once

#include "base/bytes.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <libnftnl/set.h>

namespace otk {

// One element, as the kernel keeps it: every part of the key begins at a multiple of four bytes.
struct SetElement {
    std::string set;
    std::vector<std::uint8_t> key{};
    std::optional<std::uint16_t> to{}; // of a map

    void append(Bytes part);
    void append(std::uint16_t port);
};

// What fills a message that is about this element of a set of the table. Without a timeout it stays until it
// is removed.
using SetMessage = std::unique_ptr<nftnl_set, decltype(&nftnl_set_free)>;
[[nodiscard]] SetMessage set_message(const std::string& table, const SetElement& element,
                                     std::optional<std::chrono::milliseconds> timeout);

} // namespace otk
