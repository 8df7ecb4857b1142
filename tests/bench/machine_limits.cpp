// The machine's own limits for what a knock needs, one at a time: a durable commit of a row by SQLite, an
// element added to a set of nftables, a program started. `machine_limits FOLDER STAMP [RUNS [PAUSE]]`, as
// root; FOLDER is on the file system that the ledger would be on, STAMP the program tests/bench/stamp, PAUSE
// the milliseconds between two runs. Prints the medians in microseconds as JSON. The nftables part has a
// network namespace of its own.
#include "firewall/door_sets.h"
#include "firewall/nft.h"
#include "sys/file.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace otk;

namespace {

// What a row of the ledger takes, and how far its log grows before it is written back (lib/store/ledger.cpp).
constexpr std::size_t row_size = 260;
constexpr int checkpoint_pages = 8000;

// A pause in which the processor and the disk come to rest. What follows a longer one is slower, so that only
// what has the same pause can be compared.
std::chrono::milliseconds rest{5};

double median(std::vector<double> microseconds) {
    const auto middle = microseconds.begin() + static_cast<std::ptrdiff_t>(microseconds.size() / 2);
    std::nth_element(microseconds.begin(), middle, microseconds.end());
    return *middle;
}

template <typename Work>
double median_of(std::size_t runs, const Work& work) {
    std::vector<double> all;
    for (std::size_t run = 0; run < runs; ++run) {
        const auto begun = std::chrono::steady_clock::now();
        work(run);
        const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
        all.push_back(took.count());
        std::this_thread::sleep_for(rest);
    }
    return median(std::move(all));
}

double commit(const std::filesystem::path& folder, std::size_t runs) {
    const std::filesystem::path file = folder / fmt::format("limits-{}.db", ::getpid());
    double result = 0;
    {
        SQLite::Database database(file.native(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.execAndGet("PRAGMA journal_mode = WAL");
        database.exec("PRAGMA synchronous = FULL");
        database.exec(fmt::format("PRAGMA wal_autocheckpoint = {}", checkpoint_pages));
        database.exec("CREATE TABLE event (number INTEGER PRIMARY KEY, row BLOB NOT NULL) STRICT");
        SQLite::Statement insert(database, "INSERT INTO event (row) VALUES (?)");
        const std::string row(row_size, 'x');
        result = median_of(runs, [&](std::size_t) {
            insert.reset();
            insert.bind(1, row.data(), static_cast<int>(row.size()));
            insert.exec(); // a transaction of its own
        });
    }
    std::filesystem::remove(file);
    return result;
}

double element(std::size_t runs) {
    if (unshare(CLONE_NEWNET) != 0) throw system_error("cannot make a network namespace");
    run_nft("add table inet limits\n"
            "add set inet limits doors { type ipv4_addr . inet_proto . inet_service; flags timeout; }\n");
    DoorSets sets({"limits", "doors", "doors"});
    return median_of(runs, [&](std::size_t run) {
        const std::array<std::uint8_t, 4> address{198, 51, static_cast<std::uint8_t>(run / 256),
                                                  static_cast<std::uint8_t>(run)};
        const Door door{Address::ipv4(address), 32, {Protocol::tcp, 22}};
        if (sets.add(door, std::chrono::seconds{60}) != DoorSets::Added::done)
            throw Error("the set that was just made is not there");
    });
}

// From posix_spawn to the moment that the program writes down.
double start(const std::filesystem::path& folder, const char* stamp, std::size_t runs) {
    const std::string file = folder / fmt::format("limits-{}.runs", ::getpid());
    std::vector<double> all;
    for (std::size_t run = 0; run < runs; ++run) {
        const std::array<char*, 3> argv{const_cast<char*>(stamp), const_cast<char*>(file.c_str()), nullptr};
        const std::int64_t begun = std::chrono::system_clock::now().time_since_epoch().count();
        pid_t pid = -1;
        if (posix_spawn(&pid, stamp, nullptr, nullptr, argv.data(), environ) != 0)
            throw Error(fmt::format("cannot start {}", stamp));
        int status = 0;
        if (waitpid(pid, &status, 0) != pid || status != 0) throw Error(fmt::format("{} failed", stamp));
        const std::int64_t ran = std::stoll(read_file(file, 64).value_or(""));
        std::filesystem::remove(file);
        all.push_back(static_cast<double>(ran - begun) / 1000.0);
        std::this_thread::sleep_for(rest);
    }
    return median(std::move(all));
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: machine_limits FOLDER STAMP [RUNS [PAUSE]]\n");
        return 2;
    }
    try {
        const std::size_t runs = argc > 3 ? std::max(1UL, std::strtoul(argv[3], nullptr, 10)) : 200;
        if (argc > 4) rest = std::chrono::milliseconds{std::strtoul(argv[4], nullptr, 10)};
        const double durable = commit(argv[1], runs);
        const double started = start(argv[1], argv[2], runs);
        fmt::print("{{\"commit\": {:.1f}, \"start\": {:.1f}, \"element\": {:.1f}}}\n", durable, started,
                   element(runs));
    } catch (const std::exception& error) {
        fmt::print(stderr, "machine_limits: {}\n", error.what());
        return 1;
    }
    return 0;
}
