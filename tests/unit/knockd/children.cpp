#include "tests/unit/knockd/children.h"

#include "base/bytes.h"
#include "base/promise.h"
#include "sys/spawn.h"

namespace otk::test {

Children::Children() {
    loop.on_signals({SIGCHLD}, [this](int) { look(); });
}

void Children::look() {
    while (const auto child = ended_child()) {
        ended(child->pid, child->wait_status);
        wait_for_ended(*child);
    }
    if (holds_ && holds_()) loop.stop();
}

void Children::until(const std::function<bool()>& holds) {
    if (holds()) return;
    holds_ = holds;
    bool too_long = false;
    const auto patience = loop.after(std::chrono::minutes{2}, [&] {
        too_long = true;
        loop.stop();
    });
    const auto now_and_then = loop.every(std::chrono::milliseconds{20}, [this] { look(); });
    loop.run();
    holds_ = nullptr;
    if (too_long) throw Error("what was waited for did not come within two minutes");
}

Job shell(std::int64_t row, const std::string& script, std::chrono::seconds limit) {
    Job job;
    job.row = RowNumber{row};
    job.user = UserId{row}; // so that none takes another's places
    job.prepare = [script, limit] {
        ReadyToRun ready;
        ready.run.argv = {"/bin/sh", "-c", script};
        ready.run.environment = {"PATH=/usr/bin:/bin"};
        ready.limit = limit;
        return ready;
    };
    return job;
}

std::string text_of(const End& end) { return std::string(as_text(end.output)); }

} // namespace otk::test
