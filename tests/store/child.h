// A child process of a test: what it reports comes through a pipe, so that it counts also when the child is
// killed.
#pragma once

#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>
#include <type_traits>
#include <vector>

namespace otk::test {

class Child {
  public:
    // Runs `work` in a child with the write end of a pipe; the child then ends with 0, or with 1 where it
    // throws.
    explicit Child(const std::function<void(int report)>& work);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child(); // kills it

    // The next `size` bytes that it reports; fewer at its end.
    [[nodiscard]] std::string read(std::size_t size);
    // Everything it still reports until its end.
    [[nodiscard]] std::string rest();
    // Waits for its end: the exit code, or nothing where a signal ended it.
    [[nodiscard]] std::optional<int> end();

  private:
    pid_t process_ = -1;
    int report_ = -1;
};

void write_all(int fd, const void* from, std::size_t size);

// Plain structs as bytes.
template <typename Thing>
void report(int fd, const Thing& thing) {
    static_assert(std::is_trivially_copyable_v<Thing>);
    write_all(fd, &thing, sizeof thing);
}

template <typename Thing>
[[nodiscard]] std::vector<Thing> reports(const std::string& bytes) {
    static_assert(std::is_trivially_copyable_v<Thing>);
    std::vector<Thing> things(bytes.size() / sizeof(Thing));
    if (!things.empty()) std::memcpy(things.data(), bytes.data(), things.size() * sizeof(Thing));
    return things;
}

} // namespace otk::test
