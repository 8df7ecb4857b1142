#include "knockd/capture/answering.h"

#include "knockd/capture/bind.h"
#include "net/socket_address.h"

namespace otk {

Answering::Answering(const message::CaptureSetup& setup, std::vector<std::string>& troubles) :
    answers_(setup.dns && setup.dns_answer && !setup.offline), confirms_(answers_ && setup.dns_confirm),
    confirmations_(setup.algorithms), rate_(setup.dns_rate) {
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

std::optional<Below> Answering::handle(const Packet& packet, std::chrono::nanoseconds now, Time wall_clock) {
    const auto question = parse_question(packet.payload);
    if (!question) return std::nullopt;
    const auto below = find_zone(*question, zones_);
    if (!below) return std::nullopt;
    if (answers_) answer(packet, *question, *below, now, wall_clock);
    return below;
}

void Answering::confirm(const message::Confirm& confirm, std::chrono::nanoseconds now) {
    if (confirms_) confirmations_.add(confirm, now);
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
    const SocketAddress address = socket_address(to, port, scope);
    return sendto(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, address.get(), address.size) >=
           0;
}

} // namespace

void Answering::answer(const Packet& packet, const Question& question, const Below& below,
                       std::chrono::nanoseconds now, Time wall_clock) {
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
    ConfirmationText text;
    if (confirms_ && asks_for_text(question)) {
        RequestRoom room;
        text = confirmations_.about(dns_candidates(below, room), now, wall_clock);
    }
    const Answer made = answer_question(question, packet.payload.size(), data_[below.zone], below,
                                        packet.destination, text.view());
    if (send_answer(socket->fd.get(), packet.source, packet.source_port, socket->scope,
                    Bytes(made.bytes).first(made.size))) {
        ++answered;
    } else {
        ++not_answered;
    }
}

} // namespace otk
