/* Which shard owns a flow: the hash against a naive Toeplitz, its spread, ports that come home, and flows between own
 * addresses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <finesse/shard.h>

#include "chance.h"
#include "flow.h"

#define SHARDS_MAX 16

static struct fns_steer steer;
static struct fns_shard *shard[SHARDS_MAX];
static unsigned shards;

static struct fns_addr
random_addr(struct chance *r, bool v6)
{
	struct fns_addr a = {.port = (uint16_t)chance_below(r, 65536)};

	for (unsigned i = 0; i < 16; i++)
		a.ip[i] = (uint8_t)chance_below(r, 256);
	if (!v6)
		memcpy(a.ip, addr_mapped_prefix, 12);
	return a;
}

/* As Microsoft's specification has it: for each bit of the input that is set, the 32 bits of the key that begin there. */
static uint32_t
toeplitz(uint16_t key, const uint8_t *input, size_t len)
{
	uint32_t hash = 0;

	for (size_t bit = 0; bit < len * 8; bit++) {
		uint32_t window = 0;

		for (size_t k = 0; k < 32; k++)
			window = window << 1 | (key >> (15 - (bit + k) % 16) & 1u);
		if (input[bit / 8] >> (7 - bit % 8) & 1)
			hash ^= window;
	}
	return hash;
}

/* What a network card hashes: source, destination, both ports, in network order. */
static size_t
tuple(uint8_t to[36], const struct fns_addr *a, const struct fns_addr *b, bool v6)
{
	size_t each = v6 ? 16 : 4, skip = v6 ? 0 : 12;
	const uint8_t ports[4] = {(uint8_t)(a->port >> 8), (uint8_t)a->port, (uint8_t)(b->port >> 8),
	                          (uint8_t)b->port};

	memcpy(to, a->ip + skip, each);
	memcpy(to + each, b->ip + skip, each);
	memcpy(to + 2 * each, ports, 4);
	return 2 * each + 4;
}

static void
the_owner_is_a_network_cards_choice(void **state)
{
	struct chance r = {1};

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		bool v6 = i & 1;
		struct fns_addr a = random_addr(&r, v6), b = random_addr(&r, v6);
		unsigned of = 1 + chance_below(&r, SHARDS_MAX), buckets = 128u << chance_below(&r, 3);
		uint8_t input[36];
		uint32_t hash;

		if (i % 20 == 0)
			fns_steer_init(&steer, (uint16_t)chance_below(&r, 65536), buckets, of);
		hash = toeplitz(steer.key, input, tuple(input, &a, &b, v6));
		assert_int_equal(fns_steer_owner(&steer, &a, &b),
		                 (hash & (steer.buckets - 1u)) % steer.shards);
		assert_int_equal(fns_steer_owner(&steer, &b, &a), fns_steer_owner(&steer, &a, &b));
	}
}

/* Every key: no two folds have one hash, so every owner has as many folds as it has buckets. */
static void
every_key_spreads_evenly(void **state)
{
	(void)state;
	for (uint32_t key = 0; key < 65536; key += 251) {
		unsigned count[7] = {0};

		fns_steer_init(&steer, (uint16_t)key, 128, 7);
		for (unsigned fold = 0; fold < 65536; fold++)
			count[steer.owner[fold]]++;
		for (unsigned i = 0; i < 7; i++)
			assert_int_equal(count[i], 65536 / 128 * (128 / 7 + (i < 128 % 7)));
	}
}

/* Random clients, and one client with one port after the other: no shard has a tenth more or less than its share. */
static void
flows_spread_evenly(void **state)
{
	struct chance r = {2};

	(void)state;
	for (unsigned of = 2; of <= 8; of++) {
		unsigned count[2][8] = {{0}};
		struct fns_addr us = random_addr(&r, of & 1), one = random_addr(&r, of & 1);

		fns_steer_init(&steer, (uint16_t)chance_below(&r, 65536), 512, of);
		for (unsigned i = 0; i < 28000; i++) {
			struct fns_addr any = random_addr(&r, of & 1);

			one.port = (uint16_t)(32768 + i);
			count[0][fns_steer_owner(&steer, &any, &us)]++;
			count[1][fns_steer_owner(&steer, &one, &us)]++;
		}
		for (unsigned i = 0; i < 2 * of; i++)
			assert_in_range(count[i / of][i % of] * of, 28000 * 9 / 10, 28000 * 11 / 10);
	}
}

