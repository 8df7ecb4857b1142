#include "knockd/monitor/noticing.h"

#include "base/text.h"
#include "knockd/monitor/lines.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::int64_t seconds_a_day = 86'400;

std::int64_t days(std::chrono::nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time).count() / seconds_a_day;
}

Alert alert_of(AlertKind kind, const std::optional<GrantDetails>& details, std::string text) {
    Alert alert;
    alert.kind = kind;
    if (details) {
        alert.user = details->user.name;
        alert.command = details->command.name;
    }
    alert.text = std::move(text);
    return alert;
}

Alert with_packet(Alert alert, Carrier carrier, const Address& source) {
    alert.carrier = carrier;
    alert.source = source;
    return alert;
}

} // namespace

Noticing::Noticing(const Config& config, std::function<void(const Alert&)> raise) :
    rules_(config.alerts), raise_(std::move(raise)) {}

void Noticing::used(const message::Act& act, const GrantDetails& details, const Address& address, Time now) {
    const auto raise = [&](AlertKind kind, std::string text) {
        Alert alert = with_packet(alert_of(kind, details, std::move(text)), act.carrier, act.source);
        alert.address = address;
        raise_(alert);
    };
    raise(AlertKind::used, fmt::format("knock {} {}", act.count, origin(act.source, act.carrier, act.named)));

    const Time before = from_nanoseconds(act.last_used);
    if (act.last_used > 0 && now - before >= rules_.silence) {
        raise(AlertKind::silence,
              fmt::format("used for the first time in {} days: knock {} {}", days(now - before), act.count,
                          origin(act.source, act.carrier, act.named)));
    }
    const std::chrono::nanoseconds age = now - details.grant.enrolled;
    if (rules_.passphrase_age.count() > 0 && age >= rules_.passphrase_age) {
        raise(AlertKind::old_passphrase,
              fmt::format("its chain was enrolled {} days ago; `knockmgr grant renew` gives it a new one",
                          days(age)));
    }
    chain_runs_out(act, details);
}

void Noticing::chain_runs_out(const message::Act& act, const GrantDetails& details) {
    const Count left = act.count - 1;
    if (left == 0) {
        raise_(alert_of(AlertKind::exhausted, details,
                        "its last knock was used; `knockmgr grant renew` gives it new ones"));
    } else if (left <= rules_.few_left) {
        raise_(alert_of(AlertKind::few_left, details,
                        fmt::format("{} knocks are left; `knockmgr grant renew` gives it new ones", left)));
    }
}

void Noticing::refused(const message::Act& act, const std::optional<GrantDetails>& details, Refusal refusal) {
    raise_(with_packet(alert_of(AlertKind::refused, details,
                                fmt::format("knock {} refused: {}", act.count, name_of(refusal))),
                       act.carrier, act.source));
}

void Noticing::reported(const message::Report& report, const std::optional<GrantDetails>& details) {
    using What = message::Report::What;
    AlertKind kind{};
    switch (report.what) {
    case What::refused:
    case What::not_signed:
    case What::same_image: kind = AlertKind::refused; break;
    case What::replay: kind = AlertKind::replay; break;
    case What::late: kind = AlertKind::late; break;
    case What::contested: kind = AlertKind::contested; break;
    case What::duplicate: return;
    }
    // Over dns old names come again by themselves (DESIGN 4).
    const bool again = report.what == What::replay || report.what == What::late;
    if (again && report.carrier == Carrier::dns) return;
    const std::string label = grant_label(details, report.grant);
    raise_(with_packet(alert_of(kind, details, line_of(report, label)), report.carrier, report.source));
}

void Noticing::interrupted(const std::string& what) {
    raise_(alert_of(AlertKind::interrupted, std::nullopt, what));
}

void Noticing::child_crashed(const std::string& what) {
    raise_(alert_of(AlertKind::child_crashed, std::nullopt, what));
}

void Noticing::guard_lost(const std::string& what) {
    raise_(alert_of(AlertKind::guard_lost, std::nullopt, what));
}

} // namespace otk
