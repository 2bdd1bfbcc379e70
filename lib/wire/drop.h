/* The fate of an arriving frame: taken, or dropped for exactly one reason.  The list is declared once here; it
 * yields the enum, the counters, their names and their help.  The sum of all fates is the number of frames. */
#ifndef FNS_DROP_H
#define FNS_DROP_H

/* clang-format off */
/*        name                 counter              what it says */
#define DROP_LIST(X)                                                                                                               \
	X(TAKEN,               taken,               "taken: it reached its protocol and had its effect, or asked for an answer")   \
	/* Ethernet */                                                                                                             \
	X(L2_RUNT,             l2_runt,             "shorter than an Ethernet header")                                             \
	X(L2_NOT_OURS,         l2_not_ours,         "to another station's address")                                                \
	X(L2_SOURCE,           l2_source,           "from a group address, or from our own")                                       \
	X(L2_VLAN,             l2_vlan,             "VLAN-tagged")                                                                 \
	X(L2_LENGTH,           l2_length,           "an 802.3 length where the type belongs")                                      \
	X(L2_TYPE,             l2_type,             "a type that is neither ARP, IPv4 nor IPv6")                                   \
	X(L2_GIANT,            l2_giant,            "longer than the port's MTU allows")                                           \
	/* ARP */                                                                                                                  \
	X(ARP_SHORT,           arp_short,           "ARP packet cut short")                                                        \
	X(ARP_FORMAT,          arp_format,          "ARP hardware or protocol type or length is not Ethernet and IPv4")            \
	X(ARP_OP,              arp_op,              "ARP operation is neither request nor reply")                                  \
	X(ARP_SENDER,          arp_sender,          "ARP sender address is a group, zero, or not that of the frame")               \
	X(ARP_CONFLICT,        arp_conflict,        "ARP sender claims an address of ours")                                        \
	X(ARP_NOT_OURS,        arp_not_ours,        "ARP about an address that is not ours")                                       \
	X(ARP_UNSOLICITED,     arp_unsolicited,     "ARP reply that nobody asked for")                                             \
	/* IPv4 */                                                                                                                 \
	X(IP4_SHORT,           ip4_short,           "IPv4 header cut short")                                                       \
	X(IP4_VERSION,         ip4_version,         "IPv4 version field is not 4")                                                 \
	X(IP4_IHL,             ip4_ihl,             "IPv4 header length below 20 or beyond the packet")                            \
	X(IP4_LENGTH,          ip4_length,          "IPv4 total length below the header or beyond the frame")                      \
	X(IP4_CKSUM,           ip4_cksum,           "IPv4 header checksum wrong")                                                  \
	X(IP4_FRAGMENT,        ip4_fragment,        "IPv4 fragment: not reassembled")                                              \
	X(IP4_OPTION,          ip4_option,          "IPv4 option malformed")                                                       \
	X(IP4_SOURCE_ROUTE,    ip4_source_route,    "IPv4 source route")                                                           \
	X(IP4_SOURCE,          ip4_source,          "IPv4 source is martian: group, loopback, this-network, broadcast or ours")    \
	X(IP4_NOT_OURS,        ip4_not_ours,        "IPv4 destination is not an address of ours")                                  \
	X(IP4_BROADCAST,       ip4_broadcast,       "IPv4 destination is a broadcast or group address")                            \
	X(IP4_PROTOCOL,        ip4_protocol,        "IPv4 protocol is neither TCP nor ICMP")                                       \
	X(IP4_TTL,             ip4_ttl,             "IPv4 time to live is zero")                                                   \
	/* IPv6 */                                                                                                                 \
	X(IP6_SHORT,           ip6_short,           "IPv6 header cut short")                                                       \
	X(IP6_VERSION,         ip6_version,         "IPv6 version field is not 6")                                                 \
	X(IP6_LENGTH,          ip6_length,          "IPv6 payload length beyond the frame, or zero")                               \
	X(IP6_EXTENSION,       ip6_extension,       "IPv6 extension headers: cut short, too many, or out of order")                \
	X(IP6_OPTION,          ip6_option,          "IPv6 option that asks to be discarded, or malformed")                         \
	X(IP6_ROUTING,         ip6_routing,         "IPv6 routing header with segments left")                                      \
	X(IP6_FRAGMENT,        ip6_fragment,        "IPv6 fragment: not reassembled")                                              \
	X(IP6_NO_NEXT,         ip6_no_next,         "IPv6 no next header")                                                         \
	X(IP6_SOURCE,          ip6_source,          "IPv6 source is martian: group, loopback, unspecified, v4-mapped or ours")     \
	X(IP6_NOT_OURS,        ip6_not_ours,        "IPv6 destination is not an address of ours")                                  \
	X(IP6_MULTICAST,       ip6_multicast,       "IPv6 destination is a group, and the packet is not neighbour discovery")      \
	X(IP6_PROTOCOL,        ip6_protocol,        "IPv6 next header is neither TCP nor ICMPv6")                                  \
	/* ICMP and ICMPv6 */                                                                                                      \
	X(ICMP_SHORT,          icmp_short,          "ICMP message cut short")                                                      \
	X(ICMP_CKSUM,          icmp_cksum,          "ICMP checksum wrong")                                                         \
	X(ICMP_TYPE,           icmp_type,           "ICMP type that is not acted upon (redirect, source quench, advertisements)")  \
	X(ICMP_CODE,           icmp_code,           "ICMP code out of range for its type")                                         \
	X(ICMP_QUOTE,          icmp_quote,          "ICMP error whose quoted packet is cut short, malformed or not TCP")           \
	X(ICMP_NO_CONN,        icmp_no_conn,        "ICMP error that quotes a connection we do not have")                          \
	X(ICMP_NOT_IN_FLIGHT,  icmp_not_in_flight,  "ICMP error whose quoted sequence number is not in flight (RFC 5927)")         \
	X(ICMP_MTU,            icmp_mtu,            "ICMP too-big with an MTU that is not smaller, or below the protocol's least") \
	X(ICMP_RATE,           icmp_rate,           "ICMP echo over the rate limit")                                               \
	X(ND_HOP_LIMIT,        nd_hop_limit,        "neighbour discovery with a hop limit that is not 255")                        \
	X(ND_OPTION,           nd_option,           "neighbour discovery option malformed")                                        \
	X(ND_TARGET,           nd_target,           "neighbour discovery about an address that is a group or not ours")            \
	X(ND_SOURCE,           nd_source,           "neighbour discovery source or link-layer address out of range")               \
	X(ND_UNSOLICITED,      nd_unsolicited,      "neighbour advertisement that nobody asked for")                               \
	X(ND_CONFLICT,         nd_conflict,         "neighbour advertisement or probe that claims an address of ours")             \
	/* TCP: the header */                                                                                                      \
	X(TCP_SHORT,           tcp_short,           "TCP header cut short")                                                        \
	X(TCP_OFFSET,          tcp_offset,          "TCP data offset below 5 or beyond the segment")                               \
	X(TCP_CKSUM,           tcp_cksum,           "TCP checksum wrong")                                                          \
	X(TCP_PORT_ZERO,       tcp_port_zero,       "TCP port 0")                                                                  \
	X(TCP_OPTION,          tcp_option,          "TCP option of illegal length on a SYN (MUST-7)")                              \
	/* TCP: RFC 9293 §3.10.7, in its order */                                                                                  \
	X(CLOSED_RST,          closed_rst,          "reset for a connection that does not exist")                                  \
	X(CLOSED_NO_CONN,      closed_no_conn,      "segment for a connection that does not exist; answered with a reset")         \
	X(CLOSED_IGNORED,      closed_ignored,      "SYN that nobody listens for while drained, and told to ignore them")          \
	X(LISTEN_RST,          listen_rst,          "reset at a listener")                                                         \
	X(LISTEN_ACK,          listen_ack,          "acknowledgment at a listener; answered with a reset")                         \
	X(LISTEN_NO_SYN,       listen_no_syn,       "neither SYN, ACK nor RST at a listener")                                      \
	X(SYN_FIN,             syn_fin,             "SYN with FIN, and drop_syn_fin")                                              \
	X(LISTEN_SYN_FIN,      listen_syn_fin,      "SYN with FIN at a listener")                                                  \
	X(LISTEN_FULL,         listen_full,         "ACK of a SYN when as many as may wait for accept already do")                   \
	X(LISTEN_BACKLOG,      listen_backlog,      "SYN when the listener's backlog is full")                                     \
	X(LISTEN_NO_MEMORY,    listen_no_memory,    "SYN when the pool of connections is empty")                                   \
	X(SYN_SENT_ACK,        syn_sent_ack,        "SYN-SENT: acknowledgment not acceptable; answered with a reset")              \
	X(SYN_SENT_RST,        syn_sent_rst,        "SYN-SENT: reset without an acceptable acknowledgment")                        \
	X(SYN_SENT_NO_SYN,     syn_sent_no_syn,     "SYN-SENT: neither SYN nor RST")                                               \
	X(SEQ_PAWS,            seq_paws,            "timestamp older than the last one (RFC 7323 §5)")                             \
	X(SEQ_NO_TIMESTAMP,    seq_no_timestamp,    "timestamps were negotiated and this segment has none (RFC 7323 §3.2)")        \
	X(SEQ_OUTSIDE,         seq_outside,         "not one octet inside the window")                                             \
	X(SEQ_DUPLICATE,       seq_duplicate,       "nothing new: all octets were received before")                                \
	X(RST_OUTSIDE,         rst_outside,         "reset outside the window (RFC 5961 §3)")                                      \
	X(RST_CHALLENGED,      rst_challenged,      "reset inside the window but not at its edge: challenged (RFC 5961 §3)")       \
	X(SYN_CHALLENGED,      syn_challenged,      "SYN on a synchronized connection: challenged (RFC 5961 §4)")                  \
	X(SYN_REFUSED,         syn_refused,         "SYN in SYN-RECEIVED that ends a passive open")                                \
	X(ACK_MISSING,         ack_missing,         "no ACK on a synchronized connection")                                         \
	X(ACK_REFUSED,         ack_refused,         "SYN-RECEIVED: acknowledgment not acceptable; answered with a reset")          \
	X(ACK_OLD,             ack_old,             "acknowledgment older than the largest window ever offered (RFC 5961 §5)")     \
	X(ACK_FUTURE,          ack_future,          "acknowledgment of what was never sent")                                       \
	X(TEXT_AFTER_CLOSE,    text_after_close,    "octets after the application closed; answered with a reset")                  \
	X(TEXT_AFTER_FIN,      text_after_fin,      "octets beyond the peer's FIN")                                                \
	X(TEXT_NO_MEMORY,      text_no_memory,      "octets for which no page was free")                                           \
	X(TEXT_NO_ROOM,        text_no_room,        "out-of-order octets for which no range was free")                             \
	X(TIME_WAIT_RST,       time_wait_rst,       "reset in TIME-WAIT (RFC 1337)")                                               \
	X(TIME_WAIT_OLD,       time_wait_old,       "segment in TIME-WAIT that is no FIN and opens nothing; acknowledged at most")

enum drop {
#define X(name, counter, help) DROP_##name,
	DROP_LIST(X)
#undef X
	DROP_COUNT
};
/* clang-format on */

/* Lower case, as counters are named: "ip4_cksum"; "unknown" for what is no drop. */
const char *drop_name(enum drop);
const char *drop_help(enum drop);

#endif
