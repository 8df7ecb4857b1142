#include "policy/time_zone.h"

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace otk;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

// A moment in UTC.
Time utc(int year, unsigned month, unsigned day, int hour, int minute, int second = 0) {
    using namespace std::chrono;
    const sys_days date = std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day};
    return date + hours{hour} + minutes{minute} + seconds{second};
}

constexpr const char* berlin = "Europe/Berlin";

// How many minutes, from the first moment to the last, lie within the span.
int minutes_within(std::string_view span, const std::string& zone, Time first, Time last) {
    const auto parsed = parse_hours(span);
    REQUIRE(parsed.has_value());
    int count = 0;
    for (Time at = first; at < last; at += minutes{1}) {
        const auto local = local_time(at, zone);
        REQUIRE(local.has_value());
        if (within({*parsed}, *local)) ++count;
    }
    return count;
}

// Sets a variable of the environment as long as it lives.
class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* const before = std::getenv(name)) before_ = before;
        set(value);
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { set(before_ ? before_->c_str() : nullptr); }

  private:
    void set(const char* value) {
        REQUIRE((value ? ::setenv(name_, value, 1) : ::unsetenv(name_)) == 0);
        ::tzset();
    }
    const char* name_;
    std::optional<std::string> before_;
};

std::string own_clock(Time at) {
    const std::time_t since_1970 = std::chrono::duration_cast<seconds>(at.time_since_epoch()).count();
    std::tm calendar{};
    ::localtime_r(&since_1970, &calendar);
    std::array<char, 32> text{};
    REQUIRE(std::strftime(text.data(), text.size(), "%a %H:%M %Z", &calendar) > 0);
    return text.data();
}

