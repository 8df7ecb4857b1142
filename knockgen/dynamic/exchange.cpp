#include "knockgen/dynamic/exchange.h"

#include "base/promise.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace otk {
namespace {

using namespace std::chrono_literals;

// P1 costs the server a look-up each time; it is a tenth of a kilobyte, so patience is cheap.
constexpr auto request_pause = 300ms, longest_request_pause = 2000ms;
// P2 and the SYNs are of use only when P1 has been dealt with: a commit on a disk takes some milliseconds.
constexpr auto question_delay = 40ms, question_pause = 80ms, longest_question_pause = 500ms;
// A commit and the change of a firewall, or the start of a relay.
constexpr auto opening_pause = 20ms;
// Between two looks at the clock: a flood at our port, which never ends, must not keep us beyond our time.
constexpr unsigned most_at_once = 64;

Fd open_udp(const Target& way) {
    // Connected to nobody: then no ICMP error, which anybody can send, ends the conversation.
    Fd fd(socket(socket_family(way.address), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const SocketAddress own = socket_address(*way.own, 0, way.scope);
    if (!fd || bind(fd.get(), own.get(), own.size) != 0) {
        throw system_error(fmt::format("cannot open a socket at {}", way.own->text()));
    }
    return fd;
}

} // namespace

void Pace::said(Moment now) {
    due_ = now + pause_;
    pause_ = std::min(pause_ * 3 / 2, longest_);
}

void Pace::not_before(Moment now, std::chrono::milliseconds pause) {
    due_ = now;
    pause_ = pause;
}

Exchange::Exchange(std::uint16_t port, SendSyns send_syns) :
    port_(port), send_syns_(std::move(send_syns)), begin_(std::chrono::steady_clock::now()) {}

void Exchange::add(const Target& way, std::shared_ptr<DynamicClient> client,
                   std::chrono::milliseconds delay) {
    promise(way.own.has_value(), "a way has an address of ours");
    lines_.push_back({way, std::move(client), open_udp(way),
                      Pace(begin_ + delay, request_pause, longest_request_pause),
                      Pace(begin_ + delay + question_delay, question_pause, longest_question_pause)});
}

bool Exchange::send(const Line& line, Bytes packet) const {
    const SocketAddress to = socket_address(line.way.address, port_, line.way.scope);
    return sendto(line.socket.get(), packet.data(), packet.size(), 0, to.get(), to.size) >= 0;
}

void Exchange::say(Line& line, Moment now) const {
    if (!line.answer && line.request.due() <= now) {
        line.begun = true;
        line.trouble = send(line, line.client->request()) ? 0 : errno;
        line.request.said(now);
    }
    if (line.question.due() <= now) {
        (void)send(line, line.client->ask()); // a lost one is asked again
        send_syns_(line.way);
        line.question.said(now);
    }
}

// Who cannot even send on the ways so far need not wait for an answer there.
void Exchange::go_round_trouble(Moment now) {
    for (std::size_t i = 0; i + 1 < lines_.size(); ++i) {
        Line& next = lines_[i + 1];
        if (lines_[i].trouble == 0) return;
        if (next.begun) continue;
        next.request.not_before(now, request_pause);
        next.question.not_before(now + question_delay, question_pause);
    }
}

void Exchange::wait(Moment until) const {
    std::vector<pollfd> watched;
    for (const Line& line : lines_) {
        until = std::min(until, line.question.due());
        if (!line.answer) until = std::min(until, line.request.due());
        watched.push_back({line.socket.get(), POLLIN, 0});
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const int result = poll(watched.data(), watched.size(), static_cast<int>(std::max(left, 0ms).count()));
    if (result < 0 && errno != EINTR) throw system_error("cannot wait for the server's answer");
}

bool Exchange::hear(Line& line, Moment now) const {
    bool news = false;
    // One byte more than a P3 has: a longer datagram is none.
    std::array<std::uint8_t, dynamic_message_size + 1> room{};
    for (unsigned heard = 0; heard < most_at_once; ++heard) {
        const ssize_t size = recv(line.socket.get(), room.data(), room.size(), 0);
        if (size < 0) break;
        const auto answer = line.client->answer(Bytes(room).first(static_cast<std::size_t>(size)));
        if (!answer) continue; // forged, or an older one that was overtaken
        // The server has the request, and the SYNs that followed P2 have probably come by now: the next
        // answer may tell of the door.
        if (!line.answer) line.question.not_before(now + opening_pause, question_pause);
        line.answer = *answer;
        news = true;
    }
    return news;
}

void Exchange::hear_all(Moment now) {
    for (Line& line : lines_) {
        if (!hear(line, now) || lines_.size() == 1) continue;
        // The first that is answered is the one that is used.
        Line answered = std::move(line);
        lines_.clear();
        lines_.push_back(std::move(answered));
        return;
    }
}

std::optional<Exchange::End> Exchange::settled() const {
    const Line& line = lines_.front();
    if (!line.answer || line.answer->status == DynamicStatus::waiting) return std::nullopt;
    return End{line.answer, line.way, ""};
}

Exchange::End Exchange::unsettled() const {
    const Line& line = lines_.front();
    const bool none_left =
        std::all_of(lines_.begin(), lines_.end(), [](const Line& each) { return each.trouble != 0; });
    return End{line.answer, line.way, none_left ? std::strerror(line.trouble) : ""};
}

Exchange::End Exchange::run(std::chrono::milliseconds timeout) {
    promise(!lines_.empty(), "an exchange has a way to go");
    const Moment end = begin_ + timeout;
    for (Moment now = begin_; now < end; now = std::chrono::steady_clock::now()) {
        for (Line& line : lines_)
            say(line, now);
        go_round_trouble(now);
        wait(end);
        hear_all(std::chrono::steady_clock::now());
        if (auto outcome = settled()) return *outcome;
    }
    return unsettled();
}

} // namespace otk
