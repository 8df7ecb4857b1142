#include "request/asking.h"

#include "base/promise.h"
#include "request/wire.h"

#include <algorithm>

namespace otk {

void append_address(std::vector<std::uint8_t>& out, const Address& address) {
    promise(address.well_formed(), "an address of a message is well-formed");
    const Bytes bytes = address.bytes();
    out.push_back(static_cast<std::uint8_t>(address.family()));
    wire::append(out, bytes);
    out.insert(out.end(), address_field_size - 1 - bytes.size(), 0);
}

std::optional<Address> read_any_address(Bytes field) {
    promise(field.size() == address_field_size, "the size of an address field");
    Address address;
    if (field[0] == static_cast<std::uint8_t>(Family::ipv4)) address = Address::ipv4(field.subspan<1, 4>());
    if (field[0] == static_cast<std::uint8_t>(Family::ipv6)) address = Address::ipv6(field.subspan<1, 16>());
    // What was read must be written as it was: an unknown family, stray bytes and v4-mapped addresses are
    // not.
    std::vector<std::uint8_t> written;
    append_address(written, address);
    if (!std::equal(written.begin(), written.end(), field.begin(), field.end())) return std::nullopt;
    return address;
}

std::optional<Address> read_address(Bytes field) {
    const auto address = read_any_address(field);
    if (!address || (!address->empty() && !address->usable())) return std::nullopt;
    return address;
}

namespace wire {

void append(std::vector<std::uint8_t>& out, Bytes bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_number(std::vector<std::uint8_t>& out, std::uint64_t number, std::size_t size) {
    for (std::size_t i = size; i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

std::uint64_t number_of(Bytes bytes) {
    promise(bytes.size() <= sizeof(std::uint64_t), "a number of at most 8 bytes");
    std::uint64_t number = 0;
    for (const std::uint8_t byte : bytes)
        number = number << 8 | byte;
    return number;
}

void append_time(std::vector<std::uint8_t>& out, Time time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    promise(time == seconds && time >= Time{}, "a message's time is in whole seconds since 1970");
    append_number(out, static_cast<std::uint64_t>(seconds.time_since_epoch().count()), time_size);
}

std::optional<Time> read_time(Bytes field) {
    constexpr auto latest = std::chrono::floor<std::chrono::seconds>(Time::max()).time_since_epoch();
    const std::uint64_t seconds = number_of(field);
    if (seconds > static_cast<std::uint64_t>(latest.count())) return std::nullopt;
    return Time{std::chrono::seconds{seconds}};
}

std::vector<std::uint8_t> begin_signed(std::string_view domain, const Addressee& addressee) {
    promise(!addressee.command.empty() && addressee.command.size() <= 255, "a command has a name");
    std::vector<std::uint8_t> out;
    append(out, as_bytes(domain));
    out.push_back(0);
    append(out, addressee.server);
    append_number(out, addressee.command.size(), 1);
    append(out, as_bytes(addressee.command));
    return out;
}

} // namespace wire

} // namespace otk
