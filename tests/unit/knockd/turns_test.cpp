// Whose command is the next to start.

#include "knockd/monitor/turns.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

using namespace otk;

namespace {

Job job(std::int64_t row, std::int64_t user, std::int64_t lane = 0) {
    Job made;
    made.row = RowNumber{row};
    made.user = UserId{user};
    if (lane != 0) made.lane = GrantId{lane};
    return made;
}

Job undo(std::int64_t row, std::int64_t user, std::int64_t lane) {
    Job made = job(row, user, lane);
    made.undo = true;
    return made;
}

using Rows = std::vector<std::int64_t>;

// Starts one after the other, each when the one before has ended.
Rows one_by_one(Turns& turns) {
    Rows rows;
    while (const auto next = turns.next()) {
        rows.push_back(static_cast<std::int64_t>(next->row));
        turns.ended(*next);
    }
    return rows;
}

std::vector<Job> all_that_start(Turns& turns) {
    std::vector<Job> started;
    while (auto next = turns.next())
        started.push_back(std::move(*next));
    return started;
}

Rows rows_of(const std::vector<Job>& jobs) {
    Rows rows;
    for (const Job& each : jobs)
        rows.push_back(static_cast<std::int64_t>(each.row));
    return rows;
}

} // namespace

TEST_CASE("users take turns, and the jobs of each keep their order") {
    Turns turns(1);
    for (const std::int64_t row : {1, 2, 3, 4})
        turns.add(job(row, 7));
    turns.add(job(5, 8));
    turns.add(job(6, 9));
    turns.add(job(7, 9));
    CHECK(turns.waiting() == 7);
    CHECK(one_by_one(turns) == Rows{1, 5, 6, 2, 7, 3, 4});
    CHECK(turns.waiting() == 0);
    CHECK(turns.running() == 0);
}

TEST_CASE("one who comes late does not wait for all who came before") {
    Turns turns(1);
    for (std::int64_t row = 1; row <= 1000; ++row)
        turns.add(job(row, 7));
    const auto first = turns.next();
    REQUIRE(first);
    turns.add(job(1001, 8));
    turns.ended(*first);
    CHECK(one_by_one(turns).front() == 1001);
}

TEST_CASE("a quarter of the places, and at least one, is not for one user alone") {
    CHECK(Turns::most_places_of_one_user(1) == 1);
    CHECK(Turns::most_places_of_one_user(2) == 1);
    CHECK(Turns::most_places_of_one_user(3) == 2);
    CHECK(Turns::most_places_of_one_user(4) == 3);
    CHECK(Turns::most_places_of_one_user(16) == 12);
    CHECK(Turns::most_places_of_one_user(1024) == 768);
    Turns turns(16);
    for (std::int64_t row = 1; row <= 40; ++row)
        turns.add(job(row, 7));
    auto his = all_that_start(turns);
    CHECK(his.size() == 12);
    for (std::int64_t row = 41; row <= 50; ++row)
        turns.add(job(row, 8));
    CHECK(rows_of(all_that_start(turns)) == Rows{41, 42, 43, 44});
    CHECK(turns.running() == 16);
    turns.ended(his[0]); // both could have it: it is the turn of who has waited longer
    CHECK(all_that_start(turns).size() == 1);
    turns.set_places(20);
    CHECK(all_that_start(turns).size() == 4);
    turns.set_places(1);
    CHECK_FALSE(turns.next());
}

TEST_CASE("what is nobody's may have all places") {
    Turns turns(2);
    for (const std::int64_t row : {1, 2, 3})
        turns.add(job(row, 0));
    CHECK(all_that_start(turns).size() == 2);
}

TEST_CASE("jobs of a lane run one after the other, in their order; others do not wait for them") {
    Turns turns(8);
    turns.add(job(1, 7, 70));
    turns.add(job(2, 7, 70));
    turns.add(job(3, 7));
    turns.add(job(4, 7, 71));
    auto started = all_that_start(turns);
    CHECK(rows_of(started) == Rows{1, 3, 4});
    CHECK(turns.waits(RowNumber{2}));
    turns.ended(started[2]);
    CHECK_FALSE(turns.next());
    turns.ended(started[0]);
    CHECK(turns.next()->row == RowNumber{2});
    CHECK_FALSE(turns.waits(RowNumber{2}));
}

