// A seccomp filter made of a list of allowed calls (DESIGN 7). Everything else kills the process (SIGSYS), except that
// `refuse` answers EPERM, for calls that a library tries and can do without.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace otk {

class Sandbox {
  public:
    Sandbox(); // throws Error
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    // System calls by the name that libseccomp knows ("recvfrom"). A name unknown on this machine is passed over.
    Sandbox& allow(std::initializer_list<std::string_view> calls);
    // Only with a first argument (a descriptor) of this number, or from this number on.
    Sandbox& allow_on(std::string_view call, std::uint64_t first_argument);
    Sandbox& allow_from(std::string_view call, std::uint64_t lowest_first_argument);
    // Only with this second argument (an ioctl request, an fcntl or madvise command).
    Sandbox& allow_request(std::string_view call, std::uint64_t second_argument);
    Sandbox& refuse(std::initializer_list<std::string_view> calls);

    // Loads the filter; from here on there is no way back. Throws Error.
    void enter();

  private:
    void* filter_; // scmp_filter_ctx
};

// What every one of our sandboxed programs needs: clocks, memory, exit, signals' return, reading what is open.
[[nodiscard]] std::initializer_list<std::string_view> calls_of_every_program();

} // namespace otk
