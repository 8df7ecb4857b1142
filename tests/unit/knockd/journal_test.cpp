// The journal that nobody reads, and then somebody does; and one that is read too slowly.

#include "knockd/journal.h"
#include "tests/unit/knockd/full_journal.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <csignal>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

using namespace otk;
using namespace otk::test;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// In a child, because a line that waits for ever would hang the test.
TEST_CASE("a journal that stands still holds up nobody, and what was lost is counted and said") {
    const int status = status_of([] {
        alarm(60); // not a measure: whoever waits for ever is ended by it
        const FullJournal full;
        (void)full.read_all();
        const std::string text(200, 'x');
        const std::string whole = "knockd: " + text + "\n";
        constexpr std::size_t lines = 2000; // more than any pipe holds
        journal("knockd", "one was lost");  // and with this one it has been said
        (void)full.read_all();
        for (std::size_t line = 0; line < lines; ++line)
            journal("knockd", text);
        const std::string read_so_far = full.read_all();
        const std::size_t taken = read_so_far.size() / whole.size();
        require_in_child(taken > 0 && taken < lines && read_so_far.size() % whole.size() == 0,
                         "lines were not taken whole");
        journal("knockd", "again");
        const std::string lost = std::to_string(lines - taken);
        require_in_child(full.read_all() ==
                             "knockd: " + lost +
                                 " line(s) were lost here, because nobody read them\nknockd: again\n",
                         "does not say how many were lost");
    });
    CHECK_FALSE(killed_by(status, SIGALRM));
    CHECK(succeeded(status));
}

TEST_CASE("a line says whether it was taken") {
    const int status = status_of([] {
        alarm(60);
        const FullJournal full;
        require_in_child(!journal_taken("knockd", "no room"), "taken though there was no room");
        (void)full.read_all();
        require_in_child(journal_taken("knockd", "room"), "not taken though there was room");
        ::close(STDERR_FILENO);
        require_in_child(!journal_taken("knockd", "nobody"), "taken though there is no journal");
    });
    CHECK(succeeded(status));
}

TEST_CASE("lines that are gathered come together, in their order, and before one that must be taken") {
    const int status = status_of([] {
        alarm(60);
        const FullJournal full;
        (void)full.read_all();
        journal("knockd", "before"); // and those that were lost while it was full have been said
        (void)full.read_all();
        {
            const GatheredLines lines;
            journal("knockd", "one");
            journal("knockd", "two\n");
            require_in_child(full.read_all().empty(), "written at once");
            require_in_child(journal_taken("knockd", "anchor"), "not taken");
            require_in_child(full.read_all() == "knockd: one\nknockd: two\\x0a\nknockd: anchor\n",
                             "not in their order");
            journal("knockd", "three");
        }
        require_in_child(full.read_all() == "knockd: three\n", "not written at the end");
        journal("knockd", "after");
        require_in_child(full.read_all() == "knockd: after\n", "still gathered");
    });
    CHECK(succeeded(status));
}

TEST_CASE("gathered lines are written by pages, whole, and each that is lost is counted") {
    const int status = status_of([] {
        alarm(60);
        const FullJournal full;
        (void)full.read_all();
        journal("knockd", "before");
        (void)full.read_all();
        const std::string text(200, 'x');
        const std::string whole = "knockd: " + text + "\n";
        constexpr std::size_t in_a_page = 4096 / 209;
        {
            const GatheredLines lines;
            for (std::size_t line = 0; line < in_a_page; ++line)
                journal("knockd", text);
            require_in_child(full.read_all().empty(), "written though they fit");
            journal("knockd", text);
            require_in_child(full.read_all().size() == in_a_page * whole.size(), "not a page of whole lines");
            journal("knockd", std::string(5000, 'y')); // longer than a page
            journal("knockd", text);
            const std::string rest = full.read_all();
            require_in_child(rest.starts_with(whole + "knockd: yyy") && rest.ends_with("y\n"),
                             "not in their order");
        }
        require_in_child(full.read_all() == whole, "the last one is lost");

        (void)full.fill(); // until one is lost
        {
            const GatheredLines lines;
            for (int line = 0; line < 100; ++line)
                journal("knockd", text);
        }
        (void)full.read_all();
        journal("knockd", "again");
        require_in_child(full.read_all() ==
                             "knockd: 101 line(s) were lost here, because nobody read them\nknockd: again\n",
                         "does not say how many were lost");
    });
    CHECK(succeeded(status));
}

// Whoever waits gives up the processor, which is counted.
TEST_CASE("a reader that lets a line through now and then does not make each line wait") {
    const int status = status_of([] {
        alarm(120);
        const FullJournal full; // has used up the patience
        const auto waits = [] {
            rusage usage{};
            (void)::getrusage(RUSAGE_SELF, &usage);
            return usage.ru_nvcsw;
        };
        constexpr int rounds = 100;
        const auto before = waits();
        unsigned taken = 0;
        for (int round = 0; round < rounds; ++round) {
            (void)full.read(4096);
            taken += full.fill();
        }
        require_in_child(taken >= rounds, "the reader let nothing through");
        // A few more where the rounds take longer than ten seconds.
        require_in_child(waits() - before < rounds / 2, "waits for a slow reader again and again");
    });
    CHECK(succeeded(status));
}

TEST_CASE("patience is 100 ms in any 10 s, however slowly the journal is read") {
    for (const milliseconds reader : {milliseconds{1}, milliseconds{7}, milliseconds{40}, milliseconds{99},
                                      milliseconds{100}, milliseconds{5000}}) {
        CAPTURE(reader.count());
        Patience patience;
        struct Wait {
            nanoseconds from, until;
        };
        std::vector<Wait> waits;
        unsigned lines = 0;
        nanoseconds now = std::chrono::hours{1};
        const nanoseconds end = now + std::chrono::minutes{2};
        // A line each 3 ms finds no room, until the reader makes some, so long after it.
        for (; now < end; now += milliseconds{3}, ++lines) {
            const milliseconds wait = std::min(patience.left(now), reader);
            if (wait == milliseconds{0}) continue;
            patience.waited(now, now + wait);
            waits.push_back({now, now + wait});
            now += wait;
        }
        REQUIRE(lines > 30'000);
        for (std::size_t first = 0; first < waits.size(); ++first) {
            nanoseconds sum{};
            for (std::size_t i = first; i < waits.size(); ++i) {
                if (waits[i].from < waits[first].from + Patience::within)
                    sum += waits[i].until - waits[i].from;
            }
            REQUIRE(sum <= Patience::most);
        }
        CHECK(waits.back().until > end - Patience::within * 2); // it comes back
    }
}

TEST_CASE(
    "patience that was not used up lasts, and a wait that took longer than allowed is no more than all") {
    Patience patience;
    nanoseconds now = std::chrono::seconds{100};
    CHECK(patience.left(now) == milliseconds{100});
    patience.waited(now, now + milliseconds{30});
    CHECK(patience.left(now + milliseconds{30}) == milliseconds{70});
    CHECK(patience.left(now + std::chrono::seconds{10}) == milliseconds{70});
    CHECK(patience.left(now + milliseconds{30} + std::chrono::seconds{10}) == milliseconds{100});
    patience.waited(now + milliseconds{30}, now + milliseconds{300});
    CHECK(patience.left(now + milliseconds{300}) == milliseconds{0});
}
