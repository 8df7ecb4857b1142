// The metrics for Prometheus ([metrics] file): a file in the folder of node_exporter's textfile collector.
#pragma once

#include "config/config.h"
#include "knockd/journal.h"
#include "knockd/monitor/status.h"

#include <filesystem>

namespace otk {

class MetricsFile {
  public:
    explicit MetricsFile(const Config& config) : file_(config.metrics.file) {}
    // Read again: another file from now on, and the former one goes.
    void configure(const Config& config);

    // Called once a second; writes at the first call and every `period` calls after it, also when nothing has
    // changed: the age of the file tells whether we live. A trouble is told once in the journal, and its end.
    void every_second(const Status& status);
    // At our end in order: what nobody keeps true must not be taken for true. A collector would go on
    // showing the last figures for ever.
    void remove();

  private:
    // Prometheus asks every 15 to 60 s: what it gets is no older than this, and an idle disk is written to
    // twelve times a minute and not sixty.
    static constexpr unsigned period = 5;
    void write(const Status& status);

    std::filesystem::path file_; // empty: none
    unsigned until_next_ = 0;    // calls
    bool written_ = false;       // there is one of ours
    bool in_trouble_ = false;
    Complaint trouble_{"knockd"};
};

} // namespace otk
