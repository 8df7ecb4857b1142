// What knockd's processes say to each other (DESIGN 7; knockd-forward: see forward_messages.h). One fixed
// struct each, trivially copyable, first a Kind; sent and received whole over SOCK_SEQPACKET, alone or
// several together (knockd/bundle.h). The receiver checks kind, size and every field that it uses: a message
// that breaks its contract ends the sender (the monitor kills a child; a child that gets one from the monitor
// aborts).
//
// clang-format off
//   descriptor   knockd-capture              knockd-validate
//   3            to and from the monitor     to and from the monitor
//   4            to and from validate        to and from capture
//   5            the pcap file (--read)      -
//
//   monitor  -> capture    CaptureSetup, CaptureBegin (not with --read)
//   monitor  -> validate   ValidateSetup, Done, Output, Release
//   capture  -> monitor    CaptureOpened (not with --read), CaptureReady, CaptureCounters, LastWord
//   capture  -> validate   Begin, Hit, Request, Arrived, Asked, Ended
//   validate -> monitor    Held, ValidateReady, Act, Stored, Released, Report, ValidateCounters, BrokenCapture, Ended, LastWord
//   validate -> capture    Watch, Confirm, Expect, Forget, Reply
// clang-format on
//
// The monitor keeps both ends of the pair between capture and validate open and gives the same end to a
// restarted child, so that the other goes on and what is queued between them survives. It never reads or
// writes there. A restarted capture says Begin; validate answers, as at its own start, with a Watch that
// begins with `reset` and the whole set after it.
//
// All integers are in host order: both ends run on one machine from one build; `protocol` in the set-up and
// the size of each struct prove it. Structs of untrusted children hold no bool: reading one that is neither 0
// nor 1 is undefined.
#pragma once

#include "knockd/message_kinds.h"
#include "knockd/setup_messages.h"
#include "net/address.h"
#include "net/knock.h"
#include "net/request_shape.h"
#include "otp/algorithm.h"
#include "otp/value.h"
#include "policy/decide.h"
#include "store/ledger.h"

#include <array>
#include <cstdint>

