#include "sys/sandbox.h"

#include "base/promise.h"

#include <cerrno>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace otk {

namespace {

// libseccomp returns a negative errno.
void check(int result, const std::string& what) {
    if (result < 0) throw system_error("cannot make the system call filter: " + what, -result);
}

constexpr std::uint64_t whole_argument = ~std::uint64_t{0};

} // namespace

Sandbox::Sandbox() : filter_(seccomp_init(SCMP_ACT_KILL_PROCESS)) {
    if (filter_ == nullptr) throw Error("cannot make the system call filter: libseccomp found no memory");
    check(seccomp_attr_set(filter_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "other architectures");
    // A binary tree of calls instead of a list.
    check(seccomp_attr_set(filter_, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimisation");
    for (const std::string_view call : {"mmap", "mprotect"}) {
        add_conditions(call, {{2, PROT_EXEC, 0}});
    }
    allow_on("tgkill", static_cast<std::uint64_t>(getpid()));
}

Sandbox::~Sandbox() { seccomp_release(filter_); }

void Sandbox::add_plain(std::string_view call, std::uint32_t action) {
    const std::string name(call);
    promise(!conditional_.contains(name), "a call with conditions is not allowed or refused without");
    plain_.insert(name);
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) return;
    check(seccomp_rule_add_array(filter_, action, number, 0, nullptr), name);
}

void Sandbox::add_conditions(std::string_view call, std::initializer_list<Condition> all_of_them) {
    const std::string name(call);
    promise(!plain_.contains(name), "a call allowed or refused without conditions gets none later");
    conditional_.insert(name);
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) return;
    std::vector<scmp_arg_cmp> comparisons;
    for (const Condition& condition : all_of_them) {
        comparisons.push_back({.arg = condition.index,
                               .op = SCMP_CMP_MASKED_EQ,
                               .datum_a = condition.mask,
                               .datum_b = condition.value});
    }
    check(seccomp_rule_add_array(filter_, SCMP_ACT_ALLOW, number, static_cast<unsigned>(comparisons.size()),
                                 comparisons.data()),
          name);
}

Sandbox& Sandbox::allow(std::initializer_list<std::string_view> calls) {
    return allow(std::span(calls.begin(), calls.size()));
}

Sandbox& Sandbox::allow(std::span<const std::string_view> calls) {
    for (const std::string_view call : calls) {
        add_plain(call, SCMP_ACT_ALLOW);
    }
    return *this;
}

Sandbox& Sandbox::refuse(std::initializer_list<std::string_view> calls) {
    for (const std::string_view call : calls) {
        add_plain(call, SCMP_ACT_ERRNO(EPERM));
    }
    return *this;
}

Sandbox& Sandbox::allow_on(std::string_view call, std::uint64_t first_argument) {
    add_conditions(call, {{0, whole_argument, first_argument}});
    return *this;
}

Sandbox& Sandbox::allow_from(std::string_view call, std::uint64_t lowest_first_argument) {
    // libseccomp compares an argument once in a rule, and "at least n" alone would let 2^32 + 3 pass, which
    // the kernel reads as descriptor 3. So the range is cut into aligned blocks of a power of two, as an
    // address range is cut into networks: each is one comparison under a mask that covers the upper half too.
    constexpr std::uint64_t end = std::uint64_t{1} << 31;
    std::uint64_t start = lowest_first_argument;
    while (start < end) {
        const std::uint64_t alignment = start == 0 ? end : start & (~start + 1);
        add_conditions(call, {{0, ~(alignment - 1), start}});
        start += alignment;
    }
    return *this;
}

Sandbox& Sandbox::allow_request(std::string_view call, std::uint64_t second_argument) {
    add_conditions(call, {{1, whole_argument, second_argument}});
    return *this;
}

Sandbox& Sandbox::allow_option(std::string_view call, int level, int name) {
    add_conditions(call, {{1, whole_argument, static_cast<std::uint64_t>(level)},
                          {2, whole_argument, static_cast<std::uint64_t>(name)}});
    return *this;
}

void Sandbox::enter() { check(seccomp_load(filter_), "load it"); }

std::span<const std::string_view> calls_of_every_program() {
    // sigaltstack is for the address sanitizer, which takes its signal stack down before a function that does
    // not return; so the sanitized build runs under the same filter.
    static constexpr std::string_view calls[] = {"brk",
                                                 "munmap",
                                                 "mremap",
                                                 "madvise",
                                                 "futex",
                                                 "sched_yield",
                                                 "clock_gettime",
                                                 "clock_getres",
                                                 "gettimeofday",
                                                 "time",
                                                 "nanosleep",
                                                 "clock_nanosleep",
                                                 "exit",
                                                 "exit_group",
                                                 "rt_sigreturn",
                                                 "rt_sigprocmask",
                                                 "rt_sigaction",
                                                 "sigaltstack",
                                                 "restart_syscall",
                                                 "getpid",
                                                 "gettid",
                                                 "getrandom",
                                                 "read",
                                                 "close",
                                                 "poll",
                                                 "ppoll",
                                                 "epoll_wait",
                                                 "epoll_pwait",
                                                 "epoll_ctl",
                                                 "timerfd_create",
                                                 "timerfd_settime"};
    return calls;
}

} // namespace otk
