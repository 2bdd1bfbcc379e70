/* The histogram against a sorted array. */
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "histogram.h"

static struct histogram h, other, both;

static void
clear(void)
{
	memset(&h, 0, sizeof(h));
	memset(&other, 0, sizeof(other));
	memset(&both, 0, sizeof(both));
}

static void
quantile__empty__0(void **state)
{
	(void)state;
	clear();
	assert_true(histogram_quantile(&h, 0) == 0);
	assert_true(histogram_quantile(&h, 500) == 0);
	assert_true(histogram_quantile(&h, 1000) == 0);
}

static void
quantile__one_value__that_value(void **state)
{
	static const uint64_t values[] = {
		0, 1, 15, 16, 17, 31, 32, 33, 1000, 123456789, UINT64_MAX / 2, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		clear();
		histogram_add(&h, values[i]);
		/* The bucket's bound would be over it; max is not. */
		assert_true(histogram_quantile(&h, 1) == values[i]);
		assert_true(histogram_quantile(&h, 1000) == values[i]);
		assert_true(histogram_quantile(&h, UINT32_MAX) == values[i]);
		assert_true(h.count == 1 && h.sum == values[i] && h.max == values[i]);
	}
}

static void
quantile__values_under_16__exact(void **state)
{
	(void)state;
	clear();
	for (uint64_t v = 1; v <= 10; v++)
		histogram_add(&h, v);
	assert_true(histogram_quantile(&h, 100) == 1);
	assert_true(histogram_quantile(&h, 101) == 2);
	assert_true(histogram_quantile(&h, 500) == 5);
	assert_true(histogram_quantile(&h, 999) == 10);
	assert_true(histogram_quantile(&h, 1000) == 10);
}

/* Every power of two and its neighbours: buckets are disjoint, ascending, and none lies outside. */
static void
add__each_octave__within_a_sixteenth(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 64; e++) {
		for (int d = -1; d <= 1; d++) {
			uint64_t v = ((uint64_t)1 << e) + (uint64_t)d, bound;

			clear();
			histogram_add(&h, v);
			histogram_add(&h, UINT64_MAX); /* so that max does not cap the bound */
			bound = histogram_quantile(&h, 500);
			assert_true(bound >= v);
			assert_true(bound - v <= v / 16);
		}
	}
}

static void
quantile__huge_counts__no_overflow(void **state)
{
	(void)state;
	clear();
	histogram_add(&h, 3);
	histogram_add(&h, 9);
	h.bucket[3] = UINT64_MAX / 2;
	h.bucket[9] = UINT64_MAX / 2;
	h.count = UINT64_MAX - 1;
	assert_true(histogram_quantile(&h, 499) == 3);
	assert_true(histogram_quantile(&h, 501) == 9);
	assert_true(histogram_quantile(&h, 1000) == 9);
}

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
merge__larger_max_on_either_side__kept(void **state)
{
	(void)state;
	clear();
	histogram_add(&h, 5);
	histogram_add(&other, 1000);
	histogram_merge(&h, &other);
	assert_true(h.max == 1000 && h.count == 2 && h.sum == 1005);
	assert_true(histogram_quantile(&h, 1000) == 1000);
	clear();
	histogram_add(&other, 5);
	histogram_merge(&h, &other);
	assert_true(h.max == 5);
	histogram_merge(&h, &both);
	assert_true(h.max == 5 && h.count == 1);
}

#define VALUES 1000000

static void
quantile__random_values__within_a_sixteenth_of_sorted(void **state)
{
	struct chance chance = {2};
	uint64_t *sorted = malloc(VALUES * sizeof(*sorted)), sum = 0;

	(void)state;
	clear();
	for (uint32_t i = 0; i < VALUES; i++) {
		sorted[i] = chance_64(&chance);
		sorted[i] >>= chance_below(&chance, 64);
		sum += sorted[i];
		histogram_add(i % 3 ? &h : &other, sorted[i]);
		histogram_add(&both, sorted[i]);
	}
	histogram_merge(&h, &other);
	assert_memory_equal(&h, &both, sizeof(h));
	qsort(sorted, VALUES, sizeof(*sorted), ascending);
	assert_true(h.count == VALUES && h.sum == sum && h.max == sorted[VALUES - 1]);
	for (unsigned permille = 1; permille <= 1000; permille++) {
		uint64_t exact = sorted[(uint64_t)VALUES * permille / 1000 - 1];
		uint64_t found = histogram_quantile(&h, permille);

		assert_true(found >= exact);
		assert_true(found - exact <= exact / 16);
		assert_true(found <= h.max);
	}
	free(sorted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantile__empty__0),
		cmocka_unit_test(quantile__one_value__that_value),
		cmocka_unit_test(quantile__values_under_16__exact),
		cmocka_unit_test(add__each_octave__within_a_sixteenth),
		cmocka_unit_test(quantile__huge_counts__no_overflow),
		cmocka_unit_test(merge__larger_max_on_either_side__kept),
		cmocka_unit_test(quantile__random_values__within_a_sixteenth_of_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
