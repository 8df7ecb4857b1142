#include "knockd/mailbox.h"

namespace otk {

Mailbox::Next Mailbox::next() {
    size_ = 0;
    const Channel::Received received = channel_.receive(buffer_);
    switch (received.what) {
    case Channel::Received::What::nothing_yet: return Next::nothing_yet;
    case Channel::Received::What::closed: return Next::closed;
    case Channel::Received::What::too_long: return Next::broken;
    case Channel::Received::What::message: break;
    }
    if (received.size < sizeof(message::Kind)) return Next::broken;
    size_ = received.size;
    return Next::message;
}

message::Kind Mailbox::kind() const {
    message::Kind kind{};
    promise(size_ >= sizeof kind, "Mailbox::kind without a message");
    std::memcpy(&kind, buffer_.data(), sizeof kind);
    return kind;
}

} // namespace otk
