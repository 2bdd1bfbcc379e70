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

size_t
ip_bytes(const struct fns_config *config)
{
	return LOOP_BYTES + ((neigh_bytes(config->neighbours) + 63) & ~(size_t)63);
}

void
ip_init(struct ip *ip, const struct fns_config *config, void *zeroed, uint64_t key, uint64_t now_us)
{
	uint16_t i;

	memset(ip, 0, sizeof(*ip));
	ip->config = config;
	own_init(ip);
	route_init(ip);
	ip->now_us = now_us;
	ip->echo.at_us = now_us;
	ip->echo.tokens = config->icmp_per_second;
	ip->loop.octets = zeroed;
	neigh_init(&ip->neigh, (uint8_t *)zeroed + LOOP_BYTES, config->neighbours, key);
	ip->announced = true;
	for (i = 0; i < config->port_count; i++)
		if (config->port[i].announce)
			ip->announced = false;
}

static size_t
ip_header(const uint8_t addr[16])
{
	return addr_is_ip4(addr) ? IP4_HEADER : IP6_HEADER;
}

enum ip_verdict
ip_begin_by(struct ip *ip, const struct ip_route *r, struct ip_out *out)
{
	size_t header = ip_header(r->next_hop), room;
	const struct neigh *n;

	out->frame = link_blank(ip, ETH_HEADER + header + TCP_HEADER_MAX);
	if (out->frame == NULL)
		return IP_OUTBOX_FULL;
	n = neigh_use(&ip->neigh, r->port, r->next_hop, ip->now_us);
	if (n == NULL || n->state == NEIGH_INCOMPLETE) {
		counter_add(&ip->stats.unresolved, 1);
		return IP_UNRESOLVED;
	}
	if (n->state == NEIGH_FAILED)
		return IP_UNREACHABLE;
	room = out->frame->room - ETH_HEADER;
	if (room > r->mtu)
		room = r->mtu;
	out->room = room > header ? room - header : 0;
	out->l4 = out->frame->data + ETH_HEADER + header;
	out->port = r->port;
	memcpy(out->src_mac, ip->config->port[r->port].mac, 6);
	memcpy(out->dst_mac, n->mac, 6);
	return IP_OK;
}

static enum ip_verdict
begin_loop(struct ip *ip, const uint8_t dst[16], struct ip_out *out)
{
	out->frame = loop_blank(&ip->loop);
	if (out->frame == NULL)
		return IP_OUTBOX_FULL;
	out->port = LOOP_PORT;
	out->l4 = out->frame->data + ETH_HEADER + ip_header(dst);
	out->room = LOOP_MTU - ip_header(dst);
	return IP_OK;
}

enum ip_verdict
ip_begin(struct ip *ip, const uint8_t dst[16], struct ip_out *out)
{
	struct ip_route r;

	if (ip_is_ours(ip, dst))
		return begin_loop(ip, dst, out);
	/* Before all else: a frame that cannot be sent shall not make a neighbour entry. */
	if (link_blank(ip, ETH_HEADER + ip_header(dst) + TCP_HEADER_MAX) == NULL)
		return IP_OUTBOX_FULL;
	if (!ip_route(ip, dst, &r)) {
		counter_add(&ip->stats.no_route, 1);
		return IP_UNREACHABLE;
	}
	return ip_begin_by(ip, &r, out);
}

void
ip_finish(struct ip *ip, const struct ip_out *out, const uint8_t src[16], const uint8_t dst[16],
          uint8_t protocol, uint8_t ttl, uint8_t tos, size_t len)
{
	uint8_t *at = out->frame->data + ETH_HEADER;
	bool ip4 = addr_is_ip4(dst);

	assert(len <= out->room);
	if (ip4)
		ip4_build(at, src, dst, protocol, ttl, tos, len);
	else
		ip6_build(at, src, dst, protocol, ttl, tos, len);
	if (out->port == LOOP_PORT) {
		loop_put(&ip->loop, (uint16_t)(ip_header(dst) + len));
		return;
	}
	assert(out->frame == &ip->tx->slot[ip->tx->used]);
	link_send(ip, out->frame, out->port, out->dst_mac, ip4 ? ETH_IP4 : ETH_IP6, ip_header(dst) + len);
}

void
ip_finish_tcp(struct ip *ip, struct ip_out *out, const uint8_t src[16], const uint8_t dst[16], uint8_t ttl,
              uint8_t tos)
{
	size_t len = (size_t)out->header + out->text;
	uint64_t sum = cksum_number_addr(src) + cksum_number_addr(dst) + PROTO_TCP + len; /* pseudo header */
	bool loop = out->port == LOOP_PORT, offload = !loop && ip->config->port[out->port].tx_cksum;
	struct fns_frame *f = out->frame;

	if (offload) { /* the port adds the rest and complements */
		put_u16(out->l4 + TCP_CKSUM_AT, (uint16_t)~cksum_number(sum));
	} else if (!loop) { /* it goes from memory to memory */
		sum += out->sum;
		if (out->text > 0)
			sum += cksum_number_of(cksum_add(0, out->l4 + out->header, out->text));
		put_u16(out->l4 + TCP_CKSUM_AT, cksum_number(sum));
	}
	ip_finish(ip, out, src, dst, PROTO_TCP, ttl, tos, len);
	if (!offload)
		return;
	f->flags = (uint16_t)(FNS_FRAME_TCP_CKSUM | (addr_is_ip4(dst) ? 0 : FNS_FRAME_IP6));
	f->l2_len = ETH_HEADER;
	f->l3_len = (uint8_t)ip_header(dst);
}
