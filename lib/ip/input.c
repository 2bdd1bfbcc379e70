/* A frame arrives: is it ours, and whose is it then (RFC 1122 §3.2.1.3, RFC 8200, hostile-inputs A to C). */
#include "input.h"

#include <string.h>

#include "flow.h"
#include "ip6.h"
#include "look.h"
#include "ours.h"

static bool
mac_is_broadcast(const uint8_t mac[6])
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

static bool
mac_is_ip6_group(const uint8_t mac[6])
{
	return mac[0] == 0x33 && mac[1] == 0x33;
}

/* Either address has another field of the header behind it. */
static enum drop
check_link(const struct ip_port *p, const struct eth *eth, uint16_t len)
{
	if (eth_word(eth->dst) != p->mac && !mac_is_broadcast(eth->dst) && !mac_is_ip6_group(eth->dst))
		return DROP_L2_NOT_OURS;
	if (eth_is_group(eth->src) || eth_word(eth->src) == p->mac)
		return DROP_L2_SOURCE;
	return len > p->len_max ? DROP_L2_GIANT : DROP_TAKEN;
}

/* A segment for floor 3.  What the driver calls bad is dropped, whatever software would say (A06). */
static enum drop
tcp_segment(struct ip_arrival *a, uint16_t flags)
{
	if (flags & FNS_FRAME_CKSUM_BAD)
		return DROP_TCP_CKSUM;
	a->l4_verified = (flags & FNS_FRAME_L4_CKSUM_GOOD) != 0;
	a->kind = IP_SEGMENT;
	return DROP_TAKEN;
}

static enum drop
ip4_addresses(const struct ip *ip, struct ip_arrival *a, bool group)
{
	const struct ip_packet *p = &a->packet;

	if (!is_unicast4(ip, p->src + 12) || ip_is_ours(ip, p->src))
		return DROP_IP4_SOURCE;
	a->own = ip_own(ip, p->dst);
	if (a->own == OWN_NONE)
		return addr_is_multicast(p->dst) || is_broadcast(ip, p->dst + 12) ? DROP_IP4_BROADCAST
		                                                                  : DROP_IP4_NOT_OURS;
	return group ? DROP_L2_NOT_OURS : DROP_TAKEN; /* RFC 1122 §3.3.6 */
}

/* What is neither dropped nor a segment, which ARP, ICMP or ICMPv6 will tell apart, is still IP_HANDLED. */
static enum drop
ip4_look(const struct ip *ip, const struct fns_frame *f, const struct eth *eth, struct cursor *c,
         struct ip_arrival *a)
{
	enum drop why;

	/* Bad says not what is bad: look for it in software. */
	why = ip4_parse(&a->packet, c,
	                (f->flags & (FNS_FRAME_CKSUM_BAD | FNS_FRAME_IP_CKSUM_GOOD)) ==
	                        FNS_FRAME_IP_CKSUM_GOOD);
	if (why == DROP_TAKEN)
		why = ip4_addresses(ip, a, eth_is_group(eth->dst));
	if (why != DROP_TAKEN)
		return why;
	if (a->packet.protocol == PROTO_TCP)
		return tcp_segment(a, f->flags);
	if (a->packet.protocol != PROTO_ICMP)
		return DROP_IP4_PROTOCOL;
	return f->flags & FNS_FRAME_CKSUM_BAD ? DROP_ICMP_CKSUM : DROP_TAKEN;
}

static bool
group_is_ours(const struct fns_port_config *p, const uint8_t group[16])
{
	uint8_t own[16], addr[16];
	uint16_t i;

	if (addr_equal(group, all_nodes))
		return true;
	link_local_of(addr, p->mac);
	solicited_node(own, addr);
	if (addr_equal(group, own))
		return true;
	for (i = 0; i < p->address_count; i++) {
		solicited_node(own, p->address[i].ip);
		if (!addr_is_ip4(p->address[i].ip) && addr_equal(group, own))
			return true;
	}
	return false;
}

