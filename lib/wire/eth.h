/* Ethernet II. */
#ifndef FNS_ETH_H
#define FNS_ETH_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "drop.h"

#define ETH_HEADER 14
#define ETH_MIN    60 /* octets of a frame without FCS: shorter ones are padded with zeros */

enum eth_type { ETH_IP4 = 0x0800, ETH_ARP = 0x0806, ETH_VLAN = 0x8100, ETH_QINQ = 0x88a8, ETH_IP6 = 0x86dd };

#define ETH_TYPE_LEAST 0x0600 /* below it, the field is no type (IEEE 802.3 §3.2.6) */

struct eth {
	const uint8_t *dst, *src; /* into the frame */
	uint16_t type;
};

/* L2_RUNT, L2_VLAN, L2_LENGTH; a type nobody knows is the caller's affair. */
static inline enum drop
eth_parse(struct eth *eth, struct cursor *c)
{
	const uint8_t *p = c->at;

	if (cursor_left(c) < ETH_HEADER)
		return DROP_L2_RUNT;
	c->at += ETH_HEADER;
	eth->dst = p;
	eth->src = p + 6;
	eth->type = get_u16(p + 12);
	if (eth->type == ETH_IP4 || eth->type == ETH_IP6)
		return DROP_TAKEN;
	if (eth->type == ETH_VLAN || eth->type == ETH_QINQ)
		return DROP_L2_VLAN;
	return eth->type < ETH_TYPE_LEAST ? DROP_L2_LENGTH : DROP_TAKEN;
}

void eth_build(uint8_t at[ETH_HEADER], const uint8_t dst[6], const uint8_t src[6], uint16_t type);

/* Six octets of eight that can be read, as a number to compare. */
static inline uint64_t
eth_word(const uint8_t mac[8])
{
	static const uint8_t six[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint64_t word, mask;

	memcpy(&word, mac, 8);
	memcpy(&mask, six, 8);
	return word & mask;
}

static inline bool
eth_is_group(const uint8_t mac[6])
{
	return mac[0] & 1;
}

#endif
