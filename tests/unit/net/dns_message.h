// DNS messages for tests: made by hand, and read back by glibc, which others wrote.
#pragma once

#include "net/dns.h"

#include <arpa/nameser.h>
#include <array>
#include <resolv.h>
#include <string>
#include <string_view>
#include <vector>

namespace otk::dns_message {

using Buffer = std::vector<std::uint8_t>;

inline void append_u16(Buffer& to, unsigned value) {
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
}

inline void append(Buffer& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// "a.b.c" in wire form; labels take any octet but the dot.
inline Buffer wire_name(std::string_view text) {
    Buffer wire;
    while (!text.empty()) {
        const std::string_view label = text.substr(0, text.find('.'));
        wire.push_back(static_cast<std::uint8_t>(label.size()));
        append(wire, as_bytes(label));
        text.remove_prefix(std::min(label.size() + 1, text.size()));
    }
    wire.push_back(0);
    return wire;
}

struct Fields {
    Buffer name;
    unsigned type = ns_t_a;
    unsigned class_ = ns_c_in;
    unsigned flags = 0x0100; // recursion desired, as stubs send it
    std::array<unsigned, 4> counts{1, 0, 0, 0};
    Buffer behind; // what follows the question
};

inline Buffer make(const Fields& fields) {
    Buffer message;
    append_u16(message, 0x1234);
    append_u16(message, fields.flags);
    for (const unsigned count : fields.counts) {
        append_u16(message, count);
    }
    append(message, fields.name);
    append_u16(message, fields.type);
    append_u16(message, fields.class_);
    append(message, fields.behind);
    return message;
}

// An OPT record (RFC 6891) of 11 bytes.
inline Buffer opt(unsigned ttl_high = 0, unsigned ttl_low = 0) {
    Buffer record{0};
    for (const unsigned value : {unsigned{ns_t_opt}, 1232U, ttl_high, ttl_low, 0U}) {
        append_u16(record, value);
    }
    return record;
}

// What glibc reads in a message: flags as "aa rd", then each section's records, "OWNER TTL TYPE DATA". OPT,
// which is no record like the others, as "OPT SIZE TTL LENGTH"; a question as "NAME CLASS TYPE".
struct Read {
    bool valid = false;
    int id = 0;
    int rcode = 0;
    std::string flags;
    std::vector<std::string> questions, answers, authorities, additionals;
};

// Takes a name off the front of `data`, wherever compression leads.
inline std::string take_name(const ns_msg& message, Bytes& data) {
    std::array<char, NS_MAXDNAME> name{};
    const int size =
        dn_expand(ns_msg_base(message), ns_msg_end(message), data.data(), name.data(), name.size());
    if (size < 0) return "unreadable name";
    data = data.subspan(static_cast<std::size_t>(size));
    return name[0] == '\0' ? "." : name.data();
}

inline std::string data_text(const ns_msg& message, const ns_rr& record) {
    Bytes data(ns_rr_rdata(record), ns_rr_rdlen(record));
    switch (const int type = ns_rr_type(record)) {
    case ns_t_a:
        return data.size() == 4 ? "A " + Address::ipv4(data.subspan<0, 4>()).text() : "A of a wrong size";
    case ns_t_aaaa:
        return data.size() == 16 ? "AAAA " + Address::ipv6(data.subspan<0, 16>()).text()
                                 : "AAAA of a wrong size";
    case ns_t_ns: {
        const std::string name = take_name(message, data);
        return "NS " + name + (data.empty() ? "" : " and more");
    }
    case ns_t_soa: {
        std::string text = "SOA " + take_name(message, data);
        text += " " + take_name(message, data);
        Reader numbers(data);
        while (const auto number = numbers.u32()) {
            text += " " + std::to_string(*number);
        }
        return text;
    }
    case ns_t_txt: { // each <character-string> in brackets
        std::string text = "TXT";
        Reader strings(data);
        while (const auto size = strings.u8()) {
            const auto string = strings.take(*size);
            text += string ? " [" + std::string(as_text(*string)) + "]" : " cut off";
        }
        return text;
    }
    default: return "type " + std::to_string(type);
    }
}

inline std::string text_of(const ns_msg& message, ns_sect section, const ns_rr& record) {
    const std::string name = ns_rr_name(record);
    if (section == ns_s_qd) {
        return name + " " + std::to_string(ns_rr_class(record)) + " " + std::to_string(ns_rr_type(record));
    }
    const std::string ttl = std::to_string(ns_rr_ttl(record));
    if (ns_rr_type(record) == ns_t_opt) {
        return "OPT " + std::to_string(ns_rr_class(record)) + " " + ttl + " " +
               std::to_string(ns_rr_rdlen(record));
    }
    if (ns_rr_class(record) != ns_c_in) return name + " of another class";
    return name + " " + ttl + " " + data_text(message, record);
}

inline bool read_section(ns_msg& message, ns_sect section, std::vector<std::string>& into) {
    for (int i = 0; i < ns_msg_count(message, section); ++i) {
        ns_rr record;
        if (ns_parserr(&message, section, i, &record) != 0) return false;
        into.push_back(text_of(message, section, record));
    }
    return true;
}

inline Read read_with_glibc(Bytes bytes) {
    Read read;
    ns_msg message;
    if (ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &message) != 0) return read;
    read.id = ns_msg_id(message);
    read.rcode = ns_msg_getflag(message, ns_f_rcode);
    const auto flag = [&](ns_flag which, std::string_view name) {
        if (ns_msg_getflag(message, which) == 0) return;
        if (!read.flags.empty()) read.flags += ' ';
        read.flags += name;
    };
    flag(ns_f_qr, "qr");
    flag(ns_f_aa, "aa");
    flag(ns_f_tc, "tc");
    flag(ns_f_rd, "rd");
    flag(ns_f_ra, "ra");
    read.valid =
        read_section(message, ns_s_qd, read.questions) && read_section(message, ns_s_an, read.answers) &&
        read_section(message, ns_s_ns, read.authorities) && read_section(message, ns_s_ar, read.additionals);
    return read;
}

} // namespace otk::dns_message
