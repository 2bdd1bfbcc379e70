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

/* IP6_SHORT to IP6_NO_NEXT; whose the addresses are is the caller's affair. */
enum drop ip6_parse(struct ip_packet *, struct cursor *);

void ip6_build(uint8_t at[IP6_HEADER], const uint8_t src[16], const uint8_t dst[16], uint8_t protocol,
               uint8_t ttl, uint8_t tos, size_t payload);

#endif
