// One dynamic request from P1 to the P3 that tells what became of it (DESIGN 6): what is sent when, over
// which of the ways to the server. Packets get lost, so everything is said again until it is answered, at
// growing intervals; nothing that is repeated is done twice by the server.
#pragma once

#include "base/fd.h"
#include "knockgen/destination.h"
#include "request/dynamic.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otk {

// When something is to be said again.
class Pace {
  public:
    using Moment = std::chrono::steady_clock::time_point;
    // After the first time come pauses, each half as long again as the one before, `longest` at most.
    Pace(Moment first, std::chrono::milliseconds pause, std::chrono::milliseconds longest) :
        due_(first), pause_(pause), longest_(longest) {}
    [[nodiscard]] Moment due() const { return due_; }
    void said(Moment now);
    void not_before(Moment now,
                    std::chrono::milliseconds pause); // the next time, and how to go on from there

  private:
    Moment due_;
    std::chrono::milliseconds pause_;
    std::chrono::milliseconds longest_;
};

class Exchange {
  public:
    // Sends the three declared SYNs to a way's server; called again and again.
    using SendSyns = std::function<void(const Target& way)>;

    // `port` is the server's for dynamic mode.
    Exchange(std::uint16_t port, SendSyns send_syns);

    // P1 of `client` goes this way, at first after `delay`, or earlier when nothing can be sent on the ways
    // before it. Ways may share a client: then they carry the same bytes. REQUIRES way.own. Throws Error.
    void add(const Target& way, std::shared_ptr<DynamicClient> client, std::chrono::milliseconds delay);

    struct End {
        std::optional<DynamicAnswer> answer; // the newest P3; none: there was no answer at all
        Target way;                          // where it came from; the first one when there was none
        std::string trouble;                 // why packets could not leave; empty: they could
    };
    // Returns with the first answer that is not `waiting`, or when the time is over. Throws Error.
    [[nodiscard]] End run(std::chrono::milliseconds timeout);

  private:
    using Moment = Pace::Moment;
    struct Line {
        Target way;
        std::shared_ptr<DynamicClient> client;
        Fd socket;
        Pace request;  // P1
        Pace question; // P2 and the SYNs
        std::optional<DynamicAnswer> answer{};
        bool begun = false;
        int trouble = 0; // errno of the last P1
    };

    void say(Line& line, Moment now) const;
    [[nodiscard]] bool send(const Line& line, Bytes packet) const;
    void go_round_trouble(Moment now);
    void wait(Moment until) const;
    [[nodiscard]] bool hear(Line& line, Moment now) const; // something new
    void hear_all(Moment now);
    [[nodiscard]] std::optional<End> settled() const;
    [[nodiscard]] End unsettled() const;

    std::uint16_t port_;
    SendSyns send_syns_;
    Moment begin_;
    std::vector<Line> lines_; // the only one that is left has been answered
};

} // namespace otk
