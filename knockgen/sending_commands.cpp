#include "knockgen/commands.h"

#include "knockgen/shared_options.h"

#include <array>

namespace otk {
namespace {

constexpr std::array way_choices{Choice{"udp"}, Choice{"icmp", "a ping"}, Choice{"dns"}};
constexpr std::array resolver_choices{Choice{"direct", "the server itself"}};

} // namespace

Subcommand key_command() {
    return {"key",
            "new FILE | show FILE",
            "make a key file, to be used in place of a passphrase",
            "new makes a file with a random secret, which only you can read; nothing is ever overwritten.\n"
            "show prints the public key that belongs to it and six words by which to compare it. The\n"
            "file is the secret of one chain: take a new one for each right and each server. There is\n"
            "nothing to type and nothing to guess, but whoever copies the file can knock.",
            {},
            "knockgen key new ~/.config/otk/ssh.key\n"
            "knockgen token --key ~/.config/otk/ssh.key\n"
            "knockgen send office --key ~/.config/otk/ssh.key\n"
            "knockgen key show ~/.config/otk/ssh.key",
            run_key};
}

Subcommand profile_command() {
    return {
        "profile",
        "add NAME LINE | list | show PROFILE | set PROFILE | remove PROFILE",
        "keep what knockgen send has to know about a right of yours",
        "Your administrator's knockmgr printed one line that begins with otk1-profile: the server, the\n"
        "command, the chain and the ways to send. add keeps it under a name of your choice. Nothing\n"
        "in it is secret, but a forged one would lead you elsewhere: compare the six check words that\n"
        "add and show print with those of your administrator, by voice. LINE goes in quotes; with -\n"
        "it is read from standard input. show tells which knock is the next, and set changes that,\n"
        "where client and server have come apart.",
        {Option{"replace", 0, "",
                "add: put the line in the place of what that name has. What\nchanges is shown, and asked "
                "about."},
         Option{"yes", 0, "",
                "add: what --replace shows is meant, and the check words were\ncompared; nothing is asked."},
         Option{"downgrade", 0, "",
                "add: take a line that asks for less: a weaker algorithm, knocks\nwithout signature or "
                "address, a shorter chain, a second one of\na seed, a new one of 64 bits."},
         Option{"next", 0, "N",
                "set: go on with knock N. Your administrator sees which one the\nserver waits for "
                "(knockmgr grant show)."},
         Option{"reuse", 0, "",
                "set: N may be one that was sent already, or one that whoever\nsaw a later one can "
                "compute."},
         Option{"skip", 0, "",
                "set: pass over ten knocks or more, because the server waits for\nN, or a sheet or another "
                "machine has used them."},
         Option{"json", 'j', "", "list, show: print JSON."}},
        "knockgen profile add office 'otk1-profile host=server.example.org ...'\n"
        "knockgen profile add office - --replace < line.txt\n"
        "knockgen profile list\n"
        "knockgen profile show office\n"
        "knockgen profile set office --next 79",
        run_profile};
}

Subcommand send_command() {
    return {
        "send",
        "PROFILE",
        "knock: send the next knock of a profile",
        "PROFILE is one of knockgen profile list, or a host for which there is only one. The next\n"
        "knock is computed from your passphrase or key file, signed if the server knows your public\n"
        "key, and sent a few times: it counts once. Its number is taken before it leaves, whatever\n"
        "happens then. Nothing happened? Send the same number again, by another way if you can:\n"
        "knockgen send PROFILE --number N --via icmp. Three times by two ways and still nothing: the\n"
        "next number. No number goes to two knocks, also when two clients send at once.",
        {passphrase_option, key_option,
         Option{"via", 'v', "WAY", "{} (default: the first that the server\ntakes).", way_choices},
         Option{"number", 0, "N",
                "Send this knock, not the next one: to repeat one, or to go on\nwhere a sheet or another "
                "machine stopped."},
         Option{"skip", 0, "",
                "With --number: pass over more knocks than a server looks ahead,\nbecause others have used "
                "them."},
         Option{"wait", 'w', "[=PORT]",
                "Wait until the port that the knock opens answers, up to 10\nseconds; PORT, where the "
                "profile does not say which."},
         Option{"copies", 0, "N", "Send N copies over a second, 1 to 10 (default 3)."},
         Option{"address", 0, "ADDRESS",
                "The address to act on, as the server sees it: yours, or one of\n{}.", address_choices},
         Option{"argument", 0, "TEXT", "What the command is told, if it takes an argument."},
         Option{"resolver", 0, "ADDRESS", "dns: ask this name server and not the system's, or\n{}.",
                resolver_choices},
         Option{"plain", 0, "", "Send the bare value, not signed, where the server takes it."},
         Option{"no-clock", 0, "", "This machine's clock is wrong: sign no time. The right must\nallow it."},
         Option{"dry-run", 0, "", "Say what would be sent; send nothing and take no number."},
         Option{"json", 'j', "", "Print one JSON object."}},
        "knockgen send office\n"
        "knockgen send office --wait && ssh server.example.org\n"
        "knockgen send office --key ~/.config/otk/ssh.key --via dns\n"
        "knockgen send office --number 41 --via icmp\n"
        "knockgen send office --address 203.0.113.9\n"
        "knockgen send lights --argument off",
        run_send,
        true};
}

} // namespace otk
