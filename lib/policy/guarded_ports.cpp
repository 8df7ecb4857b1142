#include "policy/guarded_ports.h"

#include <algorithm>

namespace otk {

GuardedPorts guarded_ports(const std::vector<Command>& commands) {
    GuardedPorts ports;
    for (const Command& command : commands) {
        if (command.kind != CommandKind::open || !command.enabled) continue;
        ports.services.insert(command.service);
        ports.prefixes4.insert(command.prefix4);
        ports.prefixes6.insert(command.prefix6);
    }
    return ports;
}

void add(GuardedPorts& ports, const GuardedPorts& more) {
    ports.services.insert(more.services.begin(), more.services.end());
    ports.prefixes4.insert(more.prefixes4.begin(), more.prefixes4.end());
    ports.prefixes6.insert(more.prefixes6.begin(), more.prefixes6.end());
}

bool includes(const GuardedPorts& all, const GuardedPorts& some) {
    return std::includes(all.services.begin(), all.services.end(), some.services.begin(),
                         some.services.end());
}

std::string ports_text(const GuardedPorts& ports) {
    std::string text;
    for (const Service& service : ports.services)
        text += (text.empty() ? "" : ", ") + format_service(service);
    return text.empty() ? "none" : text;
}

} // namespace otk
