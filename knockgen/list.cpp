#include "knockgen/chain_options.h"
#include "knockgen/commands.h"
#include "knockgen/output.h"
#include "knockgen/secret.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace otk {
namespace {

void print_lines(Output& output, const std::vector<NumberedKnock>& knocks, TextForm form) {
    for (const NumberedKnock& knock : knocks) {
        std::string line = fmt::format("{}: {}\n", knock.number, printed(knock.value, form));
        output.add(line);
        explicit_bzero(line.data(), line.size());
    }
}

void print_json(Output& output, const ChainSecret& chain, const std::string& seed,
                const std::vector<NumberedKnock>& knocks, TextForm form) {
    nlohmann::ordered_json object{{"algorithm", name_of(chain.algorithm())}};
    if (!seed.empty()) object["seed"] = seed;
    auto& list = object["knocks"] = nlohmann::ordered_json::array();
    for (const NumberedKnock& knock : knocks) {
        list.push_back({{"number", knock.number}, {"value", printed(knock.value, form)}});
    }
    output.add(object.dump(2));
    output.add("\n");
}

} // namespace

void run_list(const Arguments& arguments) {
    const Algorithm algorithm = chosen_algorithm(arguments);
    // A key file holds the whole secret: the seed is then a name only.
    const std::string seed = arguments.has("key") && !arguments.has("seed") ? "" : chosen_seed(arguments);
    const Range range = chosen_range(arguments);
    const TextForm form = chosen_form(arguments, TextForm::hex);

    const ChainSecret chain = chosen_chain(arguments, algorithm, seed);
    const std::vector<NumberedKnock> knocks = knocks_of(chain, range);

    Output output;
    if (arguments.has("json")) {
        print_json(output, chain, seed, knocks, form);
    } else {
        print_lines(output, knocks, form);
    }
    output.finish();
}

} // namespace otk
