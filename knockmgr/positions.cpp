#include "knockmgr/positions.h"

#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/output.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// One position on the pipe: chain (32), count (4, big-endian), size of the value (1), value (16,
// zero-filled).
void append_position(std::string& text, const Position& position) {
    text += as_text(position.chain);
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        text += static_cast<char>((position.count >> shift) & 255U);
    text += static_cast<char>(position.image.size());
    std::array<std::uint8_t, largest_value> value{};
    const Bytes bytes = position.image.view();
    std::copy(bytes.begin(), bytes.end(), value.begin());
    text += as_text(value);
}

std::optional<Position> take_position(Reader& reader) {
    const auto chain = reader.take(ChainId{}.size());
    const auto count = reader.u32();
    const auto size = reader.u8();
    const auto value = reader.take(largest_value);
    if (!chain || !count || !size || !value || (*size != 8 && *size != 16)) return std::nullopt;
    Position position;
    std::copy(chain->begin(), chain->end(), position.chain.begin());
    position.count = *count;
    position.image = Value(value->first(*size));
    return position;
}

} // namespace

Positions positions_in(const Ledger& ledger) {
    Positions positions;
    ledger.each_position([&](const Position& position) { positions.emplace(position.chain, position); });
    return positions;
}

namespace {

// `tell` says what it finds to the function that it gets.
using TellPositions = std::function<void(const Ledger&, const std::function<void(const Position&)>&)>;

Positions fetch(const Places& where, const TellPositions& tell) {
    const std::string text = fetched_from_ledger(where, [&](const Ledger& ledger) {
        std::string all;
        tell(ledger, [&all](const Position& position) { append_position(all, position); });
        return all;
    });
    Positions positions;
    Reader reader(as_bytes(text));
    while (!reader.empty()) {
        const auto position = take_position(reader);
        if (!position)
            throw Error(
                "the process that reads the ledger answered nonsense; `knockmgr log --verify` may tell why");
        positions.emplace(position->chain, *position);
    }
    return positions;
}

} // namespace

Positions read_positions(const Places& where) {
    return fetch(where, [](const Ledger& ledger, const auto& take) { ledger.each_position(take); });
}

Positions read_positions(const Places& where, const std::vector<GrantDetails>& grants) {
    constexpr std::size_t few = 1000; // of more, reading all in their order is quicker
    if (grants.size() > few) return read_positions(where);
    return fetch(where, [&grants](const Ledger& ledger, const auto& take) {
        for (const GrantDetails& details : grants) {
            if (const auto position = ledger.position(details.grant.chain)) take(*position);
        }
    });
}

Positions read_low_positions(const Places& where, Count most) {
    return fetch(where,
                 [most](const Ledger& ledger, const auto& take) { ledger.each_low_position(most, take); });
}

std::optional<Positions> positions_if_there(const Places& where, const std::vector<GrantDetails>& grants) {
    try {
        return read_positions(where, grants);
    } catch (const Error& fault) {
        warn(fault.what());
        return std::nullopt;
    }
}

Position position_of(const Positions& positions, const Grant& grant) {
    const Position enrolled{grant.chain, grant.enrolment.image, grant.enrolment.length};
    const auto found = positions.find(grant.chain);
    // A chain only runs downwards: a ledger that says otherwise is not believed.
    return found == positions.end() || found->second.count > enrolled.count ? enrolled : found->second;
}

Count knocks_left(const Positions& positions, const Grant& grant) {
    if (grant.retired) return 0;
    const Count count = position_of(positions, grant).count;
    return count > 0 ? count - 1 : 0;
}

std::uint64_t sum_of_knocks(const std::vector<GrantDetails>& grants, const Positions& positions) {
    std::uint64_t knocks = 0;
    for (const GrantDetails& details : grants) {
        if (details.grant.enabled) knocks += knocks_left(positions, details.grant);
    }
    return knocks;
}

std::uint64_t weak_knocks(const PolicyStore& store, const Places& where, std::optional<GrantId> except) {
    std::vector<GrantDetails> counted = store.weak_grants();
    std::erase_if(counted, [&](const GrantDetails& details) { return details.grant.id == except; });
    return sum_of_knocks(counted, read_positions(where, counted));
}

void check_weak_limit(const Config& config, std::uint64_t others, Count added) {
    const std::uint64_t reached = (others + added) * config.accept.window;
    if (reached <= config.accept.weak_limit) return;
    throw Error(fmt::format("too many 64-bit knocks: {} remaining of other grants and {} of this one, times "
                            "window {}, make {}, and "
                            "weak_limit is {}; use sha256, a shorter chain, or disable grants nobody needs",
                            others, added, config.accept.window, reached, config.accept.weak_limit));
}

} // namespace otk::knockmgr
