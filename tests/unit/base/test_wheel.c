/* The wheel against an array of deadlines that is searched from end to end. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "wheel.h"

#define HORIZON (WHEEL_SLOTS - 1)
#define OBJECTS 200u

/* The node lies in the middle of its object, and the object is larger than it, as in a conn. */
struct object {
	uint32_t before;
	struct wheel_node node;
	uint32_t after;
};

static struct wheel w;
static struct object *objects;
static void *mem;

static void
set_up(uint32_t now)
{
	mem = malloc(wheel_bytes());
	objects = calloc(OBJECTS, sizeof(*objects));
	memset(mem, 0xa5, wheel_bytes());
	wheel_init(&w, mem, now, objects, sizeof(*objects), offsetof(struct object, node));
	for (uint32_t i = 0; i < OBJECTS; i++)
		wheel_node_init(&objects[i].node);
}

static void
tear_down(void)
{
	for (uint32_t i = 0; i < OBJECTS; i++)
		assert_true(objects[i].before == 0 && objects[i].after == 0);
	free(objects);
	free(mem);
}

static uint32_t
next(void)
{
	uint32_t tick;

	assert_true(wheel_next(&w, &tick));
	return tick;
}

static void
wheel__empty__nothing(void **state)
{
	uint32_t tick;

	(void)state;
	set_up(5);
	assert_false(wheel_next(&w, &tick));
	assert_int_equal(wheel_expire(&w, 6), WHEEL_NONE);
	assert_int_equal(w.now, 6);
	wheel_disarm(&w, 3);
	assert_int_equal(w.armed, 0);
	tear_down();
}

/* From every kind of place of a slot in its word and its word in the summary, to every distance. */
static void
expire__each_distance__at_its_tick(void **state)
{
	static const uint32_t starts[] = {0,     1,      63,         64,         4095,       4096,
	                                  65535, 0x8000, 0x7fffffff, 0xffff0000, 0xffffffc0, 0xffffffff};
	static const uint32_t distances[] = {0,    1,    62,   63,    64,    65,    127,  4032,
	                                     4095, 4096, 4097, 32768, 65472, 65534, 65535};

	(void)state;
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (size_t d = 0; d < sizeof(distances) / sizeof(distances[0]); d++) {
			uint32_t due = starts[s] + distances[d], tick;

			set_up(starts[s]);
			assert_int_equal(wheel_arm(&w, 7, due), due);
			assert_true(wheel_node_armed(&objects[7].node));
			assert_int_equal(next(), due);
			if (distances[d] > 0)
				assert_int_equal(wheel_expire(&w, due - 1), WHEEL_NONE);
			assert_int_equal(next(), due);
			assert_int_equal(wheel_expire(&w, due), 7);
			assert_false(wheel_node_armed(&objects[7].node));
			assert_int_equal(wheel_expire(&w, due), WHEEL_NONE);
			assert_false(wheel_next(&w, &tick));
			tear_down();
		}
	}
}

static void
arm__beyond_the_horizon__comes_out_early(void **state)
{
	(void)state;
	set_up(0xfffffff0);
	wheel_arm(&w, 1, 0xfffffff0 + HORIZON + 1);
	assert_int_equal(wheel_arm(&w, 2, 0xfffffff0 + 0x7fffffff), 0xfffffff0 + HORIZON);
	assert_int_equal(next(), 0xfffffff0 + HORIZON);
	assert_int_equal(wheel_expire(&w, 0xfffffff0 + HORIZON - 1), WHEEL_NONE);
	assert_true(wheel_expire(&w, 0xfffffff0 + HORIZON) <= 2);
	assert_true(wheel_expire(&w, 0xfffffff0 + HORIZON) <= 2);
	assert_int_equal(w.armed, 0);
	/* As its owner does: once more, until it is due. */
	wheel_arm(&w, 1, 0xfffffff0 + HORIZON + 1);
	assert_int_equal(next(), 0xfffffff0 + HORIZON + 1);
	tear_down();
}