/* Garbage, and a good frame cut off anywhere, each in a block of exactly its length: an owner or nobody, and no octet past
 * its end (which the address sanitizer sees). */
static void
any_octets_have_some_owner(void **state)
{
	static const uint8_t good[] = {
		2,    0,    0, 0,  0, 1, 2,    0, 0,  0, 0, 2, 8,    0,                    /* Ethernet */
		0x45, 0,    0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10,   0, 0, 1, 10, 0, 0, 2, /* IPv4 */
		0x80, 0x01, 0, 80, 0, 0, 0,    0, 0,  0, 0, 0, 0x50, 2, 0, 1, 0,  0, 0, 0, /* TCP */
	};
	static const uint8_t types[4][2] = {{8, 0}, {0x86, 0xdd}, {8, 6}, {0x88, 0xcc}};
	struct chance r = {3};

	(void)state;
	fns_steer_init(&steer, 0x6d5a, 512, 3);
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = i < sizeof(good) + 1 ? i : chance_below(&r, 120);
		uint8_t *octets = malloc(len + (len == 0));
		struct fns_addr from, to;
		unsigned owner;

		for (size_t k = 0; k < len; k++)
			octets[k] = (uint8_t)chance_below(&r, 256);
		if (i < sizeof(good) + 1)
			memcpy(octets, good, len);
		else if (len > 14) {
			memcpy(octets + 12, types[i % 4], 2);
			octets[14] = i % 4 == 0 ? 0x45 : i % 4 == 1 ? 0x60 : octets[14];
		}
		owner = fns_steer_frame(&steer, octets, len);
		assert_true(owner < 3 || owner == FNS_STEER_ANY || owner == FNS_STEER_ALL);
		if (i < sizeof(good) + 1)
			assert_int_equal(owner == FNS_STEER_ANY, i < sizeof(good));
		if (fns_frame_ends(octets, len, &from, &to)) /* as the owner is found */
			assert_int_equal(owner, fns_steer_owner(&steer, &from, &to));
		else
			assert_int_not_equal(i, sizeof(good));
		free(octets);
	}
}

static void
make(unsigned of, void (*change)(struct fns_config *))
{
	struct fns_addr own;

	fns_steer_init(&steer, 0x6d5a, 512, of);
	for (shards = 0; shards < of; shards++) {
		struct fns_config cf;
		uint8_t secret[32];

		fns_config_default(&cf);
		cf.check = true;
		cf.steer = &steer;
		cf.shard = (uint8_t)shards;
		cf.connections = cf.time_wait = 1024;
		cf.buffer_bytes = 1u << 20;
		cf.port_count = 1;
		cf.port[0] = (struct fns_port_config){.mac = {2}, .mtu = 1500, .address_count = 2};
		fns_addr_parse(&own, "198.51.100.1", 0);
		memcpy(cf.port[0].address[0].ip, own.ip, 16);
		cf.port[0].address[0].bits = 24;
		fns_addr_parse(&own, "2001:db8:1::1", 0);
		memcpy(cf.port[0].address[1].ip, own.ip, 16);
		cf.port[0].address[1].bits = 64;
		if (change != NULL)
			change(&cf);
		memset(secret, (int)shards, sizeof(secret));
		shard[shards] = fns_shard_new(&cf, secret, 1000000);
		assert_non_null(shard[shards]);
	}
}

static void
unmake(void)
{
	while (shards > 0) {
		assert_null(fns_shard_check(shard[--shards]));
		fns_shard_free(shard[shards]);
	}
}

static void
note(struct fns_conn *c, unsigned reports, void *user)
{
	(void)c;
	*(unsigned *)user |= reports;
}

