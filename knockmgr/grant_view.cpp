#include "knockmgr/grant_view.h"

#include "base/text.h"
#include "knockmgr/grant_rules.h"
#include "knockmgr/output.h"
#include "otp/token.h"

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string left_text(const std::optional<Positions>& positions, const Grant& grant) {
    return positions ? std::to_string(knocks_left(*positions, grant)) : "?";
}

Json left_json(const std::optional<Positions>& positions, const Grant& grant) {
    return positions ? Json(knocks_left(*positions, grant)) : Json();
}

Json text_json(const std::string& text) { return text.empty() ? Json() : Json(text); }

bool has_key(const Grant& grant) { return grant.enrolment.public_key.has_value(); }

Json json_of(const GrantDetails& details, const std::optional<Positions>& positions, Time now) {
    const Grant& grant = details.grant;
    return {{"user", details.user.name},
            {"command", details.command.name},
            {"enabled", grant.enabled},
            {"state", state_of(details, now)},
            {"must_be_renewed", grant.retired},
            {"knocks_left", left_json(positions, grant)},
            {"algorithm", name_of(grant.enrolment.algorithm)},
            {"length", grant.enrolment.length},
            {"seed", grant.enrolment.seed},
            {"image", to_hex(grant.enrolment.image.view())},
            {"chain", to_hex(grant.chain)},
            {"check_words", check_words(grant.enrolment)},
            {"created", json_time(grant.created)},
            {"public_key", grant.enrolment.public_key ? Json(to_hex(*grant.enrolment.public_key)) : Json()},
            {"host", text_json(grant.handover.host)},
            {"form", text_json(grant.handover.form)},
            {"made_here", grant.handover.made_here ? Json(*grant.handover.made_here) : Json()},
            {"rules", knockmgr::json_of(grant.rules, has_key(grant))}};
}

// What the next knock may be: the numbers of a lost run are skipped, up to the window of the configuration.
std::string next_text(const std::optional<Positions>& positions, const Grant& grant) {
    if (grant.retired)
        return "none: `knockmgr restore` retired the chain; `knockmgr grant renew` gives a new one";
    if (!positions) return "unknown";
    const Count left = knocks_left(*positions, grant);
    return left == 0 ? "none: the chain is used up; `knockmgr grant renew` gives a new one"
                     : std::to_string(left);
}

} // namespace

std::string state_of(const GrantDetails& grant, Time now) {
    if (grant.grant.retired) return "must be renewed";
    if (!grant.user.enabled) return "user disabled";
    if (!grant.command.enabled) return "command disabled";
    if (!grant.grant.enabled) return "disabled";
    const GrantRules& rules = grant.grant.rules;
    if (rules.not_before && now < *rules.not_before) return "not yet valid";
    if (rules.expires_at && now >= *rules.expires_at) return "expired";
    if (!within_hours(rules, now)) return "outside hours";
    return "enabled";
}

int print_grants(const std::vector<GrantDetails>& grants, const std::optional<Positions>& positions, Time now,
                 bool json) {
    Json all = Json::array();
    Table table({"USER", "COMMAND", "STATE", "LEFT", "OF", "ALGORITHM", "RULES"});
    for (const GrantDetails& details : grants) {
        const Grant& grant = details.grant;
        if (json) {
            all.push_back(json_of(details, positions, now));
            continue;
        }
        table.add({details.user.name, details.command.name, state_of(details, now),
                   left_text(positions, grant), std::to_string(grant.enrolment.length - 1),
                   std::string(name_of(grant.enrolment.algorithm)), rules_line(grant.rules, has_key(grant))});
    }
    if (json) return print_json(all);
    return print(table.text("no grants yet; `knockmgr grant add --help` shows how to add one"));
}

int print_grant(const GrantDetails& details, const std::optional<Positions>& positions, Time now, bool json) {
    if (json) return print_json(json_of(details, positions, now));
    const Grant& grant = details.grant;
    Fields fields;
    fields.add("grant", details.user.name + "/" + details.command.name);
    fields.add("state", state_of(details, now));
    fields.add("knocks left",
               fmt::format("{} of {}", left_text(positions, grant), grant.enrolment.length - 1));
    fields.add("next number", next_text(positions, grant));
    add_rules(fields, grant.rules, has_key(grant), now);
    fields.add("algorithm", std::string(name_of(grant.enrolment.algorithm)));
    fields.add("seed", grant.enrolment.seed);
    fields.add("image",
               fmt::format("{} (at {})", to_hex(grant.enrolment.image.view()), grant.enrolment.length));
    if (has_key(grant)) fields.add("public key", to_hex(*grant.enrolment.public_key));
    fields.add("check words", check_words(grant.enrolment));
    const Handover& handover = grant.handover;
    if (!handover.host.empty()) fields.add("host", handover.host + " (on sheet and profile)");
    if (!handover.form.empty()) fields.add("form", handover.form);
    fields.add("created", format_utc(grant.created));
    return print(fields.text());
}

} // namespace otk::knockmgr