static void
arm__past__now(void **state)
{
	(void)state;
	set_up(10);
	wheel_arm(&w, 1, 9);
	wheel_arm(&w, 2, 10u - 0x7fffffff);
	assert_int_equal(next(), 10);
	assert_true(wheel_expire(&w, 10) <= 2);
	assert_true(wheel_expire(&w, 10) <= 2);
	assert_int_equal(wheel_expire(&w, 10), WHEEL_NONE);
	tear_down();
}

static void
arm__armed__moves(void **state)
{
	(void)state;
	set_up(0);
	wheel_arm(&w, 1, 100);
	wheel_arm(&w, 1, 50);
	assert_int_equal(w.armed, 1);
	assert_int_equal(next(), 50);
	wheel_arm(&w, 1, 5000);
	wheel_arm(&w, 1, 5000);
	assert_int_equal(w.armed, 1);
	assert_int_equal(next(), 5000);
	wheel_disarm(&w, 1);
	wheel_disarm(&w, 1);
	assert_int_equal(w.armed, 0);
	assert_int_equal(wheel_expire(&w, 6000), WHEEL_NONE);
	tear_down();
}

/* First, middle and last of one slot. */
static void
disarm__any_of_a_slot__the_others_stay(void **state)
{
	(void)state;
	for (uint32_t gone = 0; gone < 5; gone++) {
		unsigned seen = 0;

		set_up(0);
		for (uint32_t i = 0; i < 5; i++)
			wheel_arm(&w, i, 77);
		wheel_disarm(&w, gone);
		for (uint32_t i = 0; i < 4; i++)
			seen |= 1u << wheel_expire(&w, 77);
		assert_int_equal(seen, 31u & ~(1u << gone));
		assert_int_equal(wheel_expire(&w, 77), WHEEL_NONE);
		tear_down();
	}
}

static void
expire__budget_spent__wheel_waits_at_the_slot(void **state)
{
	(void)state;
	set_up(0);
	for (uint32_t i = 0; i < 10; i++)
		wheel_arm(&w, i, 100 + i / 5);
	for (uint32_t i = 0; i < 3; i++)
		assert_true(wheel_expire(&w, 1000) < 5);
	assert_int_equal(w.now, 100);
	assert_int_equal(next(), 100);
	for (uint32_t i = 0; i < 2; i++)
		assert_true(wheel_expire(&w, 90000) < 5);
	assert_true(wheel_expire(&w, 90000) >= 5);
	assert_int_equal(w.now, 101);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(wheel_expire(&w, 90000) >= 5);
	assert_int_equal(wheel_expire(&w, 90000), WHEEL_NONE);
	assert_int_equal(w.now, 90000);
	tear_down();
}

/* A jump of much more than the horizon passes every slot once. */
static void
expire__far_jump__all_in_order(void **state)
{
	uint32_t last = 0;

	(void)state;
	set_up(0);
	for (uint32_t i = 0; i < OBJECTS; i++)
		wheel_arm(&w, i, i * 7919 % WHEEL_SLOTS);
	for (uint32_t i = 0; i < OBJECTS; i++) {
		uint32_t index = wheel_expire(&w, 0x70000000);

		assert_true(index < OBJECTS);
		assert_true(index * 7919 % WHEEL_SLOTS >= last);
		last = index * 7919 % WHEEL_SLOTS;
	}
	assert_int_equal(wheel_expire(&w, 0x70000000), WHEEL_NONE);
	assert_int_equal(w.now, 0x70000000);
	tear_down();
}

static void
expire__now_goes_back__nothing_lost(void **state)
{
	(void)state;
	set_up(1000);
	wheel_arm(&w, 1, 1000);
	wheel_arm(&w, 2, 1001);
	assert_int_equal(wheel_expire(&w, 999), WHEEL_NONE);
	assert_int_equal(w.now, 1000);
	assert_int_equal(wheel_expire(&w, 1000), 1);
	assert_int_equal(wheel_expire(&w, 999), WHEEL_NONE);
	assert_int_equal(wheel_expire(&w, 1001), 2);
	tear_down();
}

/* Ticks of 64 bits, which do not wrap. */
struct model {
	uint64_t now, due[OBJECTS];
	bool armed[OBJECTS];
	uint32_t count;
};

