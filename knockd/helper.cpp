#include "knockd/helper.h"

#include "base/text.h"
#include "knockd/journal.h"
#include "sys/privileges.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace otk {

void drop_privileges(std::string_view name, const std::filesystem::path& root, std::string_view key) {
    if (name.empty()) return give_up_what_there_is();
    const auto account = find_account(std::string(name));
    if (!account) {
        throw Error("there is no user " + std::string(name) + " (" + std::string(key) +
                    "); `knockmgr init` says how to make it");
    }
    become(*account, root);
}

namespace {

void tell_monitor(int channel, std::string_view why) {
    message::LastWord word;
    word.why = message::Text<400>::of(printable(why));
    (void)::send(channel, &word, sizeof word,
                 MSG_NOSIGNAL | MSG_DONTWAIT); // one that does not hear has the journal
}

} // namespace

void run_as_helper(std::string_view program, void (*run)(), Failing failing) {
    // Held until the very end: the monitor takes the end of the channel for the end of the process and kills
    // it, and one that fails has to say why first.
    const Fd held(dup3(message::monitor_fd, message::last_word_fd, O_CLOEXEC));
    try {
        run();
    } catch (const std::exception& error) {
        journal(program, error.what(), Priority::error);
        if (failing == Failing::is_told_the_monitor) tell_monitor(held.get(), error.what());
        _exit(1);
    }
    _exit(0);
}

} // namespace otk
