// The hash chain: RFC 2289 section 6, and the sha256 chain of DESIGN 3.
#pragma once

#include "base/random.h"
#include "base/secret.h"
#include "otp/algorithm.h"
#include "otp/value.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace otk {

// A number of steps or of knocks. Counts run downwards: a chain of length n is enrolled with the value at n,
// the first knock is n-1, the last is 1.
using Count = std::uint32_t;
inline constexpr Count longest_chain = 1'000'000;
inline constexpr Count shortest_chain = 2; // one knock

// Compares one step of the algorithm with its known answer; throws Error when libcrypto gives another.
//
// The steps use libcrypto's low-level digests (otp/digest.h): nothing has to be fetched, no provider is asked
// and no file is read, so step, walk and what is built on them work in any sandbox, prepared or not. MD4 is
// there without the legacy provider too, because the low-level one never was a provider's. What remains to be
// prepared is trust: these functions are deprecated, so each program checks at start, once for each algorithm
// it uses, that the libcrypto it was loaded with still computes them.
void prepare(Algorithm algorithm);
[[nodiscard]] bool available(Algorithm algorithm); // prepare() would succeed

// One step: the digest of the value, folded to 64 bits (RFC 2289 section 6.0 and Appendix A) or cut to 128.
// value.size() must be value_size(algorithm). Allocates nothing.
[[nodiscard]] Value step(Algorithm algorithm, const Value& value);
[[nodiscard]] Value walk(Algorithm algorithm, const Value& value, Count steps); // that many steps

// What a chain of the user begins with. For RFC algorithms the value at count 0 (RFC 2289 section 6.0,
// initial step: seed in lower case, then passphrase); for sha256 a 32-byte master (scrypt or random), from
// which HKDF derives the 16-byte start and, later, the signing key.
class ChainSecret {
  public:
    // The passphrase as typed. The caller has checked seed and passphrase by their own rules (rules.h).
    // sha256 costs 128 MiB and about half a second (scrypt). Throws Error when memory is short.
    static ChainSecret from_passphrase(Algorithm algorithm, const SecretText& passphrase,
                                       std::string_view seed);
    // For --generate and key files: 32 bytes from the random source for sha256; for RFC algorithms a random
    // 64-bit start.
    static ChainSecret generate(Algorithm algorithm, const RandomSource& random);
    // A sha256 chain from a master made earlier (key file).
    static ChainSecret from_master(SecretArray<32> master);

    [[nodiscard]] Algorithm algorithm() const { return algorithm_; }
    // The 32-byte Ed25519 private key of the same master (HKDF label `otk sign 1`). REQUIRES sha256.
    [[nodiscard]] SecretArray<32> signing_seed() const;
    // The master itself, to be kept in a key file. REQUIRES sha256.
    [[nodiscard]] Bytes master() const;
    // The value at the count: count steps from the start.
    [[nodiscard]] Value at(Count count) const;

  private:
    explicit ChainSecret(Algorithm algorithm) : algorithm_(algorithm) {}
    Algorithm algorithm_;
    SecretArray<32> master_; // sha256 only
    SecretArray<16> start_;  // the value at count 0, value_size(algorithm) bytes of it
};

} // namespace otk
