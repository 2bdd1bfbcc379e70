/* IPv4 (RFC 791, RFC 1122 §3.2.1) and, shared with IPv6, the packet as values. */
#ifndef FNS_IP4_H
#define FNS_IP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cksum.h"
#include "cursor.h"
#include "drop.h"
#include "flow.h"

#define IP4_HEADER   20
#define IP4_FIRST    0x45   /* the first octet: version 4, a header without options */
#define IP4_DF       0x4000 /* don't fragment */
#define IP4_FRAGMENT 0x3fff /* more fragments, or an offset: none of a whole datagram */

enum ip_protocol { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_ICMP6 = 58 };

struct ip_packet {
	uint8_t src[16], dst[16]; /* IPv4 mapped */
	uint8_t protocol;         /* of l4, behind options and extension headers */
	uint8_t ttl;              /* or hop limit */
	uint8_t tos;              /* or traffic class */
	bool v6;
	bool atomic;       /* IPv6: had the header of an atomic fragment (RFC 6980 forbids it to ND) */
	const uint8_t *l4; /* into the frame: padding behind the packet is cut off */
	uint16_t l4_len;
};

/* IP4_OPTION, IP4_SOURCE_ROUTE. */
enum drop ip4_options(const uint8_t *options, size_t len);

/* `verified`: the driver's word that the header checksum is good.  IP4_SHORT to IP4_SOURCE_ROUTE and IP4_TTL; whose
 * the addresses are is the caller's affair.  For each frame, and too long for the compiler to inline unasked. */
static inline __attribute__((always_inline)) enum drop
ip4_parse(struct ip_packet *ip, struct cursor *c, bool verified)
{
	size_t left = cursor_left(c), header = IP4_HEADER, total;
	const uint8_t *p = c->at;

	if (left < IP4_HEADER)
		return DROP_IP4_SHORT;
	if (p[0] != IP4_FIRST) {
		if (p[0] >> 4 != 4)
			return DROP_IP4_VERSION;
		header = (size_t)(p[0] & 0x0f) * 4;
		if (header < IP4_HEADER || header > left)
			return DROP_IP4_IHL;
	}
	total = get_u16(p + 2);
	if (total < header || total > left)
		return DROP_IP4_LENGTH;
	if (!verified &&
	    cksum_fold(header == IP4_HEADER ? cksum_header20(0, p) : cksum_header(0, p, header)) != 0)
		return DROP_IP4_CKSUM;
	if (get_u16(p + 6) & IP4_FRAGMENT)
		return DROP_IP4_FRAGMENT;
	if (header > IP4_HEADER) {
		enum drop fate = ip4_options(p + IP4_HEADER, header - IP4_HEADER);

		if (fate != DROP_TAKEN)
			return fate;
	}
	if (p[8] == 0)
		return DROP_IP4_TTL;
	(void)cursor_take(c, total);
	ip->protocol = p[9];
	ip->ttl = p[8];
	ip->tos = p[1];
	ip->v6 = ip->atomic = false;
	ip->l4 = p + header;
	ip->l4_len = (uint16_t)(total - header);
	addr_from_ip4(ip->src, p + 12);
	addr_from_ip4(ip->dst, p + 16);
	return DROP_TAKEN;
}

/* DF set, identification 0 (RFC 6864), checksum filled in; addresses are mapped ones, `addresses` is the sum of both
 * (cksum_number_addr). */
static inline void
ip4_build_summed(uint8_t at[IP4_HEADER], const uint8_t src[16], const uint8_t dst[16], uint32_t addresses,
                 uint8_t protocol, uint8_t ttl, uint8_t tos, size_t payload)
{
	uint32_t total = (uint32_t)(IP4_HEADER + payload);
	uint32_t first = (uint32_t)IP4_FIRST << 8 | tos,
		 fifth = (uint32_t)ttl << 8 | protocol; /* of 16 bits */
	/* the prefixes of mapped addresses are zero in one's complement (cksum_pseudo) */
	uint32_t sum = addresses + first + total + IP4_DF + fifth;

	put_u32(at, first << 16 | total);
	put_u32(at + 4, IP4_DF); /* RFC 6864 §4.1: an atomic datagram needs no identification */
	put_u32(at + 8, fifth << 16 | cksum_number32(sum));
	memcpy(at + 12, src + 12, 4);
	memcpy(at + 16, dst + 12, 4);
}

static inline void
ip4_build(uint8_t at[IP4_HEADER], const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, uint8_t ttl,
          uint8_t tos, size_t payload)
{
	ip4_build_summed(at, src, dst, cksum_number_addr(src) + cksum_number_addr(dst), protocol, ttl, tos,
	                 payload);
}

#endif
