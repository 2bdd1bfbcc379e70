/* The ring against a plain array of bytes with a mark beside each, and an account of its pages. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "ring.h"

static struct pool pages;
static void *mem;
static uint8_t *source, *target; /* RING_MAX octets that look random, and room for as many */

static int
set_up_octets(void **state)
{
	struct chance chance = {6};

	(void)state;
	source = malloc(RING_MAX);
	target = malloc(RING_MAX);
	for (size_t i = 0; i < RING_MAX; i++)
		source[i] = (uint8_t)(chance_64(&chance) >> 56);
	return 0;
}

static int
tear_down_octets(void **state)
{
	(void)state;
	free(source);
	free(target);
	return 0;
}

static void
set_up(uint32_t count)
{
	mem = malloc((size_t)count * RING_STRIDE);
	pool_init(&pages, mem, RING_STRIDE, count);
}

static void
tear_down(struct ring *r)
{
	ring_free(r, &pages);
	assert_int_equal(r->len, 0);
	assert_int_equal(r->reach, 0);
	assert_int_equal(r->store, POOL_NONE);
	assert_int_equal(pages.used, 0);
	free(mem);
}

static struct ring
ring_at(uint32_t head)
{
	struct ring r;

	ring_init(&r);
	r.head = head;
	return r;
}

static void
put_in_order(struct ring *r, const void *octets, size_t len)
{
	assert_int_equal(ring_put(r, &pages, r->len, octets, len), len);
	ring_extend(r, len);
}

static void
expect(const struct ring *r, size_t at, const uint8_t *want, size_t len)
{
	memset(target, 0, len);
	ring_copy(r, &pages, at, target, len);
	assert_memory_equal(target, want, len);
}

static void
ring__empty__nothing_attached(void **state)
{
	struct ring r;
	const void *run = &r;

	(void)state;
	set_up(1);
	ring_init(&r);
	assert_int_equal(r.head, 0);
	assert_int_equal(r.store, POOL_NONE);
	assert_int_equal(ring_peek(&r, &pages, 0, &run), 0);
	assert_null(run);
	assert_int_equal(ring_put(&r, &pages, 100, source, 0), 0);
	assert_int_equal(r.reach, 0);
	ring_copy(&r, &pages, 0, target, 0);
	ring_take(&r, &pages, 0);
	ring_truncate(&r, &pages);
	assert_int_equal(pages.used, 0);
	tear_down(&r);
}

static void
put__one_octet__one_page_until_taken(void **state)
{
	struct ring r = ring_at(RING_PAGE - 1);

	(void)state;
	set_up(1);
	put_in_order(&r, "x", 1);
	assert_int_equal(pages.used, 1);
	expect(&r, 0, (const uint8_t *)"x", 1);
	ring_take(&r, &pages, 1);
	assert_int_equal(pages.used, 0);
	assert_int_equal(r.head, RING_PAGE);
	tear_down(&r);
}

/* Short octets are copied otherwise than long ones: none too few, and none beyond them. */
static void
put__every_length__these_octets_and_no_others(void **state)
{
	struct ring r = ring_at(7);

	(void)state;
	set_up(1);
	put_in_order(&r, source, 400);
	for (size_t len = 1; len <= 300; len++) {
		assert_int_equal(ring_put(&r, &pages, 0, source, 400), 400);
		assert_int_equal(ring_put(&r, &pages, 50, source + 1000, len), len);
		target[len] = 0x5a;
		expect(&r, 50, source + 1000, len);
		assert_int_equal(target[len], 0x5a);
		expect(&r, 50 + len, source + 50 + len, 350 - len);
	}
	tear_down(&r);
}

/* A page exactly full needs no directory; one octet more does. */
static void
put__page_bound__directory_from_the_next_octet(void **state)
{
	struct ring r = ring_at(0);

	(void)state;
	set_up(3);
	put_in_order(&r, source, RING_PAGE);
	assert_int_equal(pages.used, 1);
	put_in_order(&r, source + RING_PAGE, 1);
	assert_int_equal(pages.used, 3);
	expect(&r, 0, source, RING_PAGE + 1);
	ring_take(&r, &pages, RING_PAGE - 1);
	assert_int_equal(pages.used, 3);
	ring_take(&r, &pages, 1);
	/* Back to one page and no directory. */
	assert_int_equal(pages.used, 1);
	expect(&r, 0, source + RING_PAGE, 1);
	tear_down(&r);
}

