/* The pool against a bitmap of what is out. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "pool.h"

static void
pool__all_out__none(void **state)
{
	struct pool p;
	uint8_t *mem = malloc(3 * 8);

	(void)state;
	pool_init(&p, mem, 8, 3);
	assert_int_equal(p.used, 0);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(pool_take(&p), i);
		assert_ptr_equal(pool_at(&p, i), mem + 8 * i);
	}
	assert_int_equal(p.used, 3);
	assert_int_equal(pool_take(&p), POOL_NONE);
	assert_int_equal(pool_take(&p), POOL_NONE);
	assert_int_equal(p.used, 3);
	pool_give(&p, 1);
	assert_int_equal(pool_take(&p), 1);
	assert_int_equal(pool_take(&p), POOL_NONE);
	free(mem);
}

static void
pool__no_objects__none(void **state)
{
	struct pool p;

	(void)state;
	pool_init(&p, NULL, 8192, 0);
	assert_int_equal(pool_take(&p), POOL_NONE);
}

static void
pool__given_back__last_first(void **state)
{
	struct pool p;
	uint8_t mem[64 * 4];

	(void)state;
	pool_init(&p, mem, 4, 64);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(pool_take(&p), i);
	for (uint32_t i = 0; i < 32; i++)
		pool_give(&p, i * 5 % 32);
	for (uint32_t i = 32; i-- > 0;)
		assert_int_equal(pool_take(&p), i * 5 % 32);
	/* What was never out comes only when nothing is left that was. */
	assert_int_equal(pool_take(&p), 32);
}

static void
pool__never_taken__not_touched(void **state)
{
	struct pool p;
	uint8_t mem[100 * 16];

	(void)state;
	memset(mem, 0xa5, sizeof(mem));
	pool_init(&p, mem, 16, 100);
	for (int round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < 10; i++)
			assert_true(pool_take(&p) < 10);
		for (uint32_t i = 0; i < 10; i++)
			pool_give(&p, i);
	}
	for (size_t i = 10 * 16; i < sizeof(mem); i++)
		assert_int_equal(mem[i], 0xa5);
}

#define OBJECTS 1000
#define STRIDE  13 /* no alignment at all */

/* What is out belongs to its owner: it is filled when it is taken, and must be unchanged when it is given back. */
static void
pool__random_takes_and_gives__as_a_bitmap(void **state)
{
	struct chance chance = {1};
	struct pool p;
	uint8_t *mem = malloc(OBJECTS * STRIDE), fill[OBJECTS], want[STRIDE];
	bool out[OBJECTS] = {false};
	uint32_t count = 0, full = 0;

	(void)state;
	pool_init(&p, mem, STRIDE, OBJECTS);
	for (uint32_t op = 0; op < 1500000; op++) {
		/* Chance leans to taking for a while, then to giving, so that both ends are reached. */
		bool take = chance_below(&chance, 100) < (op / 5000 % 2 ? 70 : 30);
		uint32_t i = chance_below(&chance, OBJECTS);

		if (take) {
			i = pool_take(&p);
			if (count == OBJECTS) {
				assert_int_equal(i, POOL_NONE);
				full++;
			} else {
				assert_true(i < OBJECTS);
				assert_false(out[i]);
				out[i] = true;
				fill[i] = (uint8_t)op;
				memset(pool_at(&p, i), fill[i], STRIDE);
				count++;
			}
		} else if (out[i]) {
			memset(want, fill[i], STRIDE);
			assert_memory_equal(pool_at(&p, i), want, STRIDE);
			pool_give(&p, i);
			out[i] = false;
			count--;
		}
		assert_int_equal(p.used, count);
	}
	assert_true(full > 100);
	free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool__all_out__none),
		cmocka_unit_test(pool__no_objects__none),
		cmocka_unit_test(pool__given_back__last_first),
		cmocka_unit_test(pool__never_taken__not_touched),
		cmocka_unit_test(pool__random_takes_and_gives__as_a_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
