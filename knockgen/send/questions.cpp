#include "knockgen/send/questions.h"

#include "base/fd.h"
#include "base/promise.h"
#include "base/random.h"
#include "base/text.h"
#include "net/dns.h"

#include <arpa/nameser.h>
#include <array>
#include <cerrno>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <sys/socket.h>
#include <vector>

#include <fmt/format.h>

namespace otk {
namespace {

using Message = std::array<std::uint8_t, 4096>; // many times what our server answers

// The strings of the first TXT record, joined; made fit for a terminal, since anybody on the way may have
// written them.
std::string text_in(Bytes message) {
    ns_msg handle{};
    if (ns_initparse(message.data(), static_cast<int>(message.size()), &handle) != 0) return {};
    for (int index = 0; index < ns_msg_count(handle, ns_s_an); ++index) {
        ns_rr record{};
        if (ns_parserr(&handle, ns_s_an, index, &record) != 0) return {};
        if (ns_rr_type(record) != ns_t_txt || ns_rr_class(record) != ns_c_in) continue;
        std::string text;
        Reader reader(Bytes(ns_rr_rdata(record), ns_rr_rdlen(record)));
        while (const auto size = reader.u8()) {
            const auto piece = reader.take(*size);
            if (!piece) return {};
            text += as_text(*piece);
        }
        return printable(text);
    }
    return {};
}

class ResolverState {
  public:
    ResolverState() {
        if (res_ninit(&state_) != 0) throw Error("cannot set up the system's resolver; see /etc/resolv.conf");
        constexpr int patience_s = 2;
        constexpr int rounds = 2;
        if (state_.retrans > patience_s) state_.retrans = patience_s;
        if (state_.retry > rounds) state_.retry = rounds;
    }
    ResolverState(const ResolverState&) = delete;
    ResolverState& operator=(const ResolverState&) = delete;
    ~ResolverState() { res_nclose(&state_); }
    [[nodiscard]] struct __res_state* get() { return &state_; }

  private:
    struct __res_state state_ {};
};

// RFC 1035 section 4.1; recursion is desired of whoever is asked.
std::vector<std::uint8_t> question_for(const std::string& name, std::array<std::uint8_t, 2> id) {
    std::vector<std::uint8_t> message{id[0], id[1], 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    for (const std::string_view label : split(name, '.')) {
        promise(!label.empty() && label.size() <= longest_label, "the name was made of labels");
        message.push_back(static_cast<std::uint8_t>(label.size()));
        message.insert(message.end(), label.begin(), label.end());
    }
    constexpr std::array<std::uint8_t, 5> end{0, 0, ns_t_txt, 0, ns_c_in};
    message.insert(message.end(), end.begin(), end.end());
    return message;
}

bool wait_for_answer(int fd, std::chrono::steady_clock::time_point until) {
    using namespace std::chrono;
    const auto left = duration_cast<milliseconds>(until - steady_clock::now()).count();
    pollfd waiting{fd, POLLIN, 0};
    return left > 0 && poll(&waiting, 1, static_cast<int>(left)) > 0;
}

} // namespace

Reply ask_system(const std::string& name) {
    ResolverState resolver;
    Message answer;
    const int size = res_nquery(resolver.get(), name.c_str(), ns_c_in, ns_t_txt, answer.data(),
                                static_cast<int>(answer.size()));
    if (size > 0 && static_cast<std::size_t>(size) <= answer.size())
        return {true, text_in(Bytes(answer).first(static_cast<std::size_t>(size))), {}};
    switch (resolver.get()->res_h_errno) {
    case NO_DATA: return {true, {}, {}};
    case HOST_NOT_FOUND: return {true, {}, "the resolver says that there is no such name"};
    // It may have got through all the same.
    default: return {true, {}, "no answer came through the resolver"};
    }
}

Reply ask_at(const Target& server, const std::string& name, std::chrono::milliseconds patience) {
    const Fd fd(socket(socket_family(server.address), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return {false, {}, "this system lacks that kind of address"};
    const SocketAddress there = socket_address(server.address, dns_port, server.scope);
    if (connect(fd.get(), there.get(), there.size) != 0) return {false, {}, system_error("no way").what()};
    std::array<std::uint8_t, 2> id{};
    system_random(id);
    const std::vector<std::uint8_t> question = question_for(name, id);
    if (send(fd.get(), question.data(), question.size(), 0) < 0)
        return {false, {}, system_error("it could not be sent").what()};
    const auto until = std::chrono::steady_clock::now() + patience;
    Message answer;
    while (wait_for_answer(fd.get(), until)) {
        const ssize_t size = recv(fd.get(), answer.data(), answer.size(), MSG_DONTWAIT);
        // knockd reads packets before anybody refuses them.
        if (size < 0 && errno == ECONNREFUSED)
            return {true, {}, "no name server answers there; the knock may have been read all the same"};
        // The answer to another question, or somebody's guess: the right one may still come.
        if (size < static_cast<ssize_t>(question.size()) || answer[0] != id[0] || answer[1] != id[1])
            continue;
        return {true, text_in(Bytes(answer).first(static_cast<std::size_t>(size))), {}};
    }
    return {true, {}, fmt::format("no answer came from {}", server.address.text())};
}

} // namespace otk
