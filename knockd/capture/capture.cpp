#include "knockd/capture/capture.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace otk {

namespace {

const message::Begin begin;

// How long what has been read may take to be handed on when we are told to finish: a commit, or two.
constexpr std::chrono::milliseconds finish_patience{300};

// What is known of a packet before its value was looked up; its bytes are gone by then.
message::Hit hit_of(const Packet& packet, Carrier carrier, Time at) {
    message::Hit hit;
    hit.carrier = carrier;
    hit.hops_left = packet.hops_left;
    hit.source = packet.source;
    hit.destination = packet.destination;
    hit.source_port = packet.source_port;
    hit.destination_port = packet.destination_port;
    hit.at = to_nanoseconds(at);
    return hit;
}

} // namespace

std::chrono::nanoseconds Capture::monotonic_now() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

Capture::Capture(const message::CaptureSetup& setup, std::vector<Source> sources, Answering answering,
                 Replying replying, Channel monitor, Channel validate, std::uint64_t key) :
    setup_(setup),
    sources_(std::move(sources)), answering_(std::move(answering)), replying_(std::move(replying)),
    monitor_(std::move(monitor)), validate_(std::move(validate)), watches_(validate_), table_(key),
    screen_(table_, setup.algorithms, setup.window), hold_back_(~key), session_watch_(~key),
    hits_(loop_, validate_) {
    if (!setup.offline) listen();
}

void Capture::serve(const message::CaptureReady& ready) {
    send_to_validate(begin);
    if (monitor_.send_struct(ready) == Channel::Sent::done) loop_.run();
    finish();
    send_counters();
}

// What waits here was perhaps seen by nobody else: whoever takes our place has opened its rings a moment ago,
// and has what came since then. What comes while we are about to end it has as well.
void Capture::finish() {
    const auto give_up = monotonic_now() + finish_patience;
    for (Source& source : sources_) {
        while (source.early_leads() && monotonic_now() < give_up) {
            read_early(source);
            if (source.emptied()) break;
        }
        do {
            read_blocks(source);
        } while (!source.emptied() && monotonic_now() < give_up);
    }
    tell_arrived();
    while (hits_.size() > 0 && monotonic_now() < give_up) {
        (void)wait_for_validate(POLLIN | POLLOUT, 10, Until::it_is_dead);
        read_watches();
        hits_.flush();
    }
}

void Capture::listen() {
    loop_.after_each([this] { hits_.end_turn(); });
    loop_.on_readable(monitor_.fd(), [this] { loop_.stop(); }); // the monitor says nothing more: it has gone
    loop_.on_readable(validate_.fd(), [this] { read_watches(); });
    for (Source& source : sources_) {
        loop_.on_readable(source.blocks_fd(), [this, &source] { read_blocks(source); });
        watch_early(source);
    }
    every_second_ = loop_.every(std::chrono::seconds{1}, [this] {
        for (Source& source : sources_) {
            if (!source.early_leads()) read_blocks(source); // a flood that stopped dead wakes nobody
        }
        tell_arrived();
        send_counters();
    });
}

// Watched only while it leads: in a flood it is full, so that it would be readable all the time.
void Capture::watch_early(Source& source) {
    loop_.on_readable(source.early_fd(), [this, &source] { read_early(source); });
}

void Capture::read_early(Source& source) {
    begin_round();
    source.read_early([this](const Frame& frame) { take(frame); });
    end_round(source);
}

void Capture::read_blocks(Source& source) {
    begin_round();
    source.read_blocks([this](const Frame& frame) { take(frame); });
    end_round(source);
}

void Capture::begin_round() {
    await_images(); // first: a knock that was spent just now must be seen as known
    now_ = monotonic_now();
}

void Capture::end_round(Source& source) {
    finish_round();
    const bool early_led = source.early_leads();
    source.end_round(monotonic_now());
    if (source.early_leads() == early_led) return;
    if (early_led) {
        loop_.remove(source.early_fd());
        ++counters_.switches;
    } else {
        watch_early(source);
    }
}

void Capture::replay() {
    send_to_validate(begin);
    (void)monitor_.send_struct(message::CaptureReady{});
    await_images();

    // Each knock changes what the next one is compared with. Validate answers every hit with at least an
    // empty Watch in a dry run, and the next frame waits for it: `--read` gives the same verdicts each time.
    bool more = true;
    while (more) {
        const std::uint64_t hits_before = counters_.hits;
        now_ += std::chrono::seconds{2}; // nothing is held back: every packet of the file is judged
        more = sources_.front().read(1, [this](const Frame& frame) { take(frame); });
        finish_round();
        if (counters_.hits == hits_before) continue;
        complete_ = false;
        await_images();
    }
    send_counters();
    send_to_validate(message::Ended{});
    pollfd until_closed{monitor_.fd(), POLLIN, 0};
    (void)poll(&until_closed, 1, -1);
}

