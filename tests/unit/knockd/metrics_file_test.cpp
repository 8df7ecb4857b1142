// When the metrics are written, where, and when they go.
#include "knockd/monitor/metrics_file.h"

#include "base/fd.h"
#include "sys/file.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <fstream>
#include <unistd.h>

using namespace otk;
using namespace otk::test;

namespace {

// What was written to standard error, where the journal goes, since this was made.
class Journal {
  public:
    Journal() : before_(::dup(STDERR_FILENO)) {
        const Fd fd(::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
        REQUIRE(::dup2(fd.get(), STDERR_FILENO) == STDERR_FILENO);
    }
    ~Journal() { (void)::dup2(before_.get(), STDERR_FILENO); }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    [[nodiscard]] std::string text() const { return read_file(file_, 100'000).value_or(""); }

  private:
    TemporaryDirectory directory_;
    std::string file_ = directory_.path() / "journal";
    Fd before_;
};

struct Metrics {
    TemporaryDirectory directory;
    std::filesystem::path first = directory.path() / "otk.prom";
    std::filesystem::path second = directory.path() / "other.prom";
    static Config with(const std::filesystem::path& file) {
        Config config;
        config.metrics.file = file;
        return config;
    }
    MetricsFile file{with(first)};
    Status status;

    void seconds(unsigned number) {
        for (unsigned i = 0; i < number; ++i)
            file.every_second(status);
    }
    [[nodiscard]] static bool has(const std::filesystem::path& path, std::string_view line) {
        const auto text = read_file(path, 100'000);
        return text && text->find("\n" + std::string(line) + "\n") != std::string::npos;
    }
};

} // namespace

TEST_CASE("metrics are written at once and then every five seconds, also when nothing has changed") {
    Metrics m;
    m.seconds(1);
    REQUIRE(std::filesystem::exists(m.first));
    CHECK(Metrics::has(m.first, "otk_knocks_refused_total 0"));
    m.status.refused = 3;
    m.seconds(4);
    CHECK(Metrics::has(m.first, "otk_knocks_refused_total 0"));
    m.seconds(1);
    CHECK(Metrics::has(m.first, "otk_knocks_refused_total 3"));
    std::filesystem::remove(m.first);
    m.seconds(5);
    CHECK(Metrics::has(m.first, "otk_knocks_refused_total 3"));
}

TEST_CASE("metrics go elsewhere when the configuration says so, and leave nothing behind") {
    Metrics m;
    m.seconds(2);
    m.file.configure(Metrics::with(m.first)); // the same: it stays
    CHECK(std::filesystem::exists(m.first));
    m.file.configure(Metrics::with(m.second));
    CHECK_FALSE(std::filesystem::exists(m.first));
    m.seconds(1);
    CHECK(std::filesystem::exists(m.second));
    m.file.configure(Metrics::with(""));
    CHECK_FALSE(std::filesystem::exists(m.second));
    m.seconds(10);
    CHECK(std::filesystem::is_empty(m.directory.path()));
}

TEST_CASE("metrics are removed at the end, but not a file that is not ours") {
    Metrics m;
    std::ofstream(m.first) << "mine";
    m.file.remove();
    CHECK(read_file(m.first, 10) == "mine");
    m.seconds(1);
    m.file.remove();
    CHECK_FALSE(std::filesystem::exists(m.first));
}

TEST_CASE("what a killed knockd left half made goes at the first write, and not a neighbour's") {
    Metrics m;
    const auto left = m.directory.path() / ".otk.prom.a1B2c3";
    const auto neighbour = m.directory.path() / ".node.prom.a1B2c3";
    std::ofstream(left) << "half";
    std::ofstream(neighbour) << "half";
    m.seconds(1);
    CHECK_FALSE(std::filesystem::exists(left));
    CHECK(std::filesystem::exists(neighbour));
    CHECK(std::filesystem::exists(m.first));
}

TEST_CASE("metrics that cannot be written are tried again, and told once, as is the end of it") {
    Metrics m;
    const auto folder = m.directory.path() / "missing";
    m.file.configure(Metrics::with(folder / "otk.prom"));
    std::string said;
    {
        const Journal journal;
        m.seconds(30);
        said = journal.text();
    }
    CHECK(said == "knockd: the metrics are not written: cannot make a file beside " +
                      (folder / "otk.prom").string() + ": No such file or directory; see [metrics] file\n");
    std::filesystem::create_directory(folder);
    {
        const Journal journal;
        m.seconds(30);
        said = journal.text();
    }
    CHECK(said == "knockd: the metrics are written to " + (folder / "otk.prom").string() + " again\n");
    CHECK(Metrics::has(folder / "otk.prom", "otk_accepting 0"));
}
