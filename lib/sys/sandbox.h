// A seccomp filter made of a list of allowed calls (DESIGN 7). Everything else kills the process (SIGSYS), as
// do calls of another architecture or of the x32 ABI; only `refuse` answers EPERM, for calls that a library
// tries and can do without. One call is named by one method: allowed, refused, or allowed under conditions
// (which add up).
//
// Allowed from the start: memory for data (mmap and mprotect without PROT_EXEC), and a signal to itself for
// abort(). Never put a plain write, writev, sendto, sendmsg or sendmmsg into a list where a packet socket is
// open: they inject frames.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace otk {

class Sandbox {
  public:
    Sandbox(); // for the calling process, not for a child of it; throws Error
    ~Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    // System calls by the name that libseccomp knows ("recvfrom"). A name unknown on this machine is passed
    // over.
    Sandbox& allow(std::initializer_list<std::string_view> calls);
    Sandbox& allow(std::span<const std::string_view> calls);
    // Only with a first argument (a descriptor) of this number, or from this number on up to the largest int.
    // All 64 bits are compared: the kernel looks at the lower half only, so a set upper half must not pass.
    Sandbox& allow_on(std::string_view call, std::uint64_t first_argument);
    Sandbox& allow_from(std::string_view call, std::uint64_t lowest_first_argument);
    // Only with this second argument (an ioctl request, an fcntl or madvise command).
    Sandbox& allow_request(std::string_view call, std::uint64_t second_argument);
    // Only with this second and this third argument: a socket option by its level and name.
    Sandbox& allow_option(std::string_view call, int level, int name);
    Sandbox& refuse(std::initializer_list<std::string_view> calls);

    // Loads the filter; from here on there is no way back. Throws Error.
    void enter();

  private:
    void add_plain(std::string_view call, std::uint32_t action);
    struct Condition { // argument `index` under `mask` must equal `value`
        unsigned index = 0;
        std::uint64_t mask = 0;
        std::uint64_t value = 0;
    };
    void add_conditions(std::string_view call, std::initializer_list<Condition> all_of_them);

    void* filter_; // scmp_filter_ctx
    std::set<std::string, std::less<>> plain_;
    std::set<std::string, std::less<>> conditional_;
};

// What every one of our sandboxed programs needs: clocks, memory, exit, signals' return, the event loop,
// reading what is open. No call in it can write or send anything.
[[nodiscard]] std::span<const std::string_view> calls_of_every_program();

} // namespace otk
