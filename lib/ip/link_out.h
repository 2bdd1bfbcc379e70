/* Frames onto the link: the next blank of the outbox, Ethernet in front, zeros behind. */
#ifndef FNS_LINK_OUT_H
#define FNS_LINK_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arp.h"
#include "icmp.h"
#include "ip.h"

/* The next blank frame if it takes so many octets, else NULL: nothing is taken from the outbox yet. */
struct fns_frame *link_blank(const struct ip *, size_t octets);

/* Ethernet in front of the `payload` octets that stand at data + ETH_HEADER; pads; takes it from the outbox. */
void link_send(struct ip *, struct fns_frame *, uint8_t port, const uint8_t dst[6], uint16_t type,
               size_t payload);

/* A whole ARP packet; a whole neighbour discovery message.  False: the outbox has no room. */
bool link_arp(struct ip *, uint8_t port, const uint8_t dst[6], const struct arp *);
bool link_nd(struct ip *, uint8_t port, const uint8_t mac[6], const uint8_t src[16], const uint8_t dst[16],
             const struct nd *);

extern const uint8_t mac_broadcast[6];

#endif
