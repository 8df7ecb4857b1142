#include "config/readers.h"

#include "base/suggest.h"
#include "base/text.h"
#include "config/alert_words.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

void read_forward_ports(const SettingReader& setting, Config& config) {
    constexpr std::uint64_t first_unprivileged = 1024; // the others belong to the system's own services
    const std::string text = setting.text();
    const std::vector<std::string_view> ends = split(text, '-');
    const auto low = parse_decimal(ends.front(), 65535);
    const auto high = parse_decimal(ends.back(), 65535);
    if (ends.size() != 2 || !low || !high) {
        setting.refuse(
            fmt::format("is '{}'; it should be the lowest and the highest port, for example \"61000-65534\"",
                        printable(text)));
    }
    if (*low < first_unprivileged) {
        setting.refuse(fmt::format("is '{}', but ports below {} belong to the system's own services; take "
                                   "higher ones",
                                   text, first_unprivileged));
    }
    if (*low > *high) {
        setting.refuse(
            fmt::format("is '{}', which begins above its end; did you mean \"{}-{}\"?", text, *high, *low));
    }
    config.forward.ports = {static_cast<std::uint16_t>(*low), static_cast<std::uint16_t>(*high)};
}

void read_firewall_mode(const SettingReader& setting, Config& config) {
    const std::string name = setting.text();
    for (const FirewallMode mode : {FirewallMode::guard, FirewallMode::sets, FirewallMode::none}) {
        if (name != name_of(mode)) continue;
        config.firewall.mode = mode;
        return;
    }
    setting.refuse(fmt::format("is '{}', which is none of guard, sets and none", printable(name)));
}

// What the nft tool reads as a name without quotes. Kernels take 255 characters; 64 leave room for the
// prefix that knockd appends.
std::string read_nft_name(const SettingReader& setting) {
    constexpr std::size_t longest_nft_name = 64;
    std::string name = setting.text();
    const auto begins_it = [](char c) { return is_alphanumeric(c) && !is_digit(c); };
    const auto stands_in_it = [](char c) {
        return is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || c == '/';
    };
    const bool clean = !name.empty() && name.size() <= longest_nft_name &&
                       (begins_it(name.front()) || name.front() == '_' || name.front() == '.') &&
                       std::all_of(name.begin(), name.end(), stands_in_it);
    if (!clean) {
        setting.refuse(fmt::format("is '{}', which cannot be a name in nftables: a letter, then letters, "
                                   "digits and _ - . /, at most {}",
                                   printable(name), longest_nft_name));
    }
    return name;
}

void read_always_allow(const SettingReader& setting, Config& config) {
    const std::vector<std::string> texts = setting.texts(most_allowed_networks);
    config.firewall.always_allow.clear();
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto network = Network::parse(texts[i]);
        if (!network) {
            setting.refuse_item(
                i, fmt::format("has '{}', which is no network; write for example \"192.0.2.0/24\" or "
                               "\"2001:db8::/32\", with zeros after the prefix",
                               printable(texts[i])));
        }
        config.firewall.always_allow.push_back(*network);
    }
}

// What useradd takes on every system: it also keeps the name short enough for the messages between processes.
std::string read_account(const SettingReader& setting) {
    std::string name = setting.text();
    const auto stands_in_it = [](char c) {
        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_';
    };
    const bool clean = !name.empty() && name.size() <= 32 && !is_digit(name.front()) && name.front() != '-' &&
                       std::all_of(name.begin(), name.end(), stands_in_it);
    if (!clean)
        setting.refuse(fmt::format("is '{}', which cannot be a system account's name", printable(name)));
    return name;
}

std::chrono::seconds read_duration(const SettingReader& setting, std::chrono::seconds least,
                                   std::string_view instead, std::chrono::seconds most) {
    const std::string text = setting.text();
    if (!instead.empty() && text == instead) return std::chrono::seconds{0};
    const auto duration = parse_duration(text);
    if (!duration) {
        const std::string word = instead.empty() ? "" : fmt::format(", or \"{}\"", instead);
        setting.refuse(fmt::format("is '{}'; it should be a number with s, m, h or d, for example \"90d\"{}",
                                   printable(text), word));
    }
    if (*duration < least) {
        setting.refuse(
            fmt::format("is '{}', which is too short; the least is \"{}\"", text, format_duration(least)));
    }
    if (*duration > most) {
        setting.refuse(
            fmt::format("is '{}', which is too long; the most is \"{}\"", text, format_duration(most)));
    }
    return *duration;
}

void read_alert_command(const SettingReader& setting, Config& config) {
    constexpr std::size_t more_than_enough = 1024; // the check below says it better
    std::vector<std::string> argv = setting.arguments(more_than_enough);
    if (!argv.empty()) {
        if (const auto fault = check_argv(argv, alert_tokens)) setting.refuse("cannot be run: " + *fault);
    }
    config.alerts.command = std::move(argv);
}

void read_alert_kinds(const SettingReader& setting, Config& config) {
    std::vector<std::string> kinds = setting.texts(alert_kind_names.size());
    const std::vector<std::string_view> known(alert_kind_names.begin(), alert_kind_names.end());
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (std::find(known.begin(), known.end(), kinds[i]) != known.end()) continue;
        const std::string_view likely = nearest(kinds[i], known);
        setting.refuse_item(i, fmt::format("has '{}', which is no alert; {}", printable(kinds[i]),
                                           likely.empty()
                                               ? fmt::format("the alerts are {}", fmt::join(known, ", "))
                                               : fmt::format("did you mean '{}'?", likely)));
    }
    config.alerts.on = std::move(kinds);
}

// The collector reads what ends in .prom and leaves the rest alone, so that a wrong name would be silence.
void read_metrics_file(const SettingReader& setting, Config& config) {
    constexpr std::size_t longest_path = 4000; // the kernel takes 4096 with the temporary name's ending
    const std::string text = setting.text();
    const std::filesystem::path file(text);
    const bool clean = text.size() <= longest_path && std::none_of(text.begin(), text.end(), [](char c) {
                           return static_cast<std::uint8_t>(c) < ' ' || c == '\x7f';
                       });
    if (!text.empty() && (!clean || !file.is_absolute() || file.extension() != ".prom")) {
        setting.refuse(fmt::format("is '{}'; it should be an absolute path that ends in .prom, for example "
                                   "\"/var/lib/prometheus/node-exporter/otk.prom\", or \"\" for none",
                                   printable(text)));
    }
    config.metrics.file = file;
}

void check_together(const Document& document, const Config& config) {
    if (config.firewall.set4 != config.firewall.set6) return;
    for (const Setting& setting : document.settings) {
        if (setting.section != "firewall" || (setting.key != "set4" && setting.key != "set6")) continue;
        throw error_at(document, setting.at,
                       fmt::format("set4 and set6 of [firewall] are both '{}', but a set holds addresses of "
                                   "one kind; make two sets and name both",
                                   config.firewall.set4));
    }
}

} // namespace otk
