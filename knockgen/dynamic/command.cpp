#include "knockgen/commands.h"
#include "knockgen/shared_options.h"

#include <array>

namespace otk {
namespace {

constexpr std::array sequence_choices{Choice{"ignore", "the right ignores sequence numbers"}};

} // namespace

Subcommand dynamic_command() {
    return {
        "dynamic",
        "PROFILE",
        "have a port of its own opened, told over an encrypted exchange",
        "PROFILE is one of knockgen profile list, of a command that forwards a port, or a host for which\n"
        "there is only one. The request is signed and encrypted, takes the next knock, and declares\n"
        "three SYN segments, which follow it. The server's answer names the port: one of many, at\n"
        "random, open for this machine's address alone. Connections that are made in time live on.\n\n"
        "SYN segments as declared take a raw socket, that is root or the capability CAP_NET_RAW:\n"
        "setcap cap_net_raw=ep $(command -v knockgen). Without it, and where firewalls rewrite sequence\n"
        "numbers, ask your administrator for --isn ignore in your right: then ordinary connects do.",
        {passphrase_option, key_option,
         Option{
             "exec", 'x', "COMMAND",
             "Start this program when the door is open, in place of the\ncountdown. Its words are parted by "
             "blanks and kept together by\nquotes; no shell reads them. {host}, {port} and {address} "
             "(the\none "
             "that answered) are filled in."},
         Option{"isn", 0, "HOW", "{}; also said by its profile.", sequence_choices},
         Option{"number", 0, "N", "Take this knock, not the next one."},
         Option{"skip", 0, "",
                "With --number: pass over more knocks than a server looks ahead,\nbecause others have used "
                "them."},
         Option{"address", 0, "ADDRESS",
                "The address that is let in, as the server sees it: yours, or one\nof {}.", address_choices},
         Option{"timeout", 't', "TIME", "Give up after so long, 1s to 60s (default 15s)."},
         Option{"no-clock", 0, "", "This machine's clock is wrong: sign no time. The right must\nallow it."},
         Option{"json", 'j', "", "Print the door as one JSON object, and end."}},
        "knockgen dynamic office\n"
        "knockgen dynamic office --exec 'ssh -p {port} {host}'\n"
        "knockgen dynamic office --key ~/.config/otk/ssh.key --exec 'rsync -e \"ssh -p {port}\" x {host}:'\n"
        "knockgen dynamic office --isn ignore\n"
        "knockgen dynamic office --json | jq .port",
        run_dynamic,
        true};
}

} // namespace otk
