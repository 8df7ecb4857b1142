// One line for the journal (standard error, which systemd or a terminal reads).
#pragma once

#include <string>
#include <string_view>

namespace otk {

// "PROGRAM: TEXT" and a line end in one write(2), so that lines of different processes do not mix. Control
// characters in the text are shown as \xNN. Waits 100 ms at most for a reader that is behind; after that
// lines are lost until somebody reads again, and then their number is said.
void journal(std::string_view program, std::string_view text);

// A trouble that is met again and again (a full disk, tried each second) is told once, until it changes or is
// over.
class Complaint {
  public:
    explicit Complaint(std::string program) : program_(std::move(program)) {}
    void say(std::string_view text);
    void over() { said_.clear(); }

  private:
    std::string program_;
    std::string said_;
};

} // namespace otk
