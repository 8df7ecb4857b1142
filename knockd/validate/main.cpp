// knockd-validate: decides which knocks are valid and spends them. It is started by knockd and by nobody
// else; it has the two databases and no network (DESIGN 7).
#include "knockd/helper.h"
#include "knockd/journal.h"
#include "knockd/validate/confine.h"
#include "knockd/validate/validator.h"
#include "request/signing_key.h"
#include "store/writer_lock.h"

#include <filesystem>
#include <poll.h>

namespace otk {

namespace {

struct Opened {
    message::Acceptance acceptance{};
    std::optional<Ledger> ledger; // only when open
    std::string trouble;          // for the journal
};

// DESIGN 8: nothing is accepted with a ledger of another id, none at all, or one that lacks the marked row.
Opened open_ledger(const message::ValidateSetup& setup, const LedgerId& expected) {
    const std::filesystem::path file(setup.ledger_db.view());
    if (!std::filesystem::exists(file)) return {message::Acceptance::no_ledger, {}, {}};
    try {
        Ledger ledger = setup.dry_run ? Ledger::open_copy(file) : Ledger::open(file);
        if (ledger.id() != expected) return {message::Acceptance::other_ledger, {}, {}};
        if (setup.have_mark && !ledger.contains(setup.mark))
            return {message::Acceptance::older_ledger, {}, {}};
        return {message::Acceptance::open, std::move(ledger), {}};
    } catch (const Locked& locked) {
        return {message::Acceptance::locked_ledger, {}, locked.what()};
    } catch (const Unwritable& unwritable) {
        return {message::Acceptance::unwritable_ledger, {}, unwritable.what()};
    } catch (const Error& error) {
        return {message::Acceptance::damaged_ledger, {}, error.what()};
    }
}

// Until there is a ledger that may be written: says why nothing is accepted, once for each reason, and looks
// again. An administrator's restore, room on the disk, or the end of a predecessor that still held the lock
// need no restart. Nothing when the monitor has gone.
std::optional<Ledger> await_ledger(const message::ValidateSetup& setup, const LedgerId& expected,
                                   Channel& monitor, Channel& capture) {
    std::optional<message::Acceptance> said;
    for (;;) {
        Opened opened = open_ledger(setup, expected);
        if (opened.ledger) return std::move(opened.ledger);
        if (said != opened.acceptance) {
            said = opened.acceptance;
            if (!opened.trouble.empty()) journal("knockd-validate", opened.trouble, Priority::error);
            message::ValidateReady ready;
            ready.acceptance = opened.acceptance;
            (void)monitor.send_struct(ready);
            message::Watch nothing; // capture goes on answering DNS, and reports no knock
            nothing.entries[nothing.count++] = {message::WatchEntry::What::reset, {}, {}};
            nothing.entries[nothing.count++] = {message::WatchEntry::What::complete, {}, {}};
            (void)capture.send_struct(nothing);
        }
        constexpr int look_again_ms = 500;
        pollfd wait{monitor.fd(), POLLIN, 0};
        if (poll(&wait, 1, look_again_ms) > 0)
            return std::nullopt; // it says nothing before we are ready: it has gone
        (void)monitor.send_struct(message::ValidateCounters{}); // we do not hang
    }
}

void run() {
    Channel monitor{Fd(message::monitor_fd)};
    Channel capture{Fd(message::peer_fd)};
    const auto setup = receive_setup<message::ValidateSetup>(monitor);
    promise(setup.window >= 1 && setup.window <= largest_window, "a set-up out of bounds");
    for (const Algorithm algorithm : all_algorithms) {
        if (setup.algorithms & bit(algorithm)) prepare(algorithm);
    }
    prepare_signing();
    drop_privileges(setup.run_as.view(), setup.root.view(), "[users] validate");
    confine_validate();

    PolicyStore policy = PolicyStore::open_for_reading(std::filesystem::path(setup.policy_db.view()));
    std::optional<Ledger> ledger = await_ledger(setup, policy.ledger_id(), monitor, capture);
    if (!ledger) return;
    Validator validator(setup, std::move(policy), std::move(*ledger), std::move(monitor), std::move(capture));
    validator.serve();
}

} // namespace

} // namespace otk

int main() { otk::run_as_helper("knockd-validate", otk::run, otk::Failing::is_told_the_monitor); }
