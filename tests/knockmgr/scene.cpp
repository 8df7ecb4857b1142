// Writes a small history into a ledger, so that the tests of knockmgr need no daemon: which rows there are is
// told at each step. Usage: scene PLAY LEDGER_DB CHAIN_HEX GRANT_ID USER COMMAND IMAGE_HEX KNOCK_HEX...
// (highest number first, at least twelve); PLAY is knocks, doors, pruned or signed.
#include "base/text.h"
#include "request/signed_knock.h"
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

    // With `lasts_until` the knock begins a hold, or prolongs the one of the same address.
    RowNumber spend(Row row, std::size_t index, std::optional<Time> lasts_until = std::nullopt) {
        ledger_.begin();
        const bool spent = ledger_.spend(values_[place_], {chain_, values_[index], row.count, row.at});
        promise(spent, "the chain stands where the scene left it");
        place_ = index;
        ledger_.append(row);
        if (lasts_until) ledger_.hold({row.number, row.grant, row.address, 0, *lasts_until});
        ledger_.commit();
        return row.number;
    }

    // The next knock down, for an address that it names.
    RowNumber next_knock(const char* address, std::optional<Time> lasts_until = std::nullopt) {
        Row row = knock(RowKind::accepted, place_ + 1);
        row.address = *Address::parse(address);
        return spend(row, place_ + 1, lasts_until);
    }

    // The hold of that row is over.
    RowNumber over(RowKind kind, RowNumber of, const char* why) {
        const bool there = ledger_.hold_of(of).has_value();
        promise(there, "what is over was there");
        Row row = end(kind, of, Outcome::none, 0);
        row.duration = {};
        row.grant = GrantId{grant_};
        row.text = why;
        ledger_.begin();
        const bool released = ledger_.release(of);
        promise(released, "what was there can be released");
        ledger_.append(row);
        ledger_.commit();
        return row.number;
    }

    [[nodiscard]] Time now() const { return now_; }
    void prune(std::size_t rows) {
        ledger_.begin();
        const std::size_t gone = ledger_.prune(SystemClock().now() + std::chrono::hours{1}, rows);
        promise(gone == rows, "nothing keeps the oldest rows");
        ledger_.commit();
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

void play_knocks(Scene& scene) {
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

void end_with_text(Scene& scene, RowNumber of, Outcome outcome, const char* text) {
    Row row = scene.end(RowKind::ended, of, outcome, 0);
    row.text = text;
    scene.append(row);
}

void play_doors(Scene& scene) {
    const Time later = SystemClock().now() + std::chrono::hours{1};
    const Time past = scene.now();
    // A door whose time was over.
    const RowNumber first = scene.next_knock("192.0.2.7", later);
    end_with_text(scene, first, Outcome::opened, "22/tcp for 192.0.2.7/32 for 60 s");
    scene.over(RowKind::closed, first, "its time was over");
    // One that is open, prolonged by the knock after it.
    const RowNumber second = scene.next_knock("192.0.2.7", later - std::chrono::minutes{5});
    end_with_text(scene, second, Outcome::opened, "22/tcp for 192.0.2.7/32 for 60 s");
    const RowNumber third = scene.next_knock("192.0.2.7", later);
    end_with_text(scene, third, Outcome::prolonged, "22/tcp for 192.0.2.7/32 for 60 s");
    // A program that was undone, one whose undo runs, and one whose undo waits although its time is over.
    const RowNumber fourth = scene.next_knock("192.0.2.8", later);
    scene.append(scene.end(RowKind::ended, fourth, Outcome::exited, 0));
    const RowNumber undo = scene.over(RowKind::undo, fourth, "revoked");
    scene.append(scene.end(RowKind::ended, undo, Outcome::exited, 7), "gone again\n");
    const RowNumber fifth = scene.next_knock("192.0.2.8", later);
    scene.append(scene.end(RowKind::ended, fifth, Outcome::exited, 0));
    scene.over(RowKind::undo, fifth, "its time was over");
    const RowNumber sixth = scene.next_knock("192.0.2.8", past);
    scene.append(scene.end(RowKind::ended, sixth, Outcome::exited, 0));
    // One that the hours refused, one that closed two doors, one whose door could not be opened.
    Row refused = scene.end(RowKind::ended, scene.next_knock("192.0.2.9"), Outcome::refused, 0);
    refused.refusal = Refusal::outside_hours;
    refused.text = "Sat 17:30 CET, 2026-11-21T16:30:00Z";
    scene.append(refused);
    scene.append(scene.end(RowKind::ended, scene.next_knock("192.0.2.9"), Outcome::closed, 2));
    end_with_text(scene, scene.next_knock("192.0.2.9"), Outcome::not_started,
                  "there is no table inet filter");
    // One that came too often; and one that was read out to an administrator.
    Row often = scene.knock(RowKind::refused, 10);
    often.refusal = Refusal::too_many_an_hour;
    scene.spend(often, 10);
    Row resynced = scene.knock(RowKind::resynced, 12);
    resynced.carrier = {};
    resynced.source = {};
    resynced.source_port = 0;
    resynced.jumped = 1;
    resynced.text = "by root, request 3";
    scene.spend(resynced, 12);
}

// A signed knock; knockmgr reads it and leaves the signature to `log --proof`.
void add_request(Row& row, const char* argument) {
    SignedKnock knock;
    knock.value = row.value;
    knock.time = Time{std::chrono::seconds{1'795'287'600}}; // 2026-11-21T19:00:00Z
    knock.argument = argument;
    row.request = format_signed_knock(knock);
}

void play_signed(Scene& scene) {
    Row accepted = scene.knock(RowKind::accepted, 1);
    add_request(accepted, "nginx");
    scene.append(scene.end(RowKind::ended, scene.spend(accepted, 1), Outcome::exited, 0));
    Row refused = scene.knock(RowKind::refused, 2);
    refused.refusal = Refusal::argument_not_allowed;
    add_request(refused, "a b");
    scene.spend(refused, 2);
    // The next one came plain, which its grant does not take, and was not spent.
    Row missing = scene.knock(RowKind::not_signed, 3);
    missing.refusal = Refusal::signature_missing;
    scene.append(missing);
}

// The same knocks, of which the first rows were removed after their time.
void play_pruned(Scene& scene) {
    play_knocks(scene);
    scene.prune(4);
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 19) return 2;
    try {
        Ledger ledger = Ledger::open(words[1]);
        Scene scene(ledger, {words.begin() + 1, words.end()});
        if (words[0] == "knocks") play_knocks(scene);
        if (words[0] == "doors") play_doors(scene);
        if (words[0] == "pruned") play_pruned(scene);
        if (words[0] == "signed") play_signed(scene);
        return 0;
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "scene: %s\n", fault.what());
        return 1;
    }
}
