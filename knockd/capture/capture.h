// The capture process at work: frames in, hits and DNS answers out (DESIGN 4 and 7).
#pragma once

#include "knockd/capture/answering.h"
#include "knockd/capture/hit_queue.h"
#include "knockd/capture/hold_back.h"
#include "knockd/capture/replying.h"
#include "knockd/capture/screen.h"
#include "knockd/capture/session_watch.h"
#include "knockd/capture/source.h"
#include "knockd/capture/value_table.h"
#include "knockd/mailbox.h"
#include "knockd/messages.h"
#include "sys/channel.h"
#include "sys/event_loop.h"

#include <deque>
#include <vector>

namespace otk {

class Capture {
  public:
    // Takes all that was opened while there still were privileges. `key` is random.
    Capture(const message::CaptureSetup& setup, std::vector<Source> sources, Answering answering,
            Replying replying, Channel monitor, Channel validate, std::uint64_t key);

    // Says that it is ready, by this message, then reads until the monitor tells it to finish. What waits
    // then is still read and handed on, but not for long.
    void serve(const message::CaptureReady& ready);
    // --read: reads the file to its end, then says so to validate and waits for the end.
    void replay();

  private:
    void listen();
    void finish();
    void watch_early(Source& source);
    void read_early(Source& source);
    void read_blocks(Source& source);
    void begin_round();
    void end_round(Source& source);
    void take(const Frame& frame);
    void take_packet(const Packet& packet, const Frame& frame);
    void finish_round(); // after each reading: screens the packets that wait
    void keep_request(const Candidates& candidates, std::size_t place);
    void report(message::Hit& hit, Bytes request, const Found& found);
    void make_way(); // waits until validate has read something
    template <typename Message>
    void send_to_validate(const Message& message);
    void read_watches(); // without waiting
    template <typename Message>
    [[nodiscard]] bool apply_as();
    void await_images();
    enum class Until : std::uint8_t { we_finish, it_is_dead }; // by the monitor's word; the monitor
    bool wait_for_validate(short events, int milliseconds, Until until);
    [[nodiscard]] static std::chrono::nanoseconds monotonic_now();
    void apply(const message::Watch& watch);
    void apply(const message::Confirm& confirm);
    void apply(const message::Expect& expect);
    void apply(const message::Forget& forget);
    void apply(const message::Reply& reply);
    void take_syn(const Packet& packet);
    [[nodiscard]] bool take_question(const Packet& packet);
    void tell_arrived();
    void send_counters();
    [[nodiscard]] bool is_knock_port(std::uint16_t port) const;
    [[nodiscard]] bool goes_to_dynamic_port(const Packet& packet) const;
    [[nodiscard]] Candidates candidates_over_udp(const Packet& packet) const;

    message::CaptureSetup setup_;
    std::vector<Source> sources_;
    Answering answering_;
    Replying replying_;
    Channel monitor_;
    Channel validate_;
    Mailbox watches_;
    ValueTable table_;
    Screen screen_;
    std::array<message::Hit, Screen::most_packets> waiting_; // of each packet in screen_ what is known of it
    std::array<RequestRoom, Screen::most_packets>
        requests_; // and the first request_size bytes of its request
    HoldBack hold_back_;
    SessionWatch session_watch_;
    std::deque<SessionWatch::Session> arrived_; // not yet told
    std::chrono::nanoseconds now_{};            // monotonic, once for each round of reading
    bool complete_ = false;                     // the table holds the whole set of images
    message::CaptureCounters counters_;
    EventLoop loop_; // made, like its timer, before the sandbox
    std::unique_ptr<EventLoop::Timer> every_second_;
    HitQueue hits_;
};

} // namespace otk
