// The sheet of a grant's knocks: written here for a chain that was made here, else made by the user with
// knockgen, who cannot know the command and the rules and so is told the whole command line.
#pragma once

#include "base/secret.h"
#include "config/config.h"
#include "knockmgr/subcommand.h"
#include "otp/text_form.h"
#include "otp/token.h"
#include "policy/model.h"
#include "sheet/sheet.h"

#include <optional>
#include <string>
#include <vector>

namespace otk::knockmgr {

// What stands on the sheet apart from the chain. Only carriers over which a knock of the grant can pass have
// lines: a line that is refused would cost its user a knock.
struct SheetPlan {
    std::string host;
    std::string command;
    TextForm form = TextForm::hex;
    SheetCarriers carriers;
    std::optional<SheetDoor> door; // what a knock opens
    std::string no_dns; // why there are no lines for dns although this server takes dns knocks; else empty
};

// From --host, --form and what configuration, command and rules allow. A token's plan names the form that the
// rules need, unless --form says otherwise. Throws UsageError for options that cannot be.
[[nodiscard]] SheetPlan plan_sheet(const Invocation& invocation, const Config& config, const Command& command,
                                   const GrantRules& rules);

// --host, else the name that this host has, else SERVER. Throws UsageError for what is no host.
[[nodiscard]] std::string host_option(const Invocation& invocation);

// --form; hex without it.
[[nodiscard]] TextForm form_option(const Invocation& invocation);

[[nodiscard]] SecretText sheet_of(const SheetPlan& plan, const Enrolment& enrolment,
                                  std::vector<NumberedKnock> knocks);
// The call of knockgen that prints the same sheet from the user's passphrase: one line for a shell.
[[nodiscard]] std::string knockgen_line(const SheetPlan& plan, const Enrolment& enrolment);

} // namespace otk::knockmgr
