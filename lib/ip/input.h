/* Input below ip.h: one function for each protocol that floor 2 answers by itself.  Each returns the frame's fate. */
#ifndef FNS_INPUT_H
#define FNS_INPUT_H

#include "cursor.h"
#include "eth.h"
#include "icmp.h"
#include "ip.h"

enum drop arp_arrives(struct ip *, uint8_t port, const struct eth *, struct cursor *);

/* ICMP or ICMPv6 in a->packet, whose addresses have been looked at: `group`, it was to a group of ours. */
enum drop icmp_arrives(struct ip *, struct ip_arrival *a, bool group);

/* Neighbour discovery in a->packet. */
enum drop nd_arrives(struct ip *, const struct ip_arrival *a, const struct icmp *);

#endif
