// The maker and the spares themselves. They hear nobody but the process that they belong to, and a word of it
// that they do not understand is a broken promise.
#include "base/promise.h"
#include "sys/cgroup.h"
#include "sys/privileges.h"
#include "sys/spare_order.h"
#include "sys/spawn_child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace otk {

namespace {

struct Received {
    std::array<int, most_spare_descriptors> descriptors{};
    std::size_t count = 0; // 0: nobody is there any more
};

Received receive_descriptors(int channel) {
    MakeSpare message;
    iovec text{&message, sizeof message};
    Received received;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof received.descriptors)> room{};
    msghdr envelope{};
    envelope.msg_iov = &text;
    envelope.msg_iovlen = 1;
    envelope.msg_control = room.data();
    envelope.msg_controllen = room.size();
    ssize_t size = -1;
    while ((size = ::recvmsg(channel, &envelope, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
    }
    if (size < 0) ::_exit(127); // whether somebody is there is not known: nobody's commands end for that
    if (size == 0) return received;
    const cmsghdr* rights = CMSG_FIRSTHDR(&envelope);
    received.count = message.descriptors;
    promise(size == sizeof message && rights != nullptr && rights->cmsg_type == SCM_RIGHTS &&
                received.count >= 3 && received.count <= most_spare_descriptors &&
                rights->cmsg_len == CMSG_LEN(received.count * sizeof(int)),
            "a maker of spares is asked with the descriptors of one");
    std::memcpy(received.descriptors.data(), CMSG_DATA(rights), received.count * sizeof(int));
    return received;
}

// The words of an order; the pointers stay good, because the order does.
struct Words {
    std::array<char*, most_order_words + 2> pointers{}; // two lists, each with a null pointer at its end
    char* const* argv = nullptr;
    char* const* environment = nullptr;
};

alignas(SpareOrder) std::array<char, largest_order> order_room; // not on the stack: it is touched as it fills
Words words;

void find_words(const SpareOrder& header, char* at, char* end) {
    promise(header.arguments > 0 && std::size_t{header.arguments} + header.variables <= most_order_words,
            "a spare gets no more words than it has room for");
    std::size_t next = 0;
    const auto take = [&](std::uint32_t count) {
        char* const* list = &words.pointers.at(next);
        for (std::uint32_t number = 0; number < count; ++number) {
            char* const zero = std::find(at, end, '\0');
            promise(zero != end, "a spare gets whole words");
            words.pointers.at(next++) = at;
            at = zero + 1;
        }
        words.pointers.at(next++) = nullptr;
        return list;
    };
    words.argv = take(header.arguments);
    words.environment = take(header.variables);
    promise(at == end, "a spare gets an order and nothing more");
}

[[noreturn]] void obey(std::size_t size, pid_t parent) {
    SpareOrder header;
    promise(size >= sizeof header, "an order has a header");
    std::memcpy(&header, order_room.data(), sizeof header);
    char* const end = order_room.data() + size;
    char* at = order_room.data() + sizeof header;
    const std::size_t groups = header.groups * sizeof(gid_t);
    promise(groups <= static_cast<std::size_t>(end - at), "an order has all its groups");
    const auto* first_group = reinterpret_cast<const gid_t*>(at);
    find_words(header, at + groups, end);
    std::optional<Ids> user;
    if (header.has_user != 0) user = Ids{header.uid, header.gid, first_group, header.groups};
    execute_or_tell(become_user(user, parent), words.argv, words.environment);
}

// All that does not depend on the command; then it waits.
[[noreturn]] void be_spare(const Received& received, pid_t parent) {
    (void)prctl(PR_SET_NAME, "knockd-spare", 0, 0, 0);
    if (received.count == most_spare_descriptors) (void)!::write(received.descriptors[3], "0", 1);
    if (!arrange_command_descriptors(received.descriptors[0], received.descriptors[1],
                                     received.descriptors[2]))
        ::_exit(127);
    const FailedStep failed = leave_parent();
    const int error = errno;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent) ::_exit(127);
    const SpareReady ready{getpid()};
    if (::write(command_further_fd, &ready, sizeof ready) != sizeof ready) ::_exit(0);
    ssize_t size = -1;
    while ((size = ::recv(command_further_fd, order_room.data(), order_room.size(), 0)) < 0 &&
           errno == EINTR) {
    }
    if (size <= 0) ::_exit(0); // it is not needed any more
    errno = error;
    if (failed) execute_or_tell(failed, nullptr, nullptr);
    obey(static_cast<std::size_t>(size), parent);
}

// What our parent's commands started has nobody any more who watches its time.
[[noreturn]] void end_after_parent(const std::string& groups) {
    try {
        (void)end_groups(groups);
    } catch (const std::exception&) { // the next life does it
    }
    ::_exit(0);
}

} // namespace

// Unlike the spares it does not die with its parent: the end of the channel says that it is time.
void make_spares(int channel, pid_t parent, const std::string& groups) {
    try {
        reset_signals();
        (void)prctl(PR_SET_NAME, "knockd-maker", 0, 0, 0);
        if (setpgid(0, 0) != 0 || !null_becomes(STDIN_FILENO, STDOUT_FILENO)) ::_exit(127);
        arrange_descriptors({channel});
    } catch (const std::exception&) {
        ::_exit(127);
    }
    constexpr int maker_channel = 3;
    for (;;) {
        const Received received = receive_descriptors(maker_channel);
        if (received.count == 0) end_after_parent(groups);
        // A sibling: it ends with our parent, which also waits for it. The C library has no such fork; the
        // child uses nothing that it would have to be told of.
        const auto pid = static_cast<pid_t>(::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
        if (pid == 0) be_spare(received, parent);
        for (std::size_t number = 0; number < received.count; ++number)
            ::close(received.descriptors.at(number));
    }
}

} // namespace otk
