/* The table against a list that is searched from end to end. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "siphash.h"
#include "table.h"

static struct table t;
static struct table_bucket *mem;

static void
set_up(uint32_t entries)
{
	size_t n = table_bytes(entries);

	mem = aligned_alloc(64, n);
	memset(mem, 0, n);
	table_init(&t, mem, entries);
}

/* Nothing in, so nothing may be left of what was. */
static void
tear_down(void)
{
	assert_int_equal(t.used, 0);
	for (uint32_t b = 0; b <= t.last; b++) {
		assert_int_equal(mem[b].passed, 0);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(mem[b].tag[i], 0);
	}
	free(mem);
}

static uint32_t
first(uint64_t hash)
{
	struct table_probe p;

	return table_first(&t, hash, &p);
}

/* How many buckets a search for what is not there reads. */
static uint32_t
steps(uint64_t hash)
{
	struct table_probe p;

	for (uint32_t i = table_first(&t, hash, &p); i != TABLE_NONE; i = table_next(&t, &p))
		;
	return p.step + 1;
}

static void
bytes__any_room__half_full_at_most(void **state)
{
	static const uint32_t rooms[] = {0,    1,     6,     7,        12,       13,
	                                 1000, 98304, 98305, 10000000, 1u << 31, UINT32_MAX - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		size_t buckets = table_bytes(rooms[i]) / sizeof(struct table_bucket);

		assert_true(buckets > 0 && buckets * 4 >= rooms[i]);
		assert_true(buckets == 1 || (buckets - 1) * 4 < rooms[i]);
	}
}

static void
table__empty__none(void **state)
{
	(void)state;
	set_up(100);
	assert_int_equal(first(0), TABLE_NONE);
	assert_int_equal(first(UINT64_MAX), TABLE_NONE);
	assert_false(table_remove(&t, 0, 0));
	table_prefetch(&t, UINT64_MAX);
	tear_down();
}

/* Of one home, with tags 1 .. 6. */
static void
add__no_room__false(void **state)
{
	(void)state;
	set_up(0);
	assert_false(table_add(&t, 1, 1));
	tear_down();
	set_up(5);
	for (uint64_t i = 1; i <= 5; i++)
		assert_true(table_add(&t, i << 48, (uint32_t)i));
	assert_false(table_add(&t, (uint64_t)6 << 48, 6));
	assert_int_equal(first((uint64_t)6 << 48), TABLE_NONE);
	assert_true(table_remove(&t, (uint64_t)3 << 48, 3));
	assert_true(table_add(&t, (uint64_t)6 << 48, 6));
	for (uint64_t i = 1; i <= 6; i++)
		assert_int_equal(table_remove(&t, i << 48, (uint32_t)i), i != 3);
	tear_down();
}

/* 0 in a slot means that it is free, so no hash may have it as its tag. */
static void
add__high_bits_0__found(void **state)
{
	(void)state;
	set_up(100);
	assert_int_equal(first(7), TABLE_NONE);
	assert_true(table_add(&t, 7, 0));
	assert_int_equal(first(7), 0);
	assert_true(table_remove(&t, 7, 0));
	assert_int_equal(first(7), TABLE_NONE);
	tear_down();
}

static void
remove__wrong_index_or_hash__false(void **state)
{
	(void)state;
	set_up(100);
	assert_true(table_add(&t, 0x1234000000000007, 9));
	assert_false(table_remove(&t, 0x1234000000000007, 8));
	assert_false(table_remove(&t, 0x1235000000000007, 9));
	assert_false(table_remove(&t, 0x12340000f0000007, 9));
	assert_int_equal(first(0x1234000000000007), 9);
	assert_true(table_remove(&t, 0x1234000000000007, 9));
	assert_false(table_remove(&t, 0x1234000000000007, 9));
	tear_down();
}

static void
replace__one_of_equal_tags__that_one(void **state)
{
	(void)state;
	set_up(100);
	for (uint32_t i = 0; i < 20; i++)
		assert_true(table_add(&t, 0xabcd000000000000, i));
	assert_true(table_replace(&t, 0xabcd000000000000, 13, 77));
	assert_false(table_replace(&t, 0xabcd000000000000, 13, 78));
	assert_false(table_replace(&t, 0xabce000000000000, 12, 78));
	assert_int_equal(t.used, 20);
	assert_false(table_remove(&t, 0xabcd000000000000, 13));
	assert_true(table_remove(&t, 0xabcd000000000000, 77));
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(table_remove(&t, 0xabcd000000000000, i), i != 13);
	assert_int_equal(t.used, 0);
	tear_down();
}

