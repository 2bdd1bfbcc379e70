/* Ethernet II frames (RFC 894, RFC 2464; IEEE 802.3 §3.2.6 for what is a type and what a length). */
#include "eth.h"

#define TYPE_LEAST 0x0600 /* below it, the field is no type */

enum drop
eth_parse(struct eth *eth, struct cursor *c)
{
	const uint8_t *p = cursor_take(c, ETH_HEADER);

	if (p == NULL)
		return DROP_L2_RUNT;
	memcpy(eth->dst, p, sizeof(eth->dst));
	memcpy(eth->src, p + 6, sizeof(eth->src));
	eth->type = get_u16(p + 12);
	if (eth->type == ETH_VLAN || eth->type == ETH_QINQ)
		return DROP_L2_VLAN;
	return eth->type < TYPE_LEAST ? DROP_L2_LENGTH : DROP_TAKEN;
}

void
eth_build(uint8_t at[ETH_HEADER], const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	memcpy(at, dst, 6);
	memcpy(at + 6, src, 6);
	put_u16(at + 12, type);
}
