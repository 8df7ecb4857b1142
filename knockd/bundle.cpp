#include "knockd/bundle.h"

#include "base/promise.h"

#include <cstring>

namespace otk {

void Bundle::clear() {
    size_ = sizeof(message::Kind);
    count_ = 0;
}

void Bundle::append(Bytes message) {
    const auto size = static_cast<std::uint32_t>(message.size());
    std::memcpy(buffer_.data() + size_, &size, prefix);
    std::memcpy(buffer_.data() + size_ + prefix, message.data(), message.size());
    size_ += prefix + message.size();
    ++count_;
    const auto kind = message::Kind::several;
    if (count_ == 1) std::memcpy(buffer_.data(), &kind, sizeof kind);
}

Bytes Bundle::datagram() const {
    promise(count_ > 0, "a datagram has a message");
    const Bytes all(buffer_.data(), size_);
    return count_ > 1 ? all : all.subspan(sizeof(message::Kind) + prefix);
}

Bytes Bundle::take_first(Bytes& rest) {
    std::uint32_t size = 0;
    if (rest.size() < prefix) return {};
    std::memcpy(&size, rest.data(), prefix);
    if (size > rest.size() - prefix) return {};
    const Bytes message = rest.subspan(prefix, size);
    rest = rest.subspan(prefix + size);
    return message;
}

} // namespace otk
