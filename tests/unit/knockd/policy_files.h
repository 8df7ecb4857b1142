// A policy.db with one grant, for the tests of the monitor; knows no libcrypto, like the monitor.
#pragma once

#include "store/policy_store.h"
#include "tests/unit/sys/helpers.h"

namespace otk::test {

struct PolicyFiles {
    static constexpr Time now = from_nanoseconds(1'800'000'000'000'000'000);

    TemporaryDirectory directory;
    std::filesystem::path file = directory.path() / "policy.db";
    PolicyStore admin = PolicyStore::create(file, {}, {1});
    PolicyStore policy = PolicyStore::open_for_reading(file);
    UserId user = admin.add_user("anna");
    CommandId command{};
    GrantId grant{};

    PolicyFiles() { use_command("open", "nobody"); }
    // Another command for anna, which `grant` names from here on. It prints what it was given.
    void use_command(const std::string& name, const std::string& run_as) {
        Command made;
        made.name = name;
        made.argv = {"/bin/echo", "{address}", "{user}", "{count}", "{carrier}", "{command}", "{address}x"};
        made.run_as = run_as;
        use(made);
    }
    void use(const Command& made) {
        command = admin.add_command(made);
        Grant added;
        added.user = user;
        added.command = command;
        std::array<std::uint8_t, 16> image{};
        image[0] = static_cast<std::uint8_t>(++made_);
        added.enrolment = {Algorithm::sha256, 100, "seed" + std::to_string(made_), Value(image),
                           std::nullopt};
        added.chain[0] = image[0];
        added.created = now;
        grant = admin.add_grant(added);
    }

  private:
    int made_ = 0;
};

} // namespace otk::test
