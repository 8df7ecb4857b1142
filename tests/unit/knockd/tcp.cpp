#include "tests/unit/knockd/tcp.h"

#include "base/promise.h"
#include "net/socket_address.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <random>
#include <sys/time.h>
#include <unistd.h>

namespace otk::test {

namespace {

Fd make_socket(const Address& address, int more_type = 0) {
    Fd made(socket(socket_family(address), SOCK_STREAM | SOCK_CLOEXEC | more_type, 0));
    if (!made) throw system_error("socket");
    const timeval minute{.tv_sec = 60, .tv_usec = 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
        if (setsockopt(made.get(), SOL_SOCKET, option, &minute, sizeof minute) != 0)
            throw system_error("setsockopt");
    }
    return made;
}

void bind_to(const Fd& made, const Address& address, std::uint16_t port) {
    const SocketAddress here = socket_address(address, port);
    if (bind(made.get(), here.get(), here.size) != 0) throw system_error("bind");
}

// A generator of its own for each stream; the same seed gives the same bytes on both sides.
class Pattern {
  public:
    explicit Pattern(std::uint64_t seed) : numbers_(seed) {}
    void fill(std::vector<char>& bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
            const std::uint64_t number = numbers_();
            std::memcpy(&bytes[at], &number, std::min(sizeof number, bytes.size() - at));
        }
    }

  private:
    std::mt19937_64 numbers_;
};

constexpr std::size_t pattern_piece = 128 * 1024;

} // namespace

Address ip(const std::string& text) {
    const auto address = Address::parse(text);
    promise(address.has_value(), "an address in a test is one");
    return *address;
}

Listening listen_on(const Address& address, std::uint16_t port) {
    Listening made{make_socket(address), port};
    bind_to(made.socket, address, port);
    if (listen(made.socket.get(), 64) != 0) throw system_error("listen");
    sockaddr_in6 here{}; // the port is at the same place in both families
    socklen_t size = sizeof here;
    if (getsockname(made.socket.get(), reinterpret_cast<sockaddr*>(&here), &size) != 0)
        throw system_error("getsockname");
    made.port = ntohs(here.sin6_port);
    return made;
}

Fd accept_one(const Listening& listening) {
    Fd accepted(accept4(listening.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) throw system_error("accept");
    const timeval minute{.tv_sec = 60, .tv_usec = 0};
    (void)setsockopt(accepted.get(), SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
    (void)setsockopt(accepted.get(), SOL_SOCKET, SO_SNDTIMEO, &minute, sizeof minute);
    return accepted;
}

Fd connect_from(const Address& source, const Address& destination, std::uint16_t port) {
    Fd made = make_socket(destination);
    bind_to(made, source, 0);
    const SocketAddress there = socket_address(destination, port);
    if (connect(made.get(), there.get(), there.size) != 0) throw system_error("connect");
    return made;
}

Fd begin_to_connect(const Address& source, const Address& destination, std::uint16_t port) {
    Fd made = make_socket(destination, SOCK_NONBLOCK);
    bind_to(made, source, 0);
    const SocketAddress there = socket_address(destination, port);
    if (connect(made.get(), there.get(), there.size) != 0 && errno != EINPROGRESS)
        throw system_error("connect");
    return made;
}

Progress progress_of(const Fd& connecting) {
    pollfd wait{.fd = connecting.get(), .events = POLLOUT, .revents = 0};
    if (poll(&wait, 1, 0) == 0) return Progress::unheard;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(connecting.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        throw system_error("getsockopt");
    return error == ECONNREFUSED ? Progress::refused : Progress::connected;
}

void send_text(const Fd& socket, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t now = send(socket.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (now < 0) throw system_error("send");
        sent += static_cast<std::size_t>(now);
    }
}

std::string receive_all(const Fd& socket) {
    std::string all;
    for (;;) {
        std::array<char, 4096> piece{};
        const ssize_t got = recv(socket.get(), piece.data(), piece.size(), 0);
        if (got < 0) throw system_error("recv after '" + all + "'");
        if (got == 0) return all;
        all.append(piece.data(), static_cast<std::size_t>(got));
    }
}

std::string receive(const Fd& socket, std::size_t size) {
    std::string text(size, '\0');
    const ssize_t got = recv(socket.get(), text.data(), size, MSG_WAITALL);
    if (got < 0) throw system_error("recv");
    text.resize(static_cast<std::size_t>(got));
    return text;
}

void end_of_sending(const Fd& socket) {
    if (shutdown(socket.get(), SHUT_WR) != 0) throw system_error("shutdown");
}

void reset(Fd socket) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    if (setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0)
        throw system_error("SO_LINGER");
}

bool was_reset(const Fd& socket) {
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t got = recv(socket.get(), piece.data(), piece.size(), 0);
        if (got <= 0) return got < 0 && errno == ECONNRESET;
    }
}

void send_pattern(const Fd& socket, std::uint64_t seed, std::size_t size) {
    Pattern pattern(seed);
    std::vector<char> piece(pattern_piece);
    for (std::size_t sent = 0; sent < size; sent += piece.size()) {
        pattern.fill(piece);
        send_text(socket, std::string(piece.data(), std::min(piece.size(), size - sent)));
    }
    end_of_sending(socket);
}

std::size_t receive_pattern(const Fd& socket, std::uint64_t seed) {
    Pattern pattern(seed);
    std::vector<char> expected(pattern_piece);
    std::size_t right = 0;
    for (;;) {
        pattern.fill(expected);
        const std::string piece = receive(socket, expected.size());
        const auto wrong = std::mismatch(piece.begin(), piece.end(), expected.begin()).first;
        right += static_cast<std::size_t>(wrong - piece.begin());
        if (wrong != piece.end() || piece.size() < expected.size()) return right;
    }
}

} // namespace otk::test
