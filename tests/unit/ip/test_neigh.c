/* The neighbour cache: each arrow of the picture in neigh.h, and what is learned in which state (hostile-inputs D09). */
#include "cache.h"

static void
incomplete__answer__reachable(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);
	struct neigh *e;

	(void)unused;
	cache_up(&x, 8);
	e = neigh_use(&x.c, 0, a.ip, 5);
	assert_int_equal(e->state, NEIGH_INCOMPLETE);
	assert_int_equal(x.c.due_us, 5);
	assert_int_equal(asks(&x, 5), 1);
	assert_false(x.ask.unicast);
	assert_memory_equal(x.ask.addr, a.ip, 16);
	assert_int_equal(x.c.due_us, 5 + SECOND);
	assert_true(learn(&x, a, PEER, true, false, false, 10));
	assert_ptr_equal(neigh_use(&x.c, 0, a.ip, 11), e);
	assert_int_equal(e->state, NEIGH_REACHABLE);
	assert_memory_equal(e->mac, PEER, 6);
	assert_int_equal(x.c.events, 1);
	assert_int_equal(x.c.unresolved, 0);
	cache_down(&x);
}

static void
incomplete__silence__failed_then_forgotten(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);
	uint64_t t = 7;

	(void)unused;
	cache_up(&x, 8);
	neigh_use(&x.c, 0, a.ip, t);
	for (int i = 0; i < 3; i++, t += SECOND) {
		assert_int_equal(asks(&x, t), 1);
		assert_int_equal(asks(&x, t + SECOND - 1), 0);
		assert_int_equal(state(&x, a), NEIGH_INCOMPLETE);
	}
	assert_int_equal(asks(&x, t), 0);
	assert_int_equal(state(&x, a), NEIGH_FAILED);
	assert_int_equal(x.c.events, 1);
	assert_int_equal(neigh_use(&x.c, 0, a.ip, t + 1)->state, NEIGH_FAILED);
	assert_int_equal(x.c.unresolved, 1);
	asks(&x, t + 3 * SECOND - 1);
	assert_int_equal(state(&x, a), NEIGH_FAILED);
	asks(&x, t + 3 * SECOND);
	assert_int_equal(state(&x, a), NEIGH_FREE);
	assert_int_equal(x.c.used, 0);
	assert_int_equal(x.c.unresolved, 0);
	assert_int_equal(x.c.due_us, UINT64_MAX);
	cache_down(&x);
}

static void
reachable__30_s_unconfirmed__stale(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);
	uint64_t t;

	(void)unused;
	cache_up(&x, 8);
	t = bring(&x, a, NEIGH_REACHABLE, 0);
	neigh_use(&x.c, 0, a.ip, t + 29 * SECOND); /* use alone confirms nothing */
	asks(&x, t + 30 * SECOND - 1);
	assert_int_equal(state(&x, a), NEIGH_REACHABLE);
	assert_int_equal(asks(&x, t + 30 * SECOND), 0);
	assert_int_equal(state(&x, a), NEIGH_STALE);
	assert_int_equal(x.c.due_us, UINT64_MAX);
	cache_down(&x);
}

static void
reachable__confirmed__stays(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);
	uint64_t t;

	(void)unused;
	cache_up(&x, 8);
	t = bring(&x, a, NEIGH_REACHABLE, 0);
	neigh_confirm(&x.c, 0, a.ip, t + 20 * SECOND);
	asks(&x, t + 50 * SECOND - 1);
	assert_int_equal(state(&x, a), NEIGH_REACHABLE);
	asks(&x, t + 50 * SECOND);
	assert_int_equal(state(&x, a), NEIGH_STALE);
	cache_down(&x);
}

static void
stale__used__delay_probe_failed(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);
	uint64_t t;

	(void)unused;
	cache_up(&x, 8);
	t = bring(&x, a, NEIGH_STALE, 0);
	assert_int_equal(neigh_use(&x.c, 0, a.ip, t)->state, NEIGH_DELAY);
	assert_int_equal(asks(&x, t + 5 * SECOND - 1), 0);
	t += 5 * SECOND;
	for (int i = 0; i < 3; i++, t += SECOND) {
		assert_int_equal(asks(&x, t), 1);
		assert_true(x.ask.unicast);
		assert_memory_equal(x.ask.mac, PEER, 6);
		assert_int_equal(neigh_use(&x.c, 0, a.ip, t)->state, NEIGH_PROBE);
		assert_int_equal(asks(&x, t + SECOND - 1), 0);
	}
	assert_int_equal(asks(&x, t), 0);
	assert_int_equal(state(&x, a), NEIGH_FAILED);
	cache_down(&x);
}

