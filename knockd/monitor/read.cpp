#include "knockd/monitor/read.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockd/messages.h"
#include "knockd/monitor/child.h"
#include "knockd/monitor/lines.h"
#include "knockd/monitor/setup.h"
#include "policy/time_zone.h"
#include "store/policy_store.h"

#include <array>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

class FileReading {
  public:
    explicit FileReading(const Places& places) : policy_(PolicyStore::open_for_reading(places.policy_db)) {}

    // False when validate has said all.
    bool take_from_validate(const Mailbox& mailbox) {
        if (const auto act = mailbox.as<message::Act>()) {
            const Refusal refusal = refusal_by_hours(*act);
            ++verdicts_[refusal == Refusal::none ? "accepted" : "refused"];
            const std::string verdict = refusal == Refusal::none
                                            ? "would be accepted"
                                            : fmt::format("would be refused: {}", name_of(refusal));
            put("{}  {}\n", format_utc(from_nanoseconds(act->at)), line_of(*act, label(act->grant), verdict));
        } else if (const auto report = mailbox.as<message::Report>()) {
            ++verdicts_[word(report->what)];
            put("{}  {}\n", format_utc(from_nanoseconds(report->at)), line_of(*report, label(report->grant)));
        } else if (const auto ready = mailbox.as<message::ValidateReady>()) {
            if (ready->acceptance != message::Acceptance::open) throw Error(line_of(ready->acceptance));
        } else if (mailbox.as<message::Ended>()) {
            return false;
        }
        return true;
    }

    void take_from_capture(const Mailbox& mailbox) {
        if (const auto counters = mailbox.as<message::CaptureCounters>()) counters_ = *counters;
    }

    void print_summary(const std::string& file) const {
        put("{}: {} frames, {} not read, {} noise", file, counters_.seen, counters_.unread, counters_.noise);
        for (const auto& [verdict, count] : verdicts_)
            put(", {} {}", count, verdict);
        put("\n");
    }

  private:
    // All other rules are validate's, which has no time zones in its sandbox.
    [[nodiscard]] Refusal refusal_by_hours(const message::Act& act) const {
        const auto details = policy_.grant(act.grant);
        if (!details || details->grant.rules.hours.empty()) return Refusal::none;
        const GrantRules& rules = details->grant.rules;
        const auto local = local_time(from_nanoseconds(act.at), rules.time_zone);
        if (!local) return Refusal::no_time_zone;
        return within(rules.hours, *local) ? Refusal::none : Refusal::outside_hours;
    }
    [[nodiscard]] std::string label(GrantId grant) const { return grant_label(policy_.grant(grant), grant); }

    static std::string word(message::Report::What what) {
        using What = message::Report::What;
        switch (what) {
        case What::refused:
        case What::same_image: return "refused";
        case What::not_signed: return "not signed";
        case What::replay: return "replay";
        case What::late: return "late";
        case What::contested: return "contested";
        case What::duplicate: return "duplicate";
        }
        return "unknown";
    }

    PolicyStore policy_;
    message::CaptureCounters counters_;
    std::map<std::string, std::uint64_t> verdicts_;
};

// What waits in capture's channel.
void hear_capture(Child& capture, FileReading& reading) {
    for (Mailbox::Next next{}; (next = capture.mailbox().next()) != Mailbox::Next::nothing_yet;) {
        if (next != Mailbox::Next::message)
            throw Error("knockd-capture ended too early; its message says why");
        reading.take_from_capture(capture.mailbox());
    }
}

// Reads both children's messages until validate has said all. Capture sends its counters before it tells
// validate that the file has ended.
void follow(Child& capture, Child& validate, FileReading& reading) {
    for (bool more = true; more;) {
        std::array<pollfd, 2> wait{pollfd{validate.channel().fd(), POLLIN, 0},
                                   pollfd{capture.channel().fd(), POLLIN, 0}};
        if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR)
            throw system_error("waiting for the helpers");
        hear_capture(capture, reading);
        for (Mailbox::Next next{};
             more && (next = validate.mailbox().next()) != Mailbox::Next::nothing_yet;) {
            if (next != Mailbox::Next::message)
                throw Error("knockd-validate ended too early; its message says why");
            more = reading.take_from_validate(validate.mailbox());
        }
    }
    hear_capture(capture, reading);
}

// Without its channel a child ends by itself; one that fails has its reason to print first.
void end(Child& child) {
    child.hang_up();
    for (int tries = 0; child.running(); ++tries) {
        if (waitpid(child.pid(), nullptr, WNOHANG) == child.pid()) return child.ended();
        if (tries == 200) child.kill();
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
}

} // namespace

int read_capture_file(const Config& config, const Places& places, const std::string& file) {
    const Fd opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) throw system_error(file);

    FileReading reading(places);
    Child capture("knockd-capture");
    Child validate("knockd-validate");
    auto between = Channel::make_pair();
    validate.start(between.second.fd(), -1, validate_setup(config, places, std::nullopt, true));
    capture.start(between.first.fd(), opened.get(), capture_setup(config, places, true));
    try {
        follow(capture, validate, reading);
    } catch (...) {
        end(capture);
        end(validate);
        throw;
    }
    end(capture);
    end(validate);
    reading.print_summary(file);
    return 0;
}

} // namespace otk
