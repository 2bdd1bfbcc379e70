/* ARP arrives (RFC 826, RFC 5227, hostile-inputs D09). */
#include "input.h"

#include <string.h>

#include "arp.h"
#include "flow.h"
#include "link_out.h"
#include "ours.h"

/* What is said of an address by somebody who was not asked: nothing new is believed. */
static bool
learn_gratuitous(struct ip *ip, uint8_t port, const uint8_t addr[16], const uint8_t mac[6])
{
	return neigh_learn(&ip->neigh, port, addr, mac, false, true, false, ip->now_us);
}

static void
reply(struct ip *ip, uint8_t port, const struct arp *request)
{
	struct arp arp = {.op = ARP_REPLY};

	memcpy(arp.sender_mac, ip->config->port[port].mac, 6);
	memcpy(arp.sender_ip, request->target_ip, 4);
	memcpy(arp.target_mac, request->sender_mac, 6);
	memcpy(arp.target_ip, request->sender_ip, 4);
	if (link_arp(ip, port, request->sender_mac, &arp))
		counter_add(&ip->stats.arp_replies_sent, 1);
	else
		counter_add(&ip->stats.replies_unsent, 1);
}

static enum drop
request_arrives(struct ip *ip, uint8_t port, const struct arp *arp, const uint8_t sender[16],
                const uint8_t target[16])
{
	const struct fns_port_config *p = &ip->config->port[port];

	if (!port_has(p, target)) {
		if (addr_equal(sender, target) && learn_gratuitous(ip, port, sender, arp->sender_mac))
			return DROP_TAKEN;
		return DROP_ARP_NOT_OURS;
	}
	/* A probe (RFC 5227 §2.1.1) has no sender yet; one that is not on the link is no neighbour. */
	if (!addr_is_zero(sender) && port_on_link(p, sender))
		neigh_learn(&ip->neigh, port, sender, arp->sender_mac, false, true, true, ip->now_us);
	reply(ip, port, arp);
	return DROP_TAKEN;
}

/* Override is not granted: a probe asks the station that we know, and another one's answer to it is none. */
static enum drop
reply_arrives(struct ip *ip, uint8_t port, const struct arp *arp, const uint8_t sender[16],
              const uint8_t target[16])
{
	bool learned;

	if (addr_equal(sender, target))
		learned = learn_gratuitous(ip, port, sender, arp->sender_mac);
	else if (port_has(&ip->config->port[port], target))
		learned = neigh_learn(&ip->neigh, port, sender, arp->sender_mac, true, false, false,
		                      ip->now_us);
	else
		return DROP_ARP_NOT_OURS;
	return learned ? DROP_TAKEN : DROP_ARP_UNSOLICITED;
}

enum drop
arp_arrives(struct ip *ip, uint8_t port, const struct eth *eth, struct cursor *c)
{
	uint8_t sender[16], target[16];
	struct arp arp;
	enum drop why = arp_parse(&arp, c);

	if (why != DROP_TAKEN)
		return why;
	addr_from_ip4(sender, arp.sender_ip);
	addr_from_ip4(target, arp.target_ip);
	if (!mac_is_peer(&ip->config->port[port], arp.sender_mac) || memcmp(arp.sender_mac, eth->src, 6) != 0)
		return DROP_ARP_SENDER;
	if (!is_unicast(ip, sender) && !(addr_is_zero(sender) && arp.op == ARP_REQUEST))
		return DROP_ARP_SENDER;
	if (ip_is_ours(ip, sender))
		return DROP_ARP_CONFLICT;
	if (arp.op == ARP_REQUEST)
		return request_arrives(ip, port, &arp, sender, target);
	return reply_arrives(ip, port, &arp, sender, target);
}
