// Doors of nowhere: what was opened and closed, and doors that cannot be had.
#pragma once

#include "base/promise.h"
#include "knockd/monitor/doorway.h"

#include <string>
#include <vector>

namespace otk::test {

class FakeDoorway final : public Doorway {
  public:
    Opened open(const OpenHold& hold, std::chrono::milliseconds how_long) override {
        if (!trouble.empty()) throw Error(trouble);
        opened.push_back({hold.hold.row, how_long});
        const bool forward = hold.details.command.kind == CommandKind::forward;
        return {forward ? hold.hold.port : hold.details.command.service.port, remark};
    }
    void close(const OpenHold& hold) override { closed.push_back(hold.hold.row); }

    struct Opening {
        RowNumber row{};
        std::chrono::milliseconds how_long{};
    };
    std::vector<Opening> opened;
    std::vector<RowNumber> closed;
    std::string trouble; // not "": no door can be opened
    std::string remark;
};

} // namespace otk::test
