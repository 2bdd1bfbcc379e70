/* Steering besides that: frames lent to be sent, cards that spread by themselves, the start-up test, the end, the bell. */
#include "steered.h"

#include <time.h>

/* Each worker sends as fast as it is let; with fewer queues than workers all of it leaves, each worker's in order. */
static void
frames_leave_by_the_queues_there_are(void **state)
{
	(void)state;
	for (unsigned queues = 1; queues <= 4; queues++) {
		uint32_t sent[4] = {0}, gone[4] = {0};
		struct rte_mbuf *m;

		begin(4, queues);
		for (unsigned round = 0; round < 60; round++) {
			for (unsigned w = 0; w < 4; w++) {
				unsigned n;

				io_rx(&b.io[w]);
				n = round < 40 ? b.io[w].outbox.room : 0;
				for (unsigned i = 0; i < n; i++) {
					struct fns_frame *f = &b.io[w].outbox.slot[b.io[w].outbox.used++];

					memset(f->data, 0, 60);
					f->data[0] = (uint8_t)w;
					memcpy(f->data + 20, &sent[w], 4);
					sent[w]++;
					f->len = 60;
					f->port = 0;
					f->flags = 0;
				}
				io_tx(&b.io[w]);
			}
			for (unsigned q = 0; q < queues; q++) {
				while (rte_ring_dequeue(b.tx[q], (void **)&m) == 0) {
					unsigned w = rte_pktmbuf_mtod(m, uint8_t *)[0];
					uint32_t number;

					memcpy(&number, rte_pktmbuf_mtod_offset(m, uint8_t *, 20), 4);
					assert_int_equal(number, gone[w]++);
					assert_int_equal(w % queues, q);
					rte_pktmbuf_free(m);
				}
			}
		}
		for (unsigned w = 0; w < 4; w++) {
			assert_true(sent[w] > IO_OUTBOX);
			assert_int_equal(gone[w], sent[w]);
			assert_int_equal(io_waiting(&b.io[w]) + io_lent(&b.io[w]), 0);
		}
		assert_int_equal(SUM(tx_dropped), 0);
		end();
	}
}

/* A port that hashes by our key is believed, if it says so of the frame. */
static void
a_network_cards_hash_is_believed(void **state)
{
	struct rte_mbuf *m;
	struct flow f;

	(void)state;
	begin(4, 1);
	b.port.spreads = true;
	for (unsigned i = 0; i < 200; i++) {
		uint32_t hash = (uint32_t)rand();

		random_flow(&f, false);
		m = segment(&f, false, 0);
		m->hash.rss = hash;
		m->ol_flags |= i & 1 ? RTE_MBUF_F_RX_RSS_HASH : 0;
		assert_int_equal(seen_by(m), 1u << (i & 1 ? hash % b.steer->map.buckets % 4
		                                          : b.steer->map.owner[flow_fold(&f)]));
	}
	end();
}

/* net_null takes a key and a table as a card would. */
static void
a_card_is_told_the_rule(void **state)
{
	struct port_wish wish = {
		.device = "net_null3", .queues = 4, .mtu = 1500, .descriptors = 64, .spread = true};
	struct rte_eth_rss_reta_entry64 table[8];
	struct rte_eth_rss_conf rss = {0};
	struct rte_eth_dev_info dev;
	struct rte_mempool *pool;
	struct fns_steer map;
	struct port port;
	uint8_t key[64];
	char why[256];

	(void)state;
	if (rte_vdev_init("net_null3", "") != 0)
		skip();
	wish.spread_key = KEY;
	assert_int_equal(port_open(&port, &wish, why, sizeof(why)), 0);
	assert_int_equal(port.queues, 4);
	assert_true(port.buckets >= 64);
	fns_steer_init(&map, KEY, port.buckets, 4);
	assert_int_equal(map.key, KEY);
	pool = io_pool_new("null", &port, 1, NULL);
	assert_int_equal(port_start(&port, pool, why, sizeof(why)), 0);
	assert_true(port_spread(&port, &map));
	assert_int_equal(rte_eth_dev_info_get(port.id, &dev), 0);
	memset(table, 0xff, sizeof(table));
	assert_int_equal(rte_eth_dev_rss_reta_query(port.id, table, dev.reta_size), 0);
	for (unsigned i = 0; i < port.buckets; i++)
		assert_int_equal(table[i / 64].reta[i % 64], i % 4);
	rss.rss_key = key;
	rss.rss_key_len = 40;
	assert_int_equal(rte_eth_dev_rss_hash_conf_get(port.id, &rss), 0);
	assert_int_equal(rss.rss_hf & ~(RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP), 0);
	port_close(&port);
	rte_mempool_free(pool);
	rte_vdev_uninit("net_null3");
}

