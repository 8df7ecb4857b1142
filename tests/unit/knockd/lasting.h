// An Actor whose grant is for a command that lasts: a door, or a program with its undo.
#pragma once

#include "tests/unit/knockd/acting.h"

#include <fstream>

namespace otk::test {

using namespace std::chrono_literals;

inline Command open_command() {
    Command command;
    command.name = "door";
    command.kind = CommandKind::open;
    command.service = {Protocol::tcp, 22};
    command.hold = 60s;
    return command;
}

// Both write a line into `file`.
inline Command undone_command(const std::filesystem::path& file) {
    Command command;
    command.name = "undone";
    const std::string script = "echo \"$@\" >> " + file.string();
    command.argv = {"/bin/sh", "-c", script, "sh", "do", "{address}"};
    command.undo = {"/bin/sh", "-c", script, "sh", "undo", "{address}", "{count}"};
    command.run_as = "nobody";
    command.hold = 60s;
    return command;
}

struct Lasting : Acting {
    std::filesystem::path record = files.directory.path() / "record";

    explicit Lasting(const std::function<Command(const Lasting&)>& command) {
        std::filesystem::permissions(files.directory.path(), std::filesystem::perms::all);
        std::ofstream{record};
        std::filesystem::permissions(record, std::filesystem::perms::all);
        files.use(command(*this));
    }
    // A knock that begins a hold, or with `hold` prolongs one.
    message::Act lasting_act(std::optional<RowNumber> hold = {}) {
        message::Act made = act();
        made.hold = hold.value_or(made.row.row);
        made.deadline = to_nanoseconds(clock.now() + 60s);
        made.address = made.source;
        return made;
    }
    message::Released released(RowNumber hold, bool undo) {
        message::Released made;
        made.hold = hold;
        made.row.row = RowNumber{++next};
        made.undo = undo ? 1 : 0;
        return made;
    }
    std::vector<std::string> lines() const {
        std::ifstream file(record);
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);)
            lines.push_back(line);
        return lines;
    }
};

inline Lasting with_door() {
    return Lasting([](const Lasting&) { return open_command(); });
}

inline Lasting with_undo() {
    return Lasting([](const Lasting& lasting) { return undone_command(lasting.record); });
}

} // namespace otk::test
