/* Ranges against a map with one mark for each octet. */
#include <stdbool.h>
#include <string.h>

#include "chance.h"
#include "ranges.h"

static void
expect(const struct ranges *s, uint32_t n, const struct range *want)
{
	assert_int_equal(s->used, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(s->at[i].left, want[i].left);
		assert_int_equal(s->at[i].right, want[i].right);
	}
}

#define EXPECT(s, n, ...) expect(s, n, (const struct range[]){__VA_ARGS__})

static void
add__apart__sorted(void **state)
{
	struct ranges s = {0};

	(void)state;
	assert_true(ranges_add(&s, 50, 60));
	assert_true(ranges_add(&s, 10, 20));
	assert_true(ranges_add(&s, 30, 40));
	EXPECT(&s, 3, {10, 20}, {30, 40}, {50, 60});
	assert_int_equal(ranges_sum(&s), 30);
}

static void
add__touching__one(void **state)
{
	struct ranges s = {0};

	(void)state;
	ranges_add(&s, 10, 20);
	ranges_add(&s, 20, 30);
	EXPECT(&s, 1, {10, 30});
	ranges_add(&s, 5, 10);
	EXPECT(&s, 1, {5, 30});
	ranges_add(&s, 31, 40);
	EXPECT(&s, 2, {5, 30}, {31, 40});
	ranges_add(&s, 30, 31);
	EXPECT(&s, 1, {5, 40});
}

static void
add__spanning_several__one(void **state)
{
	struct ranges s = {0};

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		ranges_add(&s, i * 10, i * 10 + 5);
	ranges_add(&s, 23, 61);
	EXPECT(&s, 6, {0, 5}, {10, 15}, {20, 65}, {70, 75}, {80, 85}, {90, 95});
	ranges_add(&s, 22, 64);
	assert_int_equal(s.used, 6);
	ranges_add(&s, 0, 100);
	EXPECT(&s, 1, {0, 100});
}

static void
add__empty__nothing(void **state)
{
	struct ranges s = {0};

	(void)state;
	assert_true(ranges_add(&s, 7, 7));
	assert_int_equal(s.used, 0);
}

static void
add__full__false_and_unchanged(void **state)
{
	struct ranges s = {0}, before;

	(void)state;
	for (uint32_t i = 0; i < RANGES_ROOM; i++)
		assert_true(ranges_add(&s, i * 10, i * 10 + 5));
	before = s;
	assert_false(ranges_add(&s, 17, 18));
	assert_false(ranges_add(&s, 1000, 1001));
	assert_false(ranges_add(&s, (uint32_t)-9, (uint32_t)-3));
	assert_memory_equal(&s, &before, sizeof(s));
	/* What merges needs no slot. */
	assert_true(ranges_add(&s, 15, 17));
	assert_int_equal(s.used, RANGES_ROOM);
	assert_true(ranges_add(&s, 17, 20));
	assert_int_equal(s.used, RANGES_ROOM - 1);
	assert_true(ranges_add(&s, 1000, 1001));
	assert_false(ranges_add(&s, 2000, 2001));
}

static void
add__across_the_wrap__ordered(void **state)
{
	struct ranges s = {0};

	(void)state;
	ranges_add(&s, 0x10, 0x20);
	ranges_add(&s, 0xfffffff0, 0xfffffff8);
	EXPECT(&s, 2, {0xfffffff0, 0xfffffff8}, {0x10, 0x20});
	ranges_add(&s, 0xfffffffc, 4);
	EXPECT(&s, 3, {0xfffffff0, 0xfffffff8}, {0xfffffffc, 4}, {0x10, 0x20});
	assert_int_equal(ranges_sum(&s), 8 + 8 + 16);
	assert_ptr_equal(ranges_find(&s, 0xffffffff), &s.at[1]);
	assert_ptr_equal(ranges_find(&s, 0), &s.at[1]);
	assert_null(ranges_find(&s, 4));
	ranges_add(&s, 0xfffffff8, 0xfffffffc);
	ranges_add(&s, 4, 0x10);
	EXPECT(&s, 1, {0xfffffff0, 0x20});
	ranges_cut(&s, 0);
	EXPECT(&s, 1, {0, 0x20});
}