static enum drop
ip6_addresses(const struct ip *ip, struct ip_arrival *a, const struct eth *eth)
{
	const struct ip_packet *p = &a->packet;
	bool icmp = p->protocol == PROTO_ICMP6;

	/* An IPv4-mapped address on the wire would be taken for the IPv4 host (C10). */
	if (addr_is_ip4(p->src) || ip_is_ours(ip, p->src))
		return DROP_IP6_SOURCE;
	if (!is_unicast6(p->src) && !(icmp && addr_is_zero(p->src)))
		return DROP_IP6_SOURCE;
	if (p->dst[0] == 0xff) {
		if (!icmp)
			return DROP_IP6_MULTICAST;
		if (!group_is_ours(&ip->config->port[a->port], p->dst))
			return DROP_IP6_NOT_OURS;
		return mac_is_broadcast(eth->dst) ? DROP_L2_NOT_OURS : DROP_TAKEN;
	}
	/* Any address of ours (the weak model of RFC 1122 §3.3.4.2), but a link-local one is on its own link only. */
	a->own = ip_own(ip, p->dst);
	if (a->own == OWN_NONE || addr_is_ip4(p->dst))
		return DROP_IP6_NOT_OURS;
	if (is_link_local(p->dst) && !port_has(&ip->config->port[a->port], p->dst))
		return DROP_IP6_NOT_OURS;
	return eth_is_group(eth->dst) ? DROP_L2_NOT_OURS : DROP_TAKEN;
}

static enum drop
ip6_look(const struct ip *ip, const struct fns_frame *f, const struct eth *eth, struct cursor *c,
         struct ip_arrival *a)
{
	enum drop why = ip6_parse(&a->packet, c);

	if (why == DROP_TAKEN)
		why = ip6_addresses(ip, a, eth);
	if (why != DROP_TAKEN)
		return why;
	if (a->packet.protocol == PROTO_TCP) {
		/* Both ends on the link or neither: no route leads back otherwise (C07). */
		if (is_link_local(a->packet.src) != is_link_local(a->packet.dst))
			return DROP_IP6_SOURCE;
		return tcp_segment(a, f->flags);
	}
	if (a->packet.protocol != PROTO_ICMP6)
		return DROP_IP6_PROTOCOL;
	return f->flags & FNS_FRAME_CKSUM_BAD ? DROP_ICMP_CKSUM : DROP_TAKEN;
}

static enum drop
look(const struct ip *ip, const struct fns_frame *f, struct ip_arrival *a)
{
	struct cursor c = cursor_of(f->data, f->len);
	struct eth eth;
	enum drop why;

	a->kind = IP_HANDLED;
	a->l4_verified = false;
	a->port = f->port;
	if (f->port >= ip->config->port_count)
		return DROP_L2_NOT_OURS;
	why = eth_parse(&eth, &c);
	if (why == DROP_TAKEN)
		why = check_link(&ip->port[f->port], &eth, f->len);
	if (why != DROP_TAKEN)
		return why;
	if (eth.type == ETH_IP4)
		return ip4_look(ip, f, &eth, &c, a);
	if (eth.type == ETH_IP6)
		return ip6_look(ip, f, &eth, &c, a);
	return eth.type == ETH_ARP ? DROP_TAKEN : DROP_L2_TYPE;
}

static void
segment_of(struct ip_segment *s, const struct ip_packet *p, uint8_t own, bool verified)
{
	memcpy(s->remote, p->src, 16);
	s->l4 = p->l4;
	s->len = p->l4_len;
	s->pseudo = cksum_pseudo(p->src, p->dst, PROTO_TCP, p->l4_len);
	s->own = own;
	s->tos = p->tos;
	s->v6 = p->v6;
	s->verified = verified;
}

enum drop
ip_look_closely(const struct ip *ip, const struct fns_frame *f, struct ip_segment *s)
{
	struct ip_arrival a;
	enum drop why = look(ip, f, &a);

	s->l4 = NULL;
	if (why == DROP_TAKEN && a.kind == IP_SEGMENT)
		segment_of(s, &a.packet, a.own, a.l4_verified);
	return why;
}

enum drop
ip_arrive(struct ip *ip, const struct fns_frame *f, struct ip_arrival *a)
{
	struct cursor c = cursor_of(f->data, f->len);
	struct eth eth;
	enum drop why = look(ip, f, a);

	if (why != DROP_TAKEN || a->kind == IP_SEGMENT)
		return why;
	(void)eth_parse(&eth, &c);
	if (eth.type == ETH_ARP)
		return arp_arrives(ip, f->port, &eth, &c);
	return icmp_arrives(ip, a, eth.type == ETH_IP6 && addr_is_multicast(a->packet.dst));
}

bool
ip_loop_arrives(const struct ip *ip, struct ip_segment *s)
{
	uint16_t len;
	const uint8_t *octets = loop_head(&ip->loop, &len);
	struct ip_packet p;
	struct cursor c;

	if (octets == NULL)
		return false;
	c = cursor_of(octets, len);
	if (octets[0] >> 4 == 4)
		ip4_parse(&p, &c, true);
	else
		ip6_parse(&p, &c);
	segment_of(s, &p, ip_own(ip, p.dst), true);
	return true;
}

void
ip_looped(struct ip *ip)
{
	loop_drop(&ip->loop);
}
