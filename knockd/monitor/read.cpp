#include "knockd/monitor/read.h"

#include "base/text.h"
#include "knockd/messages.h"
#include "knockd/monitor/child.h"
#include "knockd/monitor/lines.h"
#include "knockd/monitor/setup.h"
#include "store/policy_store.h"

#include <array>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

class Reading {
  public:
    explicit Reading(const Places& places) : policy_(PolicyStore::open_for_reading(places.policy_db)) {}

    // False when validate has said all.
    bool take_from_validate(const Mailbox& mailbox) {
        if (const auto act = mailbox.as<message::Act>()) {
            ++verdicts_["accepted"];
            fmt::print("{}  {}\n", format_utc(from_nanoseconds(act->at)),
                       line_of(*act, label(act->grant), "would be accepted"));
        } else if (const auto report = mailbox.as<message::Report>()) {
            ++verdicts_[word(report->what)];
            fmt::print("{}  {}\n", format_utc(from_nanoseconds(report->at)),
                       line_of(*report, label(report->grant)));
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
        fmt::print("{}: {} frames, {} not read, {} noise", file, counters_.seen, counters_.unread,
                   counters_.noise);
        for (const auto& [verdict, count] : verdicts_)
            fmt::print(", {} {}", count, verdict);
        fmt::print("\n");
    }

  private:
    [[nodiscard]] std::string label(GrantId grant) const { return grant_label(policy_.grant(grant), grant); }

    static std::string word(message::Report::What what) {
        using What = message::Report::What;
        switch (what) {
        case What::refused:
        case What::same_image: return "refused";
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

// Reads both children's messages until validate has said all and capture has sent its counters.
void follow(Child& capture, Child& validate, Reading& reading) {
    bool validate_open = true;
    while (validate_open) {
        std::array<pollfd, 2> wait{pollfd{validate.channel().fd(), POLLIN, 0},
                                   pollfd{capture.channel().fd(), POLLIN, 0}};
        if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR)
            throw system_error("waiting for the helpers");
        for (Mailbox::Next next{}; (next = capture.mailbox().next()) != Mailbox::Next::nothing_yet;) {
            if (next != Mailbox::Next::message)
                throw Error("knockd-capture ended too early; its message says why");
            reading.take_from_capture(capture.mailbox());
        }
        for (Mailbox::Next next{};
             validate_open && (next = validate.mailbox().next()) != Mailbox::Next::nothing_yet;) {
            if (next != Mailbox::Next::message)
                throw Error("knockd-validate ended too early; its message says why");
            validate_open = reading.take_from_validate(validate.mailbox());
        }
    }
}

// The other ends are dropped at the end, so both see that it is over.
void end(Child& child) {
    child.hang_up();
    if (child.running()) (void)waitpid(child.pid(), nullptr, 0);
}

} // namespace

int read_capture_file(const Config& config, const Places& places, const std::string& file) {
    const Fd opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) throw system_error(file);

    Reading reading(places);
    Child capture("knockd-capture");
    Child validate("knockd-validate");
    auto between = Channel::make_pair();
    validate.start(between.second.fd(), -1, validate_setup(config, places, std::nullopt, true));
    capture.start(between.first.fd(), opened.get(), capture_setup(config, places, true));
    try {
        follow(capture, validate, reading);
    } catch (...) {
        capture.kill();
        validate.kill();
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
