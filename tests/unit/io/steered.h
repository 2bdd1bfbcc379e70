/* Several workers' ios over one port made of rings, turned one after the other; and frames for them.  Each test uses a
 * part of it. */
#ifndef STEERED_H
#define STEERED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <cmocka.h>

#include "arp.h"
#include "eth.h"
#include "flow.h"
#include "icmp.h"
#include "io.h"
#include "ip4.h"
#include "ip6.h"
#include "seg.h"
#include "steer.h"

#define UNUSED      __attribute__((unused))
#define WORKERS_MAX 4
#define KEY         0x2f1d

static unsigned made; /* benches so far: each has names of its own */

static UNUSED struct {
	unsigned workers, queues;
	struct rte_ring *rx[WORKERS_MAX], *tx[WORKERS_MAX]; /* of each queue, as the ios see them */
	struct port port;
	struct steer *steer;
	struct rte_mempool *pool;
	struct io io[WORKERS_MAX];
} b;

static UNUSED struct rte_ring *
ring(const char *what, unsigned queue)
{
	char name[32];

	snprintf(name, sizeof(name), "%s%u.%u", what, made, queue);
	return rte_ring_create(name, 4096, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static UNUSED void
begin(unsigned workers, unsigned queues)
{
	struct port_wish wish = {.queues = (uint16_t)queues, .mtu = 1500, .descriptors = 64, .spread = true};
	char name[32], device[64], why[256];

	memset(&b, 0, sizeof(b));
	b.workers = workers;
	b.queues = queues;
	for (unsigned q = 0; q < queues; q++) {
		b.rx[q] = ring("r", q);
		b.tx[q] = ring("t", q);
	}
	snprintf(name, sizeof(name), "s%u", made);
	snprintf(device, sizeof(device), "net_ring_s%u", made);
	made++;
	assert_true(rte_eth_from_rings(name, b.rx, queues, b.tx, queues, 0) >= 0);
	wish.device = device;
	wish.spread_key = KEY;
	assert_int_equal(port_open(&b.port, &wish, why, sizeof(why)), 0);
	assert_int_equal(b.port.queues, queues);
	b.steer = steer_new(KEY, &b.port, 1, workers);
	assert_non_null(b.steer);
	b.pool = io_pool_new(name, &b.port, 1, b.steer);
	assert_non_null(b.pool);
	assert_int_equal(port_start(&b.port, b.pool, why, sizeof(why)), 0);
	assert_false(port_spread(&b.port, &b.steer->map)); /* a ring has no hash */
	for (unsigned w = 0; w < workers; w++)
		io_init(&b.io[w], &b.port, 1, (uint16_t)w, b.pool, b.steer);
}

static UNUSED uint64_t
sum(size_t at)
{
	uint64_t n = 0;

	for (unsigned w = 0; w < b.workers; w++)
		n += counter_read((void *)((char *)&b.io[w].count + at));
	return n;
}
#define SUM(name) sum(offsetof(struct io_counters, name))

/* Whatever happened before: everything comes back, and the sums hold. */
static UNUSED void
end(void)
{
	uint64_t left[STEER_WAYS];
	struct rte_mbuf *m;

	for (unsigned w = 0; w < b.workers; w++)
		io_close(&b.io[w]);
	steer_drain(b.steer, left);
	assert_int_equal(SUM(steered), SUM(steered_here) + left[STEER_RECEIVED]);
	assert_int_equal(SUM(tx_lent), SUM(tx_borrowed) + left[STEER_TO_SEND]);
	for (unsigned q = 0; q < b.queues; q++) {
		while (rte_ring_dequeue(b.tx[q], (void **)&m) == 0)
			rte_pktmbuf_free(m);
	}
	port_close(&b.port);
	assert_int_equal(io_pool_missing(b.pool), 0);
	rte_mempool_free(b.pool);
	steer_free(b.steer);
	for (unsigned q = 0; q < b.queues; q++) {
		rte_ring_free(b.rx[q]);
		rte_ring_free(b.tx[q]);
	}
}

static const uint8_t us_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};

static UNUSED struct rte_mbuf *
blank(uint16_t type)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b.pool);

	assert_non_null(m);
	eth_build((uint8_t *)rte_pktmbuf_append(m, ETH_HEADER), us_mac, peer_mac, type);
	m->port = 0x55; /* net_ring leaves what the sender's port wrote */
	return m;
}