static void
peek__several_pages__runs_end_with_the_page(void **state)
{
	struct ring r = ring_at(0xfffffff0);
	const void *run;

	(void)state;
	set_up(5);
	put_in_order(&r, source, 16 + 2 * RING_PAGE + 5);
	assert_int_equal(ring_peek(&r, &pages, 0, &run), 16);
	assert_memory_equal(run, source, 16);
	assert_int_equal(ring_peek(&r, &pages, 15, &run), 1);
	assert_int_equal(ring_peek(&r, &pages, 16, &run), RING_PAGE);
	assert_memory_equal(run, source + 16, RING_PAGE);
	assert_int_equal(ring_peek(&r, &pages, 17, &run), RING_PAGE - 1);
	assert_int_equal(ring_peek(&r, &pages, 16 + 2 * RING_PAGE, &run), 5);
	assert_memory_equal(run, source + 16 + 2 * RING_PAGE, 5);
	assert_int_equal(ring_peek(&r, &pages, 16 + 2 * RING_PAGE + 5, &run), 0);
	tear_down(&r);
}

static void
put__island__counts_when_extended(void **state)
{
	struct ring r = ring_at(1000);
	const void *run;

	(void)state;
	set_up(4);
	/* The first page stays a hole. */
	assert_int_equal(ring_put(&r, &pages, 2 * RING_PAGE, source + 2 * RING_PAGE, 10), 10);
	assert_int_equal(pages.used, 2);
	assert_int_equal(r.reach, 2 * RING_PAGE + 10);
	assert_int_equal(ring_peek(&r, &pages, 0, &run), 0);
	assert_int_equal(ring_put(&r, &pages, 0, source, 2 * RING_PAGE), 2 * RING_PAGE);
	assert_int_equal(pages.used, 4);
	ring_extend(&r, 2 * RING_PAGE + 10);
	expect(&r, 0, source, 2 * RING_PAGE + 10);
	tear_down(&r);
}

static void
put__twice__overwritten(void **state)
{
	struct ring r = ring_at(0);

	(void)state;
	set_up(3);
	put_in_order(&r, source, RING_PAGE + 100);
	assert_int_equal(ring_put(&r, &pages, RING_PAGE - 50, source + 5, 100), 100);
	assert_int_equal(r.reach, RING_PAGE + 100);
	expect(&r, RING_PAGE - 50, source + 5, 100);
	expect(&r, 0, source, RING_PAGE - 50);
	expect(&r, RING_PAGE + 50, source + RING_PAGE + 50, 50);
	tear_down(&r);
}

static void
truncate__islands__gone(void **state)
{
	struct ring r = ring_at(0xffffffff);

	(void)state;
	set_up(8);
	put_in_order(&r, source, 1);
	assert_int_equal(ring_put(&r, &pages, 3 * RING_PAGE + 1, source, 10), 10);
	assert_int_equal(pages.used, 3);
	ring_truncate(&r, &pages);
	assert_int_equal(pages.used, 1);
	assert_int_equal(r.reach, 1);
	expect(&r, 0, source, 1);
	ring_take(&r, &pages, 1);
	assert_int_equal(ring_put(&r, &pages, 5, source, 2 * RING_PAGE), 2 * RING_PAGE);
	ring_truncate(&r, &pages);
	assert_int_equal(pages.used, 0);
	/* What was forgotten leaves no entry behind: a hole is a hole again. */
	assert_int_equal(ring_put(&r, &pages, 2 * RING_PAGE, source, 1), 1);
	assert_int_equal(pages.used, 2);
	assert_int_equal(ring_put(&r, &pages, 0, source, 2 * RING_PAGE), 2 * RING_PAGE);
	ring_extend(&r, 2 * RING_PAGE);
	expect(&r, 0, source, 2 * RING_PAGE);
	tear_down(&r);
}

