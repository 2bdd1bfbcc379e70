/* Packets of TCP and ICMP on their way out: next hop, link-layer address, headers, checksum. */
#include "output.h"

#include <assert.h>
#include <string.h>

#include "cksum.h"
#include "cursor.h"
#include "eth.h"
#include "flow.h"
#include "ip4.h"
#include "ip6.h"
#include "link_out.h"
#include "ours.h"

#define TCP_HEADER_MAX 60
#define PATH_BYTES     (IP_PATHS * sizeof(struct ip_path))

size_t
ip_bytes(const struct fns_config *config)
{
	return PATH_BYTES + LOOP_BYTES + ((neigh_bytes(config->neighbours) + 63) & ~(size_t)63);
}

void
ip_init(struct ip *ip, const struct fns_config *config, void *zeroed, uint64_t key, uint64_t now_us)
{
	uint8_t *memory = zeroed;
	uint16_t i;

	memset(ip, 0, sizeof(*ip));
	ip->config = config;
	ip->path = zeroed;
	own_init(ip);
	route_init(ip);
	ip->now_us = now_us;
	ip->echo.at_us = now_us;
	ip->echo.tokens = config->icmp_per_second;
	ip->loop.octets = memory + PATH_BYTES;
	neigh_init(&ip->neigh, memory + PATH_BYTES + LOOP_BYTES, config->neighbours, key);
	ip->announced = true;
	for (i = 0; i < config->port_count; i++)
		if (config->port[i].announce)
			ip->announced = false;
}

/* A neighbour that is not simply there: to be asked for, or to be looked up again. */
static enum ip_verdict
next_hop(struct ip *ip, struct ip_path *p)
{
	p->lease = 0;
	p->neigh = neigh_use(&ip->neigh, p->port, p->next_hop, ip->now_us);
	if (p->neigh == NULL || p->neigh->state == NEIGH_INCOMPLETE) {
		counter_add(&ip->stats.unresolved, 1);
		return IP_UNRESOLVED;
	}
	p->lease = p->neigh->lease;
	return p->neigh->state == NEIGH_FAILED ? IP_UNREACHABLE : IP_OK;
}

enum ip_verdict
ip_begin_by(struct ip *ip, struct ip_path *p, struct ip_out *out)
{
	struct fns_frame *f = link_blank(ip, (size_t)ETH_HEADER + p->header + TCP_HEADER_MAX);
	enum ip_verdict v;

	/* Before all else: a frame that cannot be sent shall not make a neighbour entry. */
	if (f == NULL)
		return IP_OUTBOX_FULL;
	v = next_hop(ip, p);
	if (v == IP_OK)
		ip_lay_out(out, f, p);
	return v;
}

static enum ip_verdict
begin_loop(struct ip *ip, const struct ip_path *p, struct ip_out *out)
{
	struct fns_frame *f = loop_blank(&ip->loop);

	if (f == NULL)
		return IP_OUTBOX_FULL;
	*out = (struct ip_out){.frame = f, .path = p, .l4 = f->data + ETH_HEADER + p->header};
	return IP_OK;
}

static enum ip_verdict
begin_nowhere(struct ip *ip)
{
	if (link_blank(ip, ETH_MIN) == NULL) /* asked first, as for every other destination */
		return IP_OUTBOX_FULL;
	counter_add(&ip->stats.no_route, 1);
	return IP_UNREACHABLE;
}

enum ip_verdict
ip_begin_any(struct ip *ip, const uint8_t dst[16], struct ip_out *out)
{
	struct ip_path *p = ip_path(ip, dst);

	if (p == NULL)
		return begin_nowhere(ip);
	return p->port == LOOP_PORT ? begin_loop(ip, p, out) : ip_begin_by(ip, p, out);
}

void
ip_finish(struct ip *ip, const struct ip_out *out, uint8_t own, uint8_t protocol, uint8_t ttl, uint8_t tos,
          size_t len)
{
	link_plain(out->frame);
	ip_finish_by(ip, out, own, ip->own.sum[own] + out->path->sum, protocol, ttl, tos, (uint32_t)len);
}
