// The part of Capture that hears knockd-validate: what to look for, and what to send.
#include "knockd/capture/capture.h"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace otk {

// After a reset the table is empty until the set is complete; a packet that were judged in between would be
// lost as noise. Without validate (it is being restarted) nobody is kept waiting for long: DNS must be
// answered.
void Capture::await_images() {
    hits_.flush();
    read_watches();
    const auto give_up = monotonic_now() + std::chrono::seconds{setup_.offline ? 3600 : 2};
    while (!complete_ && monotonic_now() < give_up) {
        (void)wait_for_validate(POLLIN, 100, setup_.offline ? Until::we_finish : Until::it_is_dead);
        hits_.flush();
        read_watches();
    }
    complete_ = true;
}

// False when nothing happened. Unless the monitor tells us to finish, or has gone, first: then there is
// nobody to wait for.
bool Capture::wait_for_validate(short events, int milliseconds, Until until) {
    const short word = until == Until::we_finish ? POLLIN : 0; // of the monitor's end poll always tells
    std::array<pollfd, 2> wait{pollfd{validate_.fd(), events, 0}, pollfd{monitor_.fd(), word, 0}};
    const int ready = poll(wait.data(), wait.size(), milliseconds);
    if (ready < 0 && errno != EINTR) throw system_error("waiting for knockd-validate");
    if (wait[1].revents != 0) _exit(0);
    return ready > 0;
}

// The message at hand, if it is of this kind.
template <typename Message>
bool Capture::apply_as() {
    const auto message = watches_.as<Message>();
    if (message) apply(*message);
    return message.has_value();
}

void Capture::read_watches() {
    for (;;) {
        switch (watches_.next()) {
        case Mailbox::Next::nothing_yet: return;
        case Mailbox::Next::closed: _exit(0); // the monitor holds this end, too: it has gone
        case Mailbox::Next::broken: broken_promise("knockd-validate sent a message of no known size");
        case Mailbox::Next::message: break;
        }
        const bool taken = apply_as<message::Watch>() || apply_as<message::Confirm>() ||
                           apply_as<message::Expect>() || apply_as<message::Forget>() ||
                           apply_as<message::Reply>();
        promise(taken, "knockd-validate sent something that is not for knockd-capture");
    }
}

void Capture::apply(const message::Confirm& confirm) {
    promise(confirm.value.well_formed() && !confirm.value.empty(), "a Confirm of no value");
    answering_.confirm(confirm, monotonic_now());
}

void Capture::apply(const message::Watch& watch) {
    using What = message::WatchEntry::What;
    promise(watch.count <= watch.entries.size(), "a Watch of more entries than it holds");
    for (std::size_t i = 0; i < watch.count; ++i) {
        const message::WatchEntry& entry = watch.entries[i];
        switch (entry.what) {
        case What::reset:
            table_.clear();
            hold_back_.forget_known();
            session_watch_.clear(); // validate says its sessions again, or has none any more
            complete_ = false;
            continue;
        case What::complete: complete_ = true; continue;
        case What::add_image:
        case What::remove_image:
        case What::add_known:
        case What::add_new_known:
        case What::remove_known: break;
        }
        promise(entry.value.well_formed() && entry.value.size() == value_size(entry.algorithm),
                "a Watch of no value");
        switch (entry.what) {
        case What::add_image: table_.add(entry.algorithm, entry.value, ValueTable::is_image); break;
        case What::remove_image: table_.remove(entry.algorithm, entry.value, ValueTable::is_image); break;
        case What::add_known: table_.add(entry.algorithm, entry.value, ValueTable::is_known); break;
        case What::add_new_known:
            table_.add(entry.algorithm, entry.value, ValueTable::is_known);
            hold_back_.became_known(entry.value, monotonic_now());
            break;
        case What::remove_known:
            table_.remove(entry.algorithm, entry.value, ValueTable::is_known);
            hold_back_.no_longer_known(entry.value);
            break;
        case What::reset:
        case What::complete: break;
        }
    }
}

} // namespace otk