// A folder of its own for a time zone database.
class Database {
  public:
    Database() {
        std::string name = (std::filesystem::temp_directory_path() / "otk-zones-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
    [[nodiscard]] const char* name() const { return folder_.c_str(); }

  private:
    std::filesystem::path folder_;
};

} // namespace

TEST_CASE("Berlin goes to summer time and the hour from two to three does not exist") {
    CHECK(local_text(utc(2026, 3, 29, 0, 59, 59), berlin) == "Sun 01:59 CET");
    CHECK(local_text(utc(2026, 3, 29, 1, 0), berlin) == "Sun 03:00 CEST");
    const Time first = utc(2026, 3, 28, 12, 0);
    const Time last = utc(2026, 3, 29, 20, 0);
    CHECK(minutes_within("sun 02:15-02:45", berlin, first, last) == 0);
    // One that begins in the missing hour begins with what follows; one that ends there, with what precedes.
    CHECK(minutes_within("sun 02:30-04:00", berlin, first, last) == 60);
    CHECK(minutes_within("sun 01:00-02:30", berlin, first, last) == 60);
    CHECK(minutes_within("sat 22:00-06:00", berlin, first, last) == 7 * 60);
}

TEST_CASE("Berlin leaves summer time and the hour from two to three comes twice") {
    CHECK(local_text(utc(2026, 10, 25, 0, 30), berlin) == "Sun 02:30 CEST");
    CHECK(local_text(utc(2026, 10, 25, 1, 30), berlin) == "Sun 02:30 CET");
    const Time first = utc(2026, 10, 24, 12, 0);
    const Time last = utc(2026, 10, 25, 20, 0);
    CHECK(minutes_within("sun 02:15-02:45", berlin, first, last) == 2 * 30);
    CHECK(minutes_within("sun 02:30-04:00", berlin, first, last) == 2 * 30 + 60);
    CHECK(minutes_within("sat 22:00-06:00", berlin, first, last) == 9 * 60);
    // A week later it is as on all other nights.
    CHECK(minutes_within("sun 02:15-02:45", berlin, first + days{7}, last + days{7}) == 30);
    CHECK(minutes_within("sat 22:00-06:00", berlin, first + days{7}, last + days{7}) == 8 * 60);
}

TEST_CASE("the same hours of office are other hours of UTC in summer and in winter") {
    for (const auto& [day, open] : {std::pair{utc(2026, 1, 14, 0, 0), 7}, {utc(2026, 7, 15, 0, 0), 6}}) {
        CHECK(minutes_within("wed 08:00-18:00", berlin, day, day + hours{open}) == 0);
        CHECK(minutes_within("wed 08:00-18:00", berlin, day + hours{open}, day + hours{open + 10}) == 600);
        CHECK(minutes_within("wed 08:00-18:00", berlin, day + hours{open + 10}, day + hours{24}) == 0);
    }
}

TEST_CASE("clocks that differ by half an hour or by three quarters") {
    const Time at = utc(2026, 11, 21, 18, 45);
    CHECK(local_text(at, "Asia/Kolkata") == "Sun 00:15 IST");
    CHECK(local_text(at, "Asia/Kathmandu") == "Sun 00:30 +0545");
    CHECK(local_text(at, "America/St_Johns") == "Sat 15:15 NST");
    CHECK(local_text(at, "Etc/GMT+5") == "Sat 13:45 -05");
    const auto kolkata = local_time(at, "Asia/Kolkata");
    REQUIRE(kolkata.has_value());
    CHECK(kolkata->weekday == 6);
    CHECK(kolkata->minute == 15);
}

TEST_CASE("in the south summer time ends in April and begins in October") {
    const std::string sydney = "Australia/Sydney";
    CHECK(local_text(utc(2026, 4, 4, 15, 59), sydney) == "Sun 02:59 AEDT");
    CHECK(local_text(utc(2026, 4, 4, 16, 0), sydney) == "Sun 02:00 AEST");
    CHECK(local_text(utc(2026, 10, 3, 15, 59), sydney) == "Sun 01:59 AEST");
    CHECK(local_text(utc(2026, 10, 3, 16, 0), sydney) == "Sun 03:00 AEDT");
    const auto night = [&](Time noon) {
        return minutes_within("sun 02:00-03:00", sydney, noon, noon + hours{24});
    };
    CHECK(night(utc(2026, 4, 4, 2, 0)) == 120);
    CHECK(night(utc(2026, 10, 3, 2, 0)) == 0);
    CHECK(night(utc(2026, 6, 6, 2, 0)) == 60);
}

TEST_CASE("no name is UTC, whatever the zone of the process") {
    for (const char* const zone : {"Asia/Tokyo", "UTC", "America/New_York"}) {
        const Variable process("TZ", zone);
        CHECK(time_zone_known(""));
        CHECK(local_text(utc(2026, 11, 21, 17, 30), "") == "Sat 17:30 UTC");
        CHECK(local_time(utc(2026, 11, 21, 17, 30), "")->minute == 17 * 60 + 30);
    }
    // Before 1970 a part of a second belongs to the second before it.
    CHECK(local_text(Time{} - nanoseconds{1}, "") == "Wed 23:59 UTC");
    CHECK(local_text(Time{}, "") == "Thu 00:00 UTC");
}

TEST_CASE("the zone of the process is put back") {
    const Time at = utc(2026, 7, 1, 12, 0);
    for (const char* const zone : {"America/New_York", "Asia/Tokyo", "CET-1CEST,M3.5.0,M10.5.0/3", ""}) {
        CAPTURE(zone);
        const Variable process("TZ", zone);
        const std::string before = own_clock(at);
        CHECK(local_text(at, berlin) == "Wed 14:00 CEST");
        CHECK(own_clock(at) == before);
        CHECK(std::string(std::getenv("TZ")) == zone);
        CHECK_FALSE(local_time(at, "No/Where").has_value());
        CHECK(own_clock(at) == before);
    }
    const Variable process("TZ", nullptr);
    const std::string before = own_clock(at);
    CHECK(local_text(at, berlin) == "Wed 14:00 CEST");
    CHECK(std::getenv("TZ") == nullptr);
    CHECK(own_clock(at) == before);
}

TEST_CASE("names that are no zone are refused and never taken for UTC") {
    const Time at = utc(2026, 7, 1, 12, 0);
    for (const std::string& bad : {std::string("Europe/Berlim"),
                                   std::string("Europe"),
                                   std::string("europe/berlin"),
                                   std::string("Europe/"),
                                   std::string("Europe//Berlin"),
                                   std::string("/Europe/Berlin"),
                                   std::string("Europe/Berlin/"),
                                   std::string("Europe/./Berlin"),
                                   std::string("../zoneinfo/UTC"),
                                   std::string("Europe/../UTC"),
                                   std::string(".."),
                                   std::string("/usr/share/zoneinfo/UTC"),
                                   std::string("/etc/localtime"),
                                   std::string("zone.tab"),
                                   std::string("leapseconds"),
                                   std::string(":Europe/Berlin"),
                                   std::string("CET-1CEST"),
                                   std::string("EST5EDT4"),
                                   std::string("<-03>3"),
                                   std::string("UTC0"),
                                   std::string(" UTC"),
                                   std::string("UTC "),
                                   std::string("right/Europe/Berlin"),
                                   std::string("Europe/Berlin\0", 14),
                                   std::string("\0", 1),
                                   std::string(65, 'a'),
                                   std::string(100'000, 'a')}) {
        CAPTURE(bad);
        CHECK_FALSE(time_zone_known(bad));
        CHECK_FALSE(local_time(at, bad).has_value());
        CHECK(local_text(at, bad) == "Wed 12:00 UTC");
    }
    for (const char* const good : {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+12",
                                   "America/Port-au-Prince", "Etc/GMT-14", "GMT"}) {
        CAPTURE(good);
        CHECK(time_zone_known(good));
    }
}

TEST_CASE("another database, where TZDIR points") {
    const Database database;
    std::filesystem::copy_file("/usr/share/zoneinfo/Europe/Berlin", database / "Home");
    std::ofstream(database / "List") << "Europe/Berlin and others, of which one is no zone\n";
    std::ofstream(database / "Short") << "TZi";
    std::filesystem::create_directory(database / "Folder");
    std::filesystem::create_symlink(database / "Home", database / "Link");
    std::filesystem::create_symlink(database / "Gone", database / "Dangling");
    REQUIRE(::mkfifo((database / "Fifo").c_str(), 0600) == 0);
    const Time at = utc(2026, 7, 1, 12, 0);
    {
        const Variable elsewhere("TZDIR", database.name());
        CHECK(local_text(at, "Home") == "Wed 14:00 CEST");
        CHECK(local_text(at, "Link") == "Wed 14:00 CEST");
        for (const char* const bad : {"List", "Short", "Folder", "Dangling", "Fifo", berlin}) {
            CAPTURE(bad);
            CHECK_FALSE(time_zone_known(bad));
        }
    }
    const Variable usual("TZDIR", "");
    CHECK_FALSE(time_zone_known("Home"));
    CHECK(time_zone_known(berlin));
}
