/* Frames onto the link: Ethernet, padding, ARP and neighbour discovery messages. */
#include "link_out.h"

#include <string.h>

#include "eth.h"
#include "ip6.h"

const uint8_t mac_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

struct fns_frame *
link_blank(const struct ip *ip, size_t octets)
{
	struct fns_frame *f;

	if (ip->tx == NULL || ip->tx->used >= ip->tx->room)
		return NULL;
	f = &ip->tx->slot[ip->tx->used];
	return f->room >= octets && f->room >= ETH_MIN ? f : NULL;
}

void
link_send(struct ip *ip, struct fns_frame *f, uint8_t port, const uint8_t dst[6], uint16_t type,
          size_t payload)
{
	size_t len = ETH_HEADER + payload;

	eth_build(f->data, dst, ip->config->port[port].mac, type);
	if (len < ETH_MIN) { /* what stood in the frame before is nobody's business (CVE-2003-0001) */
		memset(f->data + len, 0, ETH_MIN - len);
		len = ETH_MIN;
	}
	f->len = (uint16_t)len;
	f->port = port;
	f->flags = 0;
	f->l2_len = 0;
	f->l3_len = 0;
	ip->tx->used++;
}

bool
link_arp(struct ip *ip, uint8_t port, const uint8_t dst[6], const struct arp *arp)
{
	struct fns_frame *f = link_blank(ip, ETH_HEADER + ARP_SIZE);

	if (f == NULL)
		return false;
	arp_build(f->data + ETH_HEADER, arp);
	link_send(ip, f, port, dst, ETH_ARP, ARP_SIZE);
	return true;
}

bool
link_nd(struct ip *ip, uint8_t port, const uint8_t mac[6], const uint8_t src[16], const uint8_t dst[16],
        const struct nd *nd)
{
	struct fns_frame *f = link_blank(ip, ETH_HEADER + IP6_HEADER + ND_SIZE);
	size_t len;

	if (f == NULL)
		return false;
	len = nd_build(f->data + ETH_HEADER + IP6_HEADER, nd, src, dst);
	ip6_build(f->data + ETH_HEADER, src, dst, PROTO_ICMP6, 255, 0,
	          len); /* 255 proves the link (RFC 4861 §7.1) */
	link_send(ip, f, port, mac, ETH_IP6, IP6_HEADER + len);
	return true;
}