static void
first__equal_tags__each_once(void **state)
{
	const uint64_t hash = 0xabcd000000000000;
	unsigned seen = 0;
	struct table_probe p;

	(void)state;
	set_up(100);
	for (uint32_t i = 0; i < 20; i++)
		assert_true(table_add(&t, hash, i));
	for (uint32_t i = table_first(&t, hash, &p); i != TABLE_NONE; i = table_next(&t, &p)) {
		assert_true(i < 20 && (seen >> i & 1) == 0);
		seen |= 1u << i;
	}
	assert_int_equal(seen, (1u << 20) - 1);
	for (uint32_t i = 0; i < 20; i++)
		assert_true(table_remove(&t, hash, i * 7 % 20));
	tear_down();
}

/* Into the last bucket, whose next is the first. */
static void
passed__overflow__counts_and_goes_round(void **state)
{
	const uint64_t hash = UINT64_MAX;
	uint32_t last;

	(void)state;
	set_up(24);
	last = t.last;
	assert_int_equal(last, 5);
	for (uint32_t i = 0; i < 20; i++)
		assert_true(table_add(&t, hash, i));
	assert_int_equal(mem[last].passed, 12);
	assert_int_equal(mem[0].passed, 4);
	assert_int_equal(mem[1].passed, 0);
	assert_int_equal(steps(hash), 3);
	/* 8 .. 15 sit in the first bucket, 16 .. 19 in the second. */
	assert_true(table_remove(&t, hash, 8));
	assert_int_equal(mem[last].passed, 11);
	assert_int_equal(mem[0].passed, 4);
	assert_true(table_remove(&t, hash, 16));
	assert_int_equal(mem[last].passed, 10);
	assert_int_equal(mem[0].passed, 3);
	assert_true(table_remove(&t, hash, 0));
	assert_int_equal(mem[last].passed, 10);
	/* A hole that an entry had passed is no end of its search. */
	assert_int_equal(first(hash), 1);
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(table_remove(&t, hash, i), i != 0 && i != 8 && i != 16);
	tear_down();
}

static void
passed__65535__stays(void **state)
{
	uint64_t h;

	(void)state;
	set_up(48);
	h = ((5ull << 32) + t.last) / (t.last + 1); /* at home in the bucket 5 */
	for (uint32_t i = 0; i < 8; i++)
		assert_true(table_add(&t, h, i));
	mem[5].passed = UINT16_MAX - 1; /* as if so many had come and not gone */
	assert_true(table_add(&t, h, 8));
	assert_int_equal(mem[5].passed, UINT16_MAX);
	assert_true(table_add(&t, h, 9));
	assert_int_equal(mem[5].passed, UINT16_MAX);
	assert_true(table_remove(&t, h, 9));
	assert_int_equal(mem[5].passed, UINT16_MAX);
	assert_true(table_remove(&t, h, 8));
	assert_int_equal(mem[5].passed, UINT16_MAX);
	for (uint32_t i = 0; i < 8; i++)
		assert_true(table_remove(&t, h, i));
	assert_int_equal(steps(h), 2);
	mem[5].passed = 0;
	tear_down();
}

/* The worst a table can come to: every bucket says "go on". */
static void
passed__everywhere__search_ends(void **state)
{
	(void)state;
	set_up(48);
	for (uint32_t b = 0; b <= t.last; b++)
		mem[b].passed = UINT16_MAX;
	assert_int_equal(steps(3), t.last + 1);
	assert_false(table_remove(&t, 3, 3));
	assert_true(table_add(&t, 3, 3));
	assert_int_equal(first(3), 3);
	assert_true(table_remove(&t, 3, 3));
	for (uint32_t b = 0; b <= t.last; b++)
		mem[b].passed = 0;
	tear_down();
	set_up(1); /* a single bucket, whose next is itself */
	mem[0].passed = UINT16_MAX;
	assert_true(table_add(&t, 3, 3));
	assert_int_equal(steps(3), 1);
	assert_true(table_remove(&t, 3, 3));
	mem[0].passed = 0;
	tear_down();
}

#define MANY 98304u /* of 24,576 buckets: half of the slots */

static uint64_t
hash_of(uint32_t i)
{
	uint8_t flow[36] = {0};

	memcpy(flow + 20, &i, sizeof(i));
	return siphash13((struct sip_key){1, 2}, flow, sizeof(flow));
}