static void
confirm__by_state(void **unused)
{
	static const struct {
		enum neigh_state from, to;
	} rows[] = {
		{NEIGH_FREE, NEIGH_FREE},           {NEIGH_INCOMPLETE, NEIGH_INCOMPLETE},
		{NEIGH_REACHABLE, NEIGH_REACHABLE}, {NEIGH_STALE, NEIGH_REACHABLE},
		{NEIGH_DELAY, NEIGH_REACHABLE},     {NEIGH_PROBE, NEIGH_REACHABLE},
		{NEIGH_FAILED, NEIGH_FAILED},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cache x;
		struct addr a = numbered(1);
		uint64_t t;

		cache_up(&x, 8);
		t = bring(&x, a, rows[i].from, 0);
		neigh_confirm(&x.c, 0, a.ip, t);
		assert_int_equal(state(&x, a), rows[i].to);
		if (rows[i].to == NEIGH_REACHABLE) {
			asks(&x, t + 30 * SECOND - 1);
			assert_int_equal(state(&x, a), NEIGH_REACHABLE);
			assert_int_equal(asks(&x, t + 30 * SECOND), 0);
			assert_int_equal(state(&x, a), NEIGH_STALE);
		}
		cache_down(&x);
	}
}

/* RFC 4861 §7.2.5, and D09: what nobody asked for changes no entry that is known to be good. */
static void
hostile__D09__learn_by_state(void **unused)
{
	enum { SAME, NEW };
	static const struct row {
		enum neigh_state from;
		int mac;
		bool solicited, override, create;
		enum neigh_state to;
		bool learned;
	} rows[] = {
		{NEIGH_FREE, NEW, false, true, false, NEIGH_FREE, false},
		{NEIGH_FREE, NEW, true, true, false, NEIGH_FREE, false},
		{NEIGH_FREE, NEW, false, false, true, NEIGH_STALE, true},
		{NEIGH_INCOMPLETE, NEW, true, false, false, NEIGH_REACHABLE, true},
		{NEIGH_INCOMPLETE, NEW, false, false, false, NEIGH_STALE, true},
		{NEIGH_REACHABLE, SAME, false, true, true, NEIGH_REACHABLE, true},
		{NEIGH_REACHABLE, NEW, false, true, true, NEIGH_REACHABLE, false},
		{NEIGH_REACHABLE, NEW, true, true, false, NEIGH_REACHABLE, false},
		{NEIGH_REACHABLE, NEW, false, false, false, NEIGH_REACHABLE, false},
		{NEIGH_STALE, SAME, true, true, false, NEIGH_STALE, true},
		{NEIGH_STALE, NEW, false, true, false, NEIGH_STALE, true},
		{NEIGH_STALE, NEW, true, true, false, NEIGH_STALE, true},
		{NEIGH_STALE, NEW, false, false, false, NEIGH_STALE, false},
		{NEIGH_DELAY, SAME, false, true, false, NEIGH_DELAY, true},
		{NEIGH_DELAY, NEW, false, true, false, NEIGH_STALE, true},
		{NEIGH_DELAY, NEW, false, false, false, NEIGH_DELAY, false},
		{NEIGH_PROBE, SAME, true, false, false, NEIGH_REACHABLE, true},
		{NEIGH_PROBE, SAME, false, false, false, NEIGH_PROBE, true},
		{NEIGH_PROBE, NEW, true, true, false, NEIGH_REACHABLE, true},
		{NEIGH_PROBE, NEW, true, false, false, NEIGH_PROBE, false},
		{NEIGH_PROBE, NEW, false, true, true, NEIGH_PROBE, false},
		{NEIGH_FAILED, NEW, false, false, false, NEIGH_STALE, true},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct cache x;
		struct addr a = numbered(1);
		uint64_t t;
		bool had;

		cache_up(&x, 8);
		t = bring(&x, a, r->from, 0);
		had = r->from != NEIGH_FREE && r->from != NEIGH_INCOMPLETE && r->from != NEIGH_FAILED;
		if (learn(&x, a, r->mac == SAME ? PEER : OTHER, r->solicited, r->override, r->create, t) !=
		            r->learned ||
		    state(&x, a) != r->to)
			fail_msg("row %zu: state %d", i, (int)state(&x, a));
		if (r->to != NEIGH_FREE)
			assert_memory_equal(neigh_find(&x.c, 0, a.ip)->mac,
			                    r->mac == NEW && r->learned ? OTHER
			                    : had                       ? PEER
			                                                : OTHER,
			                    6);
		cache_down(&x);
	}
}

