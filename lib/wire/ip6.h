/* IPv6 (RFC 8200): the fixed header, and extension headers as far as an endpoint that speaks TCP must walk them:
 * hop-by-hop (first only), destination options (at most two), routing without segments left, atomic fragments (RFC
 * 6946): so at most five of them, and at most 256 octets (RFC 8504). */
#ifndef FNS_IP6_H
#define FNS_IP6_H

#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "drop.h"
#include "ip4.h"

#define IP6_HEADER 40

/* From the payload of the fixed header, as *ip has it, past what extension headers begin it.  IP6_EXTENSION to
 * IP6_NO_NEXT. */
enum drop ip6_extensions(struct ip_packet *ip);

/* IP6_SHORT to IP6_NO_NEXT; whose the addresses are is the caller's affair. */
static inline enum drop
ip6_parse(struct ip_packet *ip, struct cursor *c)
{
	const uint8_t *p = c->at;

	if (cursor_take(c, IP6_HEADER) == NULL)
		return DROP_IP6_SHORT;
	if (p[0] >> 4 != 6)
		return DROP_IP6_VERSION;
	ip->l4_len = get_u16(p + 4);
	ip->l4 = cursor_take(c, ip->l4_len);
	if (ip->l4_len == 0 || ip->l4 == NULL) /* no jumbograms */
		return DROP_IP6_LENGTH;
	memcpy(ip->src, p + 8, 16);
	memcpy(ip->dst, p + 24, 16);
	ip->protocol = p[6];
	ip->ttl = p[7];
	ip->tos = (uint8_t)(get_u16(p) >> 4);
	ip->v6 = true;
	ip->atomic = false;
	return ip->protocol == PROTO_TCP ? DROP_TAKEN : ip6_extensions(ip);
}

static inline void
ip6_build(uint8_t at[IP6_HEADER], const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, uint8_t ttl,
          uint8_t tos, size_t payload)
{
	put_u32(at, (uint32_t)6 << 28 | (uint32_t)tos << 20);
	put_u32(at + 4, (uint32_t)payload << 16 | (uint32_t)protocol << 8 | ttl);
	memcpy(at + 8, src, 16);
	memcpy(at + 24, dst, 16);
}

#endif
