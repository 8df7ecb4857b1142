// A flood of look-alikes must cost hashes and nothing that could fill up or run out: no allocation and no
// message for a packet. Counted for the whole of capture while it reads files of different lengths.

#include "knockd/capture/capture.h"
#include "tests/unit/net/make_frame.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <pcap/pcap.h>
#include <random>
#include <thread>

using namespace otk;
using make_frame::Buffer;

namespace {

std::atomic<std::uint64_t> allocations{0};

void* allocate(std::size_t size) {
    ++allocations;
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

} // namespace

// Those of the whole test program; the others of the standard library come down to these.
void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

Buffer random_bytes(std::mt19937_64& random, std::size_t size) {
    Buffer bytes(size);
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

// A question for a label that could be a value, under the zone `example.org`.
Buffer question(std::mt19937_64& random) {
    Buffer message{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 26};
    for (int i = 0; i < 25; ++i)
        message.push_back(static_cast<std::uint8_t>('a' + random() % 26));
    message.push_back('a'); // the spare bits are zero
    for (const std::string_view part : {"example", "org"}) {
        message.push_back(static_cast<std::uint8_t>(part.size()));
        make_frame::append(message, as_bytes(part));
    }
    message.insert(message.end(), {0, 0, 1, 0, 1});
    return message;
}

// What has the shape of a signed knock: the type is right, and the size is what its length field says.
Buffer like_signed(std::mt19937_64& random, std::size_t longest) {
    constexpr std::size_t size_at = 42;
    const std::size_t length = random() % (longest + 1);
    Buffer bytes = random_bytes(random, smallest_signed_knock + length);
    bytes[type_offset] = signed_knock_type;
    bytes[size_at] = static_cast<std::uint8_t>(length >> 8U);
    bytes[size_at + 1] = static_cast<std::uint8_t>(length);
    promise(looks_signed(bytes), "garbage of this kind gets as far as a look-up");
    return bytes;
}

std::string base32(Bytes bytes) {
    std::string text;
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
        const std::size_t next = bit / 8 + 1;
        const unsigned two =
            static_cast<unsigned>(bytes[bit / 8]) << 8U | (next < bytes.size() ? bytes[next] : 0U);
        text += "abcdefghijklmnopqrstuvwxyz234567"[two >> (11 - bit % 8) & 31U];
    }
    return text;
}

// A question for several labels under the zone, which together hold these bytes.
Buffer question_in_labels(Bytes bytes) {
    const std::string digits = base32(bytes);
    Buffer message{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    const auto add = [&message](std::string_view label) {
        message.push_back(static_cast<std::uint8_t>(label.size()));
        make_frame::append(message, as_bytes(label));
    };
    for (std::size_t begin = 0; begin < digits.size(); begin += 63)
        add(std::string_view(digits).substr(begin, 63));
    for (const std::string_view part : {"example", "org"})
        add(part);
    message.insert(message.end(), {0, 0, 1, 0, 1});
    return message;
}

Buffer udp_to(std::uint16_t port, const Buffer& payload) {
    return make_frame::ipv4(17, make_frame::udp(port, payload));
}

// Random bytes with the type of a message behind what would be its value or id.
Buffer typed(std::mt19937_64& random, std::uint8_t type, std::size_t size) {
    Buffer bytes = random_bytes(random, size);
    bytes[type_offset] = type;
    return bytes;
}

// The one request whose SYNs and questions are waited for while the garbage comes.
message::Expect expected_request() {
    message::Expect expect;
    expect.session = 5;
    expect.id.fill(0x42);
    const std::array<std::uint8_t, 4> source{192, 0, 2, 1}; // that of all frames over IPv4
    expect.source = Address::ipv4(source);
    expect.syns = {{{2000, 1}, {3000, 2}, {4000, 3}}};
    expect.syns_wanted = 3;
    return expect;
}

Buffer syn_frame(std::uint16_t port, std::uint32_t sequence) {
    return make_frame::ipv4(6, make_frame::tcp(port, sequence, 2));
}

constexpr std::size_t kinds = 17;

// Look-alikes of all carriers, and what is not even that.
Buffer garbage(std::mt19937_64& random, std::size_t number) {
    switch (number % kinds) {
    case 0: return udp_to(62201, random_bytes(random, 16));
    case 1: return make_frame::ipv4(1, make_frame::echo_request(8, random_bytes(random, 56)));
    case 2: return udp_to(53, question(random));
    case 3: return make_frame::ipv6(17, make_frame::udp(62201, random_bytes(random, 8)));
    case 4: {
        const std::string_view text = "inch sea anne long ahem tours 192.0.2.7\n";
        return udp_to(62201, Buffer(text.begin(), text.end()));
    }
    case 5: return udp_to(62201, random_bytes(random, 300));
    case 6: return syn_frame(22, 1); // on a server that has many
    case 7: return udp_to(40'001, typed(random, dynamic_request_type, dynamic_request_size));
    case 8: return udp_to(40'001, typed(random, dynamic_question_type, dynamic_message_size));
    case 9: return udp_to(62201, like_signed(random, longest_argument));
    case 10: return make_frame::ipv4(1, make_frame::echo_request(8, like_signed(random, longest_argument)));
    case 11: return udp_to(53, question_in_labels(like_signed(random, 39)));
    case 12: return syn_frame(2000, 1); // one of the three, again and again
    case 13: return syn_frame(3000, 3); // another one's port, with the number of the third
    case 14: {                          // the right id, the wrong size
        Buffer bytes = typed(random, dynamic_question_type, dynamic_message_size - 1);
        const DynamicId session_id = expected_request().id;
        std::copy(session_id.begin(), session_id.end(), bytes.begin());
        return udp_to(40'001, bytes);
    }
    case 15: { // the right size, an id that differs in one bit
        Buffer bytes = typed(random, dynamic_question_type, dynamic_message_size);
        const DynamicId session_id = expected_request().id;
        std::copy(session_id.begin(), session_id.end(), bytes.begin());
        bytes[random() % session_id.size()] ^= 1U;
        return udp_to(40'001, bytes);
    }
    default: return random_bytes(random, 40);
    }
}

message::CaptureSetup setup() {
    message::CaptureSetup setup;
    setup.offline = setup.udp = setup.icmp = setup.dns = setup.dynamic = true;
    setup.dynamic_port = 40'001;
    for (const Algorithm algorithm : all_algorithms)
        setup.algorithms |= bit(algorithm);
    setup.window = 10;
    setup.port_count = 1;
    setup.ports[0] = 62201;
    setup.zone_count = 1;
    setup.zones[0] = message::Text<256>::of("example.org");
    return setup;
}

Source file_of(const test::TemporaryDirectory& directory, std::size_t frames) {
    const std::string path = directory.path() / "garbage.pcap";
    pcap_t* const dead = pcap_open_dead(DLT_RAW, 65535);
    pcap_dumper_t* const dumper = pcap_dump_open(dead, path.c_str());
    REQUIRE(dumper != nullptr);
    std::mt19937_64 random(17);
    for (std::size_t i = 0; i < frames; ++i) {
        const Buffer frame = garbage(random, i);
        pcap_pkthdr header{};
        header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
        pcap_dump(reinterpret_cast<u_char*>(dumper), &header, frame.data());
    }
    pcap_dump_close(dumper);
    pcap_close(dead);
    return Source::file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

struct Cost {
    std::uint64_t allocations = 0;
    std::uint64_t messages = 0;
    message::CaptureCounters counters;
};

// Capture reads a file of garbage with one image to look for and one request to wait for; what that costs,
// without its start.
Cost cost_of(std::size_t frames) {
    auto [monitor, monitor_of_capture] = Channel::make_pair();
    auto [validate, validate_of_capture] = Channel::make_pair();
    validate_of_capture.set_nonblocking();
    const test::TemporaryDirectory directory;
    std::vector<Source> sources;
    sources.push_back(file_of(directory, frames));
    std::vector<std::string> troubles;
    const message::CaptureSetup settings = setup();
    Capture capture(settings, std::move(sources), Answering(settings, troubles), Replying(settings, troubles),
                    std::move(monitor_of_capture), std::move(validate_of_capture), 7);

    REQUIRE(validate.send_struct(expected_request()) == Channel::Sent::done);
    message::Watch watch;
    watch.count = 2;
    watch.entries[0] = {message::WatchEntry::What::add_image, Algorithm::sha256,
                        Value(std::array<std::uint8_t, 16>{1, 2, 3})};
    watch.entries[1] = {message::WatchEntry::What::complete, {}, {}};
    REQUIRE(validate.send_struct(watch) == Channel::Sent::done);

    Cost cost;
    const std::uint64_t before = allocations;
    std::thread thread([&capture] { capture.replay(); });
    std::array<std::uint8_t, 16384> buffer{};
    const auto is_ended = [&buffer](std::size_t size) {
        message::Ended ended;
        return size == sizeof ended && std::memcmp(buffer.data(), &ended.kind, sizeof ended.kind) == 0;
    };
    for (std::size_t size = 0; !is_ended(size); ++cost.messages)
        size = validate.receive(buffer).size;
    cost.allocations = allocations - before;
    for (std::size_t size = 0; size != sizeof cost.counters;)
        size = monitor.receive(buffer).size;
    std::memcpy(&cost.counters, buffer.data(), sizeof cost.counters);
    monitor = Channel(Fd());
    thread.join();
    return cost;
}

} // namespace

TEST_CASE("garbage costs no allocation and no message") {
    const Cost few = cost_of(kinds * 10);
    const Cost many = cost_of(kinds * 1000);
    CHECK(many.allocations == few.allocations);
    CHECK(many.messages == 2); // that it began and that it ended
    CHECK(many.counters.seen == kinds * 1000);
    CHECK(many.counters.noise == (kinds - 1 - 3) * 1000);
    CHECK(many.counters.unread == 1000);
    CHECK(many.counters.syns == 3000);
    CHECK(many.counters.hits == 0);
    CHECK(many.counters.asked == 0);
    CHECK(many.counters.held_back == 0);
}

TEST_CASE("the garbage over dns gets as far as a look-up, too") {
    std::mt19937_64 random(18);
    const std::array<Zone, 1> zones{*Zone::parse("example.org")};
    for (int i = 0; i < 100; ++i) {
        const Buffer bytes = like_signed(random, 39);
        const Buffer message = question_in_labels(bytes);
        const auto parsed = parse_question(message);
        REQUIRE(parsed);
        const auto below = find_zone(*parsed, zones);
        REQUIRE(below);
        CHECK(below->labels >= 3);
        RequestRoom room;
        const Candidates candidates = dns_candidates(*below, room);
        REQUIRE_FALSE(candidates.empty());
        const Bytes read = candidates.begin()->message;
        CHECK(std::equal(read.begin(), read.end(), bytes.begin(), bytes.end()));
    }
}