/* An answer that comes before the question was sent is none. */
static void
hostile__D09__answer_before_request(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);

	(void)unused;
	cache_up(&x, 8);
	neigh_use(&x.c, 0, a.ip, 0);
	assert_true(learn(&x, a, OTHER, true, true, false, 0));
	assert_int_equal(state(&x, a), NEIGH_STALE);
	cache_down(&x);
}

/* Two stations claim an address: the known one is asked, at once, and stays if it answers. */
static void
hostile__D09__rival_claim__probes_the_known_one(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);
	uint64_t t;

	(void)unused;
	cache_up(&x, 8);
	t = bring(&x, a, NEIGH_REACHABLE, 0) + SECOND;
	assert_false(learn(&x, a, OTHER, false, true, false, t));
	assert_int_equal(asks(&x, t), 1);
	assert_true(x.ask.unicast);
	assert_memory_equal(x.ask.mac, PEER, 6);
	assert_true(learn(&x, a, PEER, true, false, false, t));
	assert_int_equal(state(&x, a), NEIGH_REACHABLE);
	assert_false(learn(&x, a, OTHER, false, true, false, t + SECOND - 1));
	assert_int_equal(asks(&x, t + SECOND - 1), 0);
	cache_down(&x);
}

/* Whatever happens, an entry has a lease exactly as long as it may simply be used, and no two whiles have the same. */
static void
lease__is_of_one_address_and_one_while(void **unused)
{
	enum { ADDRS = 6, ROOM = 4, STEPS = 40000 };
	uint32_t held[ROOM] = {0}, last = 0, seed = 1;
	struct addr of[ROOM];
	uint64_t t = 1000;
	struct cache x;

	(void)unused;
	cache_up(&x, ROOM);
	for (int i = 0; i < STEPS; i++) {
		uint32_t random = (seed = seed * 1664525 + 1013904223) >> 8;
		struct addr a = numbered(random % ADDRS);

		t += random % 97 == 0 ? 70 * SECOND : random % 3 * SECOND;
		switch (random / 1024 % 5) {
		case 0:
		case 1:
			(void)neigh_use(&x.c, 0, a.ip, t);
			break;
		case 2:
			(void)learn(&x, a, random & 64 ? PEER : OTHER, random & 128, random & 256,
			            random & 512, t);
			break;
		case 3:
			neigh_confirm(&x.c, 0, a.ip, t);
			break;
		default:
			(void)asks(&x, t);
		}
		for (unsigned k = 0; k < ROOM; k++) {
			const struct neigh *e = &x.c.entry[k];

			assert_int_equal(e->lease != 0, e->state >= NEIGH_REACHABLE);
			if (e->lease != 0 && e->lease == held[k])
				assert_memory_equal(e->addr, of[k].ip, 16);
			else if (e->lease != 0)
				assert_true(e->lease > last);
			held[k] = e->lease;
			memcpy(of[k].ip, e->addr, 16);
		}
		last = x.c.leases;
	}
	assert_true(last > 500);
	cache_down(&x);
}

static void
lease__numbers_go_round__none_is_0(void **unused)
{
	struct addr a = numbered(1), b = numbered(2);
	struct cache x;

	(void)unused;
	cache_up(&x, 4);
	x.c.leases = UINT32_MAX - 1;
	assert_true(learn(&x, a, PEER, false, false, true, 1));
	assert_true(learn(&x, b, PEER, false, false, true, 1));
	assert_int_equal(neigh_use(&x.c, 0, a.ip, 2)->lease, UINT32_MAX);
	assert_int_equal(neigh_use(&x.c, 0, b.ip, 2)->lease, 1);
	cache_down(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(incomplete__answer__reachable),
		cmocka_unit_test(lease__is_of_one_address_and_one_while),
		cmocka_unit_test(lease__numbers_go_round__none_is_0),
		cmocka_unit_test(incomplete__silence__failed_then_forgotten),
		cmocka_unit_test(reachable__30_s_unconfirmed__stale),
		cmocka_unit_test(reachable__confirmed__stays),
		cmocka_unit_test(stale__used__delay_probe_failed),
		cmocka_unit_test(confirm__by_state),
		cmocka_unit_test(hostile__D09__learn_by_state),
		cmocka_unit_test(hostile__D09__answer_before_request),
		cmocka_unit_test(hostile__D09__rival_claim__probes_the_known_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
