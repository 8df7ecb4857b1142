// Writes a small history into a ledger, so that the tests of knockmgr need no daemon: which rows there are is
// told at each step. Usage: scene LEDGER_DB CHAIN_HEX GRANT_ID USER COMMAND IMAGE_HEX KNOCK_HEX... (highest
// number first, at least six).
#include "base/text.h"
#include "store/ledger.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

using namespace otk;

namespace {

Value value_of(const std::string& hex) {
    const auto bytes = from_hex(hex);
    promise(bytes.has_value(), "values are given in hex");
    return Value(*bytes);
}

class Scene {
  public:
    Scene(Ledger& ledger, const std::vector<std::string>& words) :
        ledger_(ledger), grant_(std::stoll(words[2])), user_(words[3]), command_(words[4]) {
        const auto chain = from_hex(words[1]);
        promise(chain && chain->size() == chain_.size(), "the chain is named by 64 hex digits");
        std::copy(chain->begin(), chain->end(), chain_.begin());
        for (auto word = words.begin() + 5; word != words.end(); ++word)
            values_.push_back(value_of(*word));
    }

    // The knock that stands `index` places after the image.
    Row knock(RowKind kind, std::size_t index) {
        Row row;
        row.at = next_time();
        row.kind = kind;
        row.grant = GrantId{grant_};
        row.chain = chain_;
        row.user = user_;
        row.command = command_;
        row.algorithm = Algorithm::sha256;
        row.count = static_cast<Count>(values_.size() - index);
        row.value = values_[index];
        row.carrier = Carrier::udp;
        row.source = *Address::parse("192.0.2.7");
        row.source_port = 4711;
        return row;
    }

    RowNumber spend(Row row, std::size_t index) {
        ledger_.begin();
        const bool spent = ledger_.spend(values_[place_], {chain_, values_[index], row.count});
        promise(spent, "the chain stands where the scene left it");
        place_ = index;
        ledger_.append(row);
        ledger_.commit();
        return row.number;
    }

    RowNumber append(Row row, std::string_view output = {}) {
        ledger_.begin();
        ledger_.append(row);
        if (!output.empty()) ledger_.keep_output(row.number, as_bytes(output), false);
        ledger_.commit();
        return row.number;
    }

    Row end(RowKind kind, RowNumber of, Outcome outcome, std::int64_t status) {
        Row row;
        row.at = next_time();
        row.kind = kind;
        row.of = of;
        row.user = user_;
        row.command = command_;
        row.outcome = outcome;
        row.status = status;
        row.duration = std::chrono::milliseconds{12};
        return row;
    }

  private:
    Time next_time() {
        now_ += std::chrono::minutes{1};
        return now_;
    }

    Ledger& ledger_;
    ChainId chain_{};
    std::int64_t grant_;
    std::string user_;
    std::string command_;
    std::vector<Value> values_; // the image first
    std::size_t place_ = 0;     // where the chain stands
    Time now_ = SystemClock().now() - std::chrono::hours{1};
};

void play(Scene& scene) {
    // The first knock ran and printed something that would clear a terminal; it was replayed and contested.
    const RowNumber first = scene.spend(scene.knock(RowKind::accepted, 1), 1);
    scene.append(scene.end(RowKind::ended, first, Outcome::exited, 3), "hello\n\033[2Jworld\n");
    Row contested = scene.knock(RowKind::contested, 1);
    contested.of = first;
    scene.append(contested);
    Row replay = scene.knock(RowKind::replay, 1);
    replay.of = first;
    scene.append(replay);
    // The second was refused.
    Row refused = scene.knock(RowKind::refused, 2);
    refused.refusal = Refusal::source_not_allowed;
    scene.spend(refused, 2);
    // The fourth jumped over the third, which came after all; a crash cut its command off.
    Row fourth = scene.knock(RowKind::accepted, 4);
    fourth.jumped = 1;
    const RowNumber fourth_row = scene.spend(fourth, 4);
    scene.append(scene.knock(RowKind::late, 3));
    scene.append(scene.end(RowKind::interrupted, fourth_row, Outcome::interrupted, 0));
    // The fifth still runs, for an address that it named.
    Row fifth = scene.knock(RowKind::accepted, 5);
    fifth.named = fifth.address = *Address::parse("203.0.113.9");
    scene.spend(fifth, 5);
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 12) return 2;
    try {
        Ledger ledger = Ledger::open(words[0]);
        Scene scene(ledger, words);
        play(scene);
        return 0;
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "scene: %s\n", fault.what());
        return 1;
    }
}