TEST_CASE("an undo goes before turns; what is before it in its lane waits for the turn of its user") {
    Turns turns(1);
    const auto busy = [&turns] {
        turns.add(job(1000, 6));
        return *turns.next();
    }();
    for (const std::int64_t row : {1, 2, 3})
        turns.add(job(row, 7));
    turns.add(job(4, 8, 80));
    turns.add(undo(5, 8, 80));
    turns.add(job(6, 8, 80));
    turns.add(undo(7, 9, 90));
    turns.ended(busy);
    CHECK(one_by_one(turns) == Rows{7, 1, 4, 5, 2, 6, 3});
}

TEST_CASE(
    "commands whose lanes hold undos at all times take turns, and no more than the share of their user") {
    constexpr std::int64_t lanes = 6;
    for (const unsigned places : {1U, 4U, 8U}) {
        CAPTURE(places);
        Turns turns(places);
        std::int64_t row = 0;
        const auto refill = [&](std::int64_t lane) {
            turns.add(job(++row, 7, lane));
            turns.add(undo(++row, 7, lane));
        };
        for (std::int64_t lane = 1; lane <= lanes; ++lane) {
            refill(lane);
            refill(lane);
        }
        const unsigned share = Turns::most_places_of_one_user(places);
        std::vector<Job> his = all_that_start(turns);
        CHECK(his.size() == std::min<std::size_t>(share, lanes));
        const auto one_ends = [&] {
            turns.ended(his.front());
            refill(static_cast<std::int64_t>(*his.front().lane));
            his.erase(his.begin());
        };
        const auto starts = [&](Job next) {
            if (!next.undo) CHECK(his.size() < share);
            his.push_back(std::move(next));
        };
        for (int step = 0; step < 100; ++step) {
            one_ends();
            while (auto next = turns.next())
                starts(std::move(*next));
        }
        turns.add(job(1'000'000, 8));
        for (int before = 0; turns.waits(RowNumber{1'000'000}); ++before) {
            REQUIRE(before <= 3); // an undo, his turn, an undo
            if (turns.running() == places) one_ends();
            auto next = turns.next();
            REQUIRE(next);
            if (next->user == UserId{7}) starts(std::move(*next));
        }
    }
}

TEST_CASE("after each undo that went before others somebody has a turn") {
    Turns turns(1);
    std::int64_t row = 0;
    const auto refill = [&] {
        while (turns.waiting() < 20) {
            ++row;
            turns.add(undo(row, 7, row));
        }
    };
    refill();
    for (std::int64_t other = 1; other <= 10; ++other)
        turns.add(job(1'000'000 + other, 8));
    for (int start = 0; start < 20; ++start) {
        CAPTURE(start);
        const auto next = turns.next();
        REQUIRE(next);
        CHECK(next->undo == (start % 2 == 0));
        turns.ended(*next);
        refill();
    }
    const auto first = turns.next(); // and where nobody may have one, the next undo does not wait
    turns.ended(*first);
    CHECK(turns.next()->undo);
}

TEST_CASE("an undo may have a place that his user's other commands may not") {
    Turns turns(4);
    for (const std::int64_t row : {1, 2, 3, 4})
        turns.add(job(row, 7));
    CHECK(all_that_start(turns).size() == 3);
    turns.add(undo(5, 7, 70));
    CHECK(rows_of(all_that_start(turns)) == Rows{5});
}

