#include "otp/token.h"

#include "base/standard_streams.h"
#include "knockgen/chain_options.h"
#include "knockgen/commands.h"
#include "knockgen/output.h"
#include "knockgen/passphrase.h"
#include "knockgen/secret.h"
#include "otp/rules.h"
#include "request/signing_key.h"

#include <cstdio>

#include <fmt/format.h>

namespace otk {
namespace {

// What to do with a token that has a public key, and what it is for.
void explain_signed(const Enrolment& enrolment) {
    tell("\n"
         "Check words: {}\n"
         "Seed:        {}\n\n"
         "This token is for knocks that knockgen send signs: what you ask for, and for which address,\n"
         "nobody on the way can change or use for himself. The server then takes no plain knock, so a\n"
         "printed sheet does not work with it; for a sheet make another token, with --plain.\n\n"
         "What to do next:\n"
         "  1. Give the token (the line that begins with otk1:) to your administrator, who runs\n"
         "     knockmgr grant add YOU COMMAND --token TOKEN\n"
         "     Compare the check words by voice: they tell whether the token arrived unchanged.\n"
         "  2. The administrator's knockmgr prints a line for you:\n"
         "     knockgen profile add NAME 'otk1-profile ...'\n"
         "  3. Knock: knockgen send NAME\n",
         check_words(enrolment), enrolment.seed);
}

// On standard error, so that standard output holds the token and nothing else.
void explain_plain(const Enrolment& enrolment) {
    tell("\n"
         "Check words: {}\n"
         "Seed:        {}\n\n"
         "This token is for plain knocks: from a printed sheet, by ping, dig and the like. Whoever holds\n"
         "one back on its way can use it once.\n\n"
         "What to do next:\n"
         "  1. Give the token (the line that begins with otk1:) to your administrator, who runs\n"
         "     knockmgr grant add YOU COMMAND --token TOKEN\n"
         "     Compare the check words by voice: they tell whether the token arrived unchanged.\n"
         "  2. Print your sheet (the seed is no secret, the sheet is). The administrator's knockmgr\n"
         "     printed the line for it; without that line, and without dns:\n"
         "     knockgen sheet --seed {} --algorithm {} --length {} --host SERVER -o sheet.txt\n",
         check_words(enrolment), enrolment.seed, enrolment.seed, name_of(enrolment.algorithm),
         enrolment.length);
}

// From the key file, or from a passphrase that is chosen now.
ChainSecret new_chain(const Arguments& arguments, Algorithm algorithm, const std::string& seed) {
    if (arguments.has("key")) return chosen_chain(arguments, algorithm, seed);
    const SecretText passphrase =
        new_passphrase(arguments, fmt::format("the {} chain with seed {}", name_of(algorithm), seed));
    return ChainSecret::from_passphrase(algorithm, passphrase, seed);
}

} // namespace

void run_token(const Arguments& arguments) {
    Enrolment enrolment;
    enrolment.algorithm = chosen_algorithm(arguments);
    enrolment.length = arguments.number("length", shortest_chain, longest_chain).value_or(default_length);
    const auto seed = arguments.text("seed");
    enrolment.seed = seed ? checked_seed(*seed) : random_seed(system_random);

    const ChainSecret chain = new_chain(arguments, enrolment.algorithm, enrolment.seed);
    enrolment.image = chain.at(enrolment.length);
    // Only sha256 chains have a signing key.
    if (enrolment.algorithm == Algorithm::sha256 && !arguments.has("plain"))
        enrolment.public_key = SigningKey::of(chain).public_key();

    Output output;
    output.add(format_token(enrolment) + '\n');
    output.finish();
    if (enrolment.public_key)
        explain_signed(enrolment);
    else
        explain_plain(enrolment);
}

} // namespace otk
