/* Neighbour discovery arrives (RFC 4861 §7.1, §7.2, RFC 4862 §5.4, hostile-inputs D11). */
#include "input.h"

#include <string.h>

#include "flow.h"
#include "link_out.h"
#include "ours.h"

static void
advertise(struct ip *ip, uint8_t port, const struct nd *asked, const uint8_t mac[6], const uint8_t dst[16])
{
	struct nd nd = {.advert = true, .override = true, .has_mac = true};

	nd.solicited = !addr_is_multicast(dst); /* §7.2.4: to all nodes, when the asker has no address yet */
	memcpy(nd.target, asked->target, 16);
	memcpy(nd.mac, ip->config->port[port].mac, 6);
	if (link_nd(ip, port, mac, asked->target, dst, &nd))
		counter_add(&ip->stats.nd_adverts_sent, 1);
	else
		counter_add(&ip->stats.replies_unsent, 1);
}

/* Somebody tries whether the address is free (RFC 4862 §5.4.3): it is not. */
static void
defend(struct ip *ip, uint8_t port, const struct nd *probe)
{
	uint8_t mac[6];

	group_mac(mac, all_nodes);
	advertise(ip, port, probe, mac, all_nodes);
}

static enum drop
solicitation_arrives(struct ip *ip, const struct ip_arrival *a, const struct nd *nd)
{
	const struct fns_port_config *p = &ip->config->port[a->port];
	const uint8_t *src = a->packet.src;
	const struct neigh *n;

	if (!port_has(p, nd->target))
		return DROP_ND_TARGET;
	if (addr_is_zero(src)) {
		defend(ip, a->port, nd);
		return DROP_TAKEN;
	}
	if (!port_on_link(p, src) || (nd->has_mac && !mac_is_peer(p, nd->mac))) /* RFC 5942 §3 */
		return DROP_ND_SOURCE;
	if (nd->has_mac) {
		neigh_learn(&ip->neigh, a->port, src, nd->mac, false, true, true, ip->now_us);
		advertise(ip, a->port, nd, nd->mac, src);
		return DROP_TAKEN;
	}
	n = neigh_use(&ip->neigh, a->port, src, ip->now_us);
	if (n == NULL || n->state == NEIGH_INCOMPLETE || n->state == NEIGH_FAILED)
		counter_add(&ip->stats.replies_unsent, 1);
	else
		advertise(ip, a->port, nd, n->mac, src);
	return DROP_TAKEN;
}

static enum drop
advertisement_arrives(struct ip *ip, const struct ip_arrival *a, const struct nd *nd)
{
	const struct fns_port_config *p = &ip->config->port[a->port];
	const struct neigh *n;
	uint8_t mac[6];

	if (addr_is_zero(a->packet.src) || (nd->has_mac && !mac_is_peer(p, nd->mac)))
		return DROP_ND_SOURCE;
	if (ip_is_ours(ip, nd->target))
		return DROP_ND_CONFLICT;
	n = neigh_find(&ip->neigh, a->port, nd->target);
	if (n == NULL)
		return DROP_ND_UNSOLICITED;
	if (!nd->has_mac && (n->state == NEIGH_INCOMPLETE || n->state == NEIGH_FAILED))
		return DROP_ND_OPTION; /* §7.2.5: says nothing that we wanted to know */
	memcpy(mac, nd->has_mac ? nd->mac : n->mac, 6);
	return neigh_learn(&ip->neigh, a->port, nd->target, mac, nd->solicited, nd->override, false,
	                   ip->now_us)
	               ? DROP_TAKEN
	               : DROP_ND_UNSOLICITED;
}

enum drop
nd_arrives(struct ip *ip, const struct ip_arrival *a, const struct icmp *icmp)
{
	struct nd nd;
	enum drop why = nd_parse(&nd, icmp, &a->packet);

	if (why != DROP_TAKEN)
		return why;
	if (addr_is_ip4(nd.target))
		return DROP_ND_TARGET;
	return nd.advert ? advertisement_arrives(ip, a, &nd) : solicitation_arrives(ip, a, &nd);
}
