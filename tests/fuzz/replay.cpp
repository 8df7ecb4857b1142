// Runs a fuzz target on every file of the directories given, and on each of its truncations. Every input is a
// copy of its own size on the heap, so that a sanitizer sees a read past its end. A directory that is missing
// or empty is a failure: a test that tests nothing must not pass.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<char> content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw fs::filesystem_error("cannot read", path, std::make_error_code(std::errc::io_error));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The content and each truncation of it; returns how many that were. Of large files every n-th is taken.
std::size_t replay(const std::vector<char>& content) {
    constexpr std::size_t most_truncations = 4096;
    const std::size_t stride = content.size() / most_truncations + 1;
    std::size_t inputs = 0;
    for (std::size_t cut = 0; cut <= content.size(); cut += stride) {
        const auto end = content.end() - static_cast<std::ptrdiff_t>(cut);
        const std::vector<std::uint8_t> input(content.begin(), end);
        LLVMFuzzerTestOneInput(input.data(), input.size());
        ++inputs;
    }
    return inputs;
}

bool replay_directory(const fs::path& directory) {
    std::vector<fs::path> files; // in one order everywhere, so that a failure can be found again
    for (const auto& entry : fs::directory_iterator(directory)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::size_t inputs = 0;
    for (const fs::path& file : files) {
        std::printf("%s\n", file.filename().c_str()); // the last one printed is the one that failed
        std::fflush(stdout);
        inputs += replay(content_of(file));
    }
    std::printf("%s: %zu files, %zu inputs\n", directory.c_str(), files.size(), inputs);
    return !files.empty();
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s CORPUS_DIRECTORY...\n", argv[0]);
        return 2;
    }
    bool well = true;
    for (int i = 1; i < argc; ++i) {
        try {
            if (replay_directory(argv[i])) continue;
            std::fprintf(stderr, "%s has no files: nothing was tested\n", argv[i]);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s\n", error.what());
        }
        well = false;
    }
    return well ? 0 : 1;
}