static uint64_t
stat_of(const struct fns_shard *s, const char *name)
{
	struct fns_stat row[128];
	size_t n = fns_shard_stats(s, row, 128);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(row[i].name, name) == 0)
			return row[i].value;
	}
	fail_msg("no %s", name);
	return 0;
}

/* Every shard opens to the same place: each port comes home, and no two are equal. */
static void
chosen_ports_come_home(void **state)
{
	static const unsigned of[] = {1, 2, 3, 4, 7, 16};
	static bool taken[65536];
	unsigned seen = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(of) / sizeof(of[0]); n++) {
		for (unsigned v6 = 0; v6 < 2; v6++) {
			struct fns_addr to;

			make(of[n], NULL);
			memset(taken, 0, sizeof(taken));
			fns_addr_parse(&to, v6 ? "2001:db8:1::2" : "198.51.100.2", 80);
			for (unsigned i = 0; i < 60 * of[n]; i++) {
				struct fns_conn *c = fns_open(shard[i % of[n]], NULL, &to, NULL, note, &seen);
				struct fns_status s;

				assert_non_null(c);
				fns_status(c, &s);
				assert_int_equal(fns_steer_owner(&steer, &s.local, &s.remote), i % of[n]);
				assert_true(fns_shard_owns(shard[i % of[n]], &s.local, &s.remote));
				assert_false(taken[s.local.port]);
				taken[s.local.port] = true;
			}
			unmake();
		}
	}
}

/* A named port is opened by the shard that owns the four-tuple; the others say so. */
static void
a_named_port_has_one_home(void **state)
{
	unsigned seen = 0;

	(void)state;
	make(4, NULL);
	for (uint16_t port = 5000; port < 5064; port++) {
		struct fns_addr from = {.port = port}, source, to;
		unsigned opened = 0;

		fns_addr_parse(&source, "198.51.100.1", port);
		fns_addr_parse(&to, "198.51.100.2", 80);
		for (unsigned i = 0; i < 4; i++) {
			bool ours = fns_steer_owner(&steer, &source, &to) == i;

			assert_int_equal(fns_shard_owns(shard[i], &from, &to), ours);
			if (fns_open(shard[i], &from, &to, NULL, note, &seen) != NULL)
				opened++;
			else
				assert_int_equal(errno, EADDRNOTAVAIL);
		}
		assert_int_equal(opened, 1);
	}
	unmake();
}

/* No frame comes in, and none goes out: all of it is in the loops. */
static void
run_loops(uint64_t for_us)
{
	static uint8_t blank[2048];
	struct fns_frame slot = {.data = blank, .room = sizeof(blank)};
	static uint64_t now_us = 1000000;

	for (uint64_t until = now_us + for_us; now_us < until; now_us += 500) {
		for (unsigned i = 0; i < shards; i++) {
			struct fns_outbox tx = {&slot, 1, 0};

			fns_shard_turn(shard[i], now_us, NULL, 0, &tx);
			assert_int_equal(tx.used, 0);
		}
	}
}

static void
echo(struct fns_conn *c, unsigned reports, void *user)
{
	const void *run;
	size_t len;

	(void)user;
	if (reports & FNS_CLOSED)
		return;
	while ((len = fns_peek(c, &run)) > 0) {
		assert_int_equal(fns_send(c, run, len), len);
		fns_consume(c, len);
	}
	if (reports & FNS_PEER_FIN)
		fns_close(c);
}

