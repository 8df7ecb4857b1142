// The chains of the load tools: sha256 chains that everybody who knows a number can compute again, so that a
// generator can knock for a million users without a file of secrets. Never for real users.
//
// Grant i (0, 1, 2, ...) of a run with the number `seed` belongs to user "load<i>" and has the chain that
// begins, at count 0, with the first 16 bytes of
//
//   SHA-256("otk-load-chain" | seed, 8 bytes, big-endian | i, 8 bytes, big-endian)
//
// and goes on as every sha256 chain does: the next value is the first 16 bytes of SHA-256 of the one before.
// The server is enrolled with the value at count `length`; the first knock is the one at length - 1, the last
// the one at 1. The chain's RFC 2289 seed is 16 characters, each alphabet[byte % 36] with the alphabet
// "abcdefghijklmnopqrstuvwxyz0123456789" of the first 16 bytes of
//
//   SHA-256("otk-load-seed" | seed, 8 bytes, big-endian | i, 8 bytes, big-endian)
//
// The program `populate` (populate_main.cpp) enrols such chains:
//
//   populate STATE_DIR --grants N [--length L] [--command NAME] [--seed S]
//
// STATE_DIR is the --dir of `knockmgr init`; `knockmgr command add NAME` was done, and knockd does not run.
// Defaults: L 100, NAME "load", S 1.
#pragma once

#include "otp/chain.h"
#include "otp/token.h"

#include <cstdint>
#include <string>

namespace otk {

struct LoadChains {
    std::uint64_t seed = 1;
    Count length = 100; // shortest_chain to longest_chain

    [[nodiscard]] Value start(std::uint64_t grant) const;              // the value at count 0
    [[nodiscard]] Value value(std::uint64_t grant, Count count) const; // `count` steps from there
    [[nodiscard]] std::string user(std::uint64_t grant) const;         // "load7"
    [[nodiscard]] Enrolment enrolment(std::uint64_t grant) const;      // costs `length` hashes
};

} // namespace otk
