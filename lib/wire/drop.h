/* The fate of an arriving frame: taken, or dropped for exactly one reason.  The list is declared once here; it
 * yields the enum, the counters, their names and their help.  The sum of all fates is the number of frames. */
#ifndef FNS_DROP_H
#define FNS_DROP_H

/*        name                 what it says                                                                      */
#define DROP_LIST(X)                                                                                             \
	X(TAKEN,               "taken: it reached its protocol and had its effect, or asked for an answer")       \
	/* Ethernet */                                                                                           \
	X(L2_RUNT,             "shorter than an Ethernet header")                                                \
	X(L2_NOT_OURS,         "to another station's address")                                                   \
	X(L2_SOURCE,           "from a group address, or from our own")                                          \
	X(L2_VLAN,             "VLAN-tagged")                                                                    \
	X(L2_LENGTH,           "an 802.3 length where the type belongs")                                         \
	X(L2_TYPE,             "a type that is neither ARP, IPv4 nor IPv6")                                      \
	X(L2_GIANT,            "longer than the port's MTU allows")                                              \
	/* ARP */                                                                                                \
	X(ARP_SHORT,           "ARP packet cut short")                                                           \
	X(ARP_FORMAT,          "ARP hardware or protocol type or length is not Ethernet and IPv4")               \
	X(ARP_OP,              "ARP operation is neither request nor reply")                                     \
	X(ARP_SENDER,          "ARP sender address is a group, zero, or not that of the frame")                  \
	X(ARP_CONFLICT,        "ARP sender claims an address of ours")                                           \
	X(ARP_NOT_OURS,        "ARP about an address that is not ours")                                          \
	X(ARP_UNSOLICITED,     "ARP reply that nobody asked for")                                                \
	/* IPv4 */                                                                                               \
	X(IP4_SHORT,           "IPv4 header cut short")                                                          \
	X(IP4_VERSION,         "IPv4 version field is not 4")                                                    \
	X(IP4_IHL,             "IPv4 header length below 20 or beyond the packet")                               \
	X(IP4_LENGTH,          "IPv4 total length below the header or beyond the frame")                         \
	X(IP4_CKSUM,           "IPv4 header checksum wrong")                                                     \
	X(IP4_FRAGMENT,        "IPv4 fragment: not reassembled")                                                 \
	X(IP4_OPTION,          "IPv4 option malformed")                                                          \
	X(IP4_SOURCE_ROUTE,    "IPv4 source route")                                                              \
	X(IP4_SOURCE,          "IPv4 source is martian: group, loopback, this-network, broadcast or ours")       \
	X(IP4_NOT_OURS,        "IPv4 destination is not an address of ours")                                     \
	X(IP4_BROADCAST,       "IPv4 destination is a broadcast or group address")                               \
	X(IP4_PROTOCOL,        "IPv4 protocol is neither TCP nor ICMP")                                          \
	X(IP4_TTL,             "IPv4 time to live is zero")                                                      \
	/* IPv6 */                                                                                               \
	X(IP6_SHORT,           "IPv6 header cut short")                                                          \
	X(IP6_VERSION,         "IPv6 version field is not 6")                                                    \
	X(IP6_LENGTH,          "IPv6 payload length beyond the frame, or zero")                                  \
	X(IP6_EXTENSION,       "IPv6 extension headers: cut short, too many, or out of order")                   \
	X(IP6_OPTION,          "IPv6 option that asks to be discarded, or malformed")                            \
	X(IP6_ROUTING,         "IPv6 routing header with segments left")                                         \
	X(IP6_FRAGMENT,        "IPv6 fragment: not reassembled")                                                 \
	X(IP6_NO_NEXT,         "IPv6 no next header")                                                            \
	X(IP6_SOURCE,          "IPv6 source is martian: group, loopback, unspecified, v4-mapped or ours")        \
	X(IP6_NOT_OURS,        "IPv6 destination is not an address of ours")                                     \
	X(IP6_MULTICAST,       "IPv6 destination is a group, and the packet is not neighbour discovery")         \
	X(IP6_PROTOCOL,        "IPv6 next header is neither TCP nor ICMPv6")                                     \
	/* ICMP and ICMPv6 */                                                                                    \
	X(ICMP_SHORT,          "ICMP message cut short")                                                         \
	X(ICMP_CKSUM,          "ICMP checksum wrong")                                                            \
	X(ICMP_TYPE,           "ICMP type that is not acted upon (redirect, source quench, advertisements)")     \
	X(ICMP_CODE,           "ICMP code out of range for its type")                                            \
	X(ICMP_QUOTE,          "ICMP error whose quoted packet is cut short, malformed or not TCP")              \
	X(ICMP_NO_CONN,        "ICMP error that quotes a connection we do not have")                             \
	X(ICMP_NOT_IN_FLIGHT,  "ICMP error whose quoted sequence number is not in flight (RFC 5927)")            \
	X(ICMP_MTU,            "ICMP too-big with an MTU that is not smaller, or below the protocol's least")    \
	X(ICMP_RATE,           "ICMP echo over the rate limit")                                                  \
	X(ND_HOP_LIMIT,        "neighbour discovery with a hop limit that is not 255")                           \
	X(ND_OPTION,           "neighbour discovery option malformed")                                           \
	X(ND_TARGET,           "neighbour discovery about an address that is a group or not ours")               \
	X(ND_SOURCE,           "neighbour discovery source or link-layer address out of range")                  \
	X(ND_UNSOLICITED,      "neighbour advertisement that nobody asked for")                                  \
	X(ND_CONFLICT,         "neighbour advertisement or probe that claims an address of ours")                \
	/* TCP: the header */                                                                                    \
	X(TCP_SHORT,           "TCP header cut short")                                                           \
	X(TCP_OFFSET,          "TCP data offset below 5 or beyond the segment")                                  \
	X(TCP_CKSUM,           "TCP checksum wrong")                                                             \
	X(TCP_PORT_ZERO,       "TCP port 0")                                                                     \
	X(TCP_OPTION,          "TCP option of illegal length on a SYN (MUST-7)")                                 \
	X(TCP_LAND,            "TCP SYN from its own destination (LAND)")                                        \
	/* TCP: RFC 9293 §3.10.7, in its order */                                                                \
	X(CLOSED_RST,          "reset for a connection that does not exist")                                     \
	X(CLOSED_NO_CONN,      "segment for a connection that does not exist; answered with a reset")            \
	X(LISTEN_RST,          "reset at a listener")                                                            \
	X(LISTEN_ACK,          "acknowledgment at a listener; answered with a reset")                            \
	X(LISTEN_NO_SYN,       "neither SYN, ACK nor RST at a listener")                                         \
	X(LISTEN_SYN_FIN,      "SYN with FIN at a listener")                                                     \
	X(LISTEN_BACKLOG,      "SYN when the listener's backlog is full")                                        \
	X(LISTEN_NO_MEMORY,    "SYN when the pool of connections is empty")                                      \
	X(SYN_SENT_ACK,        "SYN-SENT: acknowledgment not acceptable; answered with a reset")                 \
	X(SYN_SENT_RST,        "SYN-SENT: reset without an acceptable acknowledgment")                           \
	X(SYN_SENT_NO_SYN,     "SYN-SENT: neither SYN nor RST")                                                  \
	X(SEQ_PAWS,            "timestamp older than the last one (RFC 7323 §5)")                                \
	X(SEQ_NO_TIMESTAMP,    "timestamps were negotiated and this segment has none (RFC 7323 §3.2)")           \
	X(SEQ_OUTSIDE,         "not one octet inside the window")                                                \
	X(SEQ_DUPLICATE,       "nothing new: all octets were received before")                                   \
	X(RST_OUTSIDE,         "reset outside the window (RFC 5961 §3)")                                         \
	X(RST_CHALLENGED,      "reset inside the window but not at its edge: challenged (RFC 5961 §3)")          \
	X(SYN_CHALLENGED,      "SYN on a synchronized connection: challenged (RFC 5961 §4)")                     \
	X(SYN_REFUSED,         "SYN in SYN-RECEIVED that ends a passive open")                                   \
	X(ACK_MISSING,         "no ACK on a synchronized connection")                                            \
	X(ACK_REFUSED,         "SYN-RECEIVED: acknowledgment not acceptable; answered with a reset")             \
	X(ACK_OLD,             "acknowledgment older than the largest window ever offered (RFC 5961 §5)")        \
	X(ACK_FUTURE,          "acknowledgment of what was never sent")                                          \
	X(TEXT_AFTER_CLOSE,    "octets after the application closed; answered with a reset")                     \
	X(TEXT_AFTER_FIN,      "octets beyond the peer's FIN")                                                   \
	X(TEXT_NO_MEMORY,      "octets for which no page was free")                                              \
	X(TEXT_NO_ROOM,        "out-of-order octets for which no range was free")                                \
	X(TIME_WAIT_RST,       "reset in TIME-WAIT (RFC 1337)")                                                  \
	X(TIME_WAIT_OLD,       "segment in TIME-WAIT that is no FIN and opens nothing; acknowledged at most")

enum drop {
#define X(name, help) DROP_##name,
	DROP_LIST(X)
#undef X
	DROP_COUNT
};

/* Lower case, as counters are named: "ip4_cksum". */
const char *drop_name(enum drop);
const char *drop_help(enum drop);

#endif
