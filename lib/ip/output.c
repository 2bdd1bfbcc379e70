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

#define TCP_CKSUM_AT   16 /* the checksum field in a TCP header */
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
	p->neigh = neigh_use(&ip->neigh, p->port, p->next_hop, ip->now_us);
	if (p->neigh == NULL || p->neigh->state == NEIGH_INCOMPLETE) {
		counter_add(&ip->stats.unresolved, 1);
		return IP_UNRESOLVED;
	}
	return p->neigh->state == NEIGH_FAILED ? IP_UNREACHABLE : IP_OK;
}

/* Where IP and what it carries go, in a blank that has room for a header with all options. */
static inline enum ip_verdict
lay_out(struct ip_out *out, struct fns_frame *f, const struct ip_path *p)
{
	uint32_t room = f->room - (uint32_t)ETH_HEADER, header = p->header;

	if (room > p->mtu)
		room = p->mtu;
	out->frame = f;
	out->path = p;
	out->l4 = f->data + ETH_HEADER + header;
	out->room = room - header;
	return IP_OK;
}

/* Of this and `finish`, what is for ICMP too should cost TCP no call. */
static inline __attribute__((always_inline)) enum ip_verdict
begin(struct ip *ip, struct ip_path *p, struct ip_out *out)
{
	struct fns_frame *f = link_blank(ip, (size_t)ETH_HEADER + p->header + TCP_HEADER_MAX);

	/* Before all else: a frame that cannot be sent shall not make a neighbour entry. */
	if (f == NULL)
		return IP_OUTBOX_FULL;
	if (path_neigh_serves(p)) {
		neigh_used(p->neigh, ip->now_us);
	} else {
		enum ip_verdict v = next_hop(ip, p);

		if (v != IP_OK)
			return v;
	}
	memcpy(f->data, p->neigh->mac, 6);
	memcpy(f->data + 6, p->link, 8);
	return lay_out(out, f, p);
}

enum ip_verdict
ip_begin_by(struct ip *ip, struct ip_path *p, struct ip_out *out)
{
	return begin(ip, p, out);
}

static enum ip_verdict
begin_loop(struct ip *ip, const struct ip_path *p, struct ip_out *out)
{
	struct fns_frame *f = loop_blank(&ip->loop);

	return f == NULL ? IP_OUTBOX_FULL : lay_out(out, f, p);
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
ip_begin(struct ip *ip, const uint8_t dst[16], struct ip_out *out)
{
	struct ip_path *p = ip_path(ip, dst);

	if (p == NULL)
		return begin_nowhere(ip);
	return p->port == LOOP_PORT ? begin_loop(ip, p, out) : begin(ip, p, out);
}

static inline __attribute__((always_inline)) void
finish(struct ip *ip, const struct ip_out *out, uint8_t own, uint8_t protocol, uint8_t ttl, uint8_t tos,
       size_t len)
{
	const struct ip_path *p = out->path;
	const uint8_t *src = ip->own.addr[own];
	uint8_t *at = out->frame->data + ETH_HEADER, port = p->port, header = p->header;

	assert(len <= out->room);
	if (header == IP4_HEADER)
		ip4_build_summed(at, src, p->remote, ip->own.sum[own] + p->sum, protocol, ttl, tos, len);
	else
		ip6_build(at, src, p->remote, protocol, ttl, tos, len);
	if (port == LOOP_PORT) {
		loop_put(&ip->loop, (uint16_t)(header + len));
		return;
	}
	assert(out->frame == &ip->tx->slot[ip->tx->used]);
	link_take(ip, out->frame, port, ETH_HEADER + header + len);
}

void
ip_finish(struct ip *ip, const struct ip_out *out, uint8_t own, uint8_t protocol, uint8_t ttl, uint8_t tos,
          size_t len)
{
	finish(ip, out, own, protocol, ttl, tos, len);
}

void
ip_finish_tcp(struct ip *ip, const struct ip_out *out, uint8_t own, uint8_t ttl, uint8_t tos)
{
	const struct ip_path *p = out->path;
	size_t len = (size_t)out->header + out->text;
	uint64_t sum = ip->own.sum[own] + p->sum + PROTO_TCP + len; /* pseudo header */
	struct fns_frame *f = out->frame;

	if (p->tx_cksum) { /* the port adds the rest and complements */
		put_u16(out->l4 + TCP_CKSUM_AT, (uint16_t)~cksum_number(sum));
	} else if (p->port != LOOP_PORT) { /* the loop goes from memory to memory */
		sum += out->sum;
		if (out->text > 0)
			sum += cksum_number_of(cksum_add(0, out->l4 + out->header, out->text));
		put_u16(out->l4 + TCP_CKSUM_AT, cksum_number(sum));
	}
	finish(ip, out, own, PROTO_TCP, ttl, tos, len);
	if (!p->tx_cksum)
		return;
	f->flags = (uint16_t)(FNS_FRAME_TCP_CKSUM | (p->header == IP4_HEADER ? 0 : FNS_FRAME_IP6));
	f->l2_len = ETH_HEADER;
	f->l3_len = p->header;
}
