// What is read of the policy: all of it at start, and then only what changed. The full load is the model.

#include "knockd/validate/loading.h"

#include "base/text.h"
#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace otk;
using namespace otk::test;

namespace {

constexpr std::uint8_t some_algorithms = bit(Algorithm::sha256) | bit(Algorithm::sha1);

// What a book says, without the marks: those are by its own key.
std::vector<std::string> content(const Book& book) {
    std::vector<std::string> lines;
    book.each([&](const Entry& entry) {
        lines.push_back(fmt::format("{} {} {} {} {} {}", static_cast<std::int64_t>(entry.grant),
                                    otk::name_of(entry.algorithm), to_hex(entry.image.view()), entry.count,
                                    entry.enabled, to_nanoseconds(entry.last_used)));
    });
    std::sort(lines.begin(), lines.end());
    return lines;
}

// The images that capture looks for, as it heard of them.
class Heard {
  public:
    void take(const std::vector<message::WatchEntry>& watches) {
        for (const message::WatchEntry& watch : watches) {
            const auto key = std::pair{watch.algorithm, watch.value};
            if (watch.what == message::WatchEntry::What::add_image) images_.insert(key);
            if (watch.what == message::WatchEntry::What::remove_image) images_.erase(key);
        }
    }
    [[nodiscard]] bool agrees_with(const Book& book) const {
        std::set<std::pair<Algorithm, Value>> expected;
        book.each([&](const Entry& entry) { expected.emplace(entry.algorithm, entry.image); });
        return expected == images_;
    }

  private:
    std::set<std::pair<Algorithm, Value>> images_;
};

// An administrator at random, and users who knock between.
class Story {
  public:
    explicit Story(std::uint64_t seed) : random_(seed) {}

    void one_step() {
        switch (below(10)) {
        case 0:
        case 1:
        case 2: add(); break;
        case 3:
        case 4: with_some([&](Member& each) { (void)world_.knock(each, --left_[each.grant]); }); break;
        case 5: with_some([&](Member& each) { admin().set_grant_enabled(each.grant, below(2) == 0); }); break;
        case 6: with_some([&](Member& each) { renew(each); }); break;
        case 7:
            if (members_.empty()) break;
            admin().remove_grant(take_one().grant);
            break;
        case 8:
            if (members_.empty() || below(3) != 0) break;
            remove_user(take_one());
            break;
        case 9:
            if (below(8) == 0) admin().retire_all_chains();
            break;
        }
    }

    [[nodiscard]] World& world() { return world_; }

  private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    PolicyStore& admin() { return *world_.admin; }

    void add() {
        const Algorithm algorithm = std::array{Algorithm::sha256, Algorithm::sha1, Algorithm::md5}[below(3)];
        // Some users have several grants, so that all of them go at once.
        const std::string user = fmt::format("user{}", next_ / 2);
        const std::string command = fmt::format("command{}", next_ % 2);
        ++next_;
        Member member = world_.add(user, command, {algorithm, 100, {}});
        left_[member.grant] = 100;
        members_.push_back(std::move(member));
    }

    void renew(Member& member) {
        const Enrolment fresh = enrolment(1000 + next_++);
        admin().renew_grant(member.grant, fresh, chain_id(fresh));
    }

    template <typename Work>
    void with_some(const Work& work) {
        if (!members_.empty()) work(members_[below(members_.size())]);
    }

    Member take_one() {
        const std::size_t which = below(members_.size());
        Member taken = members_[which];
        members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(which));
        return taken;
    }

    void remove_user(const Member& member) {
        const auto details = admin().grant(member.grant);
        admin().remove_user(details->user.id);
        std::erase_if(members_, [&](const Member& each) { return !admin().grant(each.grant).has_value(); });
    }

    World world_;
    std::mt19937_64 random_;
    std::vector<Member> members_;
    std::map<GrantId, Count> left_;
    std::uint64_t next_ = 0;
};

} // namespace

