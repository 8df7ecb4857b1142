#include "knockd/monitor/liveness.h"

#include "base/promise.h"
#include "sys/file.h"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t largest_status = 16384; // the kernel's is some 1,500 bytes

// What stands behind "Name:" and white space; "" when there is no such line.
std::string_view field_of(std::string_view text, std::string_view name) {
    std::size_t at = text.starts_with(name) ? 0 : text.find(fmt::format("\n{}", name));
    if (at == std::string_view::npos) return {};
    at = text.find_first_not_of(" \t", text.find(':', at) + 1);
    return at == std::string_view::npos ? std::string_view{} : text.substr(at, text.find('\n', at) - at);
}

std::uint64_t number_in(std::string_view field) {
    std::uint64_t number = 0;
    (void)std::from_chars(field.data(), field.data() + field.size(), number);
    return number;
}

} // namespace

std::optional<ProcessState> parse_process_state(const std::string& text) {
    const std::string_view state = field_of(text, "State:");
    if (state.empty()) return std::nullopt;
    return ProcessState{state.front(), number_in(field_of(text, "voluntary_ctxt_switches:")) +
                                           number_in(field_of(text, "nonvoluntary_ctxt_switches:"))};
}

std::optional<ProcessState> state_of(pid_t pid) {
    try {
        const auto text = read_file(fmt::format("/proc/{}/status", pid), largest_status);
        return text ? parse_process_state(*text) : std::nullopt;
    } catch (const Error&) { // it ended just now, and its end will be told
        return std::nullopt;
    }
}

// Most of the time it was heard since the last look, and nothing is asked of the kernel.
Liveness::Finding Liveness::look(pid_t pid) {
    if (silent_ == 0) {
        silent_ = 1;
        return Finding::well;
    }
    const auto now = state_of(pid);
    return now ? look(*now) : Finding::well;
}

Liveness::Finding Liveness::look(const ProcessState& now) {
    const bool waits_for_device = now.state == 'D';
    const bool works = now.state == 'R' || now.switches != last_.switches;
    last_ = now;
    ++silent_;
    still_ = waits_for_device || works ? 0 : still_ + 1;
    if (works && !waits_for_device) ++worked_;
    if (still_ >= patience || worked_ >= patience_with_work) return Finding::hangs;
    if (told_ || silent_ < patience || still_ > 0) return Finding::well;
    told_ = true;
    return Finding::silent;
}

bool Liveness::heard() {
    const bool told = told_;
    begin();
    return told;
}

std::string Liveness::why() const {
    if (last_.state == 'D') return "waits for a disk or another device";
    if (last_.state == 'T' || last_.state == 't') return "is stopped";
    return still_ > 0 ? "does nothing" : "computes";
}

} // namespace otk