/* The armed object that is due first, or OBJECTS. */
static uint32_t
model_first(const struct model *m)
{
	uint32_t first = OBJECTS;

	for (uint32_t i = 0; i < OBJECTS; i++)
		if (m->armed[i] && (first == OBJECTS || m->due[i] < m->due[first]))
			first = i;
	return first;
}

static void
random_arm(struct chance *chance, struct model *m, uint64_t real_now)
{
	static const uint32_t reach[] = {4, 64, 300, 5000, 65536, 70000, 10000000, 0x40000000};
	uint32_t i = chance_below(chance, OBJECTS);
	uint64_t due = real_now + chance_below(chance, reach[chance_below(chance, 8)]);

	if (chance_below(chance, 20) == 0)
		due = real_now - chance_below(chance, 1000);
	wheel_arm(&w, i, (uint32_t)due);
	if (due < m->now)
		due = m->now;
	if (due > m->now + HORIZON)
		due = m->now + HORIZON;
	m->due[i] = due;
	m->count += !m->armed[i];
	m->armed[i] = true;
}

static void
random_disarm(struct chance *chance, struct model *m)
{
	uint32_t i = chance_below(chance, OBJECTS);

	wheel_disarm(&w, i);
	m->count -= m->armed[i];
	m->armed[i] = false;
}

static void
random_expire(struct chance *chance, struct model *m, uint64_t real_now)
{
	uint32_t budget = chance_below(chance, 10) == 0 ? UINT32_MAX : chance_below(chance, 6);

	while (budget-- > 0) {
		bool may = wheel_may_expire(&w, (uint32_t)real_now);
		uint32_t first = model_first(m), index = wheel_expire(&w, (uint32_t)real_now);

		if (first == OBJECTS || m->due[first] > real_now) {
			assert_int_equal(index, WHEEL_NONE);
			assert_false(wheel_may_expire(&w, (uint32_t)real_now));
			m->now = real_now;
			return;
		}
		assert_true(may);
		/* Of several in one slot any may come. */
		assert_true(index < OBJECTS && m->armed[index] && m->due[index] == m->due[first]);
		assert_false(wheel_node_armed(&objects[index].node));
		m->now = m->due[index];
		m->armed[index] = false;
		m->count--;
	}
}

static void
wheel__random_operations__as_an_array(void **state)
{
	struct chance chance = {4};
	static struct model m;
	uint64_t real_now = m.now = 0xfffe0000;

	(void)state;
	set_up((uint32_t)m.now);
	for (uint32_t op = 0; op < 1000000; op++) {
		uint32_t what = chance_below(&chance, 100), first, tick;

		/* Now and then few are armed, so that searches go far. */
		if (what < (op / 2000 % 3 ? 50 : 10))
			random_arm(&chance, &m, real_now);
		else if (what < 60)
			random_disarm(&chance, &m);
		else if (what < 80)
			real_now += chance_below(&chance, what < 62 ? 40000 : what == 62 ? 200000 : 100);
		else
			random_expire(&chance, &m, real_now);
		assert_int_equal(w.armed, m.count);
		assert_int_equal(w.now, (uint32_t)m.now);
		first = model_first(&m);
		assert_int_equal(wheel_next(&w, &tick), first != OBJECTS);
		if (first != OBJECTS)
			assert_int_equal(tick, (uint32_t)m.due[first]);
	}
	assert_true(m.now >> 32 >= 1);
	tear_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wheel__empty__nothing),
		cmocka_unit_test(expire__each_distance__at_its_tick),
		cmocka_unit_test(arm__beyond_the_horizon__comes_out_early),
		cmocka_unit_test(arm__past__now),
		cmocka_unit_test(arm__armed__moves),
		cmocka_unit_test(disarm__any_of_a_slot__the_others_stay),
		cmocka_unit_test(expire__budget_spent__wheel_waits_at_the_slot),
		cmocka_unit_test(expire__far_jump__all_in_order),
		cmocka_unit_test(expire__now_goes_back__nothing_lost),
		cmocka_unit_test(wheel__random_operations__as_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