TEST_CASE("a book that follows the changes is the book that is loaded anew") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Story story(seed);
        World& world = story.world();
        Book book;
        Heard heard;
        std::int64_t change = world.policy->newest_change();
        load_all_chains(*world.policy, *world.ledger, some_algorithms, book);
        for (int step = 0; step < 120; ++step) {
            story.one_step();
            if (step % 3 != 0) continue; // several changes between two looks
            // Knocks move the world's own book, which reads all chains each time; this one is told of its
            // positions as by a spend.
            world.reload();
            world.book.each([&](const Entry& entry) {
                const Entry* ours = book.find(entry.grant);
                if (ours == nullptr || ours->count == entry.count) return;
                if (book.mark_of(world.policy->chain_of(entry.grant)->chain) != ours->chain) return;
                heard.take({{message::WatchEntry::What::remove_image, ours->algorithm, ours->image},
                            {message::WatchEntry::What::add_image, entry.algorithm, entry.image}});
                book.advance(entry.grant, entry.image, entry.count, entry.last_used);
            });
            std::vector<message::WatchEntry> watches;
            change =
                load_changed_chains(*world.policy, *world.ledger, some_algorithms, change, book, watches);
            heard.take(watches);
            Book anew;
            load_all_chains(*world.policy, *world.ledger, some_algorithms, anew);
            REQUIRE(content(book) == content(anew));
            REQUIRE(heard.agrees_with(book));
            CHECK(change == world.policy->newest_change());
        }
    }
}

TEST_CASE("only the grants that changed are named, and those that went with their user too") {
    World w;
    const Member anna = w.add("anna", "one");
    const Member ben = w.add("ben", "one");
    const Member ben_too = w.add("ben", "two");
    const std::int64_t before = w.policy->newest_change();
    CHECK(w.policy->grants_changed_after(before).grants.empty());
    w.admin->set_grant_enabled(anna.grant, false);
    w.admin->set_grant_enabled(anna.grant, true);
    (void)w.admin->add_user("carl");
    ChangedGrants changed = w.policy->grants_changed_after(before);
    CHECK_FALSE(changed.all);
    CHECK(changed.grants == std::vector{anna.grant});
    CHECK(changed.newest == before + 3);

    w.admin->remove_user(w.admin->user_named("ben")->id);
    changed = w.policy->grants_changed_after(changed.newest);
    std::sort(changed.grants.begin(), changed.grants.end());
    CHECK(changed.grants == std::vector{ben.grant, ben_too.grant});
}

TEST_CASE("all grants are to be read where too many changed, all were retired, or a backup was put back") {
    World w;
    (void)w.add("anna", "one");
    (void)w.add("ben", "one");
    CHECK_FALSE(w.policy->grants_changed_after(0, 2).all);
    CHECK(w.policy->grants_changed_after(0, 1).all);
    const std::int64_t newest = w.policy->newest_change();
    CHECK(w.policy->grants_changed_after(newest + 1).all);
    w.admin->retire_all_chains();
    CHECK(w.policy->grants_changed_after(newest).all);
    CHECK_FALSE(w.policy->grants_changed_after(newest + 1).all);
}

TEST_CASE("a knock of a chain that was renewed or removed a moment ago is nobody's") {
    World w;
    const Member anna = w.add("anna", "open");
    const Member ben = w.add("ben", "open");
    const Enrolment fresh = enrolment(4711);
    w.admin->renew_grant(anna.grant, fresh, chain_id(fresh)); // and the book is not told yet
    w.admin->remove_grant(ben.grant);
    CHECK(w.knock(anna, 99).empty());
    CHECK(w.knock(ben, 99).empty());
    CHECK(w.rows(RowKind::accepted).empty());
    CHECK(w.rows(RowKind::refused).empty());
    CHECK_FALSE(w.ledger->position(chain_id(fresh)));
    w.reload();
    CHECK(w.book.find(anna.grant)->image == fresh.image);
}
