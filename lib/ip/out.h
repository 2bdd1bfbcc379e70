/* Packets of TCP on their way out: begun, written by their owner, finished.  What all but the first to a remote find, a
 * path that is known and a neighbour that is there, is in line. */
#ifndef FNS_OUT_H
#define FNS_OUT_H

#include <assert.h>

#include "cksum.h"
#include "ip.h"
#include "ip6.h"
#include "link_out.h"

#define TCP_CKSUM_AT 16                             /* the checksum field in a TCP header */
#define IP_HEADERS   (ETH_HEADER + IP6_HEADER + 60) /* octets of a frame before its text, at the most */

/* The path has the neighbour, and would be given it again. */
static inline bool
path_neigh_serves(const struct ip_path *p)
{
	return p->lease != 0 && p->neigh->lease == p->lease;
}

/* Ethernet into the blank f, and where the rest goes. */
static inline void
ip_lay_out(struct ip_out *out, struct fns_frame *f, const struct ip_path *p)
{
	memcpy(f->data, p->neigh->mac, 6);
	memcpy(f->data + 6, p->link, 8);
	out->frame = f;
	out->path = p;
	out->l4 = f->data + ETH_HEADER + p->header;
}

enum ip_verdict ip_begin_any(struct ip *, const uint8_t dst[16], struct ip_out *);
void ip_confirm_any(struct ip *, const uint8_t remote[16]);

/* Reserves the next blank frame for a packet to dst, and writes its Ethernet header.  Nothing is taken from the outbox until
 * ip_finish_tcp: a begun packet that is not finished costs nothing. */
static inline enum ip_verdict
ip_begin(struct ip *ip, const uint8_t dst[16], struct ip_out *out)
{
	const struct ip_path *p = ip_path_place(ip, dst);
	const struct fns_outbox *tx = ip->tx;

	if (!addr_equal(p->remote, dst) || !path_neigh_serves(p) || tx == NULL || tx->used >= tx->room ||
	    tx->slot[tx->used].room < IP_HEADERS)
		return ip_begin_any(ip, dst, out);
	neigh_used(p->neigh, ip->now_us);
	ip_lay_out(out, &tx->slot[tx->used], p);
	return IP_OK;
}

/* Of what TCP and ICMP share: IP, and the frame is taken. */
static inline __attribute__((always_inline)) void
ip_finish_by(struct ip *ip, const struct ip_out *out, uint8_t own, uint32_t addresses, uint8_t protocol,
             uint8_t ttl, uint8_t tos, uint32_t len)
{
	const struct ip_path *p = out->path;
	const uint8_t *src = ip->own.addr[own];
	struct fns_frame *f = out->frame;
	uint8_t *at = f->data + ETH_HEADER, port = p->port, kind = p->kind;
	uint32_t packet = p->header + len;

	assert(packet <= p->mtu && ETH_HEADER + packet <= f->room);
	if (p->header == IP4_HEADER)
		ip4_build_summed(at, src, p->remote, addresses, protocol, ttl, tos, len);
	else
		ip6_build(at, src, p->remote, protocol, ttl, tos, len);
	if (kind == PATH_LOOP) {
		loop_put(&ip->loop, (uint16_t)packet);
		return;
	}
	assert(f == &ip->tx->slot[ip->tx->used]);
	link_take(ip, f, port, ETH_HEADER + packet);
}

static inline void
ip_ask_for_sum(struct fns_frame *f, uint8_t header)
{
	f->flags = (uint16_t)(FNS_FRAME_TCP_CKSUM | (header == IP4_HEADER ? 0 : FNS_FRAME_IP6));
	f->l2_len = ETH_HEADER;
	f->l3_len = header;
}

/* Writes IP in front of the TCP header and text that stand at out->l4, from our address `own` (ip_own), fills in the TCP
 * checksum (or asks the port for it), pads a short frame with zeros, and takes the frame from the outbox. */
static inline __attribute__((always_inline)) void
ip_finish_tcp(struct ip *ip, const struct ip_out *out, uint8_t own, uint8_t ttl, uint8_t tos)
{
	const struct ip_path *p = out->path;
	uint32_t len = (uint32_t)out->header + out->text, addresses = ip->own.sum[own] + p->sum;
	uint32_t pseudo = addresses + PROTO_TCP + len;

	link_plain(out->frame);
	if (p->kind == PATH_SUMMED) {
		put_u16(out->l4 + TCP_CKSUM_AT, cksum_number(pseudo + out->sum));
	} else if (p->kind == PATH_OFFLOADED) { /* the port adds the rest and complements */
		put_u16(out->l4 + TCP_CKSUM_AT, (uint16_t)~cksum_number32(pseudo));
		ip_ask_for_sum(out->frame, p->header);
	} /* the loop goes from memory to memory */
	ip_finish_by(ip, out, own, addresses, PROTO_TCP, ttl, tos, len);
}

/* TCP saw forward progress from this peer: its next hop is alive (RFC 4861 §7.3.1). */
static inline void
ip_confirm(struct ip *ip, const uint8_t remote[16])
{
	const struct ip_path *p = ip_path_place(ip, remote);

	if (addr_equal(p->remote, remote) && path_neigh_serves(p) && p->neigh->state == NEIGH_REACHABLE)
		neigh_confirmed(p->neigh, ip->now_us);
	else
		ip_confirm_any(ip, remote);
}

#endif
