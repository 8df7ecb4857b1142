#include "knockgen/send/message.h"

#include "base/text.h"
#include "net/dns.h"
#include "net/request_shape.h"
#include "otp/text_form.h"
#include "request/signed_knock.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {
namespace {

std::vector<std::uint8_t> signed_bytes(const SendOptions& options, const Knock& knock,
                                       const ChainSecret& chain) {
    SignedKnock message;
    message.value = knock.value;
    message.address = knock.address;
    message.time = knock.time;
    message.argument = options.argument;
    sign(message, SigningKey::of(chain), {options.profile().server, options.profile().command});
    return format_signed_knock(message);
}

std::string in_labels(std::string_view text) {
    std::string labels;
    for (; text.size() > longest_label; text.remove_prefix(longest_label))
        labels.append(text.substr(0, longest_label)).append(".");
    return labels.append(text);
}

// As the knock grammar wants an address behind a base32 value (net/knock.h).
std::string in_label(const Address& address) {
    if (address.empty()) return {};
    if (address.family() == Family::ipv6) return "-" + to_hex(address.bytes());
    std::string text = address.text();
    std::replace(text.begin(), text.end(), '.', '-');
    return "-" + text;
}

} // namespace

std::vector<std::uint8_t> payload_of(const SendOptions& options, const Knock& knock,
                                     const ChainSecret& chain) {
    if (!options.plain) return signed_bytes(options, knock, chain);
    if (knock.address.empty()) return {knock.value.view().begin(), knock.value.view().end()};
    const std::string line = format_compact(knock.value, TextForm::base32) + ' ' + knock.address.text();
    return {line.begin(), line.end()};
}

std::string name_of(const SendOptions& options, const Knock& knock, const ChainSecret& chain) {
    (void)check_name_fits(options);
    const std::string front =
        options.plain ? to_lower(format_compact(knock.value, TextForm::base32)) + in_label(knock.address)
                      : in_labels(to_lower(to_base32(signed_bytes(options, knock, chain))));
    return front + '.' + options.profile().zone;
}

std::size_t check_name_fits(const SendOptions& options) {
    constexpr std::size_t longest_plain_label = 26 + 1 + 32; // base32, `-`, an address of IPv6
    const std::size_t bytes = smallest_signed_knock + options.argument.size();
    const std::size_t digits = (bytes * 8 + 4) / 5;
    const std::size_t front = options.plain ? longest_plain_label : digits + (digits - 1) / longest_label;
    // In wire form a name has an octet more than its text has characters for each end.
    if (front + 1 + options.profile().zone.size() + 2 > longest_name) {
        throw Error(fmt::format(
            "the knock does not fit into a name of the DNS under {}; send it by another way "
            "(--via){}",
            options.profile().zone, options.argument.empty() ? "" : ", or take a shorter argument"));
    }
    return front;
}

} // namespace otk
