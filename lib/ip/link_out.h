/* Frames onto the link: the next blank of the outbox, Ethernet in front, zeros behind. */
#ifndef FNS_LINK_OUT_H
#define FNS_LINK_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arp.h"
#include "eth.h"
#include "icmp.h"
#include "ip.h"

/* The next blank frame if it takes so many octets, else NULL: nothing is taken from the outbox yet. */
static inline struct fns_frame *
link_blank(const struct ip *ip, size_t octets)
{
	struct fns_frame *f;

	if (ip->tx == NULL || ip->tx->used >= ip->tx->room)
		return NULL;
	f = &ip->tx->slot[ip->tx->used];
	return f->room >= octets && f->room >= ETH_MIN ? f : NULL;
}

/* Nothing is asked of the port. */
static inline void
link_plain(struct fns_frame *f)
{
	f->flags = 0;
	f->l2_len = 0;
	f->l3_len = 0;
}

/* What stood in the frame before is nobody's business (CVE-2003-0001). */
void link_pad(struct fns_frame *, size_t len);

/* Takes the blank from the outbox, of which so many octets are written, and pads it. */
static inline void
link_take(struct ip *ip, struct fns_frame *f, uint8_t port, size_t len)
{
	f->port = port;
	f->len = (uint16_t)len;
	ip->tx->used++;
	if (len < ETH_MIN)
		link_pad(f, len);
}

/* Ethernet in front of the `payload` octets that stand at data + ETH_HEADER; pads; takes it from the outbox. */
void link_send(struct ip *, struct fns_frame *, uint8_t port, const uint8_t dst[6], uint16_t type,
               size_t payload);

/* A whole ARP packet; a whole neighbour discovery message.  False: the outbox has no room. */
bool link_arp(struct ip *, uint8_t port, const uint8_t dst[6], const struct arp *);
bool link_nd(struct ip *, uint8_t port, const uint8_t mac[6], const uint8_t src[16], const uint8_t dst[16],
             const struct nd *);

extern const uint8_t mac_broadcast[6];

#endif
