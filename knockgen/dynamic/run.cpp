#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/commands.h"
#include "knockgen/dynamic/command_words.h"
#include "knockgen/dynamic/countdown.h"
#include "knockgen/dynamic/declared_syns.h"
#include "knockgen/dynamic/options.h"
#include "knockgen/dynamic/outcome.h"
#include "knockgen/next_number.h"
#include "knockgen/output.h"
#include "knockgen/secret.h"

#include <cstdio>

#include <fmt/format.h>

namespace otk {
namespace {

using namespace std::chrono_literals;

// A way that names another address carries another request for the same value, of which the server takes the
// first that comes. It gets so much of a lead, as connections get it (RFC 8305), that it is not used at all
// where the one before works.
constexpr auto patience_with_a_way = 300ms;

// A way to the server, and the address that the request names on it; none: the source, as the server sees it.
struct Plan {
    Target way;
    Address named;
};

// Adds the way, or says why it is of no use.
std::string add_plan(std::vector<Plan>& plans, const DynamicOptions& options, const Target& way) {
    if (!way.own) return fmt::format("this machine knows no way to {}", way.address.text());
    if (options.choose_address) {
        const OwnAddress own = own_address_for(way);
        if (own.address.empty()) return own.why;
        plans.push_back({way, own.address});
        return {};
    }
    // The server lets in the address that P1 and the SYNs come from, which are of the way's family.
    if (!options.address.empty() && options.address.family() != way.address.family()) {
        return fmt::format("{} is not of the same family as {}", options.address.text(), way.address.text());
    }
    plans.push_back({way, options.address});
    return {};
}

std::vector<Plan> plan(const DynamicOptions& options) {
    std::vector<Plan> plans;
    std::string why_not;
    const std::vector<Target> ways = resolve(options.profile().host);
    warn_of_loopback(options.profile().host, ways);
    for (const Target& way : ways) {
        const std::string why = add_plan(plans, options, way);
        if (why_not.empty()) why_not = why;
    }
    if (!plans.empty()) return plans;
    throw Error(
        fmt::format("no knock was used, since {} would refuse it: {}. Say --address ADDRESS, the one "
                    "that the server sees you at, or ask your administrator for `knockmgr grant set USER "
                    "COMMAND --address source`, and add the profile again",
                    printable(options.profile().host), why_not));
}

// P1 for each plan. Those that name the same, as when they name nothing, are the same byte for byte.
class Requests {
  public:
    Requests(const DynamicOptions& options, const ChainSecret& chain, Count number) :
        options_(options), key_(SigningKey::of(chain)), value_(chain.at(number)),
        syns_(choose_syns(system_random)) {}

    [[nodiscard]] std::shared_ptr<DynamicClient> naming(const Address& address) {
        if (!newest_ || address != its_address_) {
            newest_ = make(address);
            its_address_ = address;
        }
        return newest_;
    }
    [[nodiscard]] const DeclaredSyns& syns() const { return syns_; }

  private:
    [[nodiscard]] std::shared_ptr<DynamicClient> make(const Address& address) const {
        const Profile& profile = options_.profile();
        const Time now = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
        const DynamicRequest request{
            .value = value_, .time = options_.no_clock ? Time{} : now, .address = address, .syns = syns_};
        return std::make_shared<DynamicClient>(request, key_, Addressee{profile.server, profile.command},
                                               *profile.server_key, system_random);
    }

    const DynamicOptions& options_;
    SigningKey key_;
    Value value_;
    DeclaredSyns syns_;
    std::shared_ptr<DynamicClient> newest_;
    Address its_address_;
};

Exchange::End ask(const DynamicOptions& options, const std::vector<Plan>& plans, Requests& requests,
                  SynSender& sender) {
    Exchange exchange(options.profile().dynamic_port,
                      [&](const Target& way) { sender.send(way, requests.syns()); });
    auto delay = 0ms;
    for (const Plan& plan : plans) {
        exchange.add(plan.way, requests.naming(plan.named), delay);
        if (!plan.named.empty()) delay += patience_with_a_way;
    }
    return exchange.run(options.timeout);
}

void say_aside(const std::string& remark) {
    if (!remark.empty()) tell("knockgen: {}\n", remark);
}

void warn_of_few(const Taken& taken, const NamedProfile& named) {
    if (taken.left > few_knocks) return;
    const std::string_view what = taken.left == 0 ? "this was the last knock" : "few knocks are left";
    say_aside(
        fmt::format("warning: {} of profile {} ({} more); ask your administrator to renew it with a new "
                    "token (knockgen token)",
                    what, named.name, taken.left));
}

void use_door(const DynamicOptions& options, const Asked& asked, const Exchange::End& end) {
    const std::string door =
        fmt::format("Door is open at {} port {}", printable(asked.host), end.answer->port);
    const std::chrono::seconds open_for{end.answer->seconds};
    if (options.json) return tell_done(as_json(asked, end));
    say_aside(about_nat(end));
    if (options.program.empty()) return count_down(door, open_for, this_terminal());
    say_aside(fmt::format("{} for {} seconds", door, open_for.count()));
    become_program(fill_in(options.program, {asked.host, end.way.address, end.answer->port}));
}

} // namespace

void run_dynamic(const Arguments& arguments) {
    const DynamicOptions options = dynamic_options(arguments);
    SynSender sender(options.ignore_sequence); // the last that needs a privilege
    const std::vector<Plan> plans = plan(options);
    const ProfileSecret secret = secret_of(arguments, options.named);
    const Taken taken = take_number(options.named, options.wanted, secret.key_file);
    // From here on the number is used up, whatever becomes of the request.
    warn_of_few(taken, options.named);
    Requests requests(options, secret.chain, taken.number);
    const Asked asked{options.profile().host, taken.number, options.timeout,
                      fmt::format("knockgen dynamic {}{}", options.named.name, options.again),
                      when_numbers_differ(options.named, taken.number)};
    const Exchange::End end = ask(options, plans, requests, sender);
    demand_open(asked, end);
    use_door(options, asked, end);
}

} // namespace otk