static UNUSED void
random_flow(struct flow *f, bool v6)
{
	for (unsigned i = 0; i < 16; i++) {
		f->local[i] = (uint8_t)(v6 ? (i == 0 ? 0x20 : 7 * i) : 0);
		f->remote[i] = (uint8_t)(i == 0 ? 0x20 : rand());
	}
	if (!v6) {
		const uint8_t local[4] = {198, 51, 100, 1};

		addr_from_ip4(f->local, local);
		memcpy(f->remote, addr_mapped_prefix, 12);
	}
	f->lport = 80;
	f->rport = (uint16_t)(1024 + rand() % 60000);
}

/* A packet from the peer with l4_len octets behind the header, which the caller fills. */
static UNUSED uint8_t *
packet(struct rte_mbuf *m, const struct flow *f, bool v6, uint8_t protocol, size_t l4_len)
{
	size_t header = v6 ? IP6_HEADER : IP4_HEADER;
	uint8_t *at = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(header + l4_len));

	assert_true(at != NULL);
	if (v6)
		ip6_build(at, f->remote, f->local, protocol, 255, 0, l4_len);
	else
		ip4_build(at, f->remote, f->local, protocol, 64, 0, l4_len);
	return at + header;
}

static UNUSED struct rte_mbuf *
segment(const struct flow *f, bool v6, uint32_t seq)
{
	const struct seg s = {.flags = ACK, .seq = seq};
	struct rte_mbuf *m = blank(v6 ? ETH_IP6 : ETH_IP4);

	seg_build(packet(m, f, v6, PROTO_TCP, SEG_HEADER), f->rport, f->lport, &s);
	return m;
}

static UNUSED void
comes(unsigned queue, struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(b.rx[queue], m), 0);
}

/* All workers turn until nothing moves; `seen` is told of every frame that a shard would get. */
static UNUSED void
turn_all(void (*seen)(unsigned worker, const struct fns_frame *))
{
	for (unsigned still = 0; still < 3; still++) {
		for (unsigned w = 0; w < b.workers; w++) {
			unsigned n = io_rx(&b.io[w]);

			for (unsigned i = 0; i < n && seen != NULL; i++)
				seen(w, &b.io[w].rx[i]);
			io_tx(&b.io[w]);
			still = n > 0 ? 0 : still;
		}
	}
}

static unsigned at[WORKERS_MAX]; /* frames seen, by shard */

static UNUSED void
see_any(unsigned worker, const struct fns_frame *f)
{
	(void)f;
	at[worker]++;
}

/* The shards that see a frame that came to the last queue. */
static UNUSED unsigned
seen_by(struct rte_mbuf *m)
{
	unsigned set = 0;

	memset(at, 0, sizeof(at));
	comes(b.queues - 1, m);
	turn_all(see_any);
	for (unsigned w = 0; w < b.workers; w++) {
		assert_true(at[w] <= 1);
		set |= at[w] << w;
	}
	return set;
}

static UNUSED int
run(const struct CMUnitTest *tests, size_t count, const char *name)
{
	char words[][24] = {"test_steer",
	                    "--no-huge",
	                    "-m",
	                    "200",
	                    "--no-shconf",
	                    "--no-pci",
	                    "--no-telemetry",
	                    "--log-level=lib.eal:4",
	                    "-l",
	                    "0"};
	char *args[11] = {NULL};

	for (int i = 0; i < 10; i++)
		args[i] = words[i];
	if (rte_eal_init(10, args) < 0) {
		printf("SKIP: EAL does not start here\n");
		return 77;
	}
	srand(1);
	return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}

#endif