static void
table__full_of_keyed_hashes__short_searches(void **state)
{
	uint32_t false_hits = 0, buckets = 0, longest = 0;

	(void)state;
	set_up(MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(table_add(&t, hash_of(i), i));
	assert_int_equal((t.last + 1) * 4, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct table_probe p;
		uint32_t x = table_first(&t, hash_of(i), &p), n;

		for (; x != i; x = table_next(&t, &p)) {
			assert_true(x != TABLE_NONE);
			false_hits++;
		}
		n = steps(hash_of(MANY + i));
		buckets += n;
		longest = n > longest ? n : longest;
	}
	/* Of 65,535 tags, against some 10 entries a search. */
	assert_true(false_hits < 50);
	assert_in_range(buckets * 100ull / MANY, 100, 150);
	assert_true(longest < 24);
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(table_remove(&t, hash_of(i), i));
	tear_down();
}

#define ROOM 90u /* 23 buckets */

struct model {
	uint64_t hash[ROOM];
	uint32_t index[ROOM];
	uint32_t used;
	bool out[256]; /* indices in use */
};

/* Few homes and few tags, so that buckets overflow into one another and tags collide, which SipHash would not do. */
static uint64_t
bad_hash(struct chance *c)
{
	uint64_t tag = chance_below(c, 4), middle = chance_below(c, 3);
	uint32_t home = chance_below(c, 4) == 0 ? chance_below(c, 16) : 14 + chance_below(c, 3);

	return tag << 48 | middle << 40 | home;
}

static void
random_add(struct chance *c, struct model *m)
{
	uint64_t hash = bad_hash(c);
	uint32_t index = chance_below(c, 256);

	if (m->out[index])
		return;
	assert_int_equal(table_add(&t, hash, index), m->used < ROOM);
	if (m->used == ROOM)
		return;
	m->out[index] = true;
	m->hash[m->used] = hash;
	m->index[m->used++] = index;
}

static void
random_remove(struct chance *c, struct model *m)
{
	uint32_t i;

	if (m->used == 0)
		return;
	i = chance_below(c, m->used);
	assert_true(table_remove(&t, m->hash[i], m->index[i]));
	assert_false(table_remove(&t, m->hash[i], m->index[i]));
	m->out[m->index[i]] = false;
	m->used--;
	m->hash[i] = m->hash[m->used];
	m->index[i] = m->index[m->used];
}

/* All that were added under the hash are found, nothing twice, and nothing with another tag or that has gone. */
static void
check_search(uint64_t hash, const struct model *m)
{
	bool seen[256] = {false}, allowed[256] = {false};
	uint16_t tag = (uint16_t)(hash >> 48);
	struct table_probe p;

	for (uint32_t i = 0; i < m->used; i++) {
		uint16_t other = (uint16_t)(m->hash[i] >> 48);

		allowed[m->index[i]] = (tag ? tag : 1) == (other ? other : 1);
	}
	for (uint32_t i = table_first(&t, hash, &p); i != TABLE_NONE; i = table_next(&t, &p)) {
		assert_true(i < 256 && allowed[i] && !seen[i]);
		seen[i] = true;
	}
	for (uint32_t i = 0; i < m->used; i++)
		if (m->hash[i] == hash)
			assert_true(seen[m->index[i]]);
}

static void
table__random_operations__as_a_list(void **state)
{
	struct chance chance = {5};
	struct model m = {.used = 0};
	uint32_t full = 0, empty = 0;

	(void)state;
	set_up(ROOM);
	for (uint32_t op = 0; op < 1000000; op++) {
		if (chance_below(&chance, 100) < (op / 1000 % 2 ? 70 : 20))
			random_add(&chance, &m);
		else
			random_remove(&chance, &m);
		assert_int_equal(t.used, m.used);
		check_search(bad_hash(&chance), &m);
		full += m.used == ROOM;
		empty += m.used == 0;
		/* An empty table must not remember anything. */
		if (m.used == 0)
			assert_int_equal(steps(bad_hash(&chance)), 1);
	}
	assert_true(full > 1000 && empty > 1000);
	while (m.used > 0)
		random_remove(&chance, &m);
	tear_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes__any_room__half_full_at_most),
		cmocka_unit_test(table__empty__none),
		cmocka_unit_test(add__no_room__false),
		cmocka_unit_test(add__high_bits_0__found),
		cmocka_unit_test(remove__wrong_index_or_hash__false),
		cmocka_unit_test(replace__one_of_equal_tags__that_one),
		cmocka_unit_test(first__equal_tags__each_once),
		cmocka_unit_test(passed__overflow__counts_and_goes_round),
		cmocka_unit_test(passed__65535__stays),
		cmocka_unit_test(passed__everywhere__search_ends),
		cmocka_unit_test(table__full_of_keyed_hashes__short_searches),
		cmocka_unit_test(table__random_operations__as_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
