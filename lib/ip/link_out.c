/* Frames onto the link: Ethernet, padding, ARP and neighbour discovery messages. */
#include "link_out.h"

#include "ip6.h"

const uint8_t mac_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

void
link_pad(struct fns_frame *f, size_t len)
{
	memset(f->data + len, 0, ETH_MIN - len);
	f->len = ETH_MIN;
}

void
link_send(struct ip *ip, struct fns_frame *f, uint8_t port, const uint8_t dst[6], uint16_t type,
          size_t payload)
{
	eth_build(f->data, dst, ip->config->port[port].mac, type);
	link_plain(f);
	link_take(ip, f, port, ETH_HEADER + payload);
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
