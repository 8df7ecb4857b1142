#include "knockd/monitor/metrics_file.h"

#include "store/metrics_text.h"
#include "sys/file.h"

#include <chrono>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace otk {

void MetricsFile::configure(const Config& config) {
    if (config.metrics.file == file_) return;
    remove();
    file_ = config.metrics.file;
    until_next_ = 0;
    in_trouble_ = false;
    trouble_.over();
}

void MetricsFile::every_second(const Status& status) {
    if (file_.empty()) return;
    if (until_next_ == 0) {
        until_next_ = period;
        write(status);
    }
    --until_next_;
}

void MetricsFile::write(const Status& status) {
    const auto started = std::chrono::floor<std::chrono::seconds>(status.started.time_since_epoch()).count();
    if (!written_) remove_leftovers(file_); // of a predecessor that was killed
    try {
        publish_file(file_, format_metrics(as_written(status), started));
        written_ = true;
        trouble_.over();
        if (std::exchange(in_trouble_, false))
            journal("knockd", fmt::format("the metrics are written to {} again", file_.string()),
                    Priority::notice);
    } catch (const Error& error) {
        in_trouble_ = true;
        trouble_.say(fmt::format("the metrics are not written: {}; see [metrics] file", error.what()));
    }
}

void MetricsFile::remove() {
    if (std::exchange(written_, false)) (void)::unlink(file_.c_str());
}

} // namespace otk
