/* Frames are looked at ahead of their turn, while frames before them have not arrived yet: nothing changes.  What nearly
 * every frame is, is known by a few wide comparisons. */
#ifndef FNS_LOOK_H
#define FNS_LOOK_H

#include "cksum.h"
#include "eth.h"
#include "ip.h"
#include "ours.h"
#include "seg.h"

/* Of a frame that ip_arrive would drop, or hand up as a segment, the same: why, or *s.  Of what it would act upon,
 * DROP_TAKEN, and s->l4 is NULL. */
enum drop ip_look_closely(const struct ip *, const struct fns_frame *, struct ip_segment *s);

/* Octets as they lie in memory. */
static inline uint64_t
look_eight(const uint8_t p[8])
{
	uint64_t word;

	memcpy(&word, p, 8);
	return word;
}

static inline uint32_t
look_four(const uint8_t p[4])
{
	uint32_t word;

	memcpy(&word, p, 4);
	return word;
}

/* From a station to ours, IPv4 without options, whole, and TCP.  False says nothing yet. */
static inline bool
look_is_common(const struct ip_port *port, const struct fns_frame *f)
{
	static const uint8_t macs[8] = {0xff, 0xff, 0xff, 0xff,
	                                0xff, 0xff, 1}; /* and no group is the source */
	static const uint8_t type[4] = {ETH_IP4 >> 8, ETH_IP4 & 0xff, IP4_FIRST};
	static const uint8_t but_tos[4] = {0xff, 0xff, 0xff, 0},
			     but_ttl[4] = {IP4_FRAGMENT >> 8, 0xff, 0, 0xff};
	static const uint8_t whole[4] = {0, 0, 0, PROTO_TCP};
	const uint8_t *p = f->data, *ip4 = p + ETH_HEADER;

	return f->len >= ETH_HEADER + IP4_HEADER + SEG_HEADER && f->len <= port->len_max &&
	       (look_eight(p) & look_eight(macs)) == port->mac && eth_word(p + 6) != port->mac &&
	       (look_four(p + 12) & look_four(but_tos)) == look_four(type) &&
	       (look_four(ip4 + 6) & look_four(but_ttl)) == look_four(whole) && ip4[8] != 0;
}

/* Such a frame, if nothing is wrong with it. */
static inline bool
look_common(const struct ip *ip, const struct fns_frame *f, struct ip_segment *s)
{
	const uint8_t *ip4 = f->data + ETH_HEADER;
	uint64_t addresses = look_eight(ip4 + 12);
	uint32_t total = get_u16(ip4 + 2);

	if (total < IP4_HEADER + SEG_HEADER || total > f->len - (uint32_t)ETH_HEADER)
		return false;
	if (!(f->flags & FNS_FRAME_IP_CKSUM_GOOD) &&
	    !cksum_is_right(cksum_eight(cksum_four(addresses, ip4 + 8), ip4)))
		return false;
	if (look_four(ip4 + 16) == 0 || !is_unicast4(ip, ip4 + 12) ||
	    ip_own4(ip, look_four(ip4 + 12)) != OWN_NONE)
		return false;
	s->own = ip_own4(ip, look_four(ip4 + 16));
	if (s->own == OWN_NONE)
		return false;
	addr_from_ip4(s->remote, ip4 + 12);
	s->l4 = ip4 + IP4_HEADER;
	s->len = (uint16_t)(total - IP4_HEADER);
	s->pseudo = cksum_around(addresses, cksum_pseudo_rest(PROTO_TCP, s->len));
	s->tos = ip4[1];
	s->v6 = false;
	s->verified = (f->flags & FNS_FRAME_L4_CKSUM_GOOD) != 0;
	return true;
}

/* A segment in such a frame, looked at before others.  False: whatever it is, ip_look_closely says it. */
static inline bool
ip_look(const struct ip *ip, const struct fns_frame *f, struct ip_segment *s)
{
	return f->port < FNS_PORTS_MAX && !(f->flags & FNS_FRAME_CKSUM_BAD) &&
	       look_is_common(&ip->port[f->port], f) && look_common(ip, f, s);
}

#endif
