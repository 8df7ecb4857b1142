// Capture files, as `knockd --read` takes them.

#include "base/promise.h"
#include "knockd/capture/source.h"
#include "tests/unit/net/make_frame.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/time.h>
#include <unistd.h>

using namespace otk;
using make_frame::Buffer;

namespace {

struct Link {
    int dlt;
    LinkType type;
};

struct Kept {
    Buffer bytes;
    LinkType link{};
    Time at;
};

// Writes a file by libpcap: the oracle for its format.
class Written {
  public:
    explicit Written(int dlt, bool nanoseconds = false) {
        pcap_t* const dead = pcap_open_dead_with_tstamp_precision(
            dlt, 65535, nanoseconds ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO);
        pcap_dumper_t* const dumper = pcap_dump_open(dead, path().c_str());
        REQUIRE(dumper != nullptr);
        handle_ = dead;
        dumper_ = dumper;
    }
    Written(const Written&) = delete;
    Written& operator=(const Written&) = delete;
    ~Written() { close(); }
    // `fraction` in the unit of the file.
    void add(const Buffer& frame, std::int64_t seconds, std::int64_t fraction) {
        pcap_pkthdr header{};
        header.ts.tv_sec = seconds;
        header.ts.tv_usec = fraction;
        header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
        pcap_dump(reinterpret_cast<u_char*>(dumper_), &header, frame.data());
    }
    int open() {
        close();
        const int fd = ::open(path().c_str(), O_RDONLY | O_CLOEXEC);
        REQUIRE(fd >= 0);
        return fd;
    }
    [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "file.pcap"; }