/* Between two addresses of the endpoint, in each of 2 and 4 shards at once. */
static void
own_connections_stay_inside_a_shard(void **state)
{
	(void)state;
	for (unsigned of = 2; of <= 4; of += 2) {
		const struct fns_addr any = {.port = 7};
		unsigned seen[4] = {0};
		struct fns_conn *c[4];
		struct fns_addr to;
		const void *run;

		make(of, NULL);
		fns_addr_parse(&to, "2001:db8:1::1", 7);
		for (unsigned i = 0; i < of; i++) {
			assert_non_null(fns_listen(shard[i], &any, NULL, echo, NULL));
			c[i] = fns_open(shard[i], NULL, &to, NULL, note, &seen[i]);
			assert_non_null(c[i]);
			assert_int_equal(fns_send(c[i], "to myself", 9), 9);
		}
		run_loops(100000);
		for (unsigned i = 0; i < of; i++) {
			assert_true(seen[i] & FNS_OPENED);
			assert_false(seen[i] & FNS_SELF);
			assert_int_equal(fns_peek(c[i], &run), 9);
			assert_memory_equal(run, "to myself", 9);
			fns_consume(c[i], 9);
			assert_int_equal(stat_of(shard[i], "opens_passive"), 1);
			fns_close(c[i]);
		}
		run_loops(1000000);
		for (unsigned i = 0; i < of; i++) {
			assert_int_equal(stat_of(shard[i], "conns"), 0);
			assert_int_equal(stat_of(shard[i], "wrong_shard"), 0);
			assert_int_equal(stat_of(shard[i], "frames_in"), 0);
		}
		unmake();
	}
}

/* Both ends equal: the words cancel, so all of these are of one shard, whatever the address and the port. */
static void
a_self_connect_has_one_home(void **state)
{
	(void)state;
	for (unsigned of = 2; of <= 4; of += 2) {
		unsigned met = 0;

		make(of, NULL);
		for (unsigned i = 0; i < of; i++) {
			unsigned seen = 0;
			struct fns_addr self;
			struct fns_conn *c;

			fns_addr_parse(&self, i & 1 ? "198.51.100.1" : "2001:db8:1::1", (uint16_t)(6000 + i));
			for (unsigned k = 0; k < of; k++) {
				c = fns_open(shard[k], &self, &self, NULL, note, &seen);
				assert_int_equal(c != NULL, k == steer.owner[0]);
				if (c == NULL)
					assert_int_equal(errno, EADDRNOTAVAIL);
			}
			run_loops(20000);
			assert_int_equal(seen, FNS_OPENED | FNS_SELF);
			met++;
		}
		assert_int_equal(stat_of(shard[steer.owner[0]], "self_connects"), met);
		unmake();
	}
}

static void
few_ports(struct fns_config *cf)
{
	cf->local_port_first = 40000;
	cf->local_port_last = 40031;
}

/* A blind choice meets itself in the home of self-connects alone, and there another port is chosen (T-46). */
static void
chosen_ports_that_meet_themselves(void **state)
{
	(void)state;
	for (unsigned of = 2; of <= 4; of += 2) {
		make(of, few_ports);
		for (unsigned round = 0; round < 200; round++) {
			struct fns_addr to;
			unsigned seen = 0;

			fns_addr_parse(&to, "198.51.100.1", 40007);
			for (unsigned i = 0; i < of; i++)
				assert_non_null(fns_open(shard[i], NULL, &to, NULL, note, &seen));
			run_loops(5000);
			assert_int_equal(seen, FNS_CLOSED);
		}
		for (unsigned i = 0; i < of; i++) {
			bool home = i == steer.owner[0];

			assert_int_equal(stat_of(shard[i], "self_redials") > 0, home);
			assert_int_equal(stat_of(shard[i], "self_connects"), 0);
			assert_int_equal(stat_of(shard[i], "wrong_shard"), 0);
		}
		unmake();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owner_is_a_network_cards_choice),
		cmocka_unit_test(every_key_spreads_evenly),
		cmocka_unit_test(flows_spread_evenly),
		cmocka_unit_test(any_octets_have_some_owner),
		cmocka_unit_test(chosen_ports_come_home),
		cmocka_unit_test(a_named_port_has_one_home),
		cmocka_unit_test(own_connections_stay_inside_a_shard),
		cmocka_unit_test(a_self_connect_has_one_home),
		cmocka_unit_test(chosen_ports_that_meet_themselves),
	};

	return cmocka_run_group_tests_name("shard/steer", tests, NULL, NULL);
}
