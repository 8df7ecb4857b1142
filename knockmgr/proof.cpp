#include "knockmgr/proof.h"

#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/former_chains.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "request/signed_knock.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

RowNumber row_named(const std::string& text) {
    const auto row = parse_decimal(text, std::numeric_limits<std::int64_t>::max());
    if (!row)
        throw UsageError(
            fmt::format("--proof {} is no row number; `knockmgr log` shows them", printable(text)));
    return RowNumber{static_cast<std::int64_t>(*row)};
}

template <std::size_t size>
std::optional<std::array<std::uint8_t, size>> hex_option(const Invocation& invocation, const char* name) {
    const auto text = invocation.value(name);
    if (!text) return std::nullopt;
    const auto bytes = from_hex(*text);
    if (!bytes || bytes->size() != size)
        throw UsageError(fmt::format("--{} {} is not {} hex digits", name, printable(*text), 2 * size));
    std::array<std::uint8_t, size> array{};
    std::copy(bytes->begin(), bytes->end(), array.begin());
    return array;
}

// With what a proof is looked at: from policy.db unless it was given.
struct Means {
    ServerIdBytes server{};
    std::optional<PublicKey> key;
    std::string key_of; // where it is from
};

// Of the chain that the row belongs to, be it of today, replaced or removed.
void find_key(const PolicyStore& store, const ChainId& chain, Means& means) {
    if (const auto grant = store.grant_with(chain)) {
        means.key = grant->grant.enrolment.public_key;
        means.key_of = fmt::format("of {}/{}", grant->user.name, grant->command.name);
        return;
    }
    for (const FormerChain& former : former_chains(store)) {
        if (former.grant.grant.chain != chain) continue;
        means.key = former.grant.grant.enrolment.public_key;
        means.key_of = fmt::format("of {}/{}, {} at {}", former.grant.user.name, former.grant.command.name,
                                   former.removed ? "removed" : "replaced", format_utc(former.until));
    }
}

Means means_of(const Invocation& invocation, RowNumber row) {
    Means means;
    means.key = hex_option<32>(invocation, "public-key");
    means.key_of = "as given";
    const auto server = hex_option<16>(invocation, "server");
    if (server) means.server = *server;
    if (means.key && server) return means;
    const PolicyStore store = read_policy(invocation.where());
    if (!server) means.server = store.server_id();
    if (means.key) return means;
    // What the ledger says is not believed: bytes that are no chain's lead to no key.
    const std::string fetched = fetched_from_ledger(invocation.where(), [&](const Ledger& ledger) {
        const auto found = ledger.row(row);
        return found ? to_hex(found->chain) : std::string();
    });
    ChainId chain{};
    if (const auto bytes = from_hex(fetched); bytes && bytes->size() == chain.size())
        std::copy(bytes->begin(), bytes->end(), chain.begin());
    find_key(store, chain, means);
    return means;
}

// The bytes that the signature is over, made from what is here alone (docs/PROTOCOL.md).
std::vector<std::uint8_t> signed_bytes(const Row& row, const Means& means) {
    std::vector<std::uint8_t> bytes;
    const auto add = [&bytes](Bytes some) { bytes.insert(bytes.end(), some.begin(), some.end()); };
    add(as_bytes("otk-signed-1"));
    bytes.push_back(0);
    add(means.server);
    bytes.push_back(static_cast<std::uint8_t>(row.command.size()));
    add(as_bytes(row.command));
    add(Bytes(row.request).first(row.request.size() - sizeof(Signature)));
    return bytes;
}

struct Proof {
    Row row;
    SignedKnock knock;
    std::vector<std::uint8_t> bytes; // that were signed
    bool verified = false;
    std::string verdict; // one sentence
};

std::string verdict_of(const Proof& proof, const Means& means) {
    if (proof.verified)
        return "verifies: the owner of this key asked this server for this command, address, argument and "
               "time";
    if (const auto fault = fault_of(*means.key)) return fmt::format("DOES NOT VERIFY: {}", explain(*fault));
    return "DOES NOT VERIFY: the owner of this key did not sign these bytes";
}

Proof look_at(const Ledger& ledger, RowNumber wanted, const Means& means) {
    const auto row = ledger.row(wanted);
    if (!row)
        throw Error(fmt::format("there is no row {}; `knockmgr log` shows those there are", number(wanted)));
    if (row->request.empty())
        throw Error(fmt::format("row {} has no signed knock: there is nothing to prove", number(wanted)));
    if (looks_like_dynamic_request(row->request))
        throw Error(fmt::format("row {} is a dynamic request: its signature is inside a box that only this "
                                "server's private key opens",
                                number(wanted)));
    const auto knock = parse_signed_knock(row->request);
    if (!knock)
        throw Error(fmt::format("row {} has a request that is not encoded as the protocol demands ({}): "
                                "nobody's signature covers it",
                                number(wanted), name_of(knock.reason())));
    if (!means.key)
        throw Error(fmt::format("no public key is known for the chain of row {}: give it with --public-key",
                                number(wanted)));
    Proof proof{*row, *knock, signed_bytes(*row, means), false, {}};
    proof.verified = verify(*means.key, proof.bytes, knock->signature);
    proof.verdict = verdict_of(proof, means);
    return proof;
}

void print_as_json(const Proof& proof, const Means& means) {
    const Row& row = proof.row;
    const SignedKnock& knock = proof.knock;
    print_json({{"row", number(row.number)},
                {"kind", name_of(row.kind)},
                {"user", row.user},
                {"command", row.command},
                {"number", row.count},
                {"address", knock.address.empty() ? Json() : Json(knock.address.text())},
                {"argument", knock.argument},
                {"time", knock.time == Time{} ? Json() : json_time(knock.time)},
                {"server", to_hex(means.server)},
                {"public_key", to_hex(*means.key)},
                {"signed", to_hex(proof.bytes)},
                {"signature", to_hex(knock.signature)},
                {"verified", proof.verified},
                {"text", proof.verdict}});
}

void print_text(const Proof& proof, const Means& means) {
    const Row& row = proof.row;
    const SignedKnock& knock = proof.knock;
    const auto or_none = [](const std::string& text) { return text.empty() ? "none" : printable(text); };
    print(fmt::format("row {}: {}/{}, knock {}, {} at {}\n", number(row.number), printable(row.user),
                      printable(row.command), row.count, name_of(row.kind), format_utc(row.at)));
    print(fmt::format("  address     {}\n", knock.address.empty() ? "none" : knock.address.text()));
    print(fmt::format("  argument    {}\n", or_none(knock.argument)));
    print(fmt::format("  time        {}\n", knock.time == Time{} ? "none" : format_utc(knock.time)));
    print(fmt::format("  server      {}\n", to_hex(means.server)));
    print(fmt::format("  public key  {} ({})\n", to_hex(*means.key), means.key_of));
    print(fmt::format("  signed      {}\n", to_hex(proof.bytes)));
    print(fmt::format("  signature   {}\n", to_hex(knock.signature)));
    print(fmt::format("{}\n", proof.verdict));
}

} // namespace

int show_proof(const Invocation& invocation, const std::string& row_text) {
    const RowNumber row = row_named(row_text);
    const Means means = means_of(invocation, row);
    return as_ledger_reader(invocation.where(), [&](const Ledger& ledger) {
        const Proof proof = look_at(ledger, row, means);
        if (invocation.json())
            print_as_json(proof, means);
        else
            print_text(proof, means);
        return proof.verified ? 0 : 1;
    });
}

} // namespace otk::knockmgr
