/* The bounds of the neighbour cache: entries, requests, what is given up for what (hostile-inputs D10, D13). */
#include "cache.h"

/* The ways in which an address can come to be asked for, by a storm of retransmissions, answers and claims. */
static void
hostile__D13__one_request_a_second(void **unused)
{
	struct cache x;
	uint64_t last[4] = {0}, seed = 1, t;
	unsigned total = 0;

	(void)unused;
	cache_up(&x, 8); /* a quarter: two unresolved at once */
	for (t = 10 * SECOND; t < 400 * SECOND; t += 10007) {
		bool done = false;
		uint32_t i;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		i = (uint32_t)(seed >> 60) & 3;
		neigh_use(&x.c, 0, numbered(i).ip, t);
		if (t / SECOND % 60 > 20) /* then a minute's third without an answer */
			switch (seed >> 50 & 63) {
			case 0:
				learn(&x, numbered(i), PEER, true, true, false, t);
				break;
			case 1:
				learn(&x, numbered(i), OTHER, false, true, true, t);
				break;
			case 2:
				neigh_confirm(&x.c, 0, numbered(i).ip, t);
				break;
			default:
				break;
			}
		while (!done)
			if (neigh_expire(&x.c, t, &x.ask, &done)) {
				i = x.ask.addr[15];
				assert_true(t >= last[i] + SECOND);
				last[i] = t;
				total++;
			}
	}
	assert_true(total > 100);
	cache_down(&x);
}

static void
hostile__D10__scan_keeps_live_entry(void **unused)
{
	struct cache x;
	struct addr live = numbered(5000000);
	uint64_t t;
	uint32_t i, refused = 0;

	(void)unused;
	cache_up(&x, 256);
	t = bring(&x, live, NEIGH_REACHABLE, SECOND);
	for (i = 0; i < 1000000; i++, t += 10) {
		refused += neigh_use(&x.c, 0, numbered(i).ip, t) == NULL;
		asks(&x, t);
		assert_true(x.c.unresolved <= 64);
		if (i % 100 == 0) { /* the flow goes on */
			const struct neigh *e = neigh_use(&x.c, 0, live.ip, t);

			assert_non_null(e);
			assert_int_equal(e->state, NEIGH_REACHABLE);
			assert_memory_equal(e->mac, PEER, 6);
			neigh_confirm(&x.c, 0, live.ip, t);
		}
	}
	assert_true(refused > 900000);
	cache_down(&x);
}

/* The same by those who talk to us: claims fill the cache, and drive out only each other. */
static void
hostile__D10__flood_of_claims_keeps_used_entries(void **unused)
{
	struct cache x;
	struct addr live = numbered(5000000);
	uint64_t t;
	uint32_t i;

	(void)unused;
	cache_up(&x, 256);
	t = bring(&x, live, NEIGH_STALE, SECOND);
	for (i = 0; i < 200000; i++, t += 10)
		assert_true(learn(&x, numbered(i), OTHER, false, true, true, t));
	assert_int_equal(x.c.used, 256);
	assert_int_equal(state(&x, live), NEIGH_STALE);
	assert_non_null(neigh_use(&x.c, 0, numbered(4000000).ip, t)); /* and room is made for what we want */
	assert_int_equal(state(&x, live), NEIGH_STALE);
	cache_down(&x);
}

static void
bound__unresolved_at_most_a_quarter(void **unused)
{
	static const struct {
		uint32_t room, unresolved;
	} rows[] = {{1, 1}, {3, 1}, {4, 1}, {8, 2}, {15, 3}, {64, 16}};

	(void)unused;
	for (size_t r = 0; r < COUNT(rows); r++) {
		struct cache x;
		uint32_t i;

		cache_up(&x, rows[r].room);
		for (i = 0; i < rows[r].unresolved; i++)
			assert_non_null(neigh_use(&x.c, 0, numbered(i).ip, 0));
		assert_null(neigh_use(&x.c, 0, numbered(i).ip, 0));
		for (uint64_t t = 0; t <= 3 * SECOND; t += SECOND)
			asks(&x, t);
		assert_int_equal(state(&x, numbered(0)), NEIGH_FAILED);
		assert_null(neigh_use(&x.c, 0, numbered(i).ip, 3 * SECOND)); /* FAILED counts too */
		asks(&x, 6 * SECOND);
		assert_non_null(neigh_use(&x.c, 0, numbered(i).ip, 6 * SECOND));
		cache_down(&x);
	}
}

/* A known neighbour that fails while the quarter is full leaves no negative entry. */
static void
bound__probe_fails__quarter_full__forgotten(void **unused)
{
	struct cache x;
	struct addr a = numbered(9);
	uint64_t t;

	(void)unused;
	cache_up(&x, 4);
	t = bring(&x, a, NEIGH_PROBE, 0);
	asks(&x, t += 2 * SECOND);
	neigh_use(&x.c, 0, numbered(1).ip, t);
	asks(&x, t += SECOND);
	asks(&x, t);
	assert_int_equal(state(&x, a), NEIGH_PROBE);
	asks(&x, t += SECOND);
	assert_int_equal(state(&x, a), NEIGH_FREE);
	assert_int_equal(x.c.unresolved, 1);
	assert_int_equal(x.c.used, 1);
	cache_down(&x);
}

