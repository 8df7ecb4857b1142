// What the programs that knockd starts have in common: the first message, the drop of privileges, the end.
#pragma once

#include "knockd/mailbox.h"
#include "knockd/messages.h"
#include "sys/channel.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace otk {

// The set-up, which the monitor sends first and once. Anything else, or one of another build, aborts: the
// monitor is the only one who starts these programs. The caller checks the bounds of its fields.
template <typename Setup>
[[nodiscard]] Setup receive_setup(Channel& monitor) {
    Mailbox mailbox(monitor);
    promise(mailbox.next() == Mailbox::Next::message,
            "no set-up came from knockd; this program is started by it");
    const auto setup = mailbox.as<Setup>();
    promise(setup && setup->version == message::protocol, "knockd and this program are of different builds");
    return *setup;
}

// Becomes the account, confined to `root`; without a name gives up what there is. `key` is the one of the
// configuration that names the account ("[users] capture"), for the Error when there is none.
void drop_privileges(std::string_view name, const std::filesystem::path& root, std::string_view key);

// The whole of main(): runs it and leaves with 0, or with 1 after a line in the journal when it throws, and
// for a monitor that wants to know it a message (LastWord). Not by way of the exit handlers of libraries,
// which the sandbox would stop.
enum class Failing : std::uint8_t { is_in_the_journal, is_told_the_monitor };
[[noreturn]] void run_as_helper(std::string_view program, void (*run)(),
                                Failing failing = Failing::is_in_the_journal);

} // namespace otk
