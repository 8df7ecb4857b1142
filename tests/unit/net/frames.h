// Frames as tcpdump captured them between two network namespaces, sent by the programs named, on Debian 12:
// iputils 20221126, nping 0.7.93, netcat-openbsd 1.219, BIND's dig and host 9.18. Hex digits; see frame() for
// the bytes.
#pragma once

#include "base/promise.h"
#include "base/text.h"
#include "net/packet.h"

#include <array>
#include <string_view>
#include <vector>

namespace otk::frames {

struct Captured {
    std::string_view name;
    LinkType link{};
    std::string_view hex;
};

// ping -p 00112233445566778899aabbccddeeff 192.0.2.2
inline constexpr Captured ping4_default{
    "ping4_default", LinkType::ethernet,
    "020000000002020000000001080045000054b89840004001fe0cc0000201c00002020800fc8e1cd800012af2016b0000"
    "000069a203000000000000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff001122334455"
    "6677"};
// the same to 2001:db8::2
inline constexpr Captured ping6_default{
    "ping6_default", LinkType::ethernet,
    "02000000000202000000000186dd60034c6e00403a4020010db800000000000000000000000120010db8000000000000"
    "0000000000028000a5851cd900012af2016b00000000ecba03000000000000112233445566778899aabbccddeeff0011"
    "2233445566778899aabbccddeeff0011223344556677"};
// ping -s 8 -p 0011223344556677
inline constexpr Captured ping4_size_8{
    "ping4_size_8", LinkType::ethernet,
    "020000000002020000000001080045000024b89b40004001fe39c0000201c000020208000e141cda0001001122334455"
    "6677"};
// ping -s 12 -p 001122334455667788aabbcc
inline constexpr Captured ping4_size_12{
    "ping4_size_12", LinkType::ethernet,
    "020000000002020000000001080045000028b89c40004001fe34c0000201c00002020800c99b1cdb0001001122334455"
    "667788aabbcc"};
// ping -s 16 -p 00112233445566778899aabbccddeeff: the stamp and nothing else
inline constexpr Captured ping4_size_16{
    "ping4_size_16", LinkType::ethernet,
    "02000000000202000000000108004500002cb89d40004001fe2fc0000201c000020208001fd31cdc00012af2016b0000"
    "00008bf2030000000000"};
// ping -s 15, the same pattern: no stamp
inline constexpr Captured ping4_size_15{
    "ping4_size_15", LinkType::ethernet,
    "02000000000202000000000108004500002bb89e40004001fe2fc0000201c000020208001fdd1cdd0001001122334455"
    "66778899aabbccddee"};
// ping -s 24, the same pattern
inline constexpr Captured ping4_size_24{
    "ping4_size_24", LinkType::ethernet,
    "020000000002020000000001080045000034b89f40004001fe25c0000201c00002020800429d1cde00012af2016b0000"
    "00009b150400000000000011223344556677"};
// ping -s 32, the same pattern
inline constexpr Captured ping4_size_32{
    "ping4_size_32", LinkType::ethernet,
    "02000000000202000000000108004500003cb8a040004001fe1cc0000201c0000202080052591cdf00012af2016b0000"
    "00009c2504000000000000112233445566778899aabbccddeeff"};
// ping -p 0011223344556677
inline constexpr Captured ping4_short_pattern{
    "ping4_short_pattern", LinkType::ethernet,
    "020000000002020000000001080045000054b8a140004001fe03c0000201c0000202080085361ce000012af2016b0000"
    "000024370400000000000011223344556677001122334455667700112233445566770011223344556677001122334455"
    "6677"};
// ping -s 24 -p 0011223344556677 2001:db8::2
inline constexpr Captured ping6_size_24{
    "ping6_size_24", LinkType::ethernet,
    "02000000000202000000000186dd60034c6e00203a4020010db800000000000000000000000120010db8000000000000"
    "000000000002800017981ce100012af2016b00000000f2470400000000000011223344556677"};
// ping -s 8 -p 0011223344556677 2001:db8::2
inline constexpr Captured ping6_size_8{
    "ping6_size_8", LinkType::ethernet,
    "02000000000202000000000186dd60034c6e00103a4020010db800000000000000000000000120010db8000000000000"
    "00000000000280003a4c1ce200010011223344556677"};
// ping -R -p 00112233445566778899aabbccddeeff: IPv4 options
inline constexpr Captured ping4_record_route{
    "ping4_record_route", LinkType::ethernet,
    "02000000000202000000000108004f00007cba8b4000400107e1c0000201c000020201072708c0000201000000000000"
    "00000000000000000000000000000000000000000000000000000800d0fb1cfc00012cf2016b000000008e1108000000"
    "000000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677"};
// nping --icmp --data 00112233445566778899aabbccddeeff
inline constexpr Captured nping_data{
    "nping_data", LinkType::ethernet,
    "02000000000202000000000108004500002cdd5e00004001196fc0000201c00002020800c9b172090001001122334455"
    "66778899aabbccddeeff"};
// nping --icmp --data-string 00112233445566778899aabbccddeeff
inline constexpr Captured nping_data_string{
    "nping_data_string", LinkType::ethernet,
    "02000000000202000000000108004500003c96d0000040015fedc0000201c00002020800417c501c0001303031313232"
    "3333343435353636373738383939616162626363646465656666"};
// echo 'aef3 77c1 ... 192.0.2.77' | nc -u 192.0.2.2 62201
inline constexpr Captured nc4_hex_and_address{
    "nc4_hex_and_address", LinkType::ethernet,
    "02000000000202000000000108004500004f525c40004011643ec0000201c0000202a7e9f2f9003b8450616566332037"
    "376331203031323320343536372038396162206364656620303031312032323333203139322e302e322e37370a"};
// printf aef377c10123456789abcdef00112233 | nc -u 2001:db8::2 62201
inline constexpr Captured nc6_hex{
    "nc6_hex", LinkType::ethernet,
    "02000000000202000000000186dd60003a900028114020010db800000000000000000000000120010db8000000000000"
    "000000000002b9cbf2f900285bae6165663337376331303132333435363738396162636465663030313132323333"};
// printf '\x00\x11...' | nc -u 2001:db8::2 62201
inline constexpr Captured nc6_raw{
    "nc6_raw", LinkType::ethernet,
    "02000000000202000000000186dd600d11900018114020010db800000000000000000000000120010db8000000000000"
    "000000000002a841f2f900185b9e00112233445566778899aabbccddeeff"};
// dig @192.0.2.2 aaaqeayeaudaocajbifqydiob4.knock.example.org: EDNS with a cookie
inline constexpr Captured dig4{
    "dig4", LinkType::ethernet,
    "0200000000020200000000010800450000718bef000040116a89c0000201c0000202d48d0035005d8472d3e001200001"
    "0000000000011a6161617165617965617564616f63616a626966717964696f6234056b6e6f636b076578616d706c6503"
    "6f7267000001000100002904d000000000000c000a000895cddbf59b69f8fc"};
// dig +noedns @2001:db8::2 aaaqeayeaudaocajbifqydiob4-203-0-113-9.knock.example.org TXT
inline constexpr Captured dig6_named{
    "dig6_named", LinkType::ethernet,
    "02000000000202000000000186dd600eda7d0052114020010db800000000000000000000000120010db8000000000000"
    "000000000002d486003500525bd81db001200001000000000000266161617165617965617564616f63616a6269667179"
    "64696f62342d3230332d302d3131332d39056b6e6f636b076578616d706c65036f72670000100001"};
// host -t A aaaqeayeaudaocajbifqydiob4.knock.example.org 192.0.2.2
inline constexpr Captured host4{
    "host4", LinkType::ethernet,
    "02000000000202000000000108004500005a62960000401193f9c0000201c00002029df900350046845b7dc601000001"
    "0000000000001a6161617165617965617564616f63616a626966717964696f6234056b6e6f636b076578616d706c6503"
    "6f72670000010001"};
// bash -c 'echo > /dev/tcp/192.0.2.2/50123', with ECN (net.ipv4.tcp_ecn = 1): a SYN with two more flags
inline constexpr Captured syn4{
    "syn4", LinkType::ethernet,
    "02000000000202000000000108004500003c9802400040061eb6c0000201c0000202c8ccc3cb7a057e0500000000a0c2"
    "faf084320000020405b40402080a0df90769000000000103030a"};
// the same to 2001:db8::2
inline constexpr Captured syn6{
    "syn6", LinkType::ethernet,
    "02000000000202000000000186dd600c57a40028064020010db800000000000000000000000120010db8000000000000"
    "000000000002ba88c3cbaf7101b900000000a0c2fd205ba30000020405a00402080a2141212c000000000103030a"};
// syn6 on the device `any`
inline constexpr Captured cooked2_syn6{
    "cooked2_syn6", LinkType::linux_cooked2,
    "86dd000000000002000100060200000000010000600c57a40028064020010db800000000000000000000000120010db8"
    "000000000000000000000002ba88c3cbaf7101b900000000a0c2fd205ba30000020405a00402080a2141212c00000000"
    "0103030a"};
// the refusal that came back for syn4: RST and ACK
inline constexpr Captured rst4{
    "rst4", LinkType::ethernet,
    "020000000001020000000002080045000028000040004006b6ccc0000202c0000201c3cbc8cc000000007a057e065014"
    "0000a7280000"};
// the last fragment of ping -s 3000
inline constexpr Captured fragment4_last{
    "fragment4_last", LinkType::ethernet,
    "020000000002020000000001080045000044ba8a017240013ab9c0000201c00002028899aabbccddeeff001122334455"
    "66778899aabbccddeeff00112233445566778899aabbccddeeff0011223344556677"};
// the same to 2001:db8::2
inline constexpr Captured fragment6_last{
    "fragment6_last", LinkType::ethernet,
    "02000000000202000000000186dd60034c6e00782c4020010db800000000000000000000000120010db8000000000000"
    "0000000000023a000b503d4e68478899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"
    "aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899"
    "aabbccddeeff00112233445566778899aabbccddeeff0011223344556677"};
// the kernel's question who has 192.0.2.2
inline constexpr Captured arp{
    "arp", LinkType::ethernet,
    "ffffffffffff02000000000108060001080006040001020000000001c0000201000000000000c0000202"};
// the kernel's MLD report, behind a hop-by-hop header
inline constexpr Captured listener_report{
    "listener_report", LinkType::ethernet,
    "33330000001602000000000186dd6000000000240001fe80000000000000000000fffe000001ff020000000000000000"
    "0000000000163a000502000001008f0072070000000104000000ff0200000000000000000001ff000001"};
// the kernel's neighbour solicitation
inline constexpr Captured solicitation{
    "solicitation", LinkType::ethernet,
    "3333ff00000202000000000186dd6000000000203aff20010db8000000000000000000000001ff020000000000000000"
    "0001ff00000287001c270000000020010db80000000000000000000000020101020000000001"};
// ping4_default on the device `any`, DLT_LINUX_SLL
inline constexpr Captured cooked_ping4{
    "cooked_ping4", LinkType::linux_cooked,
    "0000000100060200000000010000080045000054b89840004001fe0cc0000201c00002020800fc8e1cd800012af2016b"
    "0000000069a203000000000000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233"
    "44556677"};
// ping6_default, likewise
inline constexpr Captured cooked_ping6{
    "cooked_ping6", LinkType::linux_cooked,
    "000000010006020000000001000086dd60034c6e00403a4020010db800000000000000000000000120010db800000000"
    "00000000000000028000a5851cd900012af2016b00000000ecba03000000000000112233445566778899aabbccddeeff"
    "00112233445566778899aabbccddeeff0011223344556677"};
// ping4_default on the device `any`, DLT_LINUX_SLL2
inline constexpr Captured cooked2_ping4{
    "cooked2_ping4", LinkType::linux_cooked2,
    "080000000000000200010006020000000001000045000054b89840004001fe0cc0000201c00002020800fc8e1cd80001"
    "2af2016b0000000069a203000000000000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    "0011223344556677"};
// ping6_default, likewise
inline constexpr Captured cooked2_ping6{
    "cooked2_ping6", LinkType::linux_cooked2,
    "86dd00000000000200010006020000000001000060034c6e00403a4020010db800000000000000000000000120010db8"
    "0000000000000000000000028000a5851cd900012af2016b00000000ecba03000000000000112233445566778899aabb"
    "ccddeeff00112233445566778899aabbccddeeff0011223344556677"};
// nc4_hex_and_address, likewise
inline constexpr Captured cooked2_nc4{
    "cooked2_nc4", LinkType::linux_cooked2,
    "08000000000000020001000602000000000100004500004f525c40004011643ec0000201c0000202a7e9f2f9003b8450"
    "616566332037376331203031323320343536372038396162206364656620303031312032323333203139322e302e322e"
    "37370a"};
// nc6_hex, likewise
inline constexpr Captured cooked2_nc6{
    "cooked2_nc6", LinkType::linux_cooked2,
    "86dd00000000000200010006020000000001000060003a900028114020010db800000000000000000000000120010db8"
    "000000000000000000000002b9cbf2f900285bae61656633373763313031323334353637383961626364656630303131"
    "32323333"};
// dig4, likewise
inline constexpr Captured cooked2_dig4{
    "cooked2_dig4", LinkType::linux_cooked2,
    "0800000000000002000100060200000000010000450000718bef000040116a89c0000201c0000202d48d0035005d8472"
    "d3e0012000010000000000011a6161617165617965617564616f63616a626966717964696f6234056b6e6f636b076578"
    "616d706c65036f7267000001000100002904d000000000000c000a000895cddbf59b69f8fc"};

inline constexpr std::array all{ping4_default,
                                ping6_default,
                                ping4_size_8,
                                ping4_size_12,
                                ping4_size_16,
                                ping4_size_15,
                                ping4_size_24,
                                ping4_size_32,
                                ping4_short_pattern,
                                ping6_size_24,
                                ping6_size_8,
                                ping4_record_route,
                                nping_data,
                                nping_data_string,
                                nc4_hex_and_address,
                                nc6_hex,
                                nc6_raw,
                                dig4,
                                dig6_named,
                                host4,
                                syn4,
                                syn6,
                                cooked2_syn6,
                                rst4,
                                fragment4_last,
                                fragment6_last,
                                arp,
                                listener_report,
                                solicitation,
                                cooked_ping4,
                                cooked_ping6,
                                cooked2_ping4,
                                cooked2_ping6,
                                cooked2_nc4,
                                cooked2_nc6,
                                cooked2_dig4};

inline std::vector<std::uint8_t> frame(const Captured& captured) {
    const auto bytes = from_hex(captured.hex);
    promise(bytes.has_value(), "a captured frame is not hex");
    return *bytes;
}

} // namespace otk::frames
