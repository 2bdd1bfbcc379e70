/* What floor 2 sends unasked: neighbour requests that are due, and our addresses once at the start. */
#include <string.h>

#include "eth.h"
#include "flow.h"
#include "ip6.h"
#include "link_out.h"
#include "ours.h"

/* Addresses of a port: the configured ones, and behind them the link-local one. */
#define ADDRESSES (FNS_PORT_ADDR_MAX + 1)

static bool
send_arp_request(struct ip *ip, uint8_t port, const uint8_t mac[6], const uint8_t sender[16],
                 const uint8_t target[16])
{
	struct arp arp = {.op = ARP_REQUEST};

	memcpy(arp.sender_mac, ip->config->port[port].mac, 6);
	memcpy(arp.sender_ip, sender + 12, 4);
	memcpy(arp.target_ip, target + 12, 4);
	if (!link_arp(ip, port, mac, &arp))
		return false;
	counter_add(&ip->stats.arp_requests_sent, 1);
	return true;
}

static bool
send_solicitation(struct ip *ip, const struct neigh_ask *ask, const uint8_t source[16])
{
	struct nd nd = {.has_mac = true};
	uint8_t mac[6], dst[16];

	memcpy(nd.target, ask->addr, 16);
	memcpy(nd.mac, ip->config->port[ask->port].mac, 6);
	if (ask->unicast) {
		memcpy(mac, ask->mac, 6);
		memcpy(dst, ask->addr, 16);
	} else {
		solicited_node(dst, ask->addr);
		group_mac(mac, dst);
	}
	if (!link_nd(ip, ask->port, mac, source, dst, &nd))
		return false;
	counter_add(&ip->stats.nd_solicits_sent, 1);
	return true;
}

static void
send_ask(struct ip *ip, const struct neigh_ask *ask)
{
	uint8_t source[16];

	if (!port_source(&ip->config->port[ask->port], ask->addr, source))
		return;
	if (addr_is_ip4(ask->addr))
		send_arp_request(ip, ask->port, ask->unicast ? ask->mac : mac_broadcast, source, ask->addr);
	else
		send_solicitation(ip, ask, source);
}

/* RFC 4861 §7.2.6: unsolicited, with override, to all nodes. */
static bool
send_announcement6(struct ip *ip, uint8_t port, const uint8_t addr[16])
{
	struct nd nd = {.advert = true, .override = true, .has_mac = true};
	uint8_t mac[6];

	memcpy(nd.target, addr, 16);
	memcpy(nd.mac, ip->config->port[port].mac, 6);
	group_mac(mac, all_nodes);
	if (!link_nd(ip, port, mac, addr, all_nodes, &nd))
		return false;
	counter_add(&ip->stats.nd_adverts_sent, 1);
	return true;
}

/* False: no room, try again next turn. */
static bool
announce(struct ip *ip, uint8_t port, uint16_t which)
{
	const struct fns_port_config *p = &ip->config->port[port];
	uint8_t addr[16];

	if (!p->announce)
		return true;
	if (which < p->address_count)
		memcpy(addr, p->address[which].ip, 16);
	else if (which == FNS_PORT_ADDR_MAX)
		link_local_of(addr, p->mac);
	else
		return true;
	if (addr_is_ip4(addr))
		return send_arp_request(ip, port, mac_broadcast, addr, addr); /* RFC 5227 §2.3 */
	return send_announcement6(ip, port, addr);
}

static void
announce_all(struct ip *ip)
{
	while (ip->announce_next < ip->config->port_count * ADDRESSES) {
		if (!announce(ip, (uint8_t)(ip->announce_next / ADDRESSES), ip->announce_next % ADDRESSES))
			return;
		ip->announce_next++;
	}
	ip->announced = true;
}

void
ip_timeouts(struct ip *ip)
{
	struct neigh_ask ask;
	bool done = false;

	if (!ip->announced)
		announce_all(ip);
	/* An ask is counted as sent once neigh_expire has yielded it: have its frame first. */
	while (!done && link_blank(ip, ETH_HEADER + IP6_HEADER + ND_SIZE) != NULL)
		if (neigh_expire(&ip->neigh, ip->now_us, &ask, &done))
			send_ask(ip, &ask);
}

uint64_t
ip_due(const struct ip *ip)
{
	return ip->announced && ip->loop.used == 0 ? ip->neigh.due_us : ip->now_us;
}
