#include "base/promise.h"
#include "tests/load/frames.h"
#include "tests/load/outlet.h"

#include <array>
#include <cstdio>

namespace otk::load {

namespace {

// The format of libpcap's files with nanoseconds, written by hand (pcap-savefile(5)): a header of 24 bytes,
// then each frame behind 16 bytes, all in the order of bytes of the machine that wrote it.
constexpr std::uint32_t magic_of_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t ethernet = 1;
constexpr std::int64_t first_second = 1'700'000'000; // some moment in 2023

class PcapFile : public Outlet {
  public:
    PcapFile(const std::string& path, std::chrono::nanoseconds interval) :
        path_(path), file_(std::fopen(path.c_str(), "wbe")), interval_(interval) {
        if (file_ == nullptr) throw system_error("cannot write " + path_);
        const std::array<std::uint32_t, 6> header = {magic_of_nanoseconds, 4U << 16 | 2U, 0, 0,
                                                     largest_frame,        ethernet};
        write(header.data(), sizeof header);
    }
    PcapFile(const PcapFile&) = delete;
    PcapFile& operator=(const PcapFile&) = delete;
    ~PcapFile() override { std::fclose(file_); }

    MutableBytes room() override { return frame_; }
    void put(std::size_t length) override {
        const auto size = static_cast<std::uint32_t>(length);
        const std::int64_t since = interval_.count() * written_++;
        const std::array<std::uint32_t, 4> header = {
            static_cast<std::uint32_t>(first_second + since / 1'000'000'000),
            static_cast<std::uint32_t>(since % 1'000'000'000), size, size};
        write(header.data(), sizeof header);
        write(frame_.data(), length);
    }
    void flush() override {
        if (std::fflush(file_) != 0) throw system_error("cannot write " + path_);
    }

  private:
    void write(const void* bytes, std::size_t length) {
        if (std::fwrite(bytes, 1, length, file_) != length) throw system_error("cannot write " + path_);
    }

    std::string path_;
    std::FILE* file_;
    std::chrono::nanoseconds interval_;
    std::int64_t written_ = 0;
    std::array<std::uint8_t, largest_frame> frame_{};
};

} // namespace

std::unique_ptr<Outlet> write_pcap(const std::string& path, std::chrono::nanoseconds interval) {
    return std::make_unique<PcapFile>(path, interval);
}

} // namespace otk::load
