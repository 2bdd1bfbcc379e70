/* ARP for Ethernet and IPv4 (RFC 826). */
#ifndef FNS_ARP_H
#define FNS_ARP_H

#include <stdint.h>

#include "cursor.h"
#include "drop.h"

#define ARP_SIZE 28

enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp {
	uint16_t op;
	uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
};

enum drop arp_parse(struct arp *, struct cursor *); /* ARP_SHORT, ARP_FORMAT, ARP_OP */
void arp_build(uint8_t at[ARP_SIZE], const struct arp *);

#endif