  private:
    void close() {
        if (dumper_ == nullptr) return;
        pcap_dump_close(dumper_);
        pcap_close(handle_);
        dumper_ = nullptr;
    }
    test::TemporaryDirectory directory_;
    pcap_t* handle_ = nullptr;
    pcap_dumper_t* dumper_ = nullptr;
};

std::vector<Kept> read_all(Source& source, int most) {
    std::vector<Kept> kept;
    while (source.read(most, [&kept](const Frame& frame) {
        kept.push_back({{frame.bytes.begin(), frame.bytes.end()}, frame.link, frame.at});
    })) {
    }
    return kept;
}

int file_with(const std::filesystem::path& path, const Buffer& bytes) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    REQUIRE(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    REQUIRE(::lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

template <typename Work>
std::string error_of(Work&& work) {
    try {
        work();
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

void append_u32(Buffer& to, std::uint32_t value) { // in the order of this host, as pcapng allows
    for (int shift = 0; shift < 32; shift += 8)
        to.push_back(static_cast<std::uint8_t>(value >> shift));
}

} // namespace

TEST_CASE("frames come out as they went in, with link and time") {
    for (const bool nanoseconds : {false, true}) {
        for (const Link each : {Link{DLT_EN10MB, LinkType::ethernet},
                                {DLT_LINUX_SLL, LinkType::linux_cooked},
                                {DLT_LINUX_SLL2, LinkType::linux_cooked2},
                                {DLT_RAW, LinkType::raw_ip},
                                {DLT_NULL, LinkType::bsd_loopback},
                                {DLT_LOOP, LinkType::bsd_loopback}}) {
            CAPTURE(each.dlt);
            Written file(each.dlt, nanoseconds);
            const Buffer first{1, 2, 3, 4, 5};
            const Buffer second(1500, 7);
            file.add(first, 1'700'000'000, nanoseconds ? 123'456'789 : 123'456);
            file.add(second, 1'700'000'001, 1);
            Source source = Source::file(file.open());
            const auto kept = read_all(source, 1);
            REQUIRE(kept.size() == 2);
            CHECK(kept[0].bytes == first);
            CHECK(kept[1].bytes == second);
            CHECK(kept[0].link == each.type);
            const std::int64_t whole = 1'700'000'000'000'000'000;
            CHECK(to_nanoseconds(kept[0].at) == whole + (nanoseconds ? 123'456'789 : 123'456'000));
            CHECK(to_nanoseconds(kept[1].at) == whole + 1'000'000'000 + (nanoseconds ? 1 : 1000));
            CHECK(source.totals().seen == 2);
            CHECK(source.totals().lost == 0);
        }
    }
}

TEST_CASE("no more frames are handed out at once than asked for") {
    Written file(DLT_EN10MB);
    for (std::uint8_t i = 0; i < 10; ++i)
        file.add(Buffer(20, i), i, 0);
    Source source = Source::file(file.open());
    int count = 0;
    CHECK(source.read(3, [&count](const Frame&) { ++count; }));
    CHECK(count == 3);
    CHECK(read_all(source, 4).size() == 7);
    CHECK_FALSE(source.read(4, [](const Frame&) {}));
}

TEST_CASE("an empty capture is the end at once") {
    Written file(DLT_EN10MB);
    Source source = Source::file(file.open());
    CHECK(read_all(source, 8).empty());
}

TEST_CASE("a file that is no capture, is cut, or has a link that is not read is an error that says so") {
    test::TemporaryDirectory directory;
    const auto open_bytes = [&](const Buffer& bytes) {
        return error_of([&] { (void)Source::file(file_with(directory.path() / "f", bytes)); });
    };
    CHECK(open_bytes({}).find("capture file") != std::string::npos);
    CHECK(open_bytes(Buffer(500, 'x')).find("capture file") != std::string::npos);

    Written wireless(DLT_IEEE802_11);
    const std::string message = error_of([&] { (void)Source::file(wireless.open()); });
    CHECK(message.find("link type") != std::string::npos);
    CHECK(message.find("IEEE802_11") != std::string::npos);

    Written cut(DLT_EN10MB);
    cut.add(Buffer(100, 1), 1, 0);
    cut.add(Buffer(100, 2), 2, 0);
    const int fd = cut.open();
    std::filesystem::resize_file(cut.path(), std::filesystem::file_size(cut.path()) - 10);
    Source source = Source::file(fd);
    int count = 0;
    const std::string told = error_of([&] {
        while (source.read(1, [&count](const Frame&) { ++count; })) {
        }
    });
    CHECK(count == 1);
    CHECK(told.find("capture file") != std::string::npos);
}

TEST_CASE("a pcapng file is read, too") {
    const Buffer frame(44, 9);
    Buffer file;
    append_u32(file, 0x0a0d0d0a); // section header
    append_u32(file, 28);
    append_u32(file, 0x1a2b3c4d);
    append_u32(file, 1); // version 1.0
    append_u32(file, 0xffffffff);
    append_u32(file, 0xffffffff);
    append_u32(file, 28);
    append_u32(file, 1); // interface
    append_u32(file, 20);
    append_u32(file, 101); // LINKTYPE_RAW
    append_u32(file, 65535);
    append_u32(file, 20);
    const std::uint64_t microseconds = 1'700'000'000'123'456;
    const auto size = static_cast<std::uint32_t>(frame.size());
    REQUIRE(size % 4 == 0);
    append_u32(file, 6); // packet
    append_u32(file, 32 + size);
    append_u32(file, 0);
    append_u32(file, static_cast<std::uint32_t>(microseconds >> 32));
    append_u32(file, static_cast<std::uint32_t>(microseconds));
    append_u32(file, size);
    append_u32(file, size);
    make_frame::append(file, frame);
    append_u32(file, 32 + size);

    test::TemporaryDirectory directory;
    Source source = Source::file(file_with(directory.path() / "f", file));
    const auto kept = read_all(source, 10);
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].bytes == frame);
    CHECK(kept[0].link == LinkType::raw_ip);
    CHECK(to_nanoseconds(kept[0].at) == 1'700'000'000'123'456'000);
}