static void
add__almost_half_the_space__one(void **state)
{
	struct ranges s = {0};

	(void)state;
	ranges_add(&s, 0xc0000000, 0x3fffffff);
	EXPECT(&s, 1, {0xc0000000, 0x3fffffff});
	assert_int_equal(ranges_sum(&s), 0x7fffffff);
	assert_non_null(ranges_find(&s, 0xc0000000));
	assert_non_null(ranges_find(&s, 0x3ffffffe));
	assert_null(ranges_find(&s, 0x3fffffff));
	assert_null(ranges_find(&s, 0xbfffffff));
}

static void
cut__each_place__only_what_is_before(void **state)
{
	struct ranges s = {0};

	(void)state;
	ranges_cut(&s, 5);
	assert_int_equal(s.used, 0);
	ranges_add(&s, 10, 20);
	ranges_add(&s, 30, 40);
	ranges_add(&s, 50, 60);
	ranges_cut(&s, 10);
	EXPECT(&s, 3, {10, 20}, {30, 40}, {50, 60});
	ranges_cut(&s, 19);
	EXPECT(&s, 3, {19, 20}, {30, 40}, {50, 60});
	ranges_cut(&s, 20);
	EXPECT(&s, 2, {30, 40}, {50, 60});
	ranges_cut(&s, 45);
	EXPECT(&s, 1, {50, 60});
	ranges_cut(&s, 100);
	assert_int_equal(s.used, 0);
}

#define MAP 256

struct model {
	uint32_t base; /* the position of map[0] */
	bool map[MAP];
};

static uint32_t
model_runs(const struct model *m, struct range runs[MAP])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < MAP; i++) {
		if (!m->map[i])
			continue;
		runs[n].left = m->base + i;
		while (i < MAP && m->map[i])
			i++;
		runs[n++].right = m->base + i;
	}
	return n;
}

static void
random_add(struct chance *chance, struct ranges *s, struct model *m, uint32_t longest)
{
	uint32_t left = chance_below(chance, MAP), len = 1 + chance_below(chance, longest);
	struct model after = *m;
	struct range runs[MAP];

	if (len > MAP - left)
		len = MAP - left;
	memset(&after.map[left], true, len);
	if (model_runs(&after, runs) > RANGES_ROOM) {
		assert_false(ranges_add(s, m->base + left, m->base + left + len));
		return;
	}
	assert_true(ranges_add(s, m->base + left, m->base + left + len));
	*m = after;
}

static void
random_cut(struct chance *chance, struct ranges *s, struct model *m)
{
	uint32_t n = chance_below(chance, chance_below(chance, 20) == 0 ? MAP + 1 : 24);

	ranges_cut(s, m->base + n);
	memmove(m->map, m->map + n, MAP - n);
	memset(m->map + MAP - n, false, n);
	m->base += n;
}

static void
check_find(const struct ranges *s, const struct model *m, uint32_t i)
{
	const struct range *r = ranges_find(s, m->base + i);

	if (i >= MAP || !m->map[i])
		assert_null(r);
	else
		assert_true(r != NULL && m->base + i - r->left < r->right - r->left);
}

static void
ranges__random_adds_and_cuts__as_a_map(void **state)
{
	struct chance chance = {3};
	struct model m = {.base = 0xffff0000};
	struct ranges s = {0};
	struct range runs[MAP];
	uint32_t full = 0;

	(void)state;
	for (uint32_t op = 0; op < 1000000; op++) {
		uint32_t n, sum = 0;

		if (chance_below(&chance, 100) < (op / 1000 % 2 ? 97 : 75))
			random_add(&chance, &s, &m, op / 1000 % 2 ? 2 : 24);
		else
			random_cut(&chance, &s, &m);
		n = model_runs(&m, runs);
		assert_int_equal(s.used, n);
		assert_memory_equal(s.at, runs, n * sizeof(runs[0]));
		for (uint32_t i = 0; i < n; i++)
			sum += runs[i].right - runs[i].left;
		assert_int_equal(ranges_sum(&s), sum);
		check_find(&s, &m, chance_below(&chance, MAP + 20));
		full += n == RANGES_ROOM;
	}
	/* Both the wrap and a full set were met. */
	assert_true(m.base < 0xffff0000);
	assert_true(full > 10000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add__apart__sorted),
		cmocka_unit_test(add__touching__one),
		cmocka_unit_test(add__spanning_several__one),
		cmocka_unit_test(add__empty__nothing),
		cmocka_unit_test(add__full__false_and_unchanged),
		cmocka_unit_test(add__across_the_wrap__ordered),
		cmocka_unit_test(add__almost_half_the_space__one),
		cmocka_unit_test(cut__each_place__only_what_is_before),
		cmocka_unit_test(ranges__random_adds_and_cuts__as_a_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
