// How the monitor ends.
#include "knockd/journal.h"
#include "knockd/monitor/monitor.h"
#include "sys/notify.h"

namespace otk {

namespace {

// How long running commands may take to end at SIGTERM before they are killed (the unit's TimeoutStopSec is
// longer).
constexpr std::chrono::seconds stop_patience{5};

} // namespace

// In order: no new knocks, commands end, their ends are stored, the validator ends, the monitor last.
void Monitor::stop() {
    if (std::exchange(stopping_, true)) return;
    notify_service_manager("STOPPING=1");
    journal("knockd", "ending", Priority::notice);
    if (doors_later_) write_doors();
    if (capture_.child.connected()) capture_.child.finish();
    next_capture_.child.kill();
    actor_.commands().stop();
    patience_ = loop_.after(stop_patience, [this] {
        actor_.commands().kill();
        patience_ = loop_.after(stop_patience, [this] { // a validator that does not answer must not keep us
            validate_.child.kill();
            capture_.child.kill();
            loop_.stop();
        });
    });
    stop_further();
}

void Monitor::stop_further() {
    if (actor_.commands().running() > 0) return;
    if (!actor_.all_stored() && validate_.child.running() && validate_.ready &&
        status_.acceptance == message::Acceptance::open) {
        return;
    }
    if (validate_.child.connected()) validate_.child.finish();
    if (!validate_.child.running() && !capture_.child.running() && !next_capture_.child.running())
        loop_.stop();
}

} // namespace otk
