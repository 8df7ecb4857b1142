// All live chains, by grant and by image.

#include "knockd/validate/book.h"
#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

using namespace otk;
using namespace otk::test;

namespace {

Value image(std::uint64_t which) { return start_of(Algorithm::sha256, which); }

Entry entry(int grant, std::uint64_t which, Count count = 100) {
    Entry made;
    made.grant = GrantId{grant};
    made.chain = ChainMark{static_cast<std::uint64_t>(grant)};
    made.algorithm = Algorithm::sha256;
    made.image = image(which);
    made.count = count;
    return made;
}

// As Book::running_out() has it: with 1 to `few` knocks left, and with none.
std::pair<std::size_t, std::size_t> running_out(const Book& book) {
    return {book.running_out().few, book.running_out().none};
}

bool shared(const Book& book, const Entry* entry) { return !book.sharing_image_of(*entry).empty(); }

} // namespace

TEST_CASE("a chain is found by its image and by its grant, and moves on") {
    Book book;
    book.put(entry(1, 11));
    book.put(entry(2, 22));
    CHECK(book.size() == 2);
    REQUIRE(book.find(Algorithm::sha256, image(11)) != nullptr);
    CHECK(book.find(Algorithm::sha256, image(11))->grant == GrantId{1});
    CHECK(book.find(GrantId{2})->image == image(22));
    CHECK(book.find(Algorithm::sha256, image(33)) == nullptr);
    CHECK(book.find(GrantId{3}) == nullptr);

    book.advance(GrantId{1}, image(12), 99, at_second(7));
    CHECK(book.find(Algorithm::sha256, image(11)) == nullptr);
    REQUIRE(book.find(Algorithm::sha256, image(12)) != nullptr);
    CHECK(book.find(Algorithm::sha256, image(12))->count == 99);
    CHECK(book.find(Algorithm::sha256, image(12))->last_used == at_second(7));
    CHECK(book.find(GrantId{2})->image == image(22));
}

TEST_CASE("a chain that is put again replaces the grant's former one") {
    Book book;
    book.put(entry(1, 11));
    book.put(entry(1, 12, 50));
    CHECK(book.size() == 1);
    CHECK(book.find(Algorithm::sha256, image(11)) == nullptr);
    CHECK(book.find(Algorithm::sha256, image(12))->count == 50);
}

TEST_CASE("a removed chain is gone; removing what is not there does nothing") {
    Book book;
    book.put(entry(1, 11));
    book.remove(GrantId{2});
    CHECK(book.size() == 1);
    book.remove(GrantId{1});
    CHECK(book.size() == 0);
    CHECK(book.find(GrantId{1}) == nullptr);
    CHECK(book.find(Algorithm::sha256, image(11)) == nullptr);
}

TEST_CASE("each and select see every chain once") {
    Book book;
    for (int grant = 1; grant <= 20; ++grant)
        book.put(entry(grant, static_cast<std::uint64_t>(grant), static_cast<Count>(grant)));
    Count sum = 0;
    book.each([&sum](const Entry& each) { sum += each.count; });
    CHECK(sum == 210);
    const auto even = book.select([](const Entry& each) { return each.count % 2 == 0; });
    CHECK(even.size() == 10);
}

TEST_CASE("the same image of another algorithm is another image") {
    Book book;
    Entry md5 = entry(1, 1);
    md5.algorithm = Algorithm::md5;
    md5.image = start_of(Algorithm::md5, 5);
    Entry sha1 = md5;
    sha1.grant = GrantId{2};
    sha1.algorithm = Algorithm::sha1;
    book.put(md5);
    book.put(sha1);
    CHECK(book.find(Algorithm::md5, md5.image)->grant == GrantId{1});
    CHECK(book.find(Algorithm::sha1, md5.image)->grant == GrantId{2});
    CHECK(book.find(Algorithm::md4, md5.image) == nullptr);
    CHECK_FALSE(shared(book, book.find(GrantId{1})));
}

TEST_CASE("two enabled grants with one image are both marked, however they came to it") {
    for (const bool by_advance : {false, true}) {
        CAPTURE(by_advance);
        Book book;
        book.put(entry(1, 11));
        if (by_advance) {
            book.put(entry(2, 22));
            book.advance(GrantId{2}, image(11), 99, at_second(7));
        } else {
            book.put(entry(2, 11));
        }
        book.put(entry(3, 33));
        CHECK(shared(book, book.find(GrantId{1})));
        CHECK(shared(book, book.find(GrantId{2})));
        CHECK_FALSE(shared(book, book.find(GrantId{3})));
        CHECK(shared(book, book.find(Algorithm::sha256, image(11))));
    }
}

TEST_CASE("a disabled grant does not take part, and the enabled one is found") {
    for (const int disabled : {1, 2}) {
        Book book;
        for (const int grant : {1, 2}) {
            Entry each = entry(grant, 11);
            each.enabled = grant != disabled;
            book.put(each);
        }
        CHECK_FALSE(shared(book, book.find(GrantId{1})));
        CHECK_FALSE(shared(book, book.find(GrantId{2})));
        CHECK(book.find(Algorithm::sha256, image(11))->grant == GrantId{3 - disabled});
    }
}

