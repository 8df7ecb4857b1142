// Standard output for knocks: written through one buffer that is wiped, and a disk that is full or a reader
// that went away does not go unnoticed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace otk {

class Output {
  public:
    Output();
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output();

    // Throws Error when standard output takes no more.
    void add(std::string_view text);
    void finish(); // everything is handed over when it returns; call it last

  private:
    std::string buffer_; // never grows: what it held would stay behind in memory
};

// About what has been done and stays done: where standard output takes it no more, it goes to standard error
// with the reason, and the program ends as it would have.
void tell_done(std::string_view text);

} // namespace otk
