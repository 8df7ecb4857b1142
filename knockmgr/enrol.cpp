#include "knockmgr/enrol.h"

#include "base/random.h"
#include "base/standard_streams.h"
#include "base/text.h"
#include "knockmgr/chains_that_meet.h"
#include "knockmgr/grant_profile.h"
#include "knockmgr/grant_rules.h"
#include "knockmgr/output.h"
#include "knockmgr/positions.h"
#include "otp/door_port.h"
#include "otp/rules.h"
#include "otp/text_form.h"
#include "request/signing_key.h"
#include "sheet/sheet.h"

#include <algorithm>
#include <array>
#include <malloc.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::array algorithm_choices{Choice{"sha256", "default"}, Choice{"sha1"}, Choice{"md5"},
                                       Choice{"md4"}};
constexpr std::array form_choices{Choice{"hex", "default"}, Choice{"words"}, Choice{"base32"}};

// A chain that is to be enrolled, with its knocks if it was made here, highest number first.
struct NewChain {
    Enrolment enrolment;
    std::vector<NumberedKnock> knocks;
};

void check_option_mix(const Invocation& invocation) {
    const bool generate = invocation.has("generate");
    if (generate == invocation.has("token")) {
        throw UsageError(
            "say either --generate, to make a chain and its sheet here, or --token TOKEN, for one that "
            "the user made with knockgen");
    }
    if (generate) return;
    for (const std::string_view option : {"length", "algorithm", "seed", "sheet"}) {
        if (invocation.has(option))
            throw UsageError(fmt::format("--{} goes with --generate; a token says all", option));
    }
}

Enrolment from_token(const Invocation& invocation) {
    const auto parsed = parse_token(*invocation.value("token"));
    if (!parsed) throw Error(fmt::format("the token cannot be used: {}", parsed.reason()));
    if (!parsed->public_key) return *parsed;
    if (const auto fault = fault_of(*parsed->public_key))
        throw Error(fmt::format("the public key of the token cannot be used: {}", explain(*fault)));
    return *parsed;
}

Algorithm algorithm_option(const Invocation& invocation) {
    const std::string name = invocation.value("algorithm").value_or("sha256");
    const auto algorithm = algorithm_named(name);
    if (algorithm) return *algorithm;
    throw UsageError(fmt::format("--algorithm {} is none of sha256, sha1, md5 and md4", printable(name)));
}

Count length_option(const Invocation& invocation) {
    const auto text = invocation.value("length");
    if (!text) return default_length;
    const auto length = parse_decimal(*text, longest_chain);
    if (!length || *length < shortest_chain) {
        throw UsageError(
            fmt::format("--length {} is no number from {} to {}; a chain of length N has N-1 knocks",
                        printable(*text), shortest_chain, longest_chain));
    }
    return static_cast<Count>(*length);
}

std::string seed_option(const Invocation& invocation) {
    const auto text = invocation.value("seed");
    if (!text) return random_seed(system_random);
    if (const auto fault = check_seed(*text)) {
        throw UsageError(fmt::format("--seed {}: {}", printable(*text), message_of(*fault)));
    }
    return to_lower(*text);
}

void check_algorithm(const Config& config, Algorithm algorithm) {
    const auto& accepted = config.accept.algorithms;
    if (std::find(accepted.begin(), accepted.end(), algorithm) == accepted.end()) {
        throw Error(fmt::format(
            "{} chains are not accepted here; add \"{}\" to algorithms under [accept] in otk.toml if "
            "you want them{}",
            name_of(algorithm), name_of(algorithm),
            value_size(algorithm) == 8 ? " (64-bit values: read about weak_limit first)" : ""));
    }
    if (!available(algorithm)) {
        throw Error(fmt::format("this system's libcrypto has no {}; md4 needs its legacy provider",
                                name_of(algorithm)));
    }
}

// All but the image.
Enrolment to_generate(const Invocation& invocation) {
    Enrolment enrolment;
    enrolment.algorithm = algorithm_option(invocation);
    enrolment.length = length_option(invocation);
    enrolment.seed = seed_option(invocation);
    return enrolment;
}

void generate_chain(NewChain& chain) {
    const Algorithm algorithm = chain.enrolment.algorithm;
    const ChainSecret secret = ChainSecret::generate(algorithm, system_random);
    // One walk upwards gives all values: asking for each would cost the square of the length.
    Value value = secret.at(1);
    for (Count number = 1; number < chain.enrolment.length; ++number) {
        chain.knocks.push_back({number, value});
        value = step(algorithm, value);
    }
    chain.enrolment.image = value;
    std::reverse(chain.knocks.begin(), chain.knocks.end());
}

void check_never_seen(const PolicyStore& store, const Enrolment& enrolment) {
    if (store.seed_seen(enrolment.seed)) {
        throw Error(
            fmt::format("the seed {} was used on this server before, so old knocks might count again; take "
                        "another seed",
                        enrolment.seed));
    }
    if (store.image_seen(enrolment.algorithm, enrolment.image)) {
        throw Error("this chain was enrolled on this server before, so old knocks might count again; make a "
                    "new one, with "
                    "another seed");
    }
    if (enrolment.public_key && store.key_seen(*enrolment.public_key)) {
        throw Error(
            "the public key of this token was enrolled on this server before. One secret is for one "
            "grant, once: have the user make another key file (`knockgen key new FILE`), or take another "
            "seed or passphrase, and a new token");
    }
}

