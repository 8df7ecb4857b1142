// What prepare_signing() promises: behind the sandbox of knockd-validate, with no file to be reached,
// signatures are verified and requests opened.
//
// A program of its own: nothing here touches libcrypto before it forks, so nothing but prepare_signing() can
// have fetched what the child needs.
#include "../sys/helpers.h"
#include "knockd/validate/confine.h"
#include "request/dynamic.h"
#include "request/evp.h"
#include "sys/sandbox.h"
#include "vectors.h"

#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace otk {

using namespace test;

namespace {

struct Work {
    std::vector<std::uint8_t> message;  // a signed knock
    std::vector<std::uint8_t> packet;   // a P1
    std::vector<std::uint8_t> question; // its P2
    std::vector<std::uint8_t> answer;   // its P3
    PublicKey key{};
    std::array<std::uint8_t, 32> server{};
    Addressee addressee;
};

// From the vectors alone.
Work make_work() {
    const json& protocol = vectors().at("protocol");
    const json& dynamic = protocol.at("dynamic");
    return {bytes_in(protocol.at("signed").at(0), "message"),
            bytes_in(dynamic, "p1"),
            bytes_in(dynamic.at("p2").at(0), "packet"),
            bytes_in(dynamic.at("p3").at(0), "packet"),
            array_in<32>(protocol.at("chain").at("public_key")),
            array_in<32>(dynamic.at("server_private")),
            the_addressee()};
}

// All that validate does with requests.
void serve(const Work& work) {
    const auto knock = parse_signed_knock(work.message);
    require_in_child(knock && verify(*knock, work.key, work.addressee), "a signed knock verifies");
    auto other = work.addressee;
    other.server[0] ^= 1;
    require_in_child(!verify(*knock, work.key, other), "for another server it does not");
    require_in_child(!fault_of(work.key), "the key has no fault");

    SecretArray<32> bytes;
    std::copy(work.server.begin(), work.server.end(), bytes.fill().begin());
    const ServerKey server = ServerKey::from_bytes(std::move(bytes));
    auto opened = open_dynamic_request(work.packet, server);
    require_in_child(opened && verify(*opened, work.packet, work.key, work.addressee, server.public_key()),
                     "a dynamic request opens and verifies");
    auto cut = work.packet;
    cut.back() ^= 1;
    require_in_child(!open_dynamic_request(cut, server), "an altered one does not");
    DynamicServer session(std::move(std::move(opened).take().keys));
    require_in_child(session.takes(work.question), "its question is taken");
    DynamicAnswer answer;
    answer.seen = *Address::parse("198.51.100.7");
    const auto made = session.answer(answer);
    require_in_child(std::equal(made.begin(), made.end(), work.answer.begin(), work.answer.end()),
                     "and answered");
}

// validate may open files, but only of its own directory. For root this one is empty; the other sandbox has
// no opening at all.
void leave_all_files(const std::filesystem::path& empty) {
    if (!is_root()) return;
    require_in_child(chroot(empty.c_str()) == 0 && chdir("/") == 0, "chroot");
}

void confine_more() {
    Sandbox sandbox;
    sandbox.allow(calls_of_every_program());
    sandbox.enter();
}

} // namespace

TEST_CASE("requests are served behind the sandbox of knockd-validate") {
    const Work work = make_work();
    const TemporaryDirectory empty;
    const int status = status_of([&] {
        prepare_signing();
        leave_all_files(empty.path());
        confine_validate();
        serve(work);
    });
    CHECK(succeeded(status));
}

TEST_CASE("requests are served where no file can be opened") {
    const Work work = make_work();
    const int status = status_of([&] {
        prepare_signing();
        confine_more();
        serve(work);
    });
    CHECK(succeeded(status));
}

TEST_CASE("without prepare_signing() they are not: libcrypto looks for its files") {
    const Work work = make_work();
    const int status = status_of([&] {
        confine_more();
        serve(work);
    });
    CHECK(killed_by(status, SIGSYS));
}

TEST_CASE("a libcrypto that is not allowed to compute them is found by prepare_signing()") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "openssl.cnf";
    std::ofstream(file) << "openssl_conf = all\n[all]\nalg_section = algorithms\n"
                           "[algorithms]\ndefault_properties = provider=absent\n";
    const int status = status_of([&] {
        setenv("OPENSSL_CONF", file.c_str(), 1);
        bool found = false;
        try {
            prepare_signing();
        } catch (const Error& error) {
            found = std::string_view(error.what()).find("openssl.cnf") != std::string_view::npos;
        }
        require_in_child(found, "it says where to look");
    });
    CHECK(succeeded(status));
}

} // namespace otk
