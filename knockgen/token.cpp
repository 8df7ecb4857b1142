#include "otp/token.h"
#include "knockgen/chain_options.h"
#include "knockgen/commands.h"
#include "knockgen/output.h"
#include "knockgen/passphrase.h"
#include "otp/rules.h"

#include <cstdio>

#include <fmt/format.h>

namespace otk {
namespace {

// On standard error, so that standard output holds the token and nothing else.
void explain(const Enrolment& enrolment) {
    fmt::print(stderr,
               "\n"
               "Check words: {}\n"
               "Seed:        {}\n\n"
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

} // namespace

void run_token(const Arguments& arguments) {
    Enrolment enrolment;
    enrolment.algorithm = chosen_algorithm(arguments);
    enrolment.length = arguments.number("length", shortest_chain, longest_chain).value_or(default_length);
    const auto seed = arguments.text("seed");
    enrolment.seed = seed ? checked_seed(*seed) : random_seed(system_random);

    const SecretText passphrase = new_passphrase(
        arguments, fmt::format("the {} chain with seed {}", name_of(enrolment.algorithm), enrolment.seed));
    const ChainSecret chain = ChainSecret::from_passphrase(enrolment.algorithm, passphrase, enrolment.seed);
    enrolment.image = chain.at(enrolment.length);

    Output output;
    output.add(format_token(enrolment) + '\n');
    output.finish();
    explain(enrolment);
}

} // namespace otk
