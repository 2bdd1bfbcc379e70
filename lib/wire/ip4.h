/* IPv4 (RFC 791, RFC 1122 §3.2.1) and, shared with IPv6, the packet as values. */
#ifndef FNS_IP4_H
#define FNS_IP4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "drop.h"

#define IP4_HEADER 20

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

/* `verified`: the driver's word that the header checksum is good.  IP4_SHORT to IP4_SOURCE_ROUTE and IP4_TTL; whose
 * the addresses are is the caller's affair. */
enum drop ip4_parse(struct ip_packet *, struct cursor *, bool verified);

/* DF set, identification 0 (RFC 6864), checksum filled in; addresses are mapped ones. */
void ip4_build(uint8_t at[IP4_HEADER], const uint8_t src[16], const uint8_t dst[16], uint8_t protocol,
               uint8_t ttl, uint8_t tos, size_t payload);

#endif
