#include "net/dns.h"

#include "base/promise.h"
#include "net/dns_name.h"
#include "net/dns_numbers.h"

#include <algorithm>

namespace otk {

namespace {

// IANA's DNS parameters.
constexpr std::uint16_t type_a = 1;
constexpr std::uint16_t type_ns = 2;
constexpr std::uint16_t type_soa = 6;
constexpr std::uint16_t type_txt = 16;
constexpr std::uint16_t type_aaaa = 28;
constexpr std::uint16_t type_any = 255;
constexpr std::uint16_t class_in = 1;
constexpr std::uint8_t rcode_refused = 5;

// RFC 1035 section 4.1.1.
constexpr unsigned flag_authoritative = 0x0400;

constexpr std::size_t header_size = 12;
constexpr std::size_t flags_at = 2;
constexpr std::size_t question_count_at = 4;

// The sections behind the question, by where the header counts them.
enum class Section : std::uint8_t { answer = 6, authority = 8, additional = 10 };

// RFC 6891: what we take in one datagram, a size that no path in use splits, and the bits of the TTL field.
constexpr std::size_t opt_size = 11;
constexpr std::uint16_t our_payload_size = 1232;
constexpr std::uint32_t bad_version = std::uint32_t{1} << 24; // the upper 8 bits of RCODE 16

constexpr std::size_t longest_text = 255; // RFC 1035 section 3.3: of a <character-string>
constexpr std::uint32_t no_data_ttl = 0; // of the SOA; and its minimum: no resolver keeps a NODATA (RFC 2308)
constexpr std::uint32_t text_ttl = 0;    // a door's remaining seconds are another number soon
constexpr std::uint32_t server_ttl = 3600;  // seconds, of NS and its addresses; every knock needs them
constexpr std::uint32_t soa_serial = 1;     // there is nothing to transfer, so it never changes
constexpr std::uint32_t soa_refresh = 3600; // seconds, as are the next two; nobody is secondary for the zone
constexpr std::uint32_t soa_retry = 1200;
constexpr std::uint32_t soa_expire = 604800;

// Builds the message within `limit` bytes. A record that does not fit leaves no trace.
class Writer {
  public:
    Writer(Answer& answer, std::size_t limit, const Question& question) :
        answer_(answer), limit_(limit), question_(question) {}

    void u8(std::uint8_t value) { put(Bytes(&value, 1)); }
    void u16(std::uint16_t value) {
        put(std::array<std::uint8_t, 2>{static_cast<std::uint8_t>(value >> 8),
                                        static_cast<std::uint8_t>(value)});
    }
    void u32(std::uint32_t value) {
        u16(static_cast<std::uint16_t>(value >> 16));
        u16(static_cast<std::uint16_t>(value));
    }
    void put(Bytes bytes) {
        if (overflow_ || bytes.size() > limit_ - answer_.size) {
            overflow_ = true;
            return;
        }
        std::copy(bytes.begin(), bytes.end(),
                  answer_.bytes.begin() + static_cast<std::ptrdiff_t>(answer_.size));
        answer_.size += bytes.size();
    }

    // A name, pointing into the question's name for as many of its last labels as stand there too (RFC
    // 1035 4.1.4).
    void name(Bytes wire) {
        std::size_t at = 0;
        for (; wire[at] != 0; at += std::size_t{1} + wire[at]) {
            if (const auto in_question = find_suffix(question_.name, wire.subspan(at))) {
                put(wire.first(at));
                u16(static_cast<std::uint16_t>(0xc000U | (header_size + *in_question)));
                return;
            }
        }
        put(wire);
    }

    // A record of class IN whose data `write_data` writes. False when it did not fit.
    template <typename WriteData>
    bool record(Section section, Bytes owner, std::uint16_t type, std::uint32_t ttl, WriteData write_data) {
        const std::size_t before = answer_.size;
        name(owner);
        u16(type);
        u16(class_in);
        u32(ttl);
        const std::size_t length_at = answer_.size;
        u16(0);
        write_data();
        if (overflow_) {
            answer_.size = before;
            overflow_ = false;
            return false;
        }
        patch(length_at, answer_.size - length_at - 2);
        count(section);
        return true;
    }

    void count(Section section) {
        const auto at = static_cast<std::size_t>(section);
        patch(at, (std::size_t{answer_.bytes[at]} << 8 | answer_.bytes[at + 1]) + 1);
    }
    // Overwrites 16 bits that are there already.
    void patch(std::size_t at, std::size_t value) {
        answer_.bytes[at] = static_cast<std::uint8_t>(value >> 8);
        answer_.bytes[at + 1] = static_cast<std::uint8_t>(value);
    }
    void set_truncated() { answer_.bytes[flags_at] |= static_cast<std::uint8_t>(flag_truncated >> 8); }
    void allow_more(std::size_t bytes) { limit_ += bytes; }
    [[nodiscard]] bool overflow() const { return overflow_; }

