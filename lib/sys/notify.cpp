#include "sys/notify.h"

#include "base/fd.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace otk {

namespace {

// A positive decimal number that is the whole of the variable.
std::optional<std::int64_t> number_of(const char* variable) {
    const char* text = std::getenv(variable);
    if (text == nullptr) return std::nullopt;
    const std::string_view view{text};
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), number);
    if (error != std::errc{} || end != view.data() + view.size() || number <= 0) return std::nullopt;
    return number;
}

} // namespace

void notify_service_manager(std::string_view state) {
    const char* name = std::getenv("NOTIFY_SOCKET");
    const std::string_view path = name == nullptr ? std::string_view{} : std::string_view{name};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // A path, or `@` for the abstract namespace (sd_notify(3)); no terminating zero is needed within the
    // length.
    if (path.size() < 2 || path.size() > sizeof address.sun_path) return;
    if (path.front() != '/' && path.front() != '@') return;
    std::copy(path.begin(), path.end(), address.sun_path);
    if (path.front() == '@') address.sun_path[0] = '\0';
    const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    (void)::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address), length);
}

std::optional<std::chrono::microseconds> watchdog_period() {
    const auto period = number_of("WATCHDOG_USEC");
    const bool ours = std::getenv("WATCHDOG_PID") == nullptr || number_of("WATCHDOG_PID") == ::getpid();
    if (!period || !ours) return std::nullopt;
    return std::chrono::microseconds{*period};
}

} // namespace otk
