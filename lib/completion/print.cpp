#include "completion/complete.h"

#include <csignal>
#include <cstdio>
#include <exception>
#include <unistd.h>

namespace otk::completion {

namespace {

// Somebody waits at a prompt: a file that does not answer must not keep the shell.
constexpr unsigned most_seconds = 2;

void end_here(int /*signal*/) { _exit(0); }

std::string_view line_of(ByShell what) {
    switch (what) {
    case ByShell::nothing: return "";
    case ByShell::files: return ":files\n";
    case ByShell::directories: return ":directories\n";
    case ByShell::accounts: return ":accounts\n";
    }
    return "";
}

std::string text_of(const Answer& answer) {
    std::string text(line_of(answer.by_shell));
    for (const Candidate& candidate : answer.candidates) {
        text += candidate.word;
        if (!candidate.help.empty()) text.append("\t").append(candidate.help);
        text += '\n';
    }
    return text;
}

} // namespace

int print_candidates(const Grammar& grammar, std::vector<std::string> words, const Names& names) {
    (void)std::signal(SIGALRM, end_here);
    (void)alarm(most_seconds);
    if (words.empty()) words.emplace_back();
    try {
        const std::string text = text_of(complete(grammar, words, names));
        (void)std::fwrite(text.data(), 1, text.size(), stdout);
        (void)std::fflush(stdout);    // a shell that went away wants no answer
    } catch (const std::exception&) { // nobody asked for a message
    }
    return 0;
}

} // namespace otk::completion
