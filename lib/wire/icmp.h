/* ICMP (RFC 792) and ICMPv6 (RFC 4443) messages as values, with what an error quotes of our packet. */
#ifndef FNS_ICMP_H
#define FNS_ICMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drop.h"
#include "flow.h"
#include "ip4.h"

enum icmp_kind {
	ICMP_ECHO,    /* a request: body is identifier, sequence and payload, to be sent back */
	ICMP_SOFT,    /* unreachable net, host ...; reassembly time exceeded; parameter problem (MUST-56) */
	ICMP_EXPIRED, /* time exceeded in transit: soft too, but FreeBSD ends an open for it */
	ICMP_HARD,    /* unreachable protocol, port, administratively (SHLD-26) */
	ICMP_TOO_BIG, /* fragmentation needed, packet too big: mtu */
	ICMP_ND,      /* neighbour solicitation or advertisement: nd_parse goes on */
};

struct icmp {
	enum icmp_kind kind;
	uint8_t type, code;
	const uint8_t *body; /* what follows the first 4 octets */
	uint16_t body_len;
	/* errors only: the quoted packet as ours, so `local` is its source */
	struct flow flow;
	uint32_t seq;
	uint32_t mtu; /* ICMP_TOO_BIG: as announced, may be anything; 0 from routers before RFC 1191 */
};

/* Verifies the checksum.  ICMP_SHORT, ICMP_CKSUM, ICMP_TYPE, ICMP_CODE, ICMP_QUOTE. */
enum drop icmp_parse(struct icmp *, const struct ip_packet *);

/* Neighbour discovery (RFC 4861 §4.3, §4.4). */
struct nd {
	bool advert; /* advertisement; else solicitation */
	bool solicited, override;
	bool has_mac; /* source (solicitation) or target (advertisement) link-layer address option */
	uint8_t target[16];
	uint8_t mac[6];
};

/* The validity checks of RFC 4861 §7.1 and RFC 6980: ND_HOP_LIMIT, IP6_FRAGMENT, ICMP_CODE, ICMP_SHORT, ND_TARGET (a
 * group), ND_OPTION, ND_SOURCE (a probe from :: with a link-layer address or not to a solicited-node group; a link-layer
 * address that is no station's), ND_UNSOLICITED (an advertisement to a group that says it was solicited). */
enum drop nd_parse(struct nd *, const struct icmp *, const struct ip_packet *);

/* Each writes a whole message with its checksum at `at` and returns its length. */
size_t icmp_echo_reply(uint8_t *at, const struct icmp *request, const uint8_t src[16], const uint8_t dst[16]);
#define ND_SIZE 32 /* without has_mac: 24 */
size_t nd_build(uint8_t at[ND_SIZE], const struct nd *, const uint8_t src[16], const uint8_t dst[16]);

#endif