static void
the_start_up_test_reaches_every_shard(void **state)
{
	(void)state;
	for (unsigned workers = 2; workers <= 4; workers++) {
		begin(workers, 1);
		for (unsigned w = 0; w < workers; w++) {
			assert_false(steer_proven(b.steer));
			assert_true(io_prove(&b.io[w]));
			turn_all(NULL);
		}
		assert_true(steer_proven(b.steer));
		assert_int_equal(SUM(rx_frames), 0); /* no shard saw any of it */
		end();
	}
}

/* Closed in the middle: frames in receive rings, between workers, waiting to be sent by others. */
static void
everything_comes_back_at_any_moment(void **state)
{
	struct flow f;

	(void)state;
	begin(4, 1);
	for (unsigned i = 0; i < 1000; i++) {
		random_flow(&f, i & 1);
		comes(0, segment(&f, i & 1, 0));
	}
	for (unsigned w = 0; w < 4; w++) {
		io_prove(&b.io[w]);
		io_rx(&b.io[w]);
		for (unsigned i = 0; i < 50; i++) {
			struct fns_frame *out = &b.io[w].outbox.slot[b.io[w].outbox.used++];

			out->len = 60;
			out->port = 0;
		}
		io_tx(&b.io[w]);
		io_rx(&b.io[w]);
	}
	end();
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* A worker without a queue is woken by nothing but the bell; it never sleeps longer than it said. */
static void
the_bell_wakes_a_sleeper(void **state)
{
	struct sleeper s;
	uint64_t begun;
	struct flow f;

	(void)state;
	begin(2, 1);
	assert_int_equal(sleeper_init(&s, &b.port, 1, 1), 0);
	assert_true(s.interrupted); /* it has no queue to look at */
	b.steer->sleeper[1] = &s;
	do
		random_flow(&f, false);
	while (b.steer->map.owner[flow_fold(&f)] != 1);
	/* handed over after it has announced its sleep */
	sleeper_nod(&s);
	comes(0, segment(&f, false, 0));
	io_rx(&b.io[0]);
	io_tx(&b.io[0]);
	begun = now_ms();
	sleeper_sleep(&s, 3600000000);
	assert_true(now_ms() - begun < 3600000);
	assert_int_equal(io_rx(&b.io[1]), 1);
	io_tx(&b.io[1]);
	/* nobody rings, and nobody rang while it was awake */
	comes(0, segment(&f, false, 0));
	io_rx(&b.io[0]);
	io_tx(&b.io[0]);
	begun = now_ms();
	sleeper_nod(&s);
	sleeper_sleep(&s, 50000);
	assert_true(now_ms() - begun >= 49);
	b.steer->sleeper[1] = NULL;
	sleeper_end(&s);
	/* who has a queue that cannot interrupt must look */
	assert_int_equal(sleeper_init(&s, &b.port, 1, 0), 0);
	assert_false(s.interrupted);
	sleeper_end(&s);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_leave_by_the_queues_there_are),
		cmocka_unit_test(a_network_cards_hash_is_believed),
		cmocka_unit_test(a_card_is_told_the_rule),
		cmocka_unit_test(the_start_up_test_reaches_every_shard),
		cmocka_unit_test(everything_comes_back_at_any_moment),
		cmocka_unit_test(the_bell_wakes_a_sleeper),
	};

	return run(tests, sizeof(tests) / sizeof(tests[0]), "steer_out");
}
