// knockgen key: files that hold a secret in place of a passphrase.
#include "knockgen/key_file.h"

#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/commands.h"
#include "knockgen/output.h"
#include "otp/digest.h"
#include "otp/words.h"
#include "request/signing_key.h"

#include <cstdio>

#include <fmt/format.h>

namespace otk {
namespace {

// Six words of the public key, to be compared by voice or at a glance. They are not those of a token, which
// has a seed and a length, too.
std::string words_of(const PublicKey& key) {
    const Digest digest = digest_of(Algorithm::sha256, {as_bytes("otk-public-key-1"), key});
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : digest.view().first(sizeof bits))
        bits = bits << 8U | byte;
    return encode_words(bits, ' ');
}

std::string public_part_of(const std::string& file) {
    const PublicKey key = SigningKey::of(ChainSecret::from_master(read_key_file(file))).public_key();
    return fmt::format("Public key:  {}\nCheck words: {}\n", to_hex(key), words_of(key));
}

void show(const std::string& file) {
    Output output;
    output.add(public_part_of(file));
    output.finish();
}

void make(const std::string& file) {
    make_key_file(file);
    tell_done(public_part_of(file));
    tell("\n"
         "{0} is the secret of one chain: keep it to yourself, and a copy in a safe place.\n"
         "What to do next: knockgen token --key {0}\n"
         "One key file is for one right on one server. Make another one for the next.\n",
         printable(file));
}

} // namespace

void run_key(const Arguments& arguments) {
    const auto& words = arguments.operands();
    const bool known = !words.empty() && (words[0] == "new" || words[0] == "show");
    if (!known) throw UsageError("say key new FILE, to make a key, or key show FILE");
    if (words.size() != 2) throw UsageError(fmt::format("key {} takes one word more, the file", words[0]));
    if (words[0] == "new") return make(words[1]);
    show(words[1]);
}

} // namespace otk
