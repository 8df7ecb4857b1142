// The three SYNs that a dynamic request declares: which, and how this process sends them.
#pragma once

#include "base/random.h"
#include "knockgen/destination.h"
#include "knockgen/dynamic/raw_syn.h"
#include "request/dynamic.h"

#include <optional>
#include <vector>

namespace otk {

// Three different ports from 1024 on and three sequence numbers, at random.
[[nodiscard]] DeclaredSyns choose_syns(const RandomSource& random);

// Just as declared where the process has CAP_NET_RAW. Without it by ordinary connects, whose ports are right
// and whose sequence numbers are the kernel's: good for a grant that ignores these.
class SynSender {
  public:
    // Opens what it needs and gives the capability up. Throws Error without CAP_NET_RAW unless sequence
    // numbers are ignored, and says what to do.
    explicit SynSender(bool sequence_is_ignored);

    // One round; the connects of the round before are given up. REQUIRES way.own. What cannot be sent counts
    // as lost.
    void send(const Target& way, const DeclaredSyns& syns);

  private:
    void send_raw(const Target& way, const DeclaredSyns& syns);
    void connect_all(const Target& way, const DeclaredSyns& syns);

    std::optional<RawSyns> raw_;
    std::vector<Fd> connects_;
};

} // namespace otk