  private:
    Answer& answer_;
    std::size_t limit_;
    const Question& question_;
    bool overflow_ = false;
};

void write_header(Writer& writer, const Question& question, std::uint8_t rcode) {
    const unsigned authoritative = rcode == rcode_refused ? 0 : flag_authoritative;
    const unsigned recursion_desired = question.recursion_desired ? flag_recursion_desired : 0;
    writer.u16(question.id);
    writer.u16(static_cast<std::uint16_t>(flag_response | authoritative | recursion_desired | rcode));
    writer.put(std::array<std::uint8_t, 8>{});
    writer.patch(question_count_at, 1);
    writer.put(question.section);
}

// RFC 6891 section 6.1.2: its name is the root, its class a size and its TTL flags, so it is no record like
// the others.
void write_opt(Writer& writer, const Question& question, bool supported_version) {
    writer.u8(0);
    writer.u16(type_opt);
    writer.u16(our_payload_size);
    writer.u32((supported_version ? 0 : bad_version) | (question.dnssec_ok ? opt_dnssec_ok : 0));
    writer.u16(0);
    writer.count(Section::additional);
}

bool write_soa(Writer& writer, Section section, Bytes zone) {
    return writer.record(section, zone, type_soa, no_data_ttl, [&] {
        writer.name(zone);
        writer.u8(0);
        writer.u32(soa_serial);
        writer.u32(soa_refresh);
        writer.u32(soa_retry);
        writer.u32(soa_expire);
        writer.u32(no_data_ttl);
    });
}

bool write_ns(Writer& writer, const ZoneData& data) {
    return writer.record(Section::answer, data.zone.wire(), type_ns, server_ttl,
                         [&] { writer.name(data.server.wire()); });
}

bool wanted(std::uint16_t type, Family family) {
    if (type == type_any) return family != Family::none;
    return (type == type_a && family == Family::ipv4) || (type == type_aaaa && family == Family::ipv6);
}

struct Written {
    std::size_t records = 0;
    bool all = true;
};

// The server's addresses that a question for `type` asks for.
Written write_addresses(Writer& writer, Section section, std::uint16_t type, const ZoneData& data,
                        const Address& addressed_to) {
    const std::span<const Address> addresses =
        data.addresses.empty() ? std::span(&addressed_to, 1) : std::span(data.addresses);
    Written written;
    for (const Address& address : addresses) {
        if (!wanted(type, address.family())) continue;
        const std::uint16_t address_type = address.family() == Family::ipv4 ? type_a : type_aaaa;
        const bool fits = writer.record(section, data.server.wire(), address_type, server_ttl,
                                        [&] { writer.put(address.bytes()); });
        if (fits) ++written.records;
        written.all = written.all && fits;
    }
    return written;
}

bool in_zone(const ZoneData& data) { return find_suffix(data.server.wire(), data.zone.wire()).has_value(); }

// RFC 1035 section 3.3.14: one <character-string>, whose length is its first octet.
bool write_text(Writer& writer, const Question& question, std::string_view text) {
    return writer.record(Section::answer, question.name, type_txt, text_ttl, [&] {
        writer.u8(static_cast<std::uint8_t>(text.size()));
        writer.put(as_bytes(text));
    });
}

// The answer section. Returns false when the name has nothing of that type, and true also when it did not
// fit.
bool write_data(Writer& writer, const Question& question, const ZoneData& data, const Below& below,
                const Address& addressed_to, std::string_view text) {
    const bool any = question.type == type_any;
    if (below.labels == 0 && (any || question.type == type_soa)) {
        if (!write_soa(writer, Section::answer, data.zone.wire())) writer.set_truncated();
        return true;
    }
    if (below.labels == 0 && question.type == type_ns) {
        if (!write_ns(writer, data)) {
            writer.set_truncated();
        } else if (in_zone(data)) {
            write_addresses(writer, Section::additional, type_any, data, addressed_to);
        }
        return true;
    }
    const bool asks_for_server =
        in_zone(data) && find_suffix(question.name, data.server.wire()) == std::size_t{0};
    if (!asks_for_server) {
        if (below.labels == 0) return false;
        return !text.empty() && asks_for_text(question) && write_text(writer, question, text);
    }
    const Written written = write_addresses(writer, Section::answer, question.type, data, addressed_to);
    if (!written.all) writer.set_truncated();
    return written.records > 0 || !written.all;
}

} // namespace

bool asks_for_text(const Question& question) {
    return question.class_ == class_in && (question.type == type_txt || question.type == type_any);
}

Answer answer_question(const Question& question, std::size_t asked, const ZoneData& data, const Below& below,
                       const Address& addressed_to, std::string_view text) {
    promise(text.size() <= longest_text, "a TXT record of one string has at most 255 bytes");
    promise(asked >= header_size + question.section.size(), "a DNS question is shorter than its own section");
    const bool refused = question.class_ != class_in;
    const bool supported_version = question.edns_version == 0;

    // OPT comes last, in the additional section, so its place is kept free.
    const std::size_t kept_for_opt = question.edns ? opt_size : 0;
    Answer answer{};
    Writer writer(answer, std::min(2 * asked, largest_answer) - kept_for_opt, question);
    write_header(writer, question, refused ? rcode_refused : 0);
    if (!refused && supported_version && !write_data(writer, question, data, below, addressed_to, text)) {
        write_soa(writer, Section::authority, data.zone.wire());
    }
    writer.allow_more(kept_for_opt);
    if (question.edns) write_opt(writer, question, supported_version);
    promise(!writer.overflow(), "a DNS answer without records is longer than its question allows");
    return answer;
}

} // namespace otk