namespace otk::message {

// Running totals since capture started; once a second, so that the monitor knows that it works, and before it
// ends.
struct CaptureCounters {
    Kind kind = Kind::capture_counters;
    std::uint64_t seen = 0;         // frames that passed the kernel's filter
    std::uint64_t lost = 0;         // dropped by the kernel for want of room
    std::uint64_t unread = 0;       // malformed, fragments, not a carrier
    std::uint64_t noise = 0;        // read, but no knock
    std::uint64_t hits = 0;         // for validate
    std::uint64_t waiting = 0;      // of these, now: not yet sent, because validate is behind
    std::uint64_t held_back = 0;    // values that came again too often, or too soon, to report each time
    std::uint64_t answered = 0;     // DNS answers sent
    std::uint64_t not_answered = 0; // over the rate, or not sendable
    std::uint64_t switches = 0;     // how often reading changed to the ring for floods
    std::uint64_t syns = 0;         // dynamic mode: SYN segments that were compared
    std::uint64_t asked = 0;        // dynamic mode: P2 of a known request, for validate
    std::uint64_t replied = 0;      // dynamic mode: P3 sent
    friend bool operator==(const CaptureCounters&, const CaptureCounters&) = default;
};

// Capture has started and knows no image yet.
struct Begin {
    Kind kind = Kind::begin;
};

// What capture shall look for. Batched: a million images at start are a few thousand messages.
struct WatchEntry {
    enum class What : std::uint8_t {
        reset = 1, // forget everything
        complete,  // all that was to be said for now has been said
        add_image,
        remove_image,
        add_known,
        add_new_known, // likewise; it became known within the last minute
        remove_known,
    } what{};
    Algorithm algorithm{};
    Value value;
};
struct Watch {
    Kind kind = Kind::watch;
    std::uint32_t count = 0;
    std::array<WatchEntry, 128> entries{};
};

// A value that hashes to an image, or a known (spent) one. Validate hashes again and believes nothing else
// but what nobody could check: where the packet came from.
struct Hit {
    Kind kind = Kind::hit;
    Algorithm algorithm{};
    std::uint8_t steps = 0; // 0: a known value; else 1 to window
    Carrier carrier{};
    std::uint8_t hops_left = 0;
    Value value;
    Address source;
    Address destination;
    Address named;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::int64_t at = 0; // ns since 1970, of the packet
    // The value came in a signed knock or a dynamic request (P1) of so many bytes, which follow in a Request.
    // 0: it came plain.
    std::uint16_t request_size = 0;
};
// The whole message that the value of the Hit before it came in.
struct Request {
    Kind kind = Kind::request;
    std::uint32_t size = 0;
    std::array<std::uint8_t, largest_request> bytes{};
};

// Dynamic mode (DESIGN 6). A request was accepted: capture looks for its SYNs, and for P2 with its id. One of
// the same number takes the place of the one before. After a Begin of capture all of them are said again,
// behind the Watch that begins with `reset`, which forgets them, too.
inline constexpr std::size_t most_sessions = 4096; // not forgotten yet
struct Expect {
    Kind kind = Kind::expect;
    std::uint64_t session = 0; // the row of the request in the ledger, so never used twice
    DynamicId id{};
    Address source; // whose SYNs
    struct Syn {
        std::uint16_t port = 0;
        std::uint32_t sequence = 0;
    };
    std::array<Syn, 3> syns{};
    std::uint8_t ignore_sequence = 0; // 0 or 1
    std::uint8_t syns_wanted = 0;     // 0: they have come already, only P2 is looked for
};
struct Forget {
    Kind kind = Kind::forget;
    std::uint64_t session = 0;
};
// All three SYNs have come.
struct Arrived {
    Kind kind = Kind::arrived;
    std::uint64_t session = 0;
};
// A P2 of the request, as it came: capture knows no keys.
struct Asked {
    Kind kind = Kind::asked;
    std::uint64_t session = 0;
    std::array<std::uint8_t, dynamic_message_size> bytes{};
};
// P3, to be sent to where P1 came from, from where it went to.
struct Reply {
    Kind kind = Kind::reply;
    Address from;
    Address to;
    std::uint16_t from_port = 0;
    std::uint16_t to_port = 0;
    std::array<std::uint8_t, dynamic_message_size> bytes{};
};

// A spent knock that policy allows: the commit has returned. The monitor looks up everything else itself.
struct Act {
    Kind kind = Kind::act;
    Head row; // the accepted row and its hash
    GrantId grant{};
    Count count = 0;
    Carrier carrier{};
    Address source;
    Address named;
    Address address;
    std::int64_t at = 0; // of acceptance, ns since 1970
    // Of a command that lasts: the hold that the knock began (then this is its own row) or prolonged. 0:
    // none.
    RowNumber hold{};
    std::int64_t deadline = 0;  // of the hold, ns since 1970
    std::uint16_t port = 0;     // forward: the one that the knock determines
    std::int64_t last_used = 0; // when a knock of the grant was accepted before, ns since 1970; 0: never
    Text<260> argument;         // of a signed knock; the monitor compares it with the command's pattern again
    std::uint8_t is_signed = 0; // 1: validate has verified a signature over it (also of a dynamic request)
    // After a restart of validate, right behind ValidateReady and no more once anything else was said: the
    // row was committed earlier and has no end yet. The monitor answers with Done if it knows the end or
    // never started it (interrupted), and not at all while the command runs. 0 or 1.
    std::uint8_t ask_only = 0;
    // With ask_only: `row` is an undo row of the hold `hold`. One that was never started is started now. 0
    // or 1.
    std::uint8_t undo = 0;
    // Of a dynamic request (DESIGN 6), which comes twice: when it was accepted, without a hold, and when it
    // is known what became of its SYNs. Then `row` is not the newest row any more.
    enum class Stage : std::uint8_t {
        at_once = 0, // every other knock
        waits,       // the first time: nothing is opened yet
        arrived,     // open the door; the hold is durable
        no_syns,     // they did not come in time: end it
        replaced,    // a newer request of the grant took its place: end it
        not_held,    // they came, but the hold could not be written into the ledger: end it
    } stage{};
};

// A door or an undo that waits; at each start of validate all of them, before ValidateReady.
struct Held {
    Kind kind = Kind::held;
    RowNumber row{}; // of the knock that began it
    GrantId grant{};
    Address address;
    Count count = 0; // of that knock
    Carrier carrier{};
    std::uint16_t port = 0;    // forward
    std::int64_t deadline = 0; // ns since 1970
    Text<260> argument;        // of that knock
};

// A hold is over, or shall be: validate takes it out of the ledger and answers with Released.
struct Release {
    Kind kind = Kind::release;
    RowNumber row{}; // the hold's
    enum class Why : std::uint8_t { time = 1, revoked, by_knock, by_administrator, not_begun, lost } why{};
    bool undo = false; // there is something to undo: the row in the ledger is an undo row
    // With Why::time: when the ledger has a later one, a knock has prolonged the hold; then nothing happens
    // and nothing is answered, because its Act is on the way.
    std::int64_t deadline = 0;
};

// The hold is out of the ledger: now is the time to undo.
struct Released {
    Kind kind = Kind::released;
    RowNumber hold{};
    Head row;              // the closed or undo row; row 0: there was no such hold (any more)
    std::uint8_t undo = 0; // 1: an undo row, which the monitor answers with a Done
};

// How a command ended; kept and repeated by the monitor until Stored comes back.
struct Done {
    Kind kind = Kind::done;
    RowNumber row{};
    Outcome outcome{};
    Refusal refusal = Refusal::none;
    std::int64_t status = 0;
    std::int64_t duration_ms = 0;
    std::uint32_t output_size = 0; // bytes that follow in Output messages
    bool output_truncated = false;
    std::uint16_t port = 0;    // opened and prolonged: the door's
    std::int64_t deadline = 0; // likewise: until when, ns since 1970
    Text<128> text;
};
// The output in order, after its Done; all full but the last.
struct Output {
    Kind kind = Kind::output;
    RowNumber row{};
    std::uint32_t size = 0;
    std::array<std::uint8_t, 4096> bytes{};
};
inline constexpr std::uint32_t largest_output = 64 * 1024;

// The end is in the ledger.
struct Stored {
    Kind kind = Kind::stored;
    RowNumber row{};
    Head head;
};

// For the journal (and, later, alerts): what happened that is no act. The monitor makes the text.
struct Report {
    Kind kind = Kind::report;
    enum class What : std::uint8_t {
        refused = 1,
        replay,
        late,
        contested,
        duplicate,
        same_image,
        not_signed, // refused for want of a valid signature, and not spent
    } what{};
    Refusal refusal = Refusal::none;
    Head row;
    GrantId grant{};
    Count count = 0;
    Carrier carrier{};
    Address source;
    Address named;
    Address other_source; // contested: where the first one came from, and what it named
    Address other_named;
    std::int64_t at = 0;
};

// Knocks that were spent, and known values that came again, also those that made no row; running totals since
// validate started, soon after something changed and at least once a second: so the monitor knows that it
// works.
struct ValidateCounters {
    Kind kind = Kind::validate_counters;
    std::uint64_t spent = 0;         // accepted and refused ones
    std::uint64_t commits = 0;       // transactions that they took together
    std::uint64_t largest_batch = 0; // most hits that were judged together
    std::uint64_t duplicates = 0;
    std::uint64_t replays = 0;
    std::uint64_t late = 0;
    std::uint64_t lost = 0; // knocks that could not be spent, and stay valid
    // Hits of no chain any more: between capture's look and ours the chain went beyond the window from them,
    // or its grant was removed or renewed. (Or capture lies.)
    std::uint64_t stale = 0;
    std::uint64_t not_signed = 0;       // values of a chain without the valid signature that it demands
    std::uint64_t signature_checks = 0; // Ed25519
    std::uint64_t exchanges = 0;        // X25519
    std::uint64_t requests_waiting = 0; // dynamic requests now: for their SYNs, or for their door
    std::uint64_t requests_open = 0;    // now: with an open door
    std::uint64_t few_left = 0;         // now: enabled grants with 1 to `few_left` knocks of the set-up left
    std::uint64_t exhausted = 0;        // now: likewise with none
    std::uint64_t refusing = 0; // now: 1 when the newest knock could not be spent, a minute ago at most
    friend bool operator==(const ValidateCounters&, const ValidateCounters&) = default;
};

// Capture sent something that breaks its contract: the monitor ends it.
struct BrokenCapture {
    Kind kind = Kind::broken_capture;
};

// What became of a knock, for whoever repeats its name over dns within a minute (DESIGN 4): "open 50123" with
// a deadline, from which capture makes "open 50123 27s", "refused hours", "done 0". A later one for the same
// value replaces it.
struct Confirm {
    Kind kind = Kind::confirm;
    Algorithm algorithm{};
    Value value;
    Text<40> text;
    std::int64_t deadline = 0; // ns since 1970; 0: none
};

// The end of a pcap file has been reached and everything before it was sent on (--read).
struct Ended {
    Kind kind = Kind::ended;
};

} // namespace otk::message
