// The kernel's packet filter: what reaches capture at all (DESIGN 4 and 7).
#pragma once

#include "knockd/messages.h"
#include "net/packet.h"

#include <string>

namespace otk {

// A filter expression of pcap-filter(7) for this set-up. What the expression cannot tell (IPv6 extension
// headers) passes and is decided by decode_packet.
[[nodiscard]] std::string filter_expression(const message::CaptureSetup& setup, LinkType link);

} // namespace otk
