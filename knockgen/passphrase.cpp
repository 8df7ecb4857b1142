#include "knockgen/passphrase.h"

#include "base/fd.h"
#include "base/standard_streams.h"
#include "base/text.h"
#include "knockgen/strength.h"
#include "knockgen/terminal.h"
#include "otp/rules.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::size_t largest_passphrase_file =
    4096; // far more than any passphrase: enough to tell what is wrong

void warn_if_others_read(int fd, std::string_view file) {
    struct stat status {};
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
    constexpr mode_t of_others = S_IRWXG | S_IRWXO;
    if ((status.st_mode & of_others) == 0) return;
    tell("knockgen: warning: others may read {} (mode {:04o}); run chmod 600 on it\n", printable(file),
         status.st_mode & 07777);
}

SecretText read_all(int fd, std::string_view name) {
    SecretArray<largest_passphrase_file> content;
    std::size_t size = 0;
    for (;;) {
        const MutableBytes room = content.fill().subspan(size);
        if (room.empty()) throw Error(fmt::format("{} is too long to be a passphrase", name));
        const ssize_t got = read(fd, room.data(), room.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error(fmt::format("cannot read the passphrase from {}", name));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > 0 && content.view()[size - 1] == '\n') --size;
    return SecretText(as_text(content.view().first(size)));
}

SecretText from_file(std::string_view name) {
    if (name == "-") return read_all(STDIN_FILENO, "standard input");
    const Fd fd(open(std::string(name).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) throw system_error(fmt::format("cannot open the passphrase file {}", printable(name)));
    warn_if_others_read(fd.get(), name);
    return read_all(fd.get(), printable(name));
}

SecretText checked(SecretText passphrase) {
    if (const auto problem = check_passphrase(passphrase)) throw Error(std::string(message_of(*problem)));
    return passphrase;
}

void refuse_if_weak(const SecretText& passphrase) {
    const auto weakness = weakness_of(passphrase);
    if (!weakness) return;
    const SecretText offer = random_passphrase(system_random);
    throw Error(
        fmt::format("this passphrase is easy to guess: {}. Take a longer one, for example these six random "
                    "words, which nobody else was offered:\n\n    {}\n\nor repeat the command with --weak",
                    *weakness, offer.text()));
}

void ask_again(const SecretText& passphrase) {
    const SecretText again = ask_without_echo("The same again: ");
    if (!equal_in_constant_time(passphrase.view(), again.view())) {
        throw Error("the two passphrases differ; nothing was made");
    }
}

} // namespace

SecretText known_passphrase(const Arguments& arguments, std::string_view of_what) {
    if (const auto file = arguments.text("passphrase-file")) return checked(from_file(*file));
    return checked(ask_without_echo(fmt::format("Passphrase of {}: ", of_what)));
}

SecretText new_passphrase(const Arguments& arguments, std::string_view of_what) {
    const auto file = arguments.text("passphrase-file");
    SecretText passphrase =
        checked(file ? from_file(*file) : ask_without_echo(fmt::format("New passphrase for {}: ", of_what)));
    if (!arguments.has("weak")) refuse_if_weak(passphrase);
    if (!file) ask_again(passphrase);
    return passphrase;
}

} // namespace otk
