#include "base/text.h"
#include "otp/door_port.h"
#include "sheet/sheet.h"
#include "sheet/ways.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::size_t page_width = 80;
constexpr std::size_t column_gap = 2;
constexpr std::size_t port_gap = 2;
constexpr std::size_t port_width = 5;
constexpr Count block_size = 10; // knocks between two blank lines: what an eye finds its way back to

// The page while it grows. It holds unspent knocks, so it is big enough from the start (a string that grows
// leaves its old bytes behind) and wiped at the end.
class Page {
  public:
    explicit Page(std::size_t capacity) { text_.reserve(capacity); }
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;
    ~Page() { explicit_bzero(text_.data(), text_.size()); }

    template <typename... Parts>
    void add(fmt::format_string<Parts...> format, Parts&&... parts) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
    }
    [[nodiscard]] SecretText take() const { return SecretText(text_); }

  private:
    std::string text_;
};

void check(const SheetContents& contents) {
    if (!usable_host(contents.host)) {
        throw Error(
            fmt::format("the server's name \"{}\" cannot stand in a command line; use its DNS name or its "
                        "address",
                        printable(contents.host)));
    }
    if (!contents.carriers.zone.empty() && !usable_zone(contents.carriers.zone)) {
        throw Error(fmt::format("\"{}\" is not a DNS zone; write it as in knock.example.org",
                                printable(contents.carriers.zone)));
    }
    promise(!contents.knocks.empty(), "a sheet has at least one knock");
    const auto not_below = [](const NumberedKnock& left, const NumberedKnock& right) {
        return right.number >= left.number;
    };
    promise(std::adjacent_find(contents.knocks.begin(), contents.knocks.end(), not_below) ==
                contents.knocks.end(),
            "the knocks of a sheet are ordered, highest number first");
}

void add_head(Page& page, const SheetContents& contents) {
    page.add("{}\n\n", printable(contents.title));
    if (contents.user) page.add("  User         {}\n", printable(*contents.user));
    if (!contents.command.empty()) page.add("  Command      {}\n", printable(contents.command));
    page.add("  Server       {}\n", contents.host);
    page.add("  Chain        {}, seed {}", name_of(contents.algorithm), contents.seed);
    if (contents.length != 0) page.add(", length {}", contents.length);
    page.add("\n");
    if (!contents.check_words.empty()) page.add("  Check words  {}\n", contents.check_words);
    page.add("  Knocks       {} down to {}\n\n", contents.knocks.front().number,
             contents.knocks.back().number);
}

void add_rules(Page& page, const SheetContents& contents) {
    page.add("HOW TO KNOCK\n\n"
             "  1. Take the first number not struck out, and never go back to a higher one.\n"
             "  2. Send it by one of the lines below.\n"
             "  3. Nothing happened? The same number again, by another carrier if need be, up\n"
             "     to three times. That is harmless: a number works once.\n"
             "  4. Strike it out. If nothing happened at all, take the next number; if that\n"
             "     fails too, ask your administrator: tell the number, not the value.\n\n"
             "  What ping, dig or the others answer says nothing about the knock.\n"
             "  Whoever reads this sheet can knock: keep it as you keep a key. If it is lost\n"
             "  or was copied, tell your administrator at once.\n");
    if (contents.form == TextForm::words) {
        page.add("  Capital or small letters are the same.{}\n\n",
                 has_dns_lines(contents) ? " In a DNS name put _ between words." : "");
    } else {
        page.add("  Type the value without its blanks; capital or small letters are the same.\n\n");
    }
}

// Does each knock open a port of its own?
bool own_ports(const SheetContents& contents) { return contents.door && contents.door->port == 0; }

// Each with its lines below it, which are wiped.
void add_lines(Page& page, std::vector<Way> ways) {
    for (Way& way : ways) {
        page.add("  {}:\n", way.tool);
        for (std::string& line : way.lines) {
            page.add("    {}\n", line);
            explicit_bzero(line.data(), line.size());
        }
    }
    page.add("\n");
}

void add_ways(Page& page, const SheetContents& contents) {
    std::vector<Way> ways = ways_to_send(contents);
    if (ways.empty()) return;
    page.add("THE LINES FOR KNOCK {} (for another put its value in the same place)\n\n",
             contents.knocks.front().number);
    add_lines(page, std::move(ways));
}

void add_after(Page& page, const SheetContents& contents) {
    std::vector<Way> ways = ways_after(contents);
    if (ways.empty()) return;
    page.add("AFTER KNOCK {}\n\n", contents.knocks.front().number);
    if (contents.door) {
        page.add("  Connect while the port is open; what is connected then stays connected.\n{}",
                 own_ports(contents) ? "  The port of each knock stands beside it.\n" : "");
    }
    add_lines(page, std::move(ways));
}