// Book's own words: marked "until one of them is renewed or removed". A restart would not mark the other one.
TEST_CASE("the mark of two equal images goes when only one of them is left") {
    SUBCASE("the other was removed") {
        Book book;
        book.put(entry(1, 11));
        book.put(entry(2, 11));
        book.remove(GrantId{2});
        CHECK_FALSE(shared(book, book.find(GrantId{1})));
    }
    SUBCASE("the other was renewed") {
        Book book;
        book.put(entry(1, 11));
        book.put(entry(2, 11));
        book.put(entry(2, 22));
        CHECK_FALSE(shared(book, book.find(GrantId{1})));
        CHECK_FALSE(shared(book, book.find(GrantId{2})));
    }
    SUBCASE("the other was disabled") {
        Book book;
        book.put(entry(1, 11));
        book.put(entry(2, 11));
        Entry disabled = *book.find(GrantId{2});
        disabled.enabled = false;
        book.put(disabled);
        CHECK_FALSE(shared(book, book.find(GrantId{1})));
    }
    SUBCASE("of three, two are left") {
        Book book;
        for (const int grant : {1, 2, 3})
            book.put(entry(grant, 11));
        book.remove(GrantId{2});
        CHECK(shared(book, book.find(GrantId{1})));
        CHECK(shared(book, book.find(GrantId{3})));
    }
}

TEST_CASE("grants that run out are counted while they have few knocks left, and when they have none") {
    using Pair = std::pair<std::size_t, std::size_t>;
    Book book(3);
    book.put(entry(1, 11, 5)); // 4 left
    CHECK(running_out(book) == Pair{0, 0});
    book.advance(GrantId{1}, image(12), 4, at_second(1));
    CHECK(running_out(book) == Pair{1, 0});
    book.advance(GrantId{1}, image(13), 2, at_second(2));
    CHECK(running_out(book) == Pair{1, 0});
    book.advance(GrantId{1}, image(14), 1, at_second(3));
    CHECK(running_out(book) == Pair{0, 1});
    book.put(entry(2, 21, 3));
    CHECK(running_out(book) == Pair{1, 1});

    Entry disabled = *book.find(GrantId{2});
    disabled.enabled = false;
    book.put(disabled);
    CHECK(running_out(book) == Pair{0, 1});
    book.remove(GrantId{2});
    CHECK(running_out(book) == Pair{0, 1});
    book.put(entry(1, 31)); // renewed
    CHECK(running_out(book) == Pair{0, 0});

    Book filled(3);
    filled.fill({entry(1, 11, 4), entry(2, 21, 1), entry(3, 31, 5)});
    CHECK(running_out(filled) == Pair{1, 1});
    filled.remove(GrantId{2});
    CHECK(running_out(filled) == Pair{1, 0});

    Book last(0); // nobody wants to hear of few, and of none all the same
    last.put(entry(1, 11, 2));
    last.put(entry(2, 21, 1));
    CHECK(running_out(last) == Pair{0, 1});
}

TEST_CASE("thousands of chains, added, moved and removed at random, are found as in a plain map") {
    const std::uint64_t seed = 20261122;
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Book book(10);
    std::map<int, Entry> model;
    for (int step = 0; step < 20'000; ++step) {
        const int grant = static_cast<int>(random() % 700) + 1;
        const std::uint64_t which = random() % 600; // some stand at one image
        const bool there = model.contains(grant);
        switch (random() % 4) {
        case 0:
        case 1:
            if (there) {
                book.advance(GrantId{grant}, image(which), 7, at_second(step));
                Entry& moved = model.at(grant);
                moved.image = image(which);
                moved.count = 7;
                moved.last_used = at_second(step);
            } else {
                book.put(model[grant] = entry(grant, which));
            }
            break;
        case 2: book.put(model[grant] = entry(grant, which, 50)); break;
        case 3:
            book.remove(GrantId{grant});
            model.erase(grant);
            break;
        }
        REQUIRE(book.size() == model.size());
        const Entry* found = book.find(GrantId{grant});
        REQUIRE((found != nullptr) == model.contains(grant));
        if (found != nullptr) REQUIRE(*found == model.at(grant));
        if (step % 500 != 0) continue;
        const auto is_few = [](const auto& each) { return each.second.count == 7; };
        REQUIRE(book.running_out().few ==
                static_cast<std::size_t>(std::count_if(model.begin(), model.end(), is_few)));
        std::map<Value, std::size_t> standing;
        for (const auto& [each, expected] : model) {
            REQUIRE(*book.find(GrantId{each}) == expected);
            ++standing[expected.image];
        }
        for (std::uint64_t each = 0; each < 600; ++each) {
            const Entry* at = book.find(Algorithm::sha256, image(each));
            REQUIRE((at != nullptr) == standing.contains(image(each)));
            if (at != nullptr) REQUIRE(book.sharing_image_of(*at).size() == standing[image(each)] - 1);
        }
    }
}
