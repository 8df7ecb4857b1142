#include "knockmgr/watch_ledger.h"

#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/history.h"

#include <algorithm>
#include <array>
#include <poll.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_every{250};
constexpr std::size_t page = 1000; // rows; of more than that in one look only the newest are shown

// What can be said of the row alone: what comes of it has rows of its own, and they come, too.
std::string outcome_of(const Happening& happening) {
    const Row& row = happening.row;
    if (row.kind == RowKind::accepted) return "accepted";
    if (row.kind == RowKind::undo)
        return fmt::format("row {} is undone now: {}", number(row.of), printable(row.text));
    return outcome_text(happening);
}

WatchLine line_of(const Row& row) {
    Happening happening;
    happening.row = row;
    const std::string outcome = outcome_of(happening);
    std::string text = fmt::format("{}  row {}", format_utc(row.at), number(row.number));
    if (!row.user.empty()) text += fmt::format("  {}/{}", printable(row.user), printable(row.command));
    const bool knock = !row.value.empty() && row.kind != RowKind::resynced;
    if (knock)
        text += fmt::format("  number {} by {} from {}", row.count, carrier_text(row), source_text(row));
    Json json = json_of(happening);
    json["outcome"] = outcome;
    for (const char* later : {"contested", "hold", "over", "end"})
        json.erase(later);
    return {fmt::format("{}: {}{}", text, outcome, remarks_text(row)), json};
}

std::string_view word_of(Arrivals::State state) {
    switch (state) {
    case Arrivals::State::not_running: return "knockd is not running";
    case Arrivals::State::not_accepting: return "knockd runs, but does not accept knocks";
    case Arrivals::State::accepting: return "knockd accepts knocks";
    }
    return "knockd does something that this version does not know";
}

// A counter that fell has begun anew.
std::uint64_t risen(std::uint64_t before, std::uint64_t now) { return now >= before ? now - before : now; }

WatchLine line_of(const Arrivals& before, const Arrivals& now, Time at) {
    const std::uint64_t seen = risen(before.seen, now.seen);
    const std::uint64_t noise = risen(before.noise, now.noise);
    const std::uint64_t lost = risen(before.lost, now.lost);
    const std::uint64_t duplicates = risen(before.duplicates, now.duplicates);
    return {fmt::format("{}  arrived: {}, {} of them noise, {} lost, {}", format_utc(at),
                        counted(seen, "packet"), noise, lost, counted(duplicates, "duplicate")),
            {{"kind", "arrived"},
             {"time", json_time(at)},
             {"packets", seen},
             {"noise", noise},
             {"lost", lost},
             {"duplicates", duplicates}}};
}

// Which file stands under the name: one that was put in its place is another ledger.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

std::optional<FileIdentity> identity_of(const std::filesystem::path& file) {
    struct stat found {};
    if (stat(file.c_str(), &found) != 0) return std::nullopt;
    return FileIdentity{found.st_dev, found.st_ino};
}

class LedgerWatch {
  public:
    LedgerWatch(const std::filesystem::path& file, Channel told, const WatchWishes& wishes) :
        file_(file), ledger_(Ledger::open_for_reading(file)), identity_(identity_of(file)),
        told_(std::move(told)), lines_(wishes.rate, wishes.json), begun_(Steady::now()),
        how_long_(wishes.how_long) {
        filter_.user = wishes.user;
        filter_.command = wishes.command;
        shown_ = ledger_.head().row;
        told_.set_nonblocking();
    }

    int run() {
        const std::int64_t from = number(shown_) + 1;
        lines_.put({fmt::format("watching from row {} on; Ctrl-C ends it", from),
                    {{"kind", "watching"}, {"from", from}}},
                   Steady::now());
        while (hear() && !time_is_over()) {
            look_at_ledger();
            lines_.look_at_clock(Steady::now());
            finish_output();
            wait();
        }
        look_at_ledger();
        lines_.finish();
        return 0;
    }

  private:
    [[nodiscard]] bool time_is_over() const { return how_long_ && Steady::now() - begun_ >= *how_long_; }

    // Until the other half says something, or it is time for the next look.
    void wait() const {
        std::chrono::milliseconds longest = look_every;
        if (how_long_) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(begun_ + *how_long_ - Steady::now());
            longest = std::clamp(left, std::chrono::milliseconds{0}, look_every);
        }
        struct pollfd heard {
            told_.fd(), POLLIN, 0
        };
        (void)poll(&heard, 1, static_cast<int>(longest.count())); // a signal is the other half's affair
    }

    // False: the other half has hung up.
    [[nodiscard]] bool hear() {
        for (;;) {
            Arrivals now;
            const Channel::Received got = told_.receive({reinterpret_cast<std::uint8_t*>(&now), sizeof now});
            if (got.what == Channel::Received::What::nothing_yet) return true;
            if (got.what != Channel::Received::What::message || got.size != sizeof now) return false;
            tell(now);
        }
    }

    void tell(const Arrivals& now) {
        const Time at = SystemClock().now();
        const bool same_state = arrivals_ && arrivals_->state == now.state;
        if (!same_state) {
            lines_.put({fmt::format("{}  {}", format_utc(at), word_of(now.state)),
                        {{"kind", "daemon"}, {"time", json_time(at)}, {"text", word_of(now.state)}}},
                       Steady::now());
        }
        if (now.state == Arrivals::State::not_running) { // its counters are those of a life that is over
            arrivals_ = Arrivals{};
            return;
        }
        Arrivals counted_before = arrivals_.value_or(now);
        counted_before.state = now.state;
        if (!(counted_before == now)) lines_.put(line_of(counted_before, now, at), Steady::now());
        arrivals_ = now;
    }

    void look_at_ledger() {
        if (!identity_ || identity_of(file_) != identity_) {
            throw Error(file_.string() +
                        ": the ledger that was watched is gone, or another one was put in its place; "
                        "`knockmgr status` says whether knockd can go on");
        }
        const RowNumber head = ledger_.head().row;
        if (head == shown_) return;
        std::vector<Row> rows = rows_after(shown_);
        for (auto row = rows.rbegin(); row != rows.rend(); ++row)
            lines_.put(line_of(*row), Steady::now());
        shown_ = std::max(head, rows.empty() ? head : rows.front().number);
    }

    // Newest first; of more than a page the older ones are only counted.
    std::vector<Row> rows_after(RowNumber last) {
        std::vector<Row> rows;
        Ledger::Filter filter = filter_;
        for (;;) {
            std::vector<Row> found = ledger_.rows(filter, page);
            const bool more = found.size() == page && found.back().number > last;
            if (more) filter.before = found.back().number;
            std::erase_if(found, [&](const Row& row) { return row.number <= last; });
            if (rows.empty())
                rows = std::move(found);
            else
                lines_.leave_out(found.size());
            if (!more) return rows;
        }
    }

    std::filesystem::path file_;
    Ledger ledger_;
    std::optional<FileIdentity> identity_;
    Channel told_;
    WatchLines lines_;
    Ledger::Filter filter_;
    RowNumber shown_{};
    std::optional<Arrivals> arrivals_;
    Steady::time_point begun_;
    std::optional<std::chrono::seconds> how_long_;
};

} // namespace

int watch_ledger(const std::filesystem::path& file, Channel told, const WatchWishes& wishes) {
    return LedgerWatch(file, std::move(told), wishes).run();
}

} // namespace otk::knockmgr