// The knocks from `first` on that stand together: they share their tens, and the warning parts them from
// others.
std::size_t end_of_block(const std::vector<NumberedKnock>& knocks, std::size_t first,
                         std::size_t warned_from) {
    const auto block = [&](std::size_t i) { return (knocks[i].number - 1) / block_size; };
    std::size_t end = first;
    while (end < knocks.size() && block(end) == block(first) && (end == first || end != warned_from))
        ++end;
    return end;
}

class Table {
  public:
    Table(Page& page, const SheetContents& contents) :
        page_(page), knocks_(contents.knocks), form_(contents.form),
        ports_(own_ports(contents) ? std::optional(contents.door->ports) : std::nullopt),
        number_width_(std::to_string(knocks_.front().number).size()) {
        for (const NumberedKnock& knock : knocks_) {
            value_width_ = std::max(value_width_, format_value(knock.value, form_).size());
        }
        cell_width_ = value_width_ + (ports_ ? port_gap + port_width : 0);
        two_columns_ = 2 * (cell_width_ + number_width_ + 6) + column_gap <= page_width;
        warned_from_ = knocks_.size() - std::min<std::size_t>(contents.warn_left, knocks_.size());
    }

    void add() {
        page_.add("THE KNOCKS{}{}\n", ports_ ? " AND THEIR PORTS" : "",
                  two_columns_ ? " (down the left column, then down the right one)" : "");
        for (std::size_t first = 0; first < knocks_.size();) {
            if (first == warned_from_) add_warning();
            const std::size_t middle = end_of_block(knocks_, first, warned_from_);
            // The warning takes the whole width, so nothing that follows it may stand beside what precedes
            // it.
            const bool pair = two_columns_ && middle < knocks_.size() && middle != warned_from_;
            const std::size_t end = pair ? end_of_block(knocks_, middle, warned_from_) : middle;
            add_block(first, middle, end);
            first = end;
        }
    }

  private:
    void add_warning() {
        page_.add("\n  ***** {} knocks left on this sheet: ask for a new one now *****\n",
                  knocks_.size() - warned_from_);
    }

    void add_block(std::size_t first, std::size_t middle, std::size_t end) {
        page_.add("\n");
        for (std::size_t row = 0; row < std::max(middle - first, end - middle); ++row) {
            const bool left = first + row < middle;
            const bool right = middle + row < end;
            if (left) {
                add_cell(knocks_[first + row], right ? cell_width_ + column_gap : 0);
            } else {
                page_.add("{:{}}", "", number_width_ + 6 + cell_width_ + column_gap);
            }
            if (right) add_cell(knocks_[middle + row], 0);
            page_.add("\n");
        }
    }

    void add_cell(const NumberedKnock& knock, std::size_t padded_to) {
        std::string value = format_value(knock.value, form_);
        if (ports_) {
            // As long as it will be from the start: a string that grows leaves its old bytes behind.
            std::string cell;
            cell.reserve(cell_width_);
            fmt::format_to(std::back_inserter(cell), "{:<{}}{:>{}}", value, value_width_,
                           door_port(knock.value, *ports_), port_gap + port_width);
            std::swap(value, cell);
            explicit_bzero(cell.data(), cell.size());
        }
        page_.add("[ ] {:>{}}  {:<{}}", knock.number, number_width_, value, padded_to);
        explicit_bzero(value.data(), value.size());
    }

    Page& page_;
    const std::vector<NumberedKnock>& knocks_;
    TextForm form_;
    std::optional<PortRange> ports_; // of forwarding doors
    std::size_t number_width_;
    std::size_t value_width_ = 0;
    std::size_t cell_width_ = 0;  // of a value, and its port
    std::size_t warned_from_ = 0; // index of the first knock below the warning
    bool two_columns_ = false;
};

// More than enough: the widest cell is 12 words, its number and its port, and host and zone stand in fewer
// than 8 lines.
std::size_t largest_size(const SheetContents& contents) {
    return 8192 + 96 * contents.knocks.size() + 8 * (contents.host.size() + contents.carriers.zone.size()) +
           4 * (contents.title.size() + contents.command.size() + contents.user.value_or("").size());
}

} // namespace

SecretText render_text(const SheetContents& contents) {
    check(contents);
    Page page(largest_size(contents));
    add_head(page, contents);
    add_rules(page, contents);
    add_ways(page, contents);
    add_after(page, contents);
    Table(page, contents).add();
    return page.take();
}

} // namespace otk