// What was signed can be altered by nobody; a renewal that gave that up in silence would surprise its user.
void check_signing_kept(const Invocation& invocation, const Purpose& purpose, bool has_key) {
    const bool had_key = purpose.replaces && purpose.replaces->enrolment.public_key.has_value();
    const bool gives_up = invocation.has("unsigned");
    if (gives_up && !had_key) throw UsageError("--unsigned gives up signatures, and this grant has none");
    if (gives_up && has_key)
        throw UsageError("--unsigned gives up signatures, and this token has a public key");
    if (!had_key || has_key || gives_up) return;
    throw Error(fmt::format(
        "{0}/{1} takes signed knocks, and this chain has no public key: whoever caught a knock of it on its "
        "way could use it. Have the user make a token with `knockgen token` (sha256, without --plain), and "
        "say "
        "`knockmgr grant renew {0} {1} --token TOKEN`; or say --unsigned, if plain knocks shall do",
        purpose.user.name, purpose.command.name));
}

// Asks the ledger, by way of a process that has a copy of our memory: so before any knock is in it.
void check_weak(const Config& config, const PolicyStore& store, const Purpose& purpose,
                const Enrolment& enrolment, const Places& where) {
    if (value_size(enrolment.algorithm) != 8 || !purpose.enabled) return;
    const auto replaced = purpose.replaces ? std::optional(purpose.replaces->id) : std::nullopt;
    check_weak_limit(config, weak_knocks(store, where, replaced), enrolment.length - 1);
}

// One knock per line, as one word where the form allows it, so that it can be pasted into any tool.
std::string listed(const Value& value, TextForm form) {
    return form == TextForm::words ? format_value(value, form) : format_compact(value, form);
}

std::string taken_text(const Profile& profile) {
    const std::string_view taken = what_is_taken(profile);
    if (!profile.has_key) return fmt::format("{}: the chain has no public key", taken);
    if (profile.plain)
        return fmt::format("{}; who catches a plain one can use it in the user's place", taken);
    return fmt::format("{}, which take knockgen to send; --plain takes those of a sheet, too", taken);
}

// What a renewal changed that is not said to change with every one.
std::string difference_text(const Enrolment& before, const Enrolment& now) {
    const bool same_key = before.public_key.has_value() == now.public_key.has_value();
    if (before.algorithm == now.algorithm && before.length == now.length && same_key) return "";
    return fmt::format("before: {} with {}{}\n", name_of(before.algorithm),
                       counted(before.length - 1, "knock"), before.public_key ? ", signed" : ", plain");
}

// Where standard output is for the knocks (a file, a program) it holds nothing else.
void say_what_was_done(const Invocation& invocation, const Purpose& purpose, const Enrolled& enrolled) {
    const auto& [enrolment, plan, profile] = enrolled;
    const auto sheet = invocation.value("sheet");
    const bool prints_own = profile && profile->plain; // a sheet of signed knocks there is not
    std::string text = fmt::format(
        "grant {}/{} {}: {} with {}, first number {}\ncheck words: {}\n", purpose.user.name,
        purpose.command.name, purpose.replaces ? "renewed" : "added", name_of(enrolment.algorithm),
        counted(enrolment.length - 1, "knock"), enrolment.length - 1, check_words(enrolment));
    if (purpose.replaces) text += difference_text(purpose.replaces->enrolment, enrolment);
    if (sheet) text += fmt::format("sheet: {} (print it, hand it over, delete it)\n", *sheet);
    if (profile) text += fmt::format("accepts: {}\n", taken_text(*profile));
    if (profile) {
        text += fmt::format("the user's profile: {}\n", profile_line(*profile));
        text += fmt::format("check words of the profile: {}\n", profile_words(*profile));
    }
    if (prints_own) text += fmt::format("the user's sheet: {}\n", knockgen_line(plan, enrolment));
    if ((sheet || prints_own) && !plan.no_dns.empty()) {
        text += fmt::format("no lines for dns on the sheet: {}\n", plan.no_dns);
    }
    const bool listing = invocation.json() || (invocation.has("generate") && !sheet);
    if (listing) return tell_text(text);
    report(text);
}

// The port of a forwarding door, which is the knock's own.
std::optional<std::uint16_t> port_of(const NumberedKnock& knock, const SheetPlan& plan) {
    if (!plan.door || plan.door->port != 0) return std::nullopt;
    return door_port(knock.value, plan.door->ports);
}

void print_lines(const NewChain& chain, const SheetPlan& plan) {
    for (const NumberedKnock& knock : chain.knocks) {
        const auto port = port_of(knock, plan);
        print(fmt::format("{}: {}{}\n", knock.number, listed(knock.value, plan.form),
                          port ? fmt::format(" port {}", *port) : ""));
    }
}

