#include "net/dns.h"

#include "net/dns_numbers.h"

namespace otk {

namespace {

// RFC 1035 section 4.1.1, the 16 bits of flags.
constexpr unsigned flags_opcode = 0x7800;
constexpr std::uint16_t most_additional_records = 2;

// Takes one name off the reader. `name` is all of it, root octet included.
std::optional<NotAQuestion> read_name(Reader& reader, Bytes& name) {
    const Bytes from = reader.rest();
    std::size_t size = 0;
    for (;;) {
        const auto length = reader.u8();
        if (!length) return NotAQuestion::truncated;
        if (*length > longest_label) return NotAQuestion::pointer;
        size += std::size_t{1} + *length;
        if (size > longest_name) return NotAQuestion::bad_name;
        if (!reader.skip(*length)) return NotAQuestion::truncated;
        if (*length == 0) break;
    }
    name = from.first(size);
    return std::nullopt;
}

// RFC 1035 section 4.1.2.
std::optional<NotAQuestion> read_section(Reader& reader, Question& question) {
    const Bytes from = reader.rest();
    if (const auto reason = read_name(reader, question.name)) return reason;
    const auto type = reader.u16();
    const auto class_ = reader.u16();
    if (!type || !class_) return NotAQuestion::truncated;
    question.type = *type;
    question.class_ = *class_;
    question.section = from.first(from.size() - reader.size());
    return std::nullopt;
}

// One record of the additional section: OPT is noted, all else (a TSIG, say) is passed over.
std::optional<NotAQuestion> read_additional(Reader& reader, Question& question) {
    Bytes owner;
    if (const auto reason = read_name(reader, owner)) return reason;
    const auto type = reader.u16();
    const auto class_ = reader.u16();
    const auto ttl = reader.u32();
    const auto data_length = reader.u16();
    if (!type || !class_ || !ttl || !data_length) return NotAQuestion::truncated;
    if (!reader.skip(*data_length)) return NotAQuestion::truncated;
    if (*type != type_opt) return std::nullopt;

    constexpr std::size_t only_the_root_octet = 1;
    if (question.edns || owner.size() != only_the_root_octet) return NotAQuestion::bad_opt;
    question.edns = true;
    question.edns_version = static_cast<std::uint8_t>(*ttl >> 16);
    question.dnssec_ok = (*ttl & opt_dnssec_ok) != 0;
    return std::nullopt;
}

// Fills in the question; `additional` is the number of records behind it.
std::optional<NotAQuestion> read_header(Reader& reader, Question& question, std::uint16_t& additional) {
    const auto id = reader.u16();
    const auto flags = reader.u16();
    const auto questions = reader.u16();
    const auto answers = reader.u16();
    const auto authorities = reader.u16();
    const auto additionals = reader.u16();
    if (!id || !flags || !questions || !answers || !authorities || !additionals)
        return NotAQuestion::truncated;
    if ((*flags & flag_response) != 0) return NotAQuestion::response;
    if ((*flags & flags_opcode) != 0) return NotAQuestion::not_a_query;
    if ((*flags & flag_truncated) != 0) return NotAQuestion::truncated;
    if (*questions != 1) return NotAQuestion::many_questions;
    if (*answers != 0 || *authorities != 0) return NotAQuestion::other_sections;
    if (*additionals > most_additional_records) return NotAQuestion::other_sections;
    question.id = *id;
    question.recursion_desired = (*flags & flag_recursion_desired) != 0;
    additional = *additionals;
    return std::nullopt;
}

} // namespace

std::string_view name_of(NotAQuestion reason) {
    switch (reason) {
    case NotAQuestion::truncated: return "truncated";
    case NotAQuestion::response: return "response";
    case NotAQuestion::not_a_query: return "not a query";
    case NotAQuestion::many_questions: return "not one question";
    case NotAQuestion::other_sections: return "other sections";
    case NotAQuestion::pointer: return "compression pointer";
    case NotAQuestion::bad_name: return "name too long";
    case NotAQuestion::bad_opt: return "bad OPT record";
    case NotAQuestion::trailing: return "trailing bytes";
    }
    return "unknown";
}

Result<Question, NotAQuestion> parse_question(Bytes message) {
    Reader reader(message);
    Question question;
    std::uint16_t additional = 0;
    if (const auto reason = read_header(reader, question, additional)) return *reason;
    if (const auto reason = read_section(reader, question)) return *reason;
    for (; additional > 0; --additional) {
        if (const auto reason = read_additional(reader, question)) return *reason;
    }
    if (!reader.empty()) return NotAQuestion::trailing;
    return question;
}

} // namespace otk