static void
take__behind_an_island__island_stays(void **state)
{
	struct ring r = ring_at(RING_PAGE - 3);

	(void)state;
	set_up(4);
	put_in_order(&r, source, 3);
	assert_int_equal(ring_put(&r, &pages, 3 + RING_PAGE + 7, source + 50, 5), 5);
	assert_int_equal(pages.used, 3);
	ring_take(&r, &pages, 3);
	/* The page of head is a hole now, so there is still a directory. */
	assert_int_equal(pages.used, 2);
	assert_int_equal(r.reach, RING_PAGE + 12);
	assert_int_equal(ring_put(&r, &pages, 0, source, RING_PAGE + 7), RING_PAGE + 7);
	ring_extend(&r, RING_PAGE + 12);
	expect(&r, RING_PAGE + 7, source + 50, 5);
	tear_down(&r);
}

/* The longest there is, from an odd place, across 2^32: every entry of the directory is in use. */
static void
put__ring_max__all_of_it(void **state)
{
	struct ring r = ring_at(0xff800001);

	(void)state;
	set_up(RING_DIR + 1);
	assert_int_equal(ring_put(&r, &pages, RING_MAX - 1, source + RING_MAX - 1, 1), 1);
	assert_int_equal(pages.used, 2);
	put_in_order(&r, source, RING_MAX);
	assert_int_equal(pages.used, RING_DIR + 1);
	expect(&r, 0, source, RING_MAX);
	ring_take(&r, &pages, RING_MAX - 1);
	assert_int_equal(pages.used, 1);
	expect(&r, 0, source + RING_MAX - 1, 1);
	tear_down(&r);
}

/* Whatever is attached when the pool runs dry: what was placed is a prefix, nothing else has changed, and with
 * more pages the rest can be placed. */
static void
put__pool_dry_at_the_kth_take__prefix(void **state)
{
	const size_t len = 5 * RING_PAGE;

	(void)state;
	for (uint32_t head = 0; head < RING_PAGE; head += 4001) {
		for (uint32_t count = 0; count < 8; count++) {
			struct ring r = ring_at(head);
			uint32_t spare = POOL_NONE;
			size_t n;

			set_up(count + 8);
			while (pages.used < 8) /* the lender of the rest */
				spare = pool_take(&pages);
			n = ring_put(&r, &pages, 0, source, len);
			if (count < 3)
				assert_int_equal(n, count > 0 ? RING_PAGE - head : 0);
			else
				assert_int_equal(n, count - 1 > 5 ? len
				                                  : (count - 1) * (size_t)RING_PAGE - head);
			assert_int_equal(r.reach, n);
			ring_extend(&r, n);
			expect(&r, 0, source, n);
			if (count == 2) /* a directory alone is of no use, and went back */
				assert_int_equal(pages.used, 8 + 1);
			else
				assert_int_equal(pages.used, 8 + (n < len ? count : head > 0 ? 7u : 6u));
			for (uint32_t i = 0; i < 8; i++)
				pool_give(&pages, spare - i);
			put_in_order(&r, source + n, len - n);
			expect(&r, 0, source, len);
			tear_down(&r);
		}
	}
}

static void
put__pool_dry__holes_and_reach_stay(void **state)
{
	struct ring r = ring_at(0);

	(void)state;
	set_up(3);
	put_in_order(&r, source, 10);
	assert_int_equal(ring_put(&r, &pages, 4 * RING_PAGE, source, 2 * RING_PAGE), RING_PAGE);
	assert_int_equal(r.reach, 5 * RING_PAGE);
	assert_int_equal(ring_put(&r, &pages, 2 * RING_PAGE, source, 1), 0);
	assert_int_equal(ring_put(&r, &pages, 9 * RING_PAGE, source, 1), 0);
	assert_int_equal(r.reach, 5 * RING_PAGE);
	/* The page that is there takes its part even so. */
	assert_int_equal(ring_put(&r, &pages, 10, source + 10, 2 * RING_PAGE), RING_PAGE - 10);
	ring_extend(&r, RING_PAGE - 10);
	expect(&r, 0, source, RING_PAGE);
	tear_down(&r);
}

/* The model: positions of 64 bits, 256 KiB of octets from head on, each known or not, and pages as they should be. */
#define WINDOW (256u * 1024)
#define FLAGS  (WINDOW / RING_PAGE)
#define RINGS  3
#define POOL   40u

struct model {
	uint64_t head;
	uint32_t len, reach;
	uint8_t octet[WINDOW]; /* of position p at p % WINDOW */
	bool known[WINDOW];
	bool attached[FLAGS]; /* of page p at p % FLAGS */
};

