// The load tests' and the bench's generator: garbage that looks like knocks, with knocks in between, at a
// given rate, bounded in number and time, and only inside a network namespace made for it. Usage: blast
// --help.
#include "base/promise.h"
#include "tests/load/blast_options.h"
#include "tests/load/outlet.h"
#include "tests/load/surroundings.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace otk::load {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

// How many packets are due. What a busy machine made late is made up for within two milliseconds; what was
// missed before that is let go: a burst as fast as the wire allows would be another flood than the one asked
// for.
class Pace {
  public:
    explicit Pace(std::uint64_t rate) : rate_(static_cast<double>(rate)) {}

    [[nodiscard]] std::uint64_t due(double elapsed, std::uint64_t sent) {
        if (rate_ == 0) return Outlet::batch;
        const double debt = (elapsed - let_go_) * rate_ - static_cast<double>(sent);
        const double most_debt = std::max(rate_ * 0.002, 1.0);
        if (debt > most_debt) let_go_ += (debt - most_debt) / rate_;
        return static_cast<std::uint64_t>(std::max(std::min(debt, most_debt), 0.0));
    }
    // Sleeps where the next packet is far away; else the caller asks again.
    void wait(double elapsed, std::uint64_t sent) const {
        const double until = static_cast<double>(sent + 1) / rate_ + let_go_ - elapsed;
        if (until > 0.0005) std::this_thread::sleep_for(std::chrono::duration<double>(until - 0.0002));
    }

  private:
    double rate_;
    double let_go_ = 0; // seconds
};

struct Done {
    std::uint64_t packets = 0;
    std::uint64_t knocks = 0;
    double seconds = 0;
};

class Flood {
  public:
    Flood(const Options& options, const Route& route, Outlet& outlet) :
        options_(options), maker_(options.shape, route), outlet_(outlet), planned_(planned(options)) {}

    // Until count or time is reached.
    [[nodiscard]] Done send() {
        const auto limit = std::chrono::duration<double>(options_.time).count();
        Pace pace(options_.rate);
        const auto begin = Clock::now();
        while (done_.packets < options_.count) {
            done_.seconds = seconds_since(begin);
            if (done_.seconds >= limit) break;
            const std::uint64_t due = std::min<std::uint64_t>(
                {pace.due(done_.seconds, done_.packets), options_.count - done_.packets, Outlet::batch});
            if (due == 0) {
                pace.wait(done_.seconds, done_.packets);
                continue;
            }
            put(due, done_.seconds / limit);
        }
        done_.seconds = seconds_since(begin);
        return done_;
    }

    // All of count, whatever the time.
    [[nodiscard]] Done write() {
        while (done_.packets < options_.count) {
            put(std::min<std::uint64_t>(options_.count - done_.packets, Outlet::batch), 0);
        }
        return done_;
    }

  private:
    static std::uint64_t planned(const Options& options) {
        const auto by_rate = options.rate * static_cast<std::uint64_t>(options.time.count());
        return by_rate == 0 || !options.pcap.empty() ? options.count : std::min(by_rate, options.count);
    }

    void put(std::uint64_t packets, double time_gone) {
        for (std::uint64_t i = 0; i < packets; ++i) {
            const std::uint64_t place = options_.place + done_.packets;
            outlet_.put(maker_.make(outlet_.room(), place, next(place, time_gone)));
            ++done_.packets;
        }
        outlet_.flush();
    }

    // A knock where one is due, by the packets or by the time that has gone; else what the flood is made of.
    Value next(std::uint64_t place, double time_gone) {
        const double gone =
            std::max(time_gone, static_cast<double>(done_.packets + 1) / static_cast<double>(planned_));
        const auto all = static_cast<double>(options_.knocks.size());
        if (done_.knocks < options_.knocks.size() && gone * all > static_cast<double>(done_.knocks) + 0.5) {
            return options_.knocks[done_.knocks++];
        }
        if (!options_.flood.empty()) return options_.flood[place % options_.flood.size()];
        return garbage(options_.seed, place);
    }

    const Options& options_;
    FrameMaker maker_;
    Outlet& outlet_;
    std::uint64_t planned_;
    Done done_;
};

// The ends of a flood that goes into a file: anybody's (RFC 5737, RFC 7042).
Route written_route(const Address& target) {
    Route route;
    route.source = Address::parse("192.0.2.2").value();
    route.target = target;
    route.source_hardware = {0x02, 0x00, 0x5e, 0x00, 0x53, 0x02};
    route.target_hardware = {0x02, 0x00, 0x5e, 0x00, 0x53, 0x01};
    return route;
}

Route with_sources(Route route, std::uint32_t sources) {
    if (sources > 1) {
        route.source = Address::parse("198.18.0.1").value();
        route.sources = sources;
    }
    return route;
}

void report(const Done& done, std::uint64_t not_taken) {
    const double rate = done.seconds > 0 ? static_cast<double>(done.packets) / done.seconds : 0;
    std::printf(
        "{\"packets\": %llu, \"knocks\": %llu, \"seconds\": %.6f, \"rate\": %.0f, \"not_taken\": %llu}\n",
        static_cast<unsigned long long>(done.packets), static_cast<unsigned long long>(done.knocks),
        done.seconds, rate, static_cast<unsigned long long>(not_taken));
}

void blast(const Options& options) {
    if (!options.pcap.empty()) {
        const auto rate = options.rate == 0 ? 100'000 : options.rate;
        const auto file = write_pcap(options.pcap, std::chrono::nanoseconds(1'000'000'000 / rate));
        Flood flood(options, with_sources(written_route(options.target), options.sources), *file);
        return report(flood.write(), 0);
    }
    const Way way = way_to(options.target);
    const auto outlet = send_from(way.interface_index);
    Flood flood(options, with_sources(way.route, options.sources), *outlet);
    const Done done = flood.send();
    report(done, outlet->not_taken());
}

} // namespace
} // namespace otk::load

int main(int argc, char** argv) {
    try {
        const auto options = otk::load::read_options(argc, argv);
        if (!options) {
            std::fputs(otk::load::usage, stdout);
            return 0;
        }
        otk::load::blast(*options);
        return 0;
    } catch (const otk::load::UsageError& error) {
        std::fprintf(stderr, "blast: %s\n", error.what());
        return 2;
    } catch (const otk::Error& error) {
        std::fprintf(stderr, "blast: %s\n", error.what());
        return 1;
    }
}
