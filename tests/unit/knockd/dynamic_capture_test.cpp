// Capture in dynamic mode, over a file: what it counts and what it hands on.

#include "knockd/capture/capture.h"
#include "tests/unit/net/make_frame.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <cstring>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <thread>

using namespace otk;
using make_frame::Buffer;

namespace {

message::CaptureSetup setup(bool dynamic) {
    message::CaptureSetup setup;
    setup.offline = setup.udp = true;
    setup.dynamic = dynamic;
    setup.dynamic_port = 40'001;
    setup.algorithms = bit(Algorithm::sha256);
    setup.window = 10;
    setup.port_count = 1;
    setup.ports[0] = 62201;
    return setup;
}

Source file_of(const test::TemporaryDirectory& directory, const std::vector<Buffer>& frames) {
    const std::string path = directory.path() / "frames.pcap";
    pcap_t* const dead = pcap_open_dead(DLT_RAW, 65535);
    pcap_dumper_t* const dumper = pcap_dump_open(dead, path.c_str());
    REQUIRE(dumper != nullptr);
    for (const Buffer& frame : frames) {
        pcap_pkthdr header{};
        header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
        pcap_dump(reinterpret_cast<u_char*>(dumper), &header, frame.data());
    }
    pcap_dump_close(dumper);
    pcap_close(dead);
    return Source::file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

struct Said {
    std::vector<std::uint64_t> arrived;
    std::vector<message::Asked> asked;
    std::vector<message::Hit> hits;
    std::vector<message::Request> requests;
    message::CaptureCounters counters;
};

const Buffer id(16, 0x42);

message::Expect expecting() {
    message::Expect expect;
    expect.session = 5;
    std::copy(id.begin(), id.end(), expect.id.begin());
    const std::array<std::uint8_t, 4> source{192, 0, 2, 1};
    expect.source = Address::ipv4(source);
    expect.syns = {{{2000, 1}, {3000, 2}, {4000, 3}}};
    expect.syns_wanted = 3;
    return expect;
}

// Reads all frames with these requests expected, and one image, which the value of zeros hashes to.
Said read(const std::vector<Buffer>& frames, bool dynamic = true,
          const std::vector<message::Expect>& expected = {expecting()}, bool reset_behind = false) {
    auto [monitor, monitor_of_capture] = Channel::make_pair();
    auto [validate, validate_of_capture] = Channel::make_pair();
    validate_of_capture.set_nonblocking();
    const test::TemporaryDirectory directory;
    std::vector<Source> sources;
    sources.push_back(file_of(directory, frames));
    std::vector<std::string> troubles;
    const message::CaptureSetup settings = setup(dynamic);
    Capture capture(settings, std::move(sources), Answering(settings, troubles), Replying(settings, troubles),
                    std::move(monitor_of_capture), std::move(validate_of_capture), 7);

    message::Watch watch;
    watch.entries[watch.count++] = {message::WatchEntry::What::reset, {}, {}};
    watch.entries[watch.count++] = {message::WatchEntry::What::add_image, Algorithm::sha256,
                                    step(Algorithm::sha256, Value(std::array<std::uint8_t, 16>{}))};
    message::Watch complete;
    complete.entries[complete.count++] = {message::WatchEntry::What::complete, {}, {}};
    if (!reset_behind) REQUIRE(validate.send_struct(watch) == Channel::Sent::done);
    for (const message::Expect& each : expected)
        REQUIRE(validate.send_struct(each) == Channel::Sent::done);
    if (reset_behind) REQUIRE(validate.send_struct(watch) == Channel::Sent::done);
    REQUIRE(validate.send_struct(complete) == Channel::Sent::done);

    Said said;
    std::thread thread([&capture] { capture.replay(); });
    Mailbox mailbox(validate);
    for (;;) {
        REQUIRE(mailbox.next() == Mailbox::Next::message);
        if (mailbox.as<message::Ended>()) break;
        if (const auto arrived = mailbox.as<message::Arrived>()) said.arrived.push_back(arrived->session);
        if (const auto asked = mailbox.as<message::Asked>()) said.asked.push_back(*asked);
        if (const auto request = mailbox.as<message::Request>()) said.requests.push_back(*request);
        if (const auto hit = mailbox.as<message::Hit>()) {
            said.hits.push_back(*hit);
            REQUIRE(validate.send_struct(complete) == Channel::Sent::done); // as in a dry run
        }
    }
    Mailbox to_monitor(monitor);
    for (std::optional<message::CaptureCounters> counters; !counters;) {
        REQUIRE(to_monitor.next() == Mailbox::Next::message);
        counters = to_monitor.as<message::CaptureCounters>();
        if (counters) said.counters = *counters;
    }
    monitor = Channel(Fd());
    thread.join();
    const message::CaptureCounters& c = said.counters;
    CHECK(c.seen == frames.size());
    CHECK(c.seen == c.unread + c.noise + c.hits + c.held_back + c.syns + c.asked);
    return said;
}

Buffer syn(std::uint16_t port, std::uint32_t sequence) {
    return make_frame::ipv4(6, make_frame::tcp(port, sequence, 2));
}

Buffer question(const Buffer& its_id, std::uint8_t type = 3, std::size_t size = 89) {
    Buffer bytes = its_id;
    bytes.push_back(type);
    bytes.resize(size, 0x99);
    return bytes;
}

Buffer udp(std::uint16_t port, const Buffer& payload) {
    return make_frame::ipv4(17, make_frame::udp(port, payload));
}

Buffer request(std::uint8_t first_byte) {
    Buffer bytes(16);
    bytes[0] = first_byte;
    bytes.push_back(2);
    bytes.resize(172, 0x77);
    return bytes;
}

} // namespace

TEST_CASE("the declared SYNs arrive once; all SYNs are counted, and none is noise") {
    const std::vector<Buffer> frames{syn(2000, 1), syn(4000, 3), syn(22, 77), syn(2000, 1),
                                     syn(3000, 2), syn(3000, 2), syn(4000, 9)};
    const Said said = read(frames);
    CHECK(said.arrived == std::vector<std::uint64_t>{5});
    CHECK(said.counters.syns == 7);
    CHECK(said.counters.noise == 0);
    // Without dynamic mode they do not pass the kernel's filter but behind extension headers.
    const Said off = read(frames, false);
    CHECK(off.arrived.empty());
    CHECK(off.counters.syns == 0);
    CHECK(off.counters.unread == 7);
}

TEST_CASE("P2 of a known request is handed on whole; everything like it is noise") {
    const Buffer other_id(16, 0x43);
    const Said said = read({udp(40'001, question(id)), udp(40'001, question(other_id)),
                            udp(62201, question(id)), udp(40'001, question(id, 4)),
                            udp(40'001, question(id, 3, 88)), udp(40'001, question(id, 3, 90))});
    REQUIRE(said.asked.size() == 1);
    CHECK(said.asked[0].session == 5);
    const Buffer whole = question(id);
    CHECK(std::equal(whole.begin(), whole.end(), said.asked[0].bytes.begin(), said.asked[0].bytes.end()));
    CHECK(said.counters.asked == 1);
    CHECK(said.counters.noise == 5);
    CHECK(read({udp(40'001, question(id))}, false).counters.noise == 1);
    CHECK(read({udp(40'001, question(id))}, true, {}).counters.noise == 1);
}

TEST_CASE("P1 goes the way of a knock, with all its bytes, and only on its port") {
    const Said said = read({udp(40'001, request(0)), udp(62201, request(0)), udp(40'001, request(1))});
    REQUIRE(said.hits.size() == 1);
    REQUIRE(said.requests.size() == 1);
    CHECK(said.hits[0].request_size == 172);
    CHECK(said.hits[0].destination_port == 40'001);
    CHECK(said.requests[0].size == 172);
    CHECK(
        std::equal(said.requests[0].bytes.begin(), said.requests[0].bytes.begin() + 172, request(0).begin()));
    CHECK(said.counters.noise == 2);
}

TEST_CASE("a reset forgets what was expected before it") {
    const Said said = read({syn(2000, 1), syn(3000, 2), syn(4000, 3), udp(40'001, question(id))}, true,
                           {expecting()}, true);
    CHECK(said.arrived.empty());
    CHECK(said.counters.syns == 3);
    CHECK(said.counters.noise == 1);
}
