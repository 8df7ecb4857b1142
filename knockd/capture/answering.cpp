#include "knockd/capture/answering.h"

#include "knockd/capture/bind.h"

#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace otk {

Answering::Answering(const message::CaptureSetup& setup, std::vector<std::string>& troubles) :
    answers_(setup.dns && setup.dns_answer && !setup.offline), rate_(setup.dns_rate) {
    const std::string_view name_server = setup.name_server.view();
    for (std::size_t i = 0; i < setup.zone_count; ++i) {
        const auto zone = Zone::parse(setup.zones[i].view());
        const auto server = Zone::parse(name_server.empty() ? "ns." + std::string(setup.zones[i].view())
                                                            : std::string(name_server));
        promise(zone && server, "the monitor sent a zone that is none");
        zones_.push_back(*zone);
        data_.push_back({*zone, *server, {}});
    }
    if (!answers_) return;
    for (const ServerAddress& wanted : server_addresses(setup)) {
        auto bound = bind_for_sending(wanted);
        if (bound) {
            sockets_.push_back({wanted.address, wanted.scope, std::move(bound).take()});
        } else {
            troubles.push_back(bound.reason());
        }
    }
}

std::optional<std::string_view> Answering::handle(const Packet& packet, std::chrono::nanoseconds now) {
    const auto question = parse_question(packet.payload);
    if (!question) return std::nullopt;
    const auto below = find_zone(*question, zones_);
    if (!below) return std::nullopt;
    if (answers_) answer(packet, *question, *below, now);
    return below->labels == 1 ? std::optional(below->label) : std::nullopt;
}

bool Answering::within_rate(std::chrono::nanoseconds now) {
    if (now - second_began_ >= std::chrono::seconds{1}) {
        second_began_ = now;
        in_this_second_ = 0;
    }
    if (in_this_second_ >= rate_) return false;
    ++in_this_second_;
    return true;
}

namespace {

bool send_answer(int fd, const Address& to, std::uint16_t port, std::uint32_t scope, Bytes bytes) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (to.family() == Family::ipv4) {
        auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, to.bytes().data(), sizeof v4.sin_addr);
        size = sizeof v4;
    } else {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        v6.sin6_scope_id = scope;
        std::memcpy(&v6.sin6_addr, to.bytes().data(), sizeof v6.sin6_addr);
        size = sizeof v6;
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&storage);
    return sendto(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, address, size) >= 0;
}

} // namespace

void Answering::answer(const Packet& packet, const Question& question, const Below& below,
                       std::chrono::nanoseconds now) {
    const auto socket = std::find_if(sockets_.begin(), sockets_.end(),
                                     [&](const Socket& each) { return each.address == packet.destination; });
    // The kernel would not let in a packet from a loopback address or from one of ours; capture sees it all
    // the same, and an answer would reach services that nobody outside may talk to.
    const bool from_outside = packet.source.usable() &&
                              std::none_of(sockets_.begin(), sockets_.end(),
                                           [&](const Socket& each) { return each.address == packet.source; });
    if (socket == sockets_.end() || !from_outside || packet.source_port == 0 || !within_rate(now)) {
        ++not_answered;
        return;
    }
    const Answer made =
        answer_question(question, packet.payload.size(), data_[below.zone], below, packet.destination);
    if (send_answer(socket->fd.get(), packet.source, packet.source_port, socket->scope,
                    Bytes(made.bytes).first(made.size))) {
        ++answered;
    } else {
        ++not_answered;
    }
}

} // namespace otk
