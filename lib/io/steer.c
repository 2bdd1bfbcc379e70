/* Rings between workers, and what goes into them (steer.h). */
#include "steer.h"

#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "eth.h"
#include "flow.h"
#include "ip4.h"
#include "seg.h"

#define HANDED_MAX  1024   /* frames that may wait for one worker, about */
#define RING_LEAST  64     /* and of one other */
#define PROOF_PORT  0xfffe /* instead of a port's number in an mbuf */
#define PROOF_BYTES (ETH_HEADER + IP4_HEADER + SEG_HEADER)

static struct rte_ring *
ring_of(const struct steer *s, enum steer_way way, unsigned from, unsigned to)
{
	size_t i = ((size_t)way * s->map.shards + from) * s->map.shards + to;

	return (void *)(s->rings + s->ring_bytes * i);
}

static bool
make_rings(struct steer *s)
{
	unsigned shards = s->map.shards;
	ssize_t bytes;

	s->ring_room = RTE_MAX(rte_align32prevpow2(HANDED_MAX / (shards - 1)), (uint32_t)RING_LEAST);
	bytes = rte_ring_get_memsize(s->ring_room);
	if (bytes < 0)
		return false;
	s->ring_bytes = RTE_ALIGN_CEIL((size_t)bytes, RTE_CACHE_LINE_SIZE);
	s->rings = aligned_alloc(RTE_CACHE_LINE_SIZE, s->ring_bytes * STEER_WAYS * shards * shards);
	if (s->rings == NULL)
		return false;
	for (unsigned i = 0; i < STEER_WAYS * shards * shards; i++) {
		if (rte_ring_init((void *)(s->rings + i * s->ring_bytes), "steer", s->ring_room,
		                  RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
			return false;
	}
	return true;
}

struct steer *
steer_new(uint16_t key, const struct port *port, uint16_t ports, unsigned shards)
{
	struct steer *s = calloc(1, sizeof(*s));
	unsigned buckets = STEER_BUCKETS_MAX;

	if (s == NULL)
		return NULL;
	/* the smallest table: what it says must hold for every port; one too small for so many shards is not used */
	for (uint16_t i = 0; i < ports; i++) {
		if (port[i].buckets >= shards && port[i].buckets < buckets)
			buckets = port[i].buckets;
	}
	fns_steer_init(&s->map, key, buckets, shards);
	for (unsigned i = 0; i < buckets; i++)
		s->by_bucket[i] = (uint8_t)(i % shards);
	if (!make_rings(s)) {
		free(s->rings);
		free(s);
		return NULL;
	}
	return s;
}

void
steer_drain(struct steer *s, uint64_t left[STEER_WAYS])
{
	struct rte_mbuf *m;

	for (unsigned way = 0; way < STEER_WAYS; way++) {
		left[way] = 0;
		for (unsigned i = 0; i < (unsigned)s->map.shards * s->map.shards; i++) {
			while (rte_ring_sc_dequeue(ring_of(s, way, i / s->map.shards, i % s->map.shards),
			                           (void **)&m) == 0) {
				rte_pktmbuf_free(m);
				left[way]++;
			}
		}
	}
}

void
steer_free(struct steer *s)
{
	if (s == NULL)
		return;
	free(s->rings);
	free(s);
}

unsigned
steer_room(const struct steer *s)
{
	return STEER_WAYS * s->map.shards * (s->map.shards - 1u) * s->ring_room;
}

unsigned
steer_owner(const struct steer *s, const struct port *port, const struct rte_mbuf *m)
{
	if (port != NULL && port->spreads && (m->ol_flags & RTE_MBUF_F_RX_RSS_HASH))
		return s->by_bucket[m->hash.rss & (s->map.buckets - 1u)];
	return fns_steer_frame(&s->map, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
}

unsigned
steer_put(struct steer *s, enum steer_way way, unsigned from, unsigned to, struct rte_mbuf **frame,
          unsigned n)
{
	unsigned put = rte_ring_sp_enqueue_burst(ring_of(s, way, from, to), (void **)frame, n, NULL);

	if (way == STEER_TO_SEND && put > 0)
		counter_add(&s->lent[from], put);
	if (put > 0 && s->sleeper[to] != NULL)
		sleeper_ring(s->sleeper[to]);
	return put;
}

unsigned
steer_take(struct steer *s, enum steer_way way, unsigned from, unsigned to, struct rte_mbuf **frame,
           unsigned n)
{
	unsigned taken = rte_ring_sc_dequeue_burst(ring_of(s, way, from, to), (void **)frame, n, NULL);

	if (way == STEER_TO_SEND && taken > 0)
		counter_add(&s->taken[to][from], taken);
	return taken;
}

/* Not rte_ring_count: for a thread that reads both of a ring's ends, that is a race. */
unsigned
steer_lent(const struct steer *s, unsigned from)
{
	uint64_t taken = 0;

	for (unsigned to = 0; to < s->map.shards; to++)
		taken += counter_read(&s->taken[to][from]);
	return (unsigned)(counter_read(&s->lent[from]) - taken);
}

/* A TCP frame between documentation addresses, with a port that makes it `to`'s; `from` stands in its Ethernet source. */
void
steer_proof(const struct steer *s, struct rte_mbuf *m, unsigned from, unsigned to)
{
	static const uint8_t us[4] = {192, 0, 2, 1}, them[4] = {192, 0, 2, 2};
	uint8_t *octets = (uint8_t *)rte_pktmbuf_append(m, PROOF_BYTES);
	const uint8_t dst[6] = {2}, src[6] = {2, [5] = (uint8_t)from};
	struct flow f = {.lport = 80};
	const struct seg syn = {.flags = SYN};

	addr_from_ip4(f.local, us);
	addr_from_ip4(f.remote, them);
	while (s->map.owner[flow_fold(&f)] != to)
		f.rport++;
	m->port = PROOF_PORT;
	m->ol_flags = 0;
	eth_build(octets, dst, src, ETH_IP4);
	ip4_build(octets + ETH_HEADER, f.remote, f.local, PROTO_TCP, 1, 0, SEG_HEADER);
	seg_build(octets + ETH_HEADER + IP4_HEADER, f.rport, f.lport, &syn);
}

bool
steer_is_proof(const struct rte_mbuf *m)
{
	return m->port == PROOF_PORT;
}

void
steer_prove(struct steer *s, const struct rte_mbuf *m, unsigned at)
{
	unsigned from = rte_pktmbuf_mtod(m, const uint8_t *)[11];

	if (from < s->map.shards && steer_owner(s, NULL, m) == at)
		atomic_store_explicit(&s->proven[from][at], true, memory_order_relaxed);
}

bool
steer_proven(const struct steer *s)
{
	for (unsigned from = 0; from < s->map.shards; from++) {
		for (unsigned to = 0; to < s->map.shards; to++) {
			if (!atomic_load_explicit(&s->proven[from][to], memory_order_relaxed))
				return false;
		}
	}
	return true;
}
