#include "knockd/mailbox.h"

namespace otk {

Mailbox::Next Mailbox::next() {
    if (more()) return next_of_bundle();
    message_ = {};
    const Channel::Received received = channel_.receive(buffer_);
    switch (received.what) {
    case Channel::Received::What::nothing_yet: return Next::nothing_yet;
    case Channel::Received::What::closed: return Next::closed;
    case Channel::Received::What::too_long: return Next::broken;
    case Channel::Received::What::message: break;
    }
    if (received.size < sizeof(message::Kind)) return Next::broken;
    message_ = Bytes(buffer_).first(received.size);
    if (kind() != message::Kind::several) return Next::message;
    rest_ = message_.subspan(sizeof(message::Kind));
    return next_of_bundle();
}

Mailbox::Next Mailbox::next_of_bundle() {
    message_ = Bundle::take_first(rest_);
    if (message_.size() < sizeof(message::Kind) || kind() == message::Kind::several) return broken();
    return Next::message;
}

Mailbox::Next Mailbox::broken() {
    message_ = {};
    drop_rest();
    return Next::broken;
}

message::Kind Mailbox::kind() const {
    message::Kind kind{};
    promise(message_.size() >= sizeof kind, "Mailbox::kind without a message");
    std::memcpy(&kind, message_.data(), sizeof kind);
    return kind;
}

} // namespace otk
