#include "sys/spares.h"

#include "base/promise.h"
#include "sys/spare_order.h"
#include "sys/spawn_child.h"

#include <chrono>
#include <cstring>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

// One message with descriptors (unix(7), SCM_RIGHTS); false when it was not taken.
bool send_descriptors(int channel, const std::vector<int>& descriptors) {
    MakeSpare message{static_cast<std::uint32_t>(descriptors.size())};
    iovec text{&message, sizeof message};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(most_spare_descriptors * sizeof(int))> room{};
    msghdr envelope{};
    envelope.msg_iov = &text;
    envelope.msg_iovlen = 1;
    envelope.msg_control = room.data();
    envelope.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&envelope);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size() * sizeof(int));
    return ::sendmsg(channel, &envelope, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof message;
}

void append(std::vector<std::uint8_t>& order, const void* from, std::size_t size) {
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    order.insert(order.end(), bytes, bytes + size);
}

// Whoever waits for our own end takes what ends a moment later for something left over. One that does not end
// (it is stopped, for example) is not worth more than that.
void wait_a_moment_for(pid_t child) {
    constexpr int most_looks = 200;
    for (int looks = 0; child > 0 && looks < most_looks && ::waitpid(child, nullptr, WNOHANG) == 0; ++looks)
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
}

} // namespace

std::optional<std::vector<std::uint8_t>> order_of(const CommandToRun& command,
                                                  const std::vector<gid_t>& groups) {
    SpareOrder header;
    if (command.run_as) {
        header.has_user = 1;
        header.uid = command.run_as->uid;
        header.gid = command.run_as->gid;
    }
    header.groups = static_cast<std::uint32_t>(groups.size());
    header.arguments = static_cast<std::uint32_t>(command.argv.size());
    header.variables = static_cast<std::uint32_t>(command.environment.size());
    std::size_t size = sizeof header + groups.size() * sizeof(gid_t);
    for (const auto* words : {&command.argv, &command.environment}) {
        for (const std::string& word : *words)
            size += word.size() + 1;
    }
    if (size > largest_order || command.argv.size() + command.environment.size() > most_order_words)
        return std::nullopt;
    std::vector<std::uint8_t> order;
    order.reserve(size);
    append(order, &header, sizeof header);
    append(order, groups.data(), groups.size() * sizeof(gid_t));
    for (const auto* words : {&command.argv, &command.environment}) {
        for (const std::string& word : *words)
            append(order, word.c_str(), word.size() + 1);
    }
    return order;
}

Spares::Spares(std::string groups) : groups_(std::move(groups)) { start_maker(); }

Spares::~Spares() {
    const pid_t spare_pid = spare();
    spare_.reset();
    maker_.reset();
    wait_a_moment_for(spare_pid);
    wait_a_moment_for(maker_pid_);
}

void Spares::start_maker() {
    auto [ours, theirs] = Channel::make_pair();
    const pid_t parent = getpid();
    const pid_t pid = fork_or_throw();
    if (pid == 0) make_spares(theirs.fd(), parent, groups_);
    maker_pid_ = pid;
    maker_.emplace(std::move(ours));
}

void Spares::provide() {
    if (spare() >= 0) return;
    try {
        if (maker_pid_ < 0) start_maker();
        if (!spare_) ask_for_spare();
    } catch (const Error&) { // commands are forked one by one as long as that lasts
        spare_.reset();
    }
}

void Spares::ask_for_spare() {
    auto [ours, theirs] = Channel::make_pair();
    ours.set_nonblocking();
    Pipe output = make_pipe();
    Pipe start = make_pipe();
    // Numbered by spare, because it is not known yet which row it will be for.
    auto group = CommandGroup::make(fmt::format("{}spare-{}", groups_, ++made_));
    const Fd entrance = group ? group->entrance() : Fd();
    std::vector<int> descriptors{output.write.get(), start.write.get(), theirs.fd()};
    if (entrance)
        descriptors.push_back(entrance.get());
    else
        group.reset();
    if (!send_descriptors(maker_->fd(), descriptors)) return;
    spare_.emplace(
        Spare{std::move(ours), std::move(output.read), std::move(start.read), std::move(group), -1});
}

pid_t Spares::spare() {
    if (!spare_) return -1;
    if (spare_->pid >= 0) return spare_->pid;
    SpareReady ready;
    using What = Channel::Received::What;
    const auto received = spare_->channel.receive({reinterpret_cast<std::uint8_t*>(&ready), sizeof ready});
    if (received.what == What::nothing_yet) return -1; // in the making
    if (received.what == What::message && received.size == sizeof ready) return spare_->pid = ready.pid;
    spare_.reset(); // it could not be made
    return -1;
}

std::optional<Spares::Started> Spares::start(const CommandToRun& command) {
    promise(!command.argv.empty() && command.argv.front().starts_with('/'), "a command has an absolute path");
    if (spare() < 0) return std::nullopt;
    const auto order = order_of(command, groups_for(command));
    if (!order) return std::nullopt;
    Spare spare = std::move(*spare_);
    spare_.reset();
    if (spare.channel.send(*order) != Channel::Sent::done) return std::nullopt; // it has ended
    (void)sched_yield(); // with a single processor its turn comes before what we still do about it
    return Started{{spare.pid, std::move(spare.output), std::move(spare.start)}, std::move(spare.group)};
}

bool Spares::child_ended(pid_t pid) {
    if (pid == maker_pid_) {
        maker_pid_ = -1;
        maker_.reset();
        return true;
    }
    if (!spare_ || pid != spare()) return false;
    spare_.reset();
    return true;
}

} // namespace otk