Json json_of(const Purpose& purpose, const Enrolled& enrolled, const std::vector<NumberedKnock>& all) {
    const auto& [enrolment, plan, profile] = enrolled;
    Json knocks = Json::array();
    for (const NumberedKnock& knock : all) {
        Json json{{"number", knock.number}, {"value", listed(knock.value, plan.form)}};
        if (const auto port = port_of(knock, plan)) json["port"] = *port;
        knocks.push_back(std::move(json));
    }
    Json result{{"user", purpose.user.name},
                {"command", purpose.command.name},
                {"token", format_token(enrolment)},
                {"check_words", check_words(enrolment)},
                {"knocks", knocks}};
    if (profile) {
        result["sheet_command"] = profile->plain ? Json(knockgen_line(plan, enrolment)) : Json();
        result["accepts"] = what_is_taken(*profile);
        result["profile"] = format_profile(*profile);
        result["profile_check_words"] = profile_words(*profile);
        result["profile_command"] = profile_line(*profile);
    }
    return result;
}

// Before the chain is enrolled, and throws Error unless all got out: nobody can list them a second time, and
// a grant whose knocks nobody has is worse than the old one.
void hand_over(const Invocation& invocation, const Purpose& purpose, const NewChain& chain,
               const SheetPlan& plan) {
    if (invocation.json())
        print_json(json_of(purpose, {chain.enrolment, plan, {}}, chain.knocks));
    else
        print_lines(chain, plan);
    finish_output();
}

// Their knocks open nothing.
void take_back(const std::string& sheet, bool listed) {
    if (!sheet.empty()) (void)unlink(sheet.c_str());
    if (listed) warn("the chain was not enrolled: the knocks that were listed open nothing");
}

} // namespace

const std::vector<Option>& enrol_options() {
    static const std::vector<Option> options{
        {"generate", "", "make a random chain here and print its knocks"},
        {"token", "TOKEN", "enrol a chain that the user made with `knockgen token`"},
        {"length", "N", "of a generated chain: N-1 knocks (default 100, on renewal as before)"},
        {"algorithm", "NAME", "of a generated chain: {}", false, algorithm_choices},
        {"seed", "SEED", "of a generated chain: 1 to 16 letters and digits (default random)"},
        {"sheet", "FILE", "write a sheet to print to a new FILE, mode 0600, and list nothing"},
        {"host", "NAME",
         "this server's name or address, for sheet and profile (default the host's, on renewal as before)"},
        {"form", "FORM",
         "how knocks are written: {} (on renewal as before); dns names an address only with base32", false,
         form_choices},
        {"json", "", "print JSON"},
    };
    return options;
}

Enrolled enrol(const Invocation& invocation, const PolicyStore& store, const Purpose& purpose,
               const StoreChain& store_it) {
    check_option_mix(invocation);
    const Config config = load_config(invocation.where().config);
    const SheetPlan plan = plan_sheet(invocation, config, purpose.command, purpose.rules);
    const bool generate = invocation.has("generate");
    NewChain chain;
    chain.enrolment = generate ? to_generate(invocation) : from_token(invocation);
    const bool has_key = chain.enrolment.public_key.has_value();
    check_algorithm(config, chain.enrolment.algorithm);
    check_signing_kept(invocation, purpose, has_key);
    check_signing_options(invocation, purpose.command, has_key);
    check_weak(config, store, purpose, chain.enrolment, invocation.where());
    if (generate) {
        // From here on whatever is freed is overwritten: texts with knocks in them among it.
        (void)mallopt(M_PERTURB, 0xff); // the allocator of a sanitizer does not know it
        generate_chain(chain);
    }
    check_never_seen(store, chain.enrolment);
    if (!generate) check_meets_none(store, chain.enrolment); // a random one meets none
    const std::string sheet = invocation.value("sheet").value_or("");
    const bool listed = generate && sheet.empty();
    if (listed) hand_over(invocation, purpose, chain, plan);
    if (!sheet.empty())
        write_private_file(sheet, sheet_of(plan, chain.enrolment, std::move(chain.knocks)).text());
    try {
        store_it(chain.enrolment, chain_id(chain.enrolment),
                 {invocation.value("host").value_or(""), invocation.value("form").value_or(""), generate});
    } catch (...) {
        take_back(sheet, listed);
        throw;
    }
    Enrolled enrolled{chain.enrolment, plan, std::nullopt};
    if (!generate) {
        enrolled.profile = profile_of({purpose.command, purpose.rules, chain.enrolment}, config, store,
                                      plan.host, SystemClock().now());
    }
    return enrolled;
}

int print_enrolled(const Invocation& invocation, const Purpose& purpose, const Enrolled& enrolled) {
    const bool listed = invocation.has("generate") && !invocation.has("sheet");
    if (enrolled.profile || invocation.has("sheet")) warn_of_bare_host(invocation, enrolled.plan.host);
    say_what_was_done(invocation, purpose, enrolled);
    if (invocation.json() && !listed) report_json(json_of(purpose, enrolled, {}));
    return 0;
}

} // namespace otk::knockmgr