static struct ring rings[RINGS];
static struct model models[RINGS];

static uint32_t
model_span(const struct model *m, uint32_t reach)
{
	return (uint32_t)((m->head + reach + RING_PAGE - 1) / RING_PAGE - m->head / RING_PAGE);
}

/* Pages of reach, and the directory where there are several. */
static uint32_t
model_pages(const struct model *m)
{
	uint32_t n = model_span(m, m->reach) > 1;

	for (uint32_t i = 0; i < FLAGS; i++)
		n += m->attached[i];
	return n;
}

/* Places what the free pages allow, a page at a time, and returns how much that is. */
static size_t
model_put(struct model *m, uint32_t free_pages, uint32_t at, const uint8_t *octets, uint32_t len)
{
	uint32_t done = 0;

	while (done < len) {
		uint64_t position = m->head + at + done;
		uint32_t n = RING_PAGE - (uint32_t)(position % RING_PAGE), reach, need;
		bool *attached = &m->attached[position / RING_PAGE % FLAGS];

		n = n < len - done ? n : len - done;
		reach = at + done + n > m->reach ? at + done + n : m->reach;
		need = !*attached + (model_span(m, reach) > 1 && model_span(m, m->reach) <= 1);
		if (need > free_pages)
			break;
		free_pages -= need;
		*attached = true;
		m->reach = reach;
		memcpy(&m->octet[position % WINDOW], octets + done, n);
		memset(&m->known[position % WINDOW], true, n);
		done += n;
	}
	return done;
}

/* Forgets [from, to) and the pages that are no longer between head and reach. */
static void
model_forget(struct model *m, uint64_t from, uint64_t to)
{
	uint64_t first = m->head / RING_PAGE, end = first + model_span(m, m->reach);

	for (uint64_t p = from; p < to;) {
		uint64_t n = WINDOW - p % WINDOW < to - p ? WINDOW - p % WINDOW : to - p;

		memset(&m->known[p % WINDOW], false, n);
		p += n;
	}
	if (m->reach == 0)
		end = first;
	for (uint64_t p = end; p < first + FLAGS; p++)
		m->attached[p % FLAGS] = false;
}

static void
random_put(struct chance *c, uint32_t i)
{
	static const uint32_t longest[] = {1, 100, 1460, 1460, 9000, 60000};
	struct model *m = &models[i];
	uint32_t at = m->len, len = 1 + chance_below(c, longest[chance_below(c, 6)]);
	const uint8_t *octets = source + chance_below(c, 1000000);
	size_t placed;

	if (chance_below(c, 3) == 0)
		at = chance_below(c, chance_below(c, 2) ? 20000 : WINDOW - RING_PAGE);
	/* A page less than the window, since head need not be at the start of one. */
	if (at + len > WINDOW - RING_PAGE)
		len = at < WINDOW - RING_PAGE ? WINDOW - RING_PAGE - at : 0;
	placed = model_put(m, POOL - pages.used, at, octets, len);
	if (at == m->len && chance_below(c, 2) == 0) {
		assert_int_equal(ring_append(&rings[i], &pages, octets, len), placed);
		m->len += (uint32_t)placed;
		return;
	}
	assert_int_equal(ring_put(&rings[i], &pages, at, octets, len), placed);
}

/* The octets known from len on, up to a random number of them. */
static void
random_extend(struct chance *c, uint32_t i)
{
	struct model *m = &models[i];
	uint32_t most = m->reach - m->len, n = 0;

	if (chance_below(c, 4) == 0)
		most = chance_below(c, most + 1);
	while (n < most) {
		uint32_t p = (uint32_t)((m->head + m->len + n) % WINDOW);
		uint32_t run = WINDOW - p < most - n ? WINDOW - p : most - n;
		const bool *hole = memchr(&m->known[p], false, run);

		n += hole != NULL ? (uint32_t)(hole - &m->known[p]) : run;
		if (hole != NULL)
			break;
	}
	ring_extend(&rings[i], n);
	m->len += n;
}

