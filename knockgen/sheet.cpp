#include "sheet/sheet.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/chain_options.h"
#include "knockgen/commands.h"
#include "knockgen/output.h"
#include "knockgen/secret.h"
#include "knockgen/sheet_door.h"
#include "otp/token.h"
#include "request/signing_key.h"

#include <cstdio>

#include <fmt/format.h>

namespace otk {
namespace {

void check_format(const Arguments& arguments) {
    const auto format = arguments.text("format");
    if (!format || *format == "text") return;
    throw UsageError(fmt::format("--format \"{}\": this version makes text sheets only; leave the option out",
                                 printable(*format)));
}

SheetCarriers carriers_of(const Arguments& arguments) {
    SheetCarriers carriers;
    if (const auto port = arguments.number("udp-port", 0, 65535)) {
        carriers.udp_port = *port == 0 ? std::nullopt : std::optional(static_cast<std::uint16_t>(*port));
    }
    carriers.icmp = !arguments.has("no-ping");
    if (auto zone = arguments.text("zone")) {
        if (zone->ends_with('.')) zone->remove_suffix(1);
        if (!usable_zone(*zone)) {
            throw UsageError(
                fmt::format("--zone \"{}\" should be a DNS zone, as in knock.example.org", printable(*zone)));
        }
        carriers.zone = *zone;
    }
    carriers.dns_names_address = arguments.has("names-address");
    carriers.dns_confirms = arguments.has("confirm");
    if (carriers.dns_confirms && carriers.zone.empty())
        throw UsageError("--confirm is about dns; say with --zone where the server answers");
    return carriers;
}

// What --names-address would otherwise do in silence: nothing, or take all lines for dns away.
void check_naming(const SheetContents& contents) {
    if (contents.carriers.zone.empty()) {
        throw UsageError("--names-address is about dns knocks; say with --zone where they go");
    }
    if (contents.form != TextForm::base32) {
        throw UsageError(
            "--names-address needs --form base32: in a DNS name an address can only follow that");
    }
}

// All that the passphrase is not needed for, so that mistakes show before it is asked for.
SheetContents contents_of(const Arguments& arguments) {
    check_format(arguments);
    SheetContents contents;
    contents.algorithm = chosen_algorithm(arguments);
    contents.seed = chosen_seed(arguments);
    contents.form = chosen_form(arguments, TextForm::hex);
    contents.carriers = carriers_of(arguments);
    contents.door = chosen_door(arguments);
    contents.warn_left = arguments.number("warn", 0, longest_chain).value_or(contents.warn_left);
    contents.title = arguments.text("title").value_or(contents.title);
    contents.command = arguments.text("command").value_or("");
    contents.host = arguments.text("host").value_or(contents.host);
    if (const auto user = arguments.text("user")) contents.user = *user;
    if (!usable_host(contents.host)) {
        throw UsageError(fmt::format("--host \"{}\" should be the server's DNS name or address",
                                     printable(contents.host)));
    }
    if (contents.carriers.dns_names_address) check_naming(contents);
    return contents;
}

void deliver(const Arguments& arguments, const SecretText& page) {
    if (const auto file = arguments.text("output")) return write_private_file(*file, page.text());
    Output output;
    output.add(page.text());
    output.finish();
}

// A mistyped passphrase makes a sheet that looks like any other: these words are how the user finds out.
void tell_check_words(const SheetContents& contents, const ChainSecret& chain) {
    std::string with_key;
    if (contents.algorithm == Algorithm::sha256) {
        const Enrolment enrolment{contents.algorithm, contents.length, contents.seed,
                                  chain.at(contents.length), SigningKey::of(chain).public_key()};
        with_key = fmt::format(" (or, if the token was made without --plain, {})", check_words(enrolment));
    }
    tell("knockgen: the check words of this chain of length {} are {}{}; if those of your token differ, "
         "so does the passphrase, the seed, the algorithm or the length\n",
         contents.length, contents.check_words, with_key);
}

} // namespace

void run_sheet(const Arguments& arguments) {
    SheetContents contents = contents_of(arguments);
    const Range range = chosen_range(arguments);
    if (const auto file = arguments.text("output")) check_new_file(*file);

    const ChainSecret chain = chosen_chain(arguments, contents.algorithm, contents.seed);
    contents.knocks = knocks_of(chain, range);
    if (range.length_is_known) {
        contents.length = range.length;
        contents.check_words = check_words(
            {contents.algorithm, range.length, contents.seed, chain.at(range.length), std::nullopt});
    }
    deliver(arguments, render_text(contents));
    if (range.length_is_known) tell_check_words(contents, chain);
}

} // namespace otk
