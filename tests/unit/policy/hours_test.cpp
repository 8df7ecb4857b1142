#include "policy/model.h"

#include <bitset>
#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace otk;

namespace {

constexpr unsigned minutes_of_day = 24 * 60;
constexpr unsigned minutes_of_week = 7 * minutes_of_day;
using Week = std::bitset<minutes_of_week>; // bit 0 is Monday, 00:00

Hours hours_of(std::string_view text) {
    CAPTURE(text);
    const auto parsed = parse_hours(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

LocalTime local(unsigned minute_of_week) {
    return {static_cast<std::uint8_t>(minute_of_week / minutes_of_day),
            static_cast<std::uint16_t>(minute_of_week % minutes_of_day)};
}

Week judged(const std::vector<Hours>& spans) {
    Week week;
    for (unsigned minute = 0; minute < minutes_of_week; ++minute)
        week[minute] = within(spans, local(minute));
    return week;
}

// The same by going through each span from its begin, minute for minute.
Week walked(const std::vector<Hours>& spans) {
    Week week;
    for (const Hours& span : spans) {
        const unsigned length =
            span.to > span.from ? span.to - span.from : minutes_of_day - span.from + span.to;
        for (unsigned day = 0; day < 7; ++day) {
            if (((span.days >> day) & 1) == 0) continue;
            for (unsigned i = 0; i < length; ++i)
                week.set((day * minutes_of_day + span.from + i) % minutes_of_week);
        }
    }
    return week;
}

Hours some_hours(std::mt19937& random) {
    const auto up_to = [&](unsigned largest) {
        return std::uniform_int_distribution<unsigned>(0, largest)(random);
    };
    return {.days = static_cast<std::uint8_t>(1 + up_to(0b111'1110)),
            .from = static_cast<std::uint16_t>(up_to(minutes_of_day - 1)),
            .to = static_cast<std::uint16_t>(up_to(minutes_of_day))};
}

} // namespace

TEST_CASE("hours are read as people write them") {
    CHECK(hours_of("mon-fri 08:00-18:00") == Hours{0b001'1111, 480, 1080});
    CHECK(hours_of("sat,sun 10:00-12:00") == Hours{0b110'0000, 600, 720});
    CHECK(hours_of("daily 22:00-06:00") == Hours{0b111'1111, 1320, 360});
    CHECK(hours_of("mon") == Hours{0b000'0001, 0, 1440});
    CHECK(hours_of("08:00-18:00") == Hours{0b111'1111, 480, 1080});
    CHECK(hours_of("daily") == Hours{});
    CHECK(hours_of("8:05-9:59") == Hours{0b111'1111, 485, 599});
    CHECK(hours_of("fri-mon 23:59-00:00") == Hours{0b111'0001, 1439, 0});
    CHECK(hours_of("mon,wed-fri,sun 00:00-24:00") == Hours{0b101'1101, 0, 1440});
    CHECK(hours_of("Mon-FRI 08:00-18:00") == hours_of("mon-fri 08:00-18:00"));
    CHECK(hours_of("mon-sun 1:00-2:00") == hours_of("1:00-2:00"));
}

TEST_CASE("what is no span of hours is refused") {
    for (const char* const bad : {"",
                                  " ",
                                  "mon ",
                                  " mon",
                                  "mon  08:00-18:00",
                                  "mon tue",
                                  "monday",
                                  "mon-",
                                  "-mon",
                                  "mon,",
                                  ",mon",
                                  "mon-wed-fri",
                                  "daily,mon",
                                  "08:00",
                                  "08:00-",
                                  "-18:00",
                                  "08:00-18",
                                  "8-18",
                                  "08:00-18:00-20:00",
                                  "08:00 18:00",
                                  "08:00-18:00 mon",
                                  "mon 08:00-18:00 x",
                                  "08:60-18:00",
                                  "25:00-18:00",
                                  "24:00-18:00",
                                  "08:00-24:01",
                                  "08:0-18:00",
                                  "008:00-18:00",
                                  "08:00-99:00",
                                  "08.00-18.00",
                                  "0x:00-18:00",
                                  "mon -08:00-18:00",
                                  ":00-18:00",
                                  "08:-0-18:00",
                                  "mon 08:00-18:00\n"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_hours(bad).has_value());
    }
}

TEST_CASE("hours are written in one way") {
    CHECK(format_hours(hours_of("tue,mon,wed,fri 8:00-24:00")) == "mon-wed,fri 08:00-24:00");
    CHECK(format_hours(hours_of("sat-sun")) == "sat,sun");
    CHECK(format_hours(hours_of("fri-mon 1:05-2:00")) == "mon,fri-sun 01:05-02:00");
    CHECK(format_hours(hours_of("mon-sun 00:00-24:00")) == "daily");
    CHECK(format_hours(hours_of("22:00-06:00")) == "daily 22:00-06:00");
    CHECK(format_hours(hours_of("mon 00:00-00:00")) == "mon 00:00-00:00");
}

TEST_CASE("hours that were written are read as the same") {
    constexpr unsigned seed = 20'260'329;
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (unsigned days = 1; days <= 0b111'1111; ++days) {
        Hours span = some_hours(random);
        span.days = static_cast<std::uint8_t>(days);
        const std::string text = format_hours(span);
        CAPTURE(text);
        CHECK(parse_hours(text) == span);
        const Hours whole{.days = static_cast<std::uint8_t>(days)};
        CHECK(parse_hours(format_hours(whole)) == whole);
    }
}

TEST_CASE("a span belongs to the day on which it begins") {
    const auto shift = {hours_of("fri 22:00-06:00")};
    CHECK_FALSE(within(shift, {4, 5 * 60})); // Friday's small hours are Thursday's night
    CHECK_FALSE(within(shift, {4, 21 * 60 + 59}));
    CHECK(within(shift, {4, 22 * 60}));
    CHECK(within(shift, {5, 0}));
    CHECK(within(shift, {5, 5 * 60 + 59}));
    CHECK_FALSE(within(shift, {5, 6 * 60})); // the end is not included
    CHECK_FALSE(within(shift, {5, 22 * 60}));
    const auto over_the_week = {hours_of("sun 23:00-01:00")};
    CHECK(within(over_the_week, {6, 23 * 60}));
    CHECK(within(over_the_week, {0, 59}));
    CHECK_FALSE(within(over_the_week, {0, 60}));
    CHECK_FALSE(within(over_the_week, {6, 59}));
}

TEST_CASE("24:00 and 00:00 end at the same midnight, and equal times make a whole day") {
    CHECK(judged({hours_of("tue 20:00-24:00")}) == judged({hours_of("tue 20:00-00:00")}));
    CHECK(judged({hours_of("tue 20:00-24:00")}).count() == 4 * 60);
    CHECK(judged({hours_of("tue 20:00-20:00")}).count() == minutes_of_day);
    CHECK(within({hours_of("tue 20:00-20:00")}, {2, 19 * 60 + 59}));
    CHECK(judged({hours_of("tue 00:00-00:00")}) == judged({hours_of("tue")}));
}

TEST_CASE("without hours it is always, with several it is any of them") {
    CHECK(judged({}).all());
    const Week both = judged({hours_of("mon 08:00-12:00"), hours_of("mon 11:00-13:00")});
    CHECK(both == judged({hours_of("mon 08:00-13:00")}));
}

TEST_CASE("each minute of the week is judged as walking through the spans finds it") {
    constexpr unsigned seed = 8011;
    CAPTURE(seed);
    std::mt19937 random(seed);
    for (int i = 0; i < 60; ++i) {
        const std::vector<Hours> spans(1, some_hours(random));
        CAPTURE(format_hours(spans.front()));
        CHECK(judged(spans) == walked(spans));
        const std::vector<Hours> several{spans.front(), some_hours(random), some_hours(random)};
        CHECK(judged(several) == walked(several));
    }
}
