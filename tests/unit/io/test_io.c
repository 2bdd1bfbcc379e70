/* The life of mbufs: lent, filled, sent, held back, dropped, given back.  The ports are rings, so both sides of them can
 * be seen, and a port can be made to take nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <cmocka.h>

#include "io.h"

#define FRAME 64

static unsigned made; /* ports so far: each has a name of its own */

struct bench {
	struct rte_ring *rx, *tx; /* as the io sees them */
	struct port port;
	struct rte_mempool *pool;
	struct io io;
};

static struct bench b;

/* A started port whose transmit ring holds `room` frames. */
static void
begin(unsigned room)
{
	struct port_wish wish = {.queues = 1, .mtu = 1500, .descriptors = 64};
	char name[32], device[64], why[256];
	uint16_t id;

	memset(&b, 0, sizeof(b));
	snprintf(name, sizeof(name), "rx%u", made);
	b.rx = rte_ring_create(name, 1024, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "tx%u", made);
	b.tx = rte_ring_create(name, room, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	snprintf(name, sizeof(name), "p%u", made);
	assert_true(rte_eth_from_rings(name, &b.rx, 1, &b.tx, 1, 0) >= 0);
	snprintf(device, sizeof(device), "net_ring_%s", name);
	if (rte_eth_dev_get_port_by_name(device, &id) != 0)
		snprintf(device, sizeof(device), "%s", name);
	wish.device = device;
	assert_int_equal(port_open(&b.port, &wish, why, sizeof(why)), 0);
	snprintf(name, sizeof(name), "pool%u", made);
	b.pool = io_pool_new(name, &b.port, 1, NULL);
	assert_non_null(b.pool);
	assert_int_equal(port_start(&b.port, b.pool, why, sizeof(why)), 0);
	io_init(&b.io, &b.port, 1, 0, b.pool, NULL);
	made++;
}

/* Whatever happened before: everything comes back. */
static void
end(void)
{
	struct rte_mbuf *m;

	io_close(&b.io);
	while (rte_ring_dequeue(b.tx, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	port_close(&b.port);
	assert_int_equal(io_pool_missing(b.pool), 0);
	rte_mempool_free(b.pool);
	rte_ring_free(b.rx);
	rte_ring_free(b.tx);
}

static void
fill(unsigned n, uint32_t first)
{
	assert_true(n <= b.io.outbox.room);
	for (unsigned i = 0; i < n; i++) {
		struct fns_frame *f = &b.io.outbox.slot[b.io.outbox.used++];

		assert_true(f->room >= 1514);
		memset(f->data, 0, FRAME);
		first++;
		memcpy(f->data + 20, &first, sizeof(first));
		f->len = FRAME;
		f->port = 0;
		f->flags = 0;
	}
}

/* The next frame that the port was given, or 0. */
static uint32_t
sent(void)
{
	struct rte_mbuf *m;
	uint32_t n;

	if (rte_ring_dequeue(b.tx, (void **)&m) != 0)
		return 0;
	assert_int_equal(m->pkt_len, FRAME);
	assert_int_equal(m->data_len, FRAME);
	memcpy(&n, rte_pktmbuf_mtod_offset(m, char *, 20), sizeof(n));
	rte_pktmbuf_free(m);
	return n;
}

static struct rte_mbuf *
arriving(unsigned len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(b.pool);

	assert_non_null(m);
	memset(rte_pktmbuf_append(m, (uint16_t)len), 0x5a, len);
	return m;
}

static void
a_turn_lends_blanks_and_keeps_the_unused(void **state)
{
	unsigned before;

	(void)state;
	begin(1024);
	assert_int_equal(io_rx(&b.io), 0);
	assert_int_equal(b.io.outbox.room, IO_OUTBOX);
	io_tx(&b.io);
	before = io_pool_missing(b.pool);
	for (int i = 0; i < 100; i++) {
		io_rx(&b.io);
		assert_int_equal(b.io.outbox.room, IO_OUTBOX);
		assert_int_equal(b.io.outbox.used, 0);
		io_tx(&b.io);
	}
	assert_int_equal(io_pool_missing(b.pool), before);
	end();
}

static void
frames_leave_in_order(void **state)
{
	uint32_t first = 0, next = 1;

	(void)state;
	begin(1024);
	for (unsigned n = 0; n <= IO_OUTBOX; n += 17) {
		io_rx(&b.io);
		fill(n, first);
		first += n;
		io_tx(&b.io);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(sent(), next++);
		assert_int_equal(sent(), 0);
	}
	assert_int_equal(counter_read(&b.io.count.tx_frames), first);
	assert_int_equal(counter_read(&b.io.count.tx_octets), first * FRAME);
	end();
}

/* A port that takes ten frames a turn gets all of them, in order; the shard is lent less room meanwhile. */
static void
a_slow_port_slows_the_shard_and_loses_nothing(void **state)
{
	uint32_t first = 0, next = 1;
	unsigned least = IO_OUTBOX;

	(void)state;
	begin(10);
	for (int turn = 0; turn < 400; turn++) {
		unsigned n;

		io_rx(&b.io);
		n = turn < 200 ? b.io.outbox.room : 0;
		least = n < least && turn < 200 ? n : least;
		fill(n, first);
		first += n;
		io_tx(&b.io);
		assert_true(io_waiting(&b.io) <= IO_OUTBOX);
		for (int i = 0; i < 10; i++) {
			uint32_t got = sent();

			if (got != 0)
				assert_int_equal(got, next++);
		}
	}
	assert_int_equal(next - 1, first);
	assert_true(least <= 10);
	assert_int_equal(io_waiting(&b.io), 0);
	assert_int_equal(counter_read(&b.io.count.tx_dropped), 0);
	assert_true(counter_read(&b.io.count.tx_waited) > 0);
	end();
}

static void
a_port_that_takes_nothing_is_not_waited_for(void **state)
{
	(void)state;
	begin(10);
	io_rx(&b.io);
	fill(100, 0);
	io_tx(&b.io);
	assert_int_equal(io_waiting(&b.io), 90);
	io_rx(&b.io);
	io_tx(&b.io);
	assert_int_equal(io_waiting(&b.io), 90); /* not at once */
	rte_delay_us_sleep((IO_STALL_MS + 20) * 1000);
	io_rx(&b.io);
	assert_int_equal(b.io.outbox.room, IO_OUTBOX - 90);
	io_tx(&b.io);
	assert_int_equal(io_waiting(&b.io), 0);
	assert_int_equal(counter_read(&b.io.count.tx_dropped), 90);
	/* while it stands still, at once; when it moves again, as before */
	io_rx(&b.io);
	fill(5, 200);
	io_tx(&b.io);
	assert_int_equal(counter_read(&b.io.count.tx_dropped), 95);
	for (uint32_t i = 1; i <= 10; i++)
		assert_int_equal(sent(), i);
	io_rx(&b.io);
	fill(15, 300);
	io_tx(&b.io);
	assert_int_equal(io_waiting(&b.io), 5);
	assert_int_equal(sent(), 301);
	end();
}

static void
frames_arrive_in_bursts_and_go_back(void **state)
{
	unsigned before, sum = 0;

	(void)state;
	begin(1024);
	io_rx(&b.io);
	io_tx(&b.io);
	before = io_pool_missing(b.pool);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(rte_ring_enqueue(b.rx, arriving(60 + i)), 0);
	for (int turn = 0; turn < 4; turn++) {
		unsigned n = io_rx(&b.io);

		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(b.io.rx[i].len, 60 + sum++);
			assert_int_equal(b.io.rx[i].data[b.io.rx[i].len - 1], 0x5a);
			assert_int_equal(b.io.rx[i].flags, 0); /* no offload, no verdict */
		}
		assert_true(n <= IO_BURST);
		io_tx(&b.io);
	}
	assert_int_equal(sum, 100);
	assert_int_equal(counter_read(&b.io.count.rx_frames), 100);
	assert_int_equal(io_pool_missing(b.pool), before);
	end();
}

/* Of two buffers that fit into one: joined.  Of two that do not: dropped here, since no shard could read it. */
static void
chains_are_joined_or_dropped(void **state)
{
	struct rte_mbuf *m;

	(void)state;
	begin(1024);
	m = arriving(100);
	assert_int_equal(rte_pktmbuf_chain(m, arriving(200)), 0);
	assert_int_equal(rte_ring_enqueue(b.rx, m), 0);
	m = arriving(2000);
	assert_int_equal(rte_pktmbuf_chain(m, arriving(2000)), 0);
	assert_int_equal(rte_ring_enqueue(b.rx, m), 0);
	assert_int_equal(rte_ring_enqueue(b.rx, arriving(77)), 0);
	assert_int_equal(io_rx(&b.io), 2);
	assert_int_equal(b.io.rx[0].len, 300);
	assert_int_equal(b.io.rx[0].data[299], 0x5a);
	assert_int_equal(b.io.rx[1].len, 77);
	io_tx(&b.io);
	assert_int_equal(counter_read(&b.io.count.rx_joined), 1);
	assert_int_equal(counter_read(&b.io.count.rx_oversize), 1);
	end();
}

/* Three that arrived fill the holes of three that were sent, as good as new; but for one that somebody else holds, and one
 * of another pool: these go back. */
static void
what_arrived_is_blank_next(void **state)
{
	struct rte_mempool *other =
		rte_pktmbuf_pool_create("other", 31, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct rte_mbuf *in[5];
	unsigned before;

	(void)state;
	begin(1024);
	io_rx(&b.io);
	fill(3, 0);
	io_tx(&b.io);
	assert_non_null(other);
	for (unsigned i = 0; i < 5; i++) {
		in[i] = i == 3 ? rte_pktmbuf_alloc(other) : arriving(1000);
		rte_pktmbuf_adj(in[i], 7);
		assert_int_equal(rte_ring_enqueue(b.rx, in[i]), 0);
	}
	rte_mbuf_refcnt_update(in[0], 1);
	before = io_pool_missing(b.pool);
	assert_int_equal(io_rx(&b.io), 5);
	fill(4, 3);
	io_tx(&b.io);
	assert_int_equal(rte_mbuf_refcnt_read(in[0]), 1);
	assert_int_equal(io_pool_missing(other), 0);
	assert_int_equal(b.io.holes, 1);
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned which[] = {4, 2, 1};
		const struct fns_frame *f = &b.io.blank[1 + i];

		assert_ptr_equal(f->token, in[which[i]]);
		assert_ptr_equal(f->data, rte_pktmbuf_mtod(in[which[i]], uint8_t *));
		assert_int_equal(rte_pktmbuf_headroom(in[which[i]]), RTE_PKTMBUF_HEADROOM);
		assert_int_equal(in[which[i]]->pkt_len, 0);
	}
	/* three blanks to fill the first holes; then those that arrived took the places of three that were sent */
	assert_int_equal(io_pool_missing(b.pool), before + 3);
	rte_pktmbuf_free(in[0]);
	for (uint32_t next = 1; next <= 7; next++)
		assert_int_equal(sent(), next);
	end();
	rte_mempool_free(other);
}

static const struct {
	uint64_t ol_flags;
	bool ip, tcp; /* offloads that the port has */
	unsigned flags;
} verdicts[] = {
	{RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD, false, false, 0},
	{RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD, false, false, 0},
	{0, true, true, 0},
	{RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD, true, true,
         FNS_FRAME_IP_CKSUM_GOOD | FNS_FRAME_L4_CKSUM_GOOD},
	{RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD, true, false, FNS_FRAME_IP_CKSUM_GOOD},
	{RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_BAD, true, true, FNS_FRAME_CKSUM_BAD},
	{RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_GOOD, true, true, FNS_FRAME_CKSUM_BAD},
	{RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_GOOD, false, true, FNS_FRAME_L4_CKSUM_GOOD},
	{RTE_MBUF_F_RX_L4_CKSUM_NONE, true, true, FNS_FRAME_L4_CKSUM_GOOD},
};

static void
the_ports_verdict_counts_if_it_was_asked_for(void **state)
{
	(void)state;
	begin(1024);
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct rte_mbuf *m = arriving(60);

		b.port.rx_ip_cksum = verdicts[i].ip;
		b.port.rx_tcp_cksum = verdicts[i].tcp;
		m->ol_flags = verdicts[i].ol_flags;
		assert_int_equal(rte_ring_enqueue(b.rx, m), 0);
		assert_int_equal(io_rx(&b.io), 1);
		assert_int_equal(b.io.rx[0].flags, verdicts[i].flags);
		io_tx(&b.io);
	}
	end();
}

static void
the_port_is_asked_for_checksums_that_it_has(void **state)
{
	(void)state;
	begin(1024);
	for (int has = 0; has < 2; has++) {
		for (int v6 = 0; v6 < 2; v6++) {
			uint64_t wanted =
				RTE_MBUF_F_TX_TCP_CKSUM | (v6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4);
			struct fns_frame *f;
			struct rte_mbuf *m = NULL;

			b.port.tx_tcp_cksum = has;
			io_rx(&b.io);
			f = &b.io.outbox.slot[b.io.outbox.used++];
			memset(f->data, 0, 100);
			f->len = 100;
			f->flags = FNS_FRAME_TCP_CKSUM | (v6 ? FNS_FRAME_IP6 : 0);
			f->l2_len = 14;
			f->l3_len = v6 ? 40 : 20;
			f->data[f->l2_len + f->l3_len + 12] = 8 << 4;
			io_tx(&b.io);
			assert_int_equal(rte_ring_dequeue(b.tx, (void **)&m), 0);
			assert_true(m->ol_flags == (has ? wanted : 0));
			if (has) {
				assert_int_equal(m->l2_len, 14);
				assert_int_equal(m->l3_len, v6 ? 40 : 20);
				assert_int_equal(m->l4_len, 32);
			}
			rte_pktmbuf_free(m);
		}
	}
	end();
}

/* Somebody holds most of the pool: the turn goes on with fewer blanks, and recovers. */
static void
a_short_pool_lends_fewer(void **state)
{
	static struct rte_mbuf *held[65536];
	unsigned n = 0;

	(void)state;
	begin(1024);
	while (n < 65536 && (held[n] = rte_pktmbuf_alloc(b.pool)) != NULL)
		n++;
	io_rx(&b.io);
	assert_int_equal(b.io.outbox.room, 0);
	io_tx(&b.io);
	for (unsigned i = 0; i < 100; i++)
		rte_pktmbuf_free(held[--n]);
	for (uint32_t turn = 0; turn < 50; turn++) {
		io_rx(&b.io);
		assert_in_range(b.io.outbox.room, 1, 100);
		fill(1, turn);
		io_tx(&b.io);
		assert_int_equal(sent(), turn + 1);
	}
	assert_true(counter_read(&b.io.count.no_mbuf) > 0);
	rte_pktmbuf_free_bulk(held, n);
	io_rx(&b.io);
	assert_int_equal(b.io.outbox.room, IO_OUTBOX);
	io_tx(&b.io);
	end();
}

/* Closed in the middle: frames borrowed, waiting, in the receive ring. */
static void
everything_comes_back_at_any_moment(void **state)
{
	(void)state;
	begin(10);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(rte_ring_enqueue(b.rx, arriving(60)), 0);
	io_rx(&b.io);
	fill(100, 0);
	io_tx(&b.io);
	io_rx(&b.io);
	fill(20, 0);
	end();
}

static void
a_port_that_is_not_there_is_named(void **state)
{
	struct port_wish wish = {.device = "net_none7", .queues = 1, .mtu = 1500, .descriptors = 64};
	struct port port;
	char why[256];

	(void)state;
	assert_int_equal(port_open(&port, &wish, why, sizeof(why)), -ENODEV);
	assert_non_null(strstr(why, "net_none7"));
	port_close(&port);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_lends_blanks_and_keeps_the_unused),
		cmocka_unit_test(frames_leave_in_order),
		cmocka_unit_test(a_slow_port_slows_the_shard_and_loses_nothing),
		cmocka_unit_test(a_port_that_takes_nothing_is_not_waited_for),
		cmocka_unit_test(frames_arrive_in_bursts_and_go_back),
		cmocka_unit_test(chains_are_joined_or_dropped),
		cmocka_unit_test(what_arrived_is_blank_next),
		cmocka_unit_test(the_ports_verdict_counts_if_it_was_asked_for),
		cmocka_unit_test(the_port_is_asked_for_checksums_that_it_has),
		cmocka_unit_test(a_short_pool_lends_fewer),
		cmocka_unit_test(everything_comes_back_at_any_moment),
		cmocka_unit_test(a_port_that_is_not_there_is_named),
	};
	char words[][24] = {"test_io",
	                    "--no-huge",
	                    "-m",
	                    "64",
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
	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
