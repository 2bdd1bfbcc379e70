/* Which shard owns a flow: receive-side scaling's Toeplitz hash with a key of one repeated 16-bit word. */
#include "arp.h"
#include "eth.h"
#include "icmp.h"
#include "ip6.h"
#include "shard.h"

/* That key makes the hash symmetric: it depends on the XOR of all 16-bit words alone, linearly, and both halves of its 32
 * bits are equal.  One bit of the word is the key, rotated as far as the bit stands from the left. */
static uint16_t
hash_of(uint16_t key, uint16_t fold)
{
	uint16_t hash = 0;

	for (unsigned bit = 0; bit < 16; bit++) {
		if (fold >> (15 - bit) & 1)
			hash ^= (uint16_t)(key << bit | key >> (16 - bit));
	}
	return hash;
}

void
fns_steer_init(struct fns_steer *s, uint16_t key, unsigned buckets, unsigned shards)
{
	unsigned ones = 0;

	for (unsigned bit = 0; bit < 16; bit++)
		ones += (unsigned)key >> bit & 1;
	/* with an odd number of ones, and only then, all 65,536 folds have hashes of their own */
	s->key = ones & 1 ? key : key ^ 1;
	s->buckets = (uint16_t)buckets;
	s->shards = (uint16_t)shards;
	for (uint32_t fold = 0; fold < 65536; fold++)
		s->owner[fold] = (uint8_t)(hash_of(s->key, (uint16_t)fold) % buckets % shards);
}

unsigned
fns_steer_owner(const struct fns_steer *s, const struct fns_addr *a, const struct fns_addr *b)
{
	struct flow f = {.lport = a->port, .rport = b->port};

	memcpy(f.local, a->ip, 16);
	memcpy(f.remote, b->ip, 16);
	return s->owner[flow_fold(&f)];
}

/* What says where a neighbour is, is for all: each shard has a neighbour cache of its own.  A request is answered once. */
static unsigned
owner_of_arp(struct cursor *c)
{
	struct arp arp;

	if (arp_parse(&arp, c) != DROP_TAKEN)
		return FNS_STEER_ANY;
	return arp.op == ARP_REPLY || memcmp(arp.sender_ip, arp.target_ip, 4) == 0 ? FNS_STEER_ALL
	                                                                           : FNS_STEER_ANY;
}

/* An error goes to the flow that it quotes. */
static unsigned
owner_of_icmp(const struct fns_steer *s, const struct ip_packet *p)
{
	struct icmp icmp;
	struct nd nd;

	if (icmp_parse(&icmp, p) != DROP_TAKEN || icmp.kind == ICMP_ECHO)
		return FNS_STEER_ANY;
	if (icmp.kind == ICMP_ND)
		return nd_parse(&nd, &icmp, p) == DROP_TAKEN && nd.advert ? FNS_STEER_ALL : FNS_STEER_ANY;
	return s->owner[flow_fold(&icmp.flow)];
}

/* Whether its checksums are good is somebody else's to say. */
static bool
packet_of(struct ip_packet *p, const struct eth *eth, struct cursor *c)
{
	if (eth->type == ETH_IP4)
		return ip4_parse(p, c, true) == DROP_TAKEN;
	return eth->type == ETH_IP6 && ip6_parse(p, c) == DROP_TAKEN;
}

/* False: no TCP segment. */
static bool
segment_flow(struct flow *f, const struct ip_packet *p)
{
	if (p->protocol != PROTO_TCP || p->l4_len < 4)
		return false;
	memcpy(f->local, p->dst, 16);
	memcpy(f->remote, p->src, 16);
	f->rport = get_u16(p->l4);
	f->lport = get_u16(p->l4 + 2);
	return true;
}

bool
fns_frame_ends(const void *octets, size_t len, struct fns_addr *from, struct fns_addr *to)
{
	struct cursor c = cursor_of(octets, len);
	struct ip_packet p;
	struct flow f;
	struct eth eth;

	if (eth_parse(&eth, &c) != DROP_TAKEN || !packet_of(&p, &eth, &c) || !segment_flow(&f, &p))
		return false;
	memcpy(from->ip, f.remote, 16);
	memcpy(to->ip, f.local, 16);
	from->port = f.rport;
	to->port = f.lport;
	return true;
}

unsigned
fns_steer_frame(const struct fns_steer *s, const void *octets, size_t len)
{
	struct cursor c = cursor_of(octets, len);
	struct ip_packet p;
	struct flow f;
	struct eth eth;

	if (eth_parse(&eth, &c) != DROP_TAKEN)
		return FNS_STEER_ANY;
	if (eth.type == ETH_ARP)
		return owner_of_arp(&c);
	if (!packet_of(&p, &eth, &c))
		return FNS_STEER_ANY;
	if (p.protocol == (p.v6 ? PROTO_ICMP6 : PROTO_ICMP))
		return owner_of_icmp(s, &p);
	return segment_flow(&f, &p) ? s->owner[flow_fold(&f)] : FNS_STEER_ANY;
}

bool
fns_shard_owns(const struct fns_shard *s, const struct fns_addr *local, const struct fns_addr *remote)
{
	struct fns_addr from = local == NULL ? (struct fns_addr){.port = 0} : *local;
	struct ip_route r;

	if (s->config.steer == NULL || from.port == 0)
		return true;
	if (addr_is_zero(from.ip)) {
		if (!ip_route(&s->ip, remote->ip, &r))
			return true;
		memcpy(from.ip, r.source, 16);
	}
	return fns_steer_owner(s->config.steer, &from, remote) == s->config.shard;
}
