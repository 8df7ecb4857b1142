// Notices when addresses or interfaces of this host change: knockd-capture binds and opens them while it
// still may, and must be started again for others.
#pragma once

#include "config/config.h"

#include <string>

namespace otk {

class HostWatch {
  public:
    void note(const Config& config); // capture is started now, and finds what there is, or something newer
    // Why it must be started again; "" when nothing has changed that it needs.
    [[nodiscard]] std::string change(const Config& config) const;

  private:
    std::string addresses_;  // each as one text to compare
    std::string interfaces_; // those of the configuration
};

} // namespace otk