/* By ring_copy or by ring_peek, the same octets. */
static void
check_octets(struct chance *c, uint32_t i, uint32_t at, uint32_t len)
{
	const struct model *m = &models[i];
	bool copy = chance_below(c, 2);

	if (copy)
		ring_copy(&rings[i], &pages, at, target, len);
	for (uint32_t done = 0; done < len;) {
		uint32_t p = (uint32_t)((m->head + at + done) % WINDOW), n = RING_PAGE - p % RING_PAGE;
		const void *run = target + done;

		n = n < m->len - at - done ? n : m->len - at - done;
		if (!copy)
			assert_int_equal(ring_peek(&rings[i], &pages, at + done, &run), n);
		n = n < len - done ? n : len - done;
		assert_int_equal(memcmp(run, &m->octet[p], n), 0);
		done += n;
	}
}

static void
random_take(struct chance *c, uint32_t i)
{
	struct model *m = &models[i];
	uint32_t n = chance_below(c, 3) ? chance_below(c, m->len + 1) : m->len;

	check_octets(c, i, 0, n);
	ring_take(&rings[i], &pages, n);
	m->head += n;
	m->len -= n;
	m->reach -= n;
	model_forget(m, m->head - n, m->head);
}

static void
random_truncate(uint32_t i, bool all)
{
	struct model *m = &models[i];
	uint64_t end = m->head + m->reach;

	if (all) {
		ring_free(&rings[i], &pages);
		m->len = 0;
	} else {
		ring_truncate(&rings[i], &pages);
	}
	m->reach = m->len;
	model_forget(m, m->head + m->reach, end);
}

static void
random_step(struct chance *c, uint32_t i, bool filling)
{
	uint32_t what = chance_below(c, 100);

	if (what < (filling ? 45 : 10))
		random_put(c, i);
	else if (what < 65)
		random_extend(c, i);
	else if (what < 90)
		random_take(c, i);
	else if (what < 97 && models[i].len > 0) {
		uint32_t at = chance_below(c, models[i].len);

		check_octets(c, i, at, chance_below(c, models[i].len - at + 1));
	} else if (what >= 97)
		random_truncate(i, what == 99);
}

/* Three rings and one pool that is often too small for them. */
static void
ring__random_operations__as_a_byte_array(void **state)
{
	struct chance chance = {7};
	uint32_t dry = 0, idle = 0;

	(void)state;
	set_up(POOL);
	for (uint32_t i = 0; i < RINGS; i++) {
		models[i].head = 0xffff0000 + 4000 * i;
		rings[i] = ring_at((uint32_t)models[i].head);
	}
	for (uint32_t op = 0; op < 1000000; op++) {
		uint32_t i = chance_below(&chance, RINGS), out = 0;

		/* Chance fills for a while, then drains, so that both ends are met. */
		random_step(&chance, i, op / 500 % 2 == 0);
		assert_int_equal(rings[i].head, (uint32_t)models[i].head);
		assert_int_equal(rings[i].len, models[i].len);
		assert_int_equal(rings[i].reach, models[i].reach);
		assert_int_equal(rings[i].store == POOL_NONE, models[i].reach == 0);
		for (uint32_t j = 0; j < RINGS; j++)
			out += model_pages(&models[j]);
		assert_int_equal(pages.used, out);
		dry += out == POOL;
		idle += out == 0;
	}
	assert_true(dry > 1000 && idle > 1000);
	for (uint32_t i = 0; i < RINGS; i++) {
		assert_true(models[i].head >> 32 >= 1);
		ring_free(&rings[i], &pages);
	}
	tear_down(&rings[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring__empty__nothing_attached),
		cmocka_unit_test(put__one_octet__one_page_until_taken),
		cmocka_unit_test(put__every_length__these_octets_and_no_others),
		cmocka_unit_test(put__page_bound__directory_from_the_next_octet),
		cmocka_unit_test(peek__several_pages__runs_end_with_the_page),
		cmocka_unit_test(put__island__counts_when_extended),
		cmocka_unit_test(put__twice__overwritten),
		cmocka_unit_test(truncate__islands__gone),
		cmocka_unit_test(take__behind_an_island__island_stays),
		cmocka_unit_test(put__ring_max__all_of_it),
		cmocka_unit_test(put__pool_dry_at_the_kth_take__prefix),
		cmocka_unit_test(put__pool_dry__holes_and_reach_stay),
		cmocka_unit_test(ring__random_operations__as_a_byte_array),
	};

	return cmocka_run_group_tests(tests, set_up_octets, tear_down_octets);
}