static void
eviction__longest_unused_stale_first(void **unused)
{
	static const uint32_t used_s[] = {40, 10, 30, 20, 50, 15, 35, 25};
	struct cache x;
	uint64_t t;
	uint32_t i;

	(void)unused;
	cache_up(&x, 8);
	for (i = 0; i < 8; i++) {
		neigh_use(&x.c, 0, numbered(i).ip, SECOND);
		asks(&x, SECOND);
		learn(&x, numbered(i), PEER, true, true, false, SECOND);
	}
	for (t = 5; t < 60; t += 5)
		for (i = 0; i < 8; i++)
			if (used_s[i] == t) {
				neigh_confirm(&x.c, 0, numbered(i).ip, t * SECOND);
				neigh_use(&x.c, 0, numbered(i).ip, t * SECOND);
			}
	asks(&x, 80 * SECOND);
	asks(&x, 80 * SECOND);
	assert_int_equal(x.c.stale.used, 8);
	assert_false(learn(&x, numbered(100), PEER, false, true, true,
	                   70 * SECOND - 1)); /* used in the last minute */
	assert_null(neigh_use(&x.c, 0, numbered(100).ip, 70 * SECOND - 1));
	assert_non_null(neigh_use(&x.c, 0, numbered(100).ip, 70 * SECOND));
	assert_int_equal(state(&x, numbered(1)), NEIGH_FREE);
	assert_null(neigh_use(&x.c, 0, numbered(101).ip, 75 * SECOND - 1));
	assert_non_null(neigh_use(&x.c, 0, numbered(101).ip, 75 * SECOND));
	assert_int_equal(state(&x, numbered(5)), NEIGH_FREE);
	assert_int_equal(state(&x, numbered(3)), NEIGH_STALE);
	cache_down(&x);
}

static void
key__port_and_address(void **unused)
{
	struct cache x;
	struct addr a = numbered(1), b = addr("2001:db8::a00:1"); /* the same low 32 bits (C10) */

	(void)unused;
	cache_up(&x, 16);
	assert_ptr_not_equal(neigh_use(&x.c, 0, a.ip, 1), neigh_use(&x.c, 1, a.ip, 1));
	assert_ptr_not_equal(neigh_use(&x.c, 0, a.ip, 1), neigh_use(&x.c, 0, b.ip, 1));
	assert_int_equal(x.c.used, 3);
	assert_int_equal(asks(&x, 1), 3);
	assert_true(neigh_learn(&x.c, 1, a.ip, PEER, true, true, false, 1));
	assert_int_equal(neigh_find(&x.c, 0, a.ip)->state, NEIGH_INCOMPLETE);
	cache_down(&x);
}

/* Also where ports share a bucket. */
static void
key__one_address_on_many_ports(void **unused)
{
	struct cache x;
	struct addr a = numbered(1);

	(void)unused;
	cache_up(&x, 64);
	for (uint8_t port = 0; port < 64; port++) {
		const uint8_t mac[6] = {2, 0, 0, 0, 1, port};

		assert_true(neigh_learn(&x.c, port, a.ip, mac, false, true, true, 1));
	}
	assert_int_equal(x.c.used, 64);
	for (uint8_t port = 0; port < 64; port++)
		assert_int_equal(neigh_find(&x.c, port, a.ip)->mac[5], port);
	assert_null(neigh_find(&x.c, 64, a.ip));
	cache_down(&x);
}

/* due_us is exact, so that a driver may sleep; the heap survives a random life. */
static void
due__is_the_earliest(void **unused)
{
	struct cache x;
	uint64_t seed = 7, t = SECOND;

	(void)unused;
	cache_up(&x, 64);
	for (int step = 0; step < 200000; step++) {
		uint64_t earliest = UINT64_MAX;
		struct addr a;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		a = numbered((uint32_t)(seed >> 40) % 100);
		t += seed >> 46;
		switch (seed >> 33 & 7) {
		case 0:
		case 1:
			learn(&x, a, PEER, seed >> 36 & 1, seed >> 37 & 1, seed >> 38 & 1, t);
			break;
		case 2:
			neigh_confirm(&x.c, 0, a.ip, t);
			break;
		case 3:
		case 4:
			asks(&x, t);
			break;
		default:
			neigh_use(&x.c, 0, a.ip, t);
		}
		for (uint32_t i = 0; i < x.c.timed.used; i++) {
			const struct neigh *e = &x.c.entry[x.c.timed.index[i]];

			assert_int_equal(e->place, i);
			assert_true(e->state != NEIGH_STALE && e->state != NEIGH_FREE);
			if (e->due_us < earliest)
				earliest = e->due_us;
		}
		assert_int_equal(x.c.due_us, earliest);
		assert_int_equal(x.c.timed.used + x.c.stale.used, x.c.used);
		assert_true(x.c.unresolved <= 16);
	}
	cache_down(&x);
}

static void
room__none__nothing_can_be_had(void **unused)
{
	struct cache x;

	(void)unused;
	cache_up(&x, 0);
	assert_null(neigh_use(&x.c, 0, numbered(1).ip, 1));
	assert_false(learn(&x, numbered(1), PEER, false, true, true, 1));
	assert_int_equal(asks(&x, 1), 0);
	cache_down(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile__D13__one_request_a_second),
		cmocka_unit_test(hostile__D10__scan_keeps_live_entry),
		cmocka_unit_test(hostile__D10__flood_of_claims_keeps_used_entries),
		cmocka_unit_test(bound__unresolved_at_most_a_quarter),
		cmocka_unit_test(bound__probe_fails__quarter_full__forgotten),
		cmocka_unit_test(eviction__longest_unused_stale_first),
		cmocka_unit_test(key__port_and_address),
		cmocka_unit_test(key__one_address_on_many_ports),
		cmocka_unit_test(due__is_the_earliest),
		cmocka_unit_test(room__none__nothing_can_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