TEST_CASE("who fills the queue leaves room for others") {
    Turns turns(1, {.of_one_user = 60, .of_all = 100});
    const auto fill = [&turns](std::int64_t user) {
        std::int64_t taken = 0;
        for (; turns.want_of_room(UserId{user}).empty(); ++taken)
            turns.add(job(user * 1000 + taken, user));
        return taken;
    };
    CHECK(fill(1) == 50); // no more than there is room left
    CHECK(turns.want_of_room(UserId{1}) == "too many commands of this user wait");
    CHECK(fill(2) == 25);
    CHECK(fill(3) == 13);
    for (std::int64_t user = 4; user <= 15; ++user) {
        CAPTURE(user);
        CHECK(turns.want_of_room(UserId{user}).empty());
        turns.add(job(user * 1000, user));
    }
    CHECK(turns.waiting() == 100);
    CHECK(turns.want_of_room(UserId{99}) == "too many commands wait");
    turns.add(undo(1, 99, 990)); // for whoever adds it in any case there is room
    CHECK(turns.want_of_room(UserId{99}) == "too many commands wait");
    CHECK(turns.next()->row == RowNumber{1});

    Turns wide(1, {.of_one_user = 60, .of_all = 1000});
    for (std::int64_t row = 1; row <= 60; ++row)
        wide.add(job(row, 1));
    CHECK(wide.want_of_room(UserId{1}) == "too many commands of this user wait");
    CHECK(wide.want_of_room(UserId{2}).empty());
}

TEST_CASE("all that wait can be taken out, in the order in which they came, and it goes on afterwards") {
    Turns turns(2);
    turns.add(job(1, 7, 70));
    turns.add(job(2, 8));
    auto running = all_that_start(turns);
    REQUIRE(running.size() == 2);
    turns.add(job(3, 7, 70));
    turns.add(job(4, 8));
    turns.add(undo(5, 9, 90));
    turns.add(job(6, 7));
    CHECK(rows_of(turns.take_all()) == Rows{3, 4, 5, 6});
    CHECK(turns.waiting() == 0);
    CHECK_FALSE(turns.waits(RowNumber{3}));
    for (const Job& each : running)
        turns.ended(each);
    CHECK_FALSE(turns.next());
    turns.add(job(7, 7, 70));
    turns.add(undo(8, 9, 90));
    CHECK(one_by_one(turns) == Rows{8, 7});
}

// Against the rules themselves, whatever the order of what happens.
TEST_CASE("each job starts once; places, lanes and shares are kept; nothing is forgotten") {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto below = [&random](unsigned bound) { return static_cast<unsigned>(random()) % bound; };
        const unsigned places = 1 + below(9);
        Turns turns(places);
        std::int64_t row = 0;
        std::set<std::int64_t> waiting;
        std::vector<Job> running;
        std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> newest; // started, of user and lane
        const auto start_all = [&] {
            while (auto next = turns.next()) {
                const auto number = static_cast<std::int64_t>(next->row);
                REQUIRE(waiting.erase(number) == 1);
                std::int64_t& before = newest[{static_cast<std::int64_t>(next->user),
                                               static_cast<std::int64_t>(next->lane.value_or(GrantId{}))}];
                CHECK(before < number); // in their order
                before = number;
                unsigned of_user = 0;
                for (const Job& other : running) {
                    CHECK_FALSE((next->lane && other.lane == next->lane));
                    of_user += other.user == next->user ? 1U : 0U;
                }
                if (!next->undo) CHECK(of_user < Turns::most_places_of_one_user(places));
                running.push_back(std::move(*next));
                CHECK(running.size() <= places);
            }
            CHECK(turns.waiting() == waiting.size());
            CHECK(turns.running() == running.size());
            if (running.empty()) CHECK(waiting.empty());
        };
        for (int step = 0; step < 2000; ++step) {
            if (below(5) < 3) {
                const std::int64_t user = 1 + below(4);
                const std::int64_t lane = below(2) == 0 ? 0 : user * 10 + below(2);
                turns.add(lane != 0 && below(3) == 0 ? undo(++row, user, lane) : job(++row, user, lane));
                waiting.insert(row);
            } else if (!running.empty()) {
                const auto ends = running.begin() +
                                  static_cast<std::ptrdiff_t>(below(static_cast<unsigned>(running.size())));
                turns.ended(*ends);
                running.erase(ends);
            }
            start_all();
        }
        while (!running.empty()) {
            turns.ended(running.back());
            running.pop_back();
            start_all();
        }
        CHECK(waiting.empty());
    }
}
