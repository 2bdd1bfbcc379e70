/* The next hop and the source address: on-link prefix, else gateway (RFC 1122 §3.3.1, RFC 4861 §5.2). */
#include "ours.h"

#include <string.h>

#include "cksum.h"
#include "eth.h"
#include "flow.h"
#include "ip4.h"
#include "ip6.h"
#include "output.h"

static void
route_set(const struct ip *ip, struct ip_route *r, uint16_t port, const uint8_t next_hop[16])
{
	r->port = (uint8_t)port;
	r->mtu = ip->config->port[port].mtu;
	memcpy(r->next_hop, next_hop, 16);
}

static bool
route_on_link(const struct ip *ip, const uint8_t remote[16], struct ip_route *r)
{
	const struct on_link *l = on_link_of(ip, remote);

	if (l == NULL)
		return false;
	route_set(ip, r, l->port, remote);
	memcpy(r->source, ip->own.addr[l->own], 16);
	return true;
}

/* By the first port that can: a global destination is not spoken to from a link-local address, since no reply would come
 * back. */
static void
gateway_init(struct ip *ip, bool ip4)
{
	struct ip_route *r = &ip->gateway[ip4];

	for (uint16_t i = 0; i < ip->config->port_count; i++) {
		const struct fns_port_config *p = &ip->config->port[i];
		const uint8_t *gateway = ip4 ? p->gateway4 : p->gateway6;

		if (addr_is_zero(gateway))
			continue;
		if (is_link_local(gateway)
		            ? port_source_far(p, ip4, r->source)
		            : port_source(p, gateway, r->source) && !is_link_local(r->source)) {
			route_set(ip, r, i, gateway);
			return;
		}
	}
}

void
route_init(struct ip *ip)
{
	ip->path[0].remote[0] = 1; /* else the blank entry where :: would be found would be that of :: */
	gateway_init(ip, false);
	gateway_init(ip, true);
}

static bool
route_by_gateway(const struct ip *ip, const uint8_t remote[16], struct ip_route *r)
{
	*r = ip->gateway[addr_is_ip4(remote)];
	return !addr_is_zero(r->next_hop);
}

bool
ip_route(const struct ip *ip, const uint8_t remote[16], struct ip_route *r)
{
	if (ip->config->port_count == 0 || !is_unicast(ip, remote))
		return false;
	if (ip_is_ours(ip, remote)) {
		r->port = LOOP_PORT;
		r->mtu = LOOP_MTU;
		memcpy(r->next_hop, remote, 16);
		memcpy(r->source, remote, 16);
		return true;
	}
	if (route_on_link(ip, remote, r))
		return true;
	if (!is_link_local(remote))
		return route_by_gateway(ip, remote, r);
	/* An address without a zone cannot say which link: the first port's (RFC 4007 §6, default zone). */
	if (!port_on_link(&ip->config->port[0], remote))
		return false;
	link_local_of(r->source, ip->config->port[0].mac);
	route_set(ip, r, 0, remote);
	return true;
}

void
path_set(const struct ip *ip, struct ip_path *p, const uint8_t remote[16], const struct ip_route *r)
{
	bool ip4 = addr_is_ip4(remote);

	memcpy(p->remote, remote, 16);
	memcpy(p->next_hop, r->next_hop, 16);
	p->neigh = NULL;
	p->lease = 0;
	p->sum = cksum_number_addr(remote);
	p->mtu = r->mtu;
	p->port = r->port;
	p->header = ip4 ? IP4_HEADER : IP6_HEADER;
	p->kind = PATH_LOOP;
	if (r->port == LOOP_PORT)
		return;
	memcpy(p->link, ip->config->port[r->port].mac, 6);
	put_u16(p->link + 6, ip4 ? ETH_IP4 : ETH_IP6);
	p->kind = ip->config->port[r->port].tx_cksum ? PATH_OFFLOADED : PATH_SUMMED;
}

struct ip_path *
ip_path_new(struct ip *ip, struct ip_path *place, const uint8_t remote[16])
{
	struct ip_route r;

	if (!ip_route(ip, remote, &r))
		return NULL;
	path_set(ip, place, remote, &r);
	return place;
}

void
ip_confirm_any(struct ip *ip, const uint8_t remote[16])
{
	const struct ip_path *p = ip_path(ip, remote);

	if (p != NULL && p->port != LOOP_PORT)
		neigh_confirm(&ip->neigh, p->port, p->next_hop, ip->now_us);
}
