#include "base/text.h"
#include "knockgen/chain_options.h"
#include "knockgen/commands.h"
#include "knockgen/output.h"
#include "knockgen/passphrase.h"
#include "otp/challenge.h"

#include <fmt/format.h>

namespace otk {
namespace {

Challenge challenge_of(const Arguments& arguments) {
    // The quotes around a challenge are easily forgotten, and the meaning is clear without them.
    const std::string text = fmt::format("{}", fmt::join(arguments.operands(), " "));
    if (text.empty()) throw UsageError("the challenge is missing; it looks like 'otp-md5 487 dog2'");
    const auto challenge = parse_challenge(text);
    if (!challenge) throw UsageError(fmt::format("\"{}\": {}", printable(text), challenge.reason()));
    return *challenge;
}

} // namespace

void run_otp(const Arguments& arguments) {
    const Challenge challenge = challenge_of(arguments);
    const TextForm form = chosen_form(arguments, TextForm::words);
    demand(challenge.algorithm);

    const SecretText passphrase = known_passphrase(arguments, format_challenge(challenge));
    const ChainSecret chain = ChainSecret::from_passphrase(challenge.algorithm, passphrase, challenge.seed);

    Output output;
    output.add(printed(chain.at(challenge.count), form) + '\n');
    output.finish();
}

} // namespace otk
