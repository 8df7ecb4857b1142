#include "knockgen/commands.h"

#include "knockgen/shared_options.h"

namespace otk {
namespace {

constexpr std::array form_choices{Choice{"hex", "default"}, Choice{"base32"}, Choice{"words"}};
constexpr Option form_option{"form", 'f', "FORM", "{}.", form_choices};
constexpr std::array answer_choices{Choice{"words", "default"}, Choice{"hex"}, Choice{"base32"}};
constexpr std::array format_choices{Choice{"text", "the only one there is"}};

Subcommand list_command() {
    return {"list",
            "",
            "print knocks, one a line, highest first",
            "Prints `N: value` for each knock: the first to be used is on top.",
            {seed_option, algorithm_option, length_option, from_option, count_option, form_option,
             passphrase_option, key_option, Option{"json", 'j', "", "Print one JSON object."}},
            "knockgen list --seed k7m2p9x4w1q8z5n3\n"
            "knockgen list --seed k7m2p9x4w1q8z5n3 --from 42 --count 1\n"
            "knockgen list --key ssh.key --from 42 --count 1\n"
            "knockgen list --seed dog2 --algorithm md5 --from 487 --count 5 --form words\n"
            "ping -c1 -p $(knockgen list --seed k7m2p9x4w1q8z5n3 --from 42 -c 1 | cut -d' ' -f2) SERVER",
            run_list};
}

Subcommand otp_command() {
    return {"otp",
            "CHALLENGE",
            "answer a challenge of RFC 2289, as other one-time password calculators do",
            "Prints the value that answers CHALLENGE: `otp-ALGORITHM COUNT SEED`.",
            {Option{"form", 'f', "FORM", "{}.", answer_choices}, passphrase_option},
            "knockgen otp 'otp-md5 487 dog2'\n"
            "knockgen otp 'otp-sha1 99 TeSt' --form hex",
            run_otp};
}

Subcommand sheet_command() {
    return {
        "sheet",
        "",
        "make a sheet of knocks to print and carry",
        "Numbered knocks with boxes to strike out, the rules, and the lines to type for the first\n"
        "knock. The sheet goes to standard output unless --output names a file, which then only you\n"
        "can read. Your administrator's knockmgr printed the options that your sheet needs.",
        {seed_option,
         algorithm_option,
         length_option,
         from_option,
         count_option,
         form_option,
         Option{"format", 0, "FORMAT", "{}.", format_choices},
         Option{"host", 'H', "HOST", "The server's name or address, as you will type it\n(default: SERVER)."},
         Option{"command", 0, "NAME", "What the knocks trigger, to be printed on the sheet."},
         Option{"user", 0, "NAME", "Print a user's name too. A lost sheet then says whose it was."},
         Option{"title", 0, "TEXT", "The first line (default: One-time knocks)."},
         Option{"udp-port", 0, "PORT", "The server's udp port (default 62201); 0: no lines for udp."},
         Option{"no-ping", 0, "", "No line for ping."},
         Option{"zone", 0, "ZONE",
                "The zone in which the server takes dns knocks: adds lines\nfor dig, nslookup and browsers."},
         Option{
             "names-address", 0, "",
             "The command uses an address, which a dns knock must name:\nadds a place for it to those lines. "
             "Needs --form base32."},
         Option{"confirm", 0, "",
                "The server answers dns questions about a knock: adds a line.\nNeeds --zone."},
         Option{"open", 0, "PORT/tcp", "The port of the server that a knock opens, or PORT/udp."},
         Option{"ports", 0, "LOW-HIGH",
                "A knock opens a port of its own out of these: prints it beside\neach knock (61000-65534, "
                "unless your server has others)."},
         Option{"ssh", 0, "", "Behind that port is an ssh server: adds a line for ssh."},
         Option{"hold", 0, "TIME", "How long the port is open, as in 60s."},
         Option{"warn", 0, "K", "Put a warning above the last K knocks (default 10; 0: none)."},
         passphrase_option,
         key_option,
         Option{"output", 'o', "FILE", "Make this file, with mode 0600; it must not exist yet."}},
        "knockgen sheet --seed k7m2p9x4w1q8z5n3 --host server.example.org --output sheet.txt\n"
        "knockgen sheet --seed k7m2p9x4w1q8z5n3 --host 192.0.2.7 --zone k.example.org | lp\n"
        "knockgen sheet --seed k7m2p9x4w1q8z5n3 --form base32 --zone k.example.org --names-address\n"
        "knockgen sheet --seed k7m2p9x4w1q8z5n3 --ports 61000-65534 --ssh --hold 60s\n"
        "knockgen sheet --seed k7m2p9x4w1q8z5n3 --form words --count 20",
        run_sheet};
}

Subcommand token_command() {
    return {
        "token",
        "",
        "choose a passphrase and make the token that enrols you",
        "Asks for a new passphrase twice, or reads a key file, and prints an enrolment token on\n"
        "standard output. The token holds no secret: give it to your administrator, and compare the\n"
        "check words by voice. Use a seed only once; without --seed a random one is made.\n\n"
        "The token says how you will knock. As it is, it has a public key: knockgen send signs each\n"
        "knock, and nobody on the way can use it for himself, but it takes knockgen to knock. With\n"
        "--plain it has none: the knocks are bare values for a printed sheet, ping, dig and the like.",
        {Option{"plain", 0, "",
                "For a printed sheet: leave the public key out.\nOther algorithms than sha256 have none."},
         Option{"seed", 's', "SEED", "1 to 16 letters and digits (default: 16 random ones)."},
         algorithm_option, length_option, passphrase_option, key_option,
         Option{"weak", 0, "", "Take a passphrase that is easy to guess all the same."}},
        "knockgen token\n"
        "knockgen token --plain\n"
        "knockgen token --length 500\n"
        "knockgen token --key ssh.key\n"
        "knockgen token --seed k7m2p9x4w1q8z5n3 > token.txt",
        run_token};
}

} // namespace

const std::vector<Subcommand>& subcommands() {
    static const std::vector<Subcommand> table{token_command(), key_command(),     profile_command(),
                                               send_command(),  dynamic_command(), list_command(),
                                               sheet_command(), otp_command()};
    return table;
}

} // namespace otk
