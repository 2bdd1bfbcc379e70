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

struct eth {
	uint8_t dst[6], src[6];
	uint16_t type;
};

/* L2_RUNT, L2_VLAN, L2_LENGTH; a type nobody knows is the caller's affair. */
enum drop eth_parse(struct eth *, struct cursor *);
void eth_build(uint8_t at[ETH_HEADER], const uint8_t dst[6], const uint8_t src[6], uint16_t type);

static inline bool
eth_is_group(const uint8_t mac[6])
{
	return mac[0] & 1;
}

#endif
