#include "policy/time_zone.h"

#include "base/fd.h"
#include "base/promise.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view usual_database = "/usr/share/zoneinfo";
constexpr std::string_view magic = "TZif"; // tzfile(5): the first bytes of each file

std::optional<std::string> variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool stands_in_a_zone(char c) { return is_alphanumeric(c) || c == '_' || c == '+' || c == '-' || c == '/'; }

bool valid_zone(std::string_view zone) {
    if (zone.empty() || zone.size() > longest_time_zone || zone.substr(0, 6) == "right/") return false;
    if (zone.front() == '/' || zone.back() == '/' || zone.find("//") != std::string_view::npos) return false;
    return std::all_of(zone.begin(), zone.end(), stands_in_a_zone);
}

// The database has lists, too, which glibc would take for UTC.
bool holds_a_zone(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    std::array<char, magic.size()> first{};
    const ssize_t got = ::read(fd.get(), first.data(), first.size());
    return got == static_cast<ssize_t>(first.size()) && std::string_view(first.data(), first.size()) == magic;
}

std::optional<std::string> file_of(const std::string& zone) {
    if (!valid_zone(zone)) return std::nullopt;
    const std::string database = variable("TZDIR").value_or("");
    std::string path = fmt::format("{}/{}", database.empty() ? usual_database : database, zone);
    if (!holds_a_zone(path)) return std::nullopt;
    return path;
}

// The time zone of the process, for as long as this lives.
class ZoneOfProcess {
  public:
    explicit ZoneOfProcess(const std::string& file) : before_(variable("TZ")) {
        set(":" + file); // the colon: the name of a file and never a rule in itself, tzset(3)
    }
    ZoneOfProcess(const ZoneOfProcess&) = delete;
    ZoneOfProcess& operator=(const ZoneOfProcess&) = delete;
    ~ZoneOfProcess() { set(before_); }

  private:
    static void set(const std::optional<std::string>& value) {
        const int failed = value ? ::setenv("TZ", value->c_str(), 1) : ::unsetenv("TZ");
        promise(failed == 0, "the environment takes a time zone");
        ::tzset();
    }
    std::optional<std::string> before_;
};

struct Shown {
    LocalTime time;
    std::string clocks; // "CET", "+0545"
};

Shown shown_by(const std::tm& calendar) {
    // tm_wday counts from Sunday.
    return {.time = {.weekday = static_cast<std::uint8_t>((calendar.tm_wday + 6) % 7),
                     .minute = static_cast<std::uint16_t>(calendar.tm_hour * 60 + calendar.tm_min)},
            .clocks = calendar.tm_zone};
}

std::time_t seconds_of(Time time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return static_cast<std::time_t>(seconds.time_since_epoch().count());
}

Shown shown_in_utc(Time time) {
    const std::time_t seconds = seconds_of(time);
    std::tm calendar{};
    promise(::gmtime_r(&seconds, &calendar) != nullptr, "a time of 64 bits of nanoseconds has a year");
    Shown shown = shown_by(calendar);
    shown.clocks = "UTC"; // glibc says GMT
    return shown;
}

std::optional<Shown> shown_in(Time time, const std::string& zone) {
    if (zone.empty()) return shown_in_utc(time);
    const std::optional<std::string> file = file_of(zone);
    if (!file) return std::nullopt;
    const ZoneOfProcess there(*file);
    const std::time_t seconds = seconds_of(time);
    std::tm calendar{};
    promise(::localtime_r(&seconds, &calendar) != nullptr, "a time of 64 bits of nanoseconds has a year");
    return shown_by(calendar); // copies the name of the clocks, which ends with `there`
}

} // namespace

bool time_zone_known(const std::string& zone) { return zone.empty() || file_of(zone).has_value(); }

std::optional<LocalTime> local_time(Time time, const std::string& zone) {
    const std::optional<Shown> shown = shown_in(time, zone);
    if (!shown) return std::nullopt;
    return shown->time;
}

std::string local_text(Time time, const std::string& zone) {
    constexpr std::array<std::string_view, 7> days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    std::optional<Shown> shown = shown_in(time, zone);
    if (!shown) shown = shown_in_utc(time);
    return fmt::format("{} {:02}:{:02} {}", days.at(shown->time.weekday), shown->time.minute / 60,
                       shown->time.minute % 60, shown->clocks);
}

} // namespace otk