void Capture::take(const Frame& frame) {
    ++counters_.seen;
    const auto packet = decode_packet(frame.link, frame.bytes);
    if (!packet) {
        ++counters_.unread;
        return;
    }
    if (packet->transport == Transport::tcp_syn) return take_syn(*packet);
    if (goes_to_dynamic_port(*packet) && take_question(*packet)) return;
    take_packet(*packet, frame);
}

bool Capture::goes_to_dynamic_port(const Packet& packet) const {
    return setup_.dynamic && packet.transport == Transport::udp &&
           packet.destination_port == setup_.dynamic_port;
}

bool Capture::is_knock_port(std::uint16_t port) const {
    const auto end = setup_.ports.begin() + setup_.port_count;
    return setup_.udp && std::find(setup_.ports.begin(), end, port) != end;
}

// The port for dynamic mode may be one of the knock ports.
Candidates Capture::candidates_over_udp(const Packet& packet) const {
    if (goes_to_dynamic_port(packet)) {
        const Candidates dynamic = dynamic_candidates(packet.payload);
        if (!dynamic.empty()) return dynamic;
    }
    return is_knock_port(packet.destination_port) ? udp_candidates(packet.payload) : Candidates{};
}

void Capture::take_packet(const Packet& packet, const Frame& frame) {
    Candidates candidates;
    RequestRoom room; // not filled unless a name has labels to be joined
    Carrier carrier = Carrier::icmp;
    if (packet.transport != Transport::udp) {
        if (setup_.icmp) candidates = icmp_candidates(packet.payload);
    } else if (setup_.dns && packet.destination_port == dns_port) {
        carrier = Carrier::dns;
        const auto below = answering_.handle(packet, now_, SystemClock{}.now());
        if (below) candidates = dns_candidates(*below, room);
    } else {
        carrier = Carrier::udp;
        candidates = candidates_over_udp(packet);
    }
    if (!screen_.add(candidates)) {
        ++counters_.noise;
        return;
    }
    const std::size_t place = screen_.waiting() - 1;
    waiting_[place] = hit_of(packet, carrier, frame.at);
    keep_request(candidates, place);
    if (screen_.full()) finish_round();
}

// The packet's bytes are gone when its value has been looked up.
void Capture::keep_request(const Candidates& candidates, std::size_t place) {
    for (const Candidate& candidate : candidates) {
        if (candidate.message.empty()) continue;
        std::copy(candidate.message.begin(), candidate.message.end(), requests_[place].begin());
        waiting_[place].request_size = static_cast<std::uint16_t>(candidate.message.size());
        return;
    }
}

void Capture::finish_round() {
    if (screen_.waiting() == 0) return;
    // A report that waited for room may have brought a reset: until all is there, all would be noise.
    if (!complete_) await_images();
    std::size_t packet = 0;
    for (const std::optional<Found>& found : screen_.find()) {
        const std::size_t place = packet++;
        message::Hit& hit = waiting_[place];
        if (found)
            report(hit, Bytes(requests_[place]).first(hit.request_size), *found);
        else
            ++counters_.noise;
    }
}

void Capture::report(message::Hit& hit, Bytes request, const Found& found) {
    // An echo request may have values at other offsets; and what is known is not asked for its signature
    // again.
    if (!found.in_request || found.steps == 0) request = {};
    const Sighting sighting{found.value, hit.carrier, hit.source, found.named};
    const bool pass = found.steps == 0 ? hold_back_.pass_known(sighting, now_)
                                       : hold_back_.pass_unspent(sighting, request, now_);
    if (!pass) {
        ++counters_.held_back;
        return;
    }
    hit.algorithm = found.algorithm;
    hit.steps = found.steps;
    hit.value = found.value;
    hit.named = found.named;
    hit.request_size = static_cast<std::uint16_t>(request.size());
    while (hits_.full())
        make_way();
    hits_.send(hit, request);
    ++counters_.hits;
}

// Validate may be waiting for room to send a Watch while we wait for room to send a Hit: so read while
// waiting. And while it works on something long the monitor must see that we do not hang.
void Capture::make_way() {
    if (!wait_for_validate(POLLIN | POLLOUT, 1000, Until::we_finish)) send_counters();
    read_watches();
    hits_.flush();
}

// Behind all hits.
template <typename Message>
void Capture::send_to_validate(const Message& message) {
    while (hits_.size() > 0)
        make_way();
    while (validate_.send_struct(message) == Channel::Sent::would_block)
        make_way();
}

void Capture::send_counters() {
    counters_.waiting = hits_.size();
    counters_.answered = answering_.answered;
    counters_.not_answered = answering_.not_answered;
    counters_.replied = replying_.replied;
    counters_.lost = 0;
    for (Source& source : sources_)
        counters_.lost += source.totals().lost;
    (void)monitor_.send_struct(counters_); // without room: the next ones say it
}

} // namespace otk
