// What the journal says about knocks, one line each (DESIGN 10).
#pragma once

#include "knockd/messages.h"
#include "knockd/monitor/doorway.h"
#include "store/policy_store.h"
#include "sys/priority.h"

#include <optional>
#include <string>

namespace otk {

// "anna/sshd" from policy.db, or "grant 7" when it is gone.
[[nodiscard]] std::string grant_label(const std::optional<GrantDetails>& details, GrantId grant);

// "from 192.0.2.7 (unproven) by udp": anybody can forge the sender of these carriers.
[[nodiscard]] std::string origin(const Address& source, Carrier carrier, const Address& named);

[[nodiscard]] std::string line_of(const message::Act& act, const std::string& label,
                                  const std::string& verdict);
[[nodiscard]] std::string line_of(const message::Report& report, const std::string& label);
[[nodiscard]] std::string line_of(const message::Done& done, const std::string& label);
[[nodiscard]] std::string line_of_claim(const OpenHold& hold, const Address& by);
// Where questions over dns are answered: "answered at 2 addresses", "NOT answered: cannot bind ...", or
// both; "" where none are to be answered.
[[nodiscard]] std::string line_of_answers(const message::CaptureReady& ready);

// How much they matter: what nobody wished for is a warning, what a stranger can cause is none.
[[nodiscard]] Priority priority_of(const message::Report& report);
[[nodiscard]] Priority priority_of(const message::Done& done);

// A TCP connection that a forwarding door refused. Its source is proven, because the handshake was completed:
// the one kind of line that the fail2ban filter matches (packaging/fail2ban).
[[nodiscard]] std::string line_of_refused_connection(const OpenHold& hold, const Address& source);

// Why nothing is accepted, and what to do.
[[nodiscard]] std::string line_of(message::Acceptance acceptance);
[[nodiscard]] Priority priority_of(message::Acceptance acceptance);
[[nodiscard]] std::string_view name_of(message::Acceptance acceptance); // "open", "no ledger", ...

} // namespace otk
