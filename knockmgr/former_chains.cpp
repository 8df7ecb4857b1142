#include "knockmgr/former_chains.h"

#include "knockmgr/output.h"
#include "otp/token.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The fields of an enrolment are those of a token, and whoever reads tokens knows what they may be.
std::optional<Enrolment> enrolment_of(const Json& grant) {
    const auto length = grant.find("length");
    if (length == grant.end() || !length->is_number_unsigned()) return std::nullopt;
    const std::string key = text_at(grant, "public_key");
    const auto parsed = parse_token(fmt::format("otk1:{}:{}:{}:{}{}{}", text_at(grant, "algorithm"),
                                                length->get<std::uint64_t>(), text_at(grant, "seed"),
                                                text_at(grant, "image"), key.empty() ? "" : ":", key));
    if (!parsed) return std::nullopt;
    return *parsed;
}

} // namespace

std::vector<FormerChain> former_chains(const PolicyStore& store) {
    std::vector<FormerChain> chains;
    for (const Change& change : store.changes(std::numeric_limits<std::size_t>::max())) {
        const bool removed = change.what == "grant remove";
        if (!removed && change.what != "grant renew") continue;
        const Json before = Json::parse(change.before, nullptr, false);
        if (!before.is_object()) continue;
        const auto enrolment = enrolment_of(before);
        if (!enrolment) continue;
        FormerChain chain;
        chain.grant.user.name = text_at(before, "user");
        chain.grant.command.name = text_at(before, "command");
        chain.grant.grant.enrolment = *enrolment;
        chain.grant.grant.chain = chain_id(*enrolment);
        chain.until = change.at;
        chain.who = change.who;
        chain.removed = removed;
        chains.push_back(std::move(chain));
    }
    std::reverse(chains.begin(), chains.end()); // the store gives the newest first
    return chains;
}

} // namespace otk::knockmgr
