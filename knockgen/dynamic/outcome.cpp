#include "knockgen/dynamic/outcome.h"

#include "base/promise.h"
#include "base/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace otk {
namespace {

[[noreturn]] void no_answer(const Asked& asked, const Exchange::End& end) {
    if (!end.trouble.empty()) {
        throw Error(
            fmt::format("nothing could be sent to {} ({}): {}; check this host's network and firewall",
                        printable(asked.host), end.way.address.text(), end.trouble));
    }
    throw Error(fmt::format(
        "no answer from {} ({}) within {}. The request with knock {} may have arrived or not, and a server "
        "that finds anything wrong in it says nothing. Try again, which takes the next knock: {}; if that "
        "fails, too, check the clock of this host, that the profile is of this server and still valid, and "
        "the firewalls on the way; your administrator sees what arrived in knockmgr log; and {}",
        printable(asked.host), end.way.address.text(), format_duration(asked.timeout), asked.number,
        asked.again, asked.when_unheard));
}

[[noreturn]] void no_syns(const Asked& asked) {
    throw Error(fmt::format(
        "{} has the request, but not all of its three SYN segments reached it as declared. A firewall on the "
        "way drops or rewrites them, or they come from another address than the request: behind a NAT ask "
        "your administrator for `knockmgr grant set USER COMMAND --address source`, where sequence numbers "
        "are rewritten for `--isn ignore`",
        printable(asked.host)));
}

std::string in_brackets(const std::string& remark) { return remark.empty() ? "" : " (" + remark + ")"; }

} // namespace

std::string about_nat(const Exchange::End& end) {
    if (!end.answer || end.answer->seen.empty() || end.answer->seen == *end.way.own) return "";
    return fmt::format(
        "the server sees us as {}, not as {}: a NAT is on the way, and whoever shares it with us "
        "can use the door, too",
        end.answer->seen.text(), end.way.own->text());
}

void demand_open(const Asked& asked, const Exchange::End& end) {
    if (!end.answer) no_answer(asked, end);
    const std::string host = printable(asked.host);
    switch (end.answer->status) {
    case DynamicStatus::open: return;
    case DynamicStatus::waiting: no_syns(asked);
    case DynamicStatus::refused:
        throw Error(fmt::format("{} refused knock {} by its rules{}; your administrator sees the reason in "
                                "knockmgr log",
                                host, asked.number, in_brackets(about_nat(end))));
    case DynamicStatus::failed:
        throw Error(
            fmt::format("{} could not open a door for knock {}; your administrator sees the reason in "
                        "knockmgr log",
                        host, asked.number));
    case DynamicStatus::over:
        throw Error(fmt::format("{} has given knock {} up: the SYN segments did not come in time, a newer "
                                "request took its place, or the door is closed again",
                                host, asked.number));
    }
    throw Error(
        fmt::format("{} gave an answer that this program does not know; take the server's version", host));
}

std::string as_json(const Asked& asked, const Exchange::End& end) {
    promise(end.answer && end.answer->status == DynamicStatus::open, "there is a door to be described");
    const nlohmann::ordered_json door{
        {"host", asked.host},
        {"address", end.way.address.text()},
        {"port", end.answer->port},
        {"seconds", end.answer->seconds},
        {"number", asked.number},
        {"own_address", end.way.own->text()},
        {"seen_as", end.answer->seen.text()},
    };
    return door.dump() + '\n';
}

} // namespace otk
