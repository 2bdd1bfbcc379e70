/* ARP for Ethernet and IPv4 (RFC 826, "Packet format" and "Packet Reception"). */
#include "arp.h"

#include "eth.h"

#define HARDWARE_ETHERNET 1

enum drop
arp_parse(struct arp *arp, struct cursor *c)
{
	const uint8_t *p = cursor_take(c, ARP_SIZE);

	if (p == NULL)
		return DROP_ARP_SHORT;
	if (get_u16(p) != HARDWARE_ETHERNET || get_u16(p + 2) != ETH_IP4 || p[4] != 6 || p[5] != 4)
		return DROP_ARP_FORMAT;
	arp->op = get_u16(p + 6);
	if (arp->op != ARP_REQUEST && arp->op != ARP_REPLY)
		return DROP_ARP_OP;
	memcpy(arp->sender_mac, p + 8, 6);
	memcpy(arp->sender_ip, p + 14, 4);
	memcpy(arp->target_mac, p + 18, 6);
	memcpy(arp->target_ip, p + 24, 4);
	return DROP_TAKEN;
}

void
arp_build(uint8_t at[ARP_SIZE], const struct arp *arp)
{
	put_u16(at, HARDWARE_ETHERNET);
	put_u16(at + 2, ETH_IP4);
	at[4] = 6;
	at[5] = 4;
	put_u16(at + 6, arp->op);
	memcpy(at + 8, arp->sender_mac, 6);
	memcpy(at + 14, arp->sender_ip, 4);
	memcpy(at + 18, arp->target_mac, 6);
	memcpy(at + 24, arp->target_ip, 4);
}
