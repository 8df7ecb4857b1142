#include "knockd/monitor/status.h"

#include "base/text.h"
#include "knockd/monitor/lines.h"
#include "sys/file.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

namespace otk {

namespace {

std::string to_json(const Status& status) {
    const message::CaptureCounters& counters = status.counters;
    const nlohmann::ordered_json json{
        {"pid", getpid()},
        {"started", format_utc(status.started)},
        {"acceptance", status.acceptance ? name_of(*status.acceptance) : "starting"},
        {"grants", status.grants},
        {"counters",
         {{"packets_seen", counters.seen},
          {"packets_lost", counters.lost},
          {"unread", counters.unread},
          {"noise", counters.noise},
          {"hits", counters.hits},
          {"held_back", counters.held_back},
          {"dns_answered", counters.answered},
          {"dns_not_answered", counters.not_answered},
          {"accepted", status.accepted},
          {"refused", status.refused},
          {"duplicates", status.repeated.duplicates},
          {"replays", status.repeated.replays},
          {"late", status.repeated.late},
          {"not_spent", status.repeated.lost},
          {"contested", status.contested},
          {"child_crashes", status.child_crashes}}},
        {"commands_running", status.commands_running},
        {"commands_waiting", status.commands_waiting},
    };
    return json.dump(2) + "\n";
}

} // namespace

void StatusFile::write(const Status& status) {
    const std::string text = to_json(status);
    if (text == written_) return;
    try {
        replace_file(file_, text, 0644, false);
        written_ = text;
        trouble_.over();
    } catch (const Error& error) {
        trouble_.say(error.what());
    }
}

void StatusFile::remove() { (void)::unlink(file_.c_str()); }

} // namespace otk
