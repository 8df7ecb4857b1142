#include "knockd/monitor/setup.h"

#include "knockd/monitor/libexec_dir.h"
#include "otp/text_form.h"
#include "sys/privileges.h"

#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace otk {

namespace {

std::uint8_t bits_of(const std::vector<Algorithm>& algorithms) {
    std::uint8_t bits = 0;
    for (const Algorithm algorithm : algorithms)
        bits = static_cast<std::uint8_t>(bits | bit(algorithm));
    return bits;
}

template <std::size_t capacity>
message::Text<capacity> fitting(std::string_view text, const char* what) {
    if (text.size() >= capacity) throw Error(std::string(what) + " is too long: " + std::string(text));
    return message::Text<capacity>::of(text);
}

bool root() { return geteuid() == 0; }

} // namespace

message::CaptureSetup capture_setup(const Config& config, const Places& places, bool offline) {
    message::CaptureSetup setup;
    setup.offline = offline;
    setup.udp = config.udp.enabled;
    setup.icmp = config.icmp.enabled;
    setup.dns = config.dns.enabled && !config.dns.zones.empty();
    setup.dns_answer = config.dns.answer;
    setup.dns_confirm = config.dns.confirm;
    setup.dynamic = config.dynamic.enabled;
    setup.dynamic_port = config.dynamic.port;
    setup.algorithms = bits_of(config.accept.algorithms);
    setup.window = static_cast<std::uint8_t>(config.accept.window);
    setup.dns_rate = config.dns.rate;
    for (const std::uint16_t port : config.udp.ports)
        setup.ports.at(setup.port_count++) = port;
    for (const std::string& interface : config.capture.interfaces) {
        setup.interfaces.at(setup.interface_count++) = fitting<16>(interface, "the name of an interface");
    }
    for (const Zone& zone : config.dns.zones) {
        setup.zones.at(setup.zone_count++) = fitting<256>(zone.text(), "a zone's name");
    }
    setup.name_server = fitting<256>(config.dns.ns, "[dns] ns");
    for (const Address& address : config.dns.listen)
        setup.listen.at(setup.listen_count++) = address;
    if (root()) {
        setup.run_as = fitting<33>(config.users.capture, "[users] capture");
        setup.empty_root = fitting<512>(empty_root(places).string(), "the state directory's path");
    }
    return setup;
}

message::ValidateSetup validate_setup(const Config& config, const Places& places,
                                      const std::optional<Head>& mark, bool dry_run) {
    message::ValidateSetup setup;
    setup.dry_run = dry_run;
    setup.have_mark = mark.has_value();
    const bool answers = config.dns.enabled && !config.dns.zones.empty() && config.dns.answer;
    setup.confirm = answers && config.dns.confirm && !dry_run;
    if (mark) setup.mark = *mark;
    setup.algorithms = bits_of(config.accept.algorithms);
    setup.window = static_cast<std::uint8_t>(config.accept.window);
    setup.forward_ports = config.forward.ports;
    setup.dynamic = config.dynamic.enabled;
    setup.clock_skew = config.accept.clock_skew.count();
    setup.keep = config.ledger.keep.count();
    setup.output_keep = config.ledger.output_keep.count();
    setup.few_left = config.alerts.few_left;
    std::filesystem::path policy = places.policy_db;
    std::filesystem::path ledger = places.ledger_db;
    std::filesystem::path server_keys = places.server_keys;
    if (root()) {
        // Seen from inside the directory that becomes the root.
        policy = "/" / std::filesystem::relative(policy, places.state);
        ledger = "/" / std::filesystem::relative(ledger, places.state);
        server_keys = "/" / std::filesystem::relative(server_keys, places.state);
        setup.root = fitting<512>(places.state.string(), "the state directory's path");
        setup.run_as = fitting<33>(config.users.validate, "[users] validate");
    }
    setup.policy_db = fitting<512>(policy.string(), "the path of policy.db");
    setup.ledger_db = fitting<512>(ledger.string(), "the path of ledger.db");
    setup.server_keys = fitting<512>(server_keys.string(), "the path of the server's keys");
    return setup;
}

std::filesystem::path empty_root(const Places& places) {
    std::filesystem::path directory = places.mark.parent_path() / "empty";
    // Nobody may write there, and everybody may look that nothing is there, whatever the umask.
    const bool made = mkdir(directory.c_str(), 0555) == 0 || errno == EEXIST;
    if (!made || chmod(directory.c_str(), 0555) != 0) {
        throw system_error("cannot make " + directory.string() +
                           " (`knockmgr init` makes the directories above it)");
    }
    return directory;
}

Readers state_readers(const Config& config) {
    const std::string& name = config.state.readable_by;
    if (name.empty()) return {};
    const auto group = find_group(name);
    if (!group) throw Error("there is no group " + name + "; `groupadd --system " + name + "` makes it");
    return {0640, group};
}

std::filesystem::path helper_program(const std::string& name) {
    std::vector<std::filesystem::path> places;
    if (const char* libexec = std::getenv("OTK_LIBEXEC")) places.emplace_back(libexec);
    places.push_back(std::filesystem::read_symlink("/proc/self/exe").parent_path());
    places.emplace_back(libexec_dir);
    for (const auto& place : places) {
        if (access((place / name).c_str(), X_OK) == 0) return place / name;
    }
    throw Error(name + " is not there: looked in OTK_LIBEXEC, beside knockd and in " + libexec_dir +
                "; install all of otk, or set OTK_LIBEXEC");
}

} // namespace otk
