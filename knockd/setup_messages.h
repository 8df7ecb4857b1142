// The first message to each helper of knockd, and its answer: what it shall do, and that it is ready (DESIGN
// 7; the rules for all messages: knockd/messages.h).
#pragma once

#include "config/config.h"
#include "knockd/message_kinds.h"
#include "net/address.h"
#include "otp/algorithm.h"
#include "store/ledger.h"

#include <array>
#include <cstdint>

namespace otk::message {

// The first message to capture. Names and zones are those of the checked configuration.
struct CaptureSetup {
    Kind kind = Kind::capture_setup;
    std::uint32_t version = protocol;
    bool offline = false; // read the pcap file at descriptor 5 instead of interfaces
    bool udp = false;
    bool icmp = false;
    bool dns = false; // false when there is no zone
    bool dns_answer = false;
    bool dns_confirm = false;
    bool dynamic = false;
    std::uint8_t algorithms = 0; // set of bit(Algorithm)
    std::uint8_t window = 0;     // 1 to largest_window
    std::uint32_t dns_rate = 0;  // answers a second
    std::uint16_t dynamic_port = 0;
    std::uint16_t port_count = 0;
    std::uint16_t interface_count = 0;
    std::uint16_t zone_count = 0;
    std::uint16_t listen_count = 0;
    std::array<std::uint16_t, most_ports> ports{};
    std::array<Text<16>, most_interfaces> interfaces{}; // IFNAMSIZ
    std::array<Text<256>, most_zones> zones{};
    Text<256> name_server; // `ns` of the configuration
    std::array<Address, most_listen_addresses> listen{};
    Text<33> run_as;      // account to become; empty without root
    Text<512> empty_root; // the directory to be confined to; used with run_as
};

// The devices are open and fill; nothing has been read yet, nobody listens to validate, and privileges are
// still there. So a capture that is to take another one's place misses nothing while that one still reads.
struct CaptureOpened {
    Kind kind = Kind::capture_opened;
};
// The answer, when nobody else reads (any more): bind what answers leave from, give up privileges, read.
struct CaptureBegin {
    Kind kind = Kind::capture_begin;
};

// The devices are open, the filters locked, privileges gone, the sandbox entered.
struct CaptureReady {
    Kind kind = Kind::capture_ready;
    std::uint32_t answering = 0;     // addresses at whose port 53 it answers
    std::uint32_t not_answering = 0; // others, where it cannot
    Text<512> trouble;               // why not, at the first of these; of printable ASCII
};

// The first message to validate.
struct ValidateSetup {
    Kind kind = Kind::validate_setup;
    std::uint32_t version = protocol;
    bool dry_run = false; // --read: on a copy of the ledger, by the packets' own time
    bool have_mark = false;
    bool confirm = false; // capture can tell over dns what became of a knock
    bool dynamic = false;
    std::uint8_t algorithms = 0;
    std::uint8_t window = 0;
    PortRange forward_ports;
    std::int64_t clock_skew = 0; // s, of a signed request
    std::int64_t keep = 0;       // s, rows of the ledger; 0: for ever
    std::int64_t output_keep = 0;
    Count few_left = 0;  // knocks; a grant with so many or fewer is counted as one that will soon run out
    Head mark;           // the newest row the monitor acted on
    Text<512> policy_db; // as seen from inside `root`
    Text<512> ledger_db;
    Text<512> server_keys; // the directory of the server's private keys
    Text<512> root;        // directory to be confined to; empty without root
    Text<33> run_as;       // account to become; empty without root
};

// From capture or validate, instead of being ready: why it ends now. Of one that was ready it says nothing.
struct LastWord {
    Kind kind = Kind::last_word;
    Text<400> why; // of printable ASCII
};

enum class Acceptance : std::uint8_t {
    open = 1,
    no_ledger,         // missing
    other_ledger,      // another id than policy.db names
    older_ledger,      // lacks the marked row
    damaged_ledger,    // cannot be read
    locked_ledger,     // another process writes it
    unwritable_ledger, // its file system is full or read-only
};

struct ValidateReady {
    Kind kind = Kind::validate_ready;
    Acceptance acceptance{};
    Head head;
    std::uint64_t grants = 0; // live ones
};

} // namespace otk::message
