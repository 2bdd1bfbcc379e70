/* Open addressing in buckets of one cache line, probed one after the other. */
#include "table.h"

#include <assert.h>

#define LOAD      4 /* entries a bucket of eight: few that are full, and 16 octets an entry */
#define SATURATED UINT16_MAX

static uint32_t
buckets_for(uint32_t entries)
{
	return entries <= LOAD ? 1 : entries / LOAD + (entries % LOAD != 0);
}

size_t
table_bytes(uint32_t entries)
{
	return (size_t)buckets_for(entries) * sizeof(struct table_bucket);
}

void
table_init(struct table *t, void *zeroed, uint32_t entries)
{
	assert((uintptr_t)zeroed % sizeof(struct table_bucket) == 0);
	t->bucket = zeroed;
	t->last = buckets_for(entries) - 1;
	t->used = 0;
	t->room = entries;
}

static inline uint32_t
after(const struct table *t, uint32_t bucket)
{
	return bucket == t->last ? 0 : bucket + 1;
}

bool
table_add(struct table *t, uint64_t hash, uint32_t index)
{
	uint32_t at = table_home(t, hash);
	struct table_bucket *b;
	unsigned slot, blank;

	if (t->used == t->room)
		return false;
	/* `room` is less than the slots there are, so this ends. */
	for (b = &t->bucket[at]; (blank = table_match(b, 0)) == 0; b = &t->bucket[at]) {
		if (b->passed != SATURATED)
			b->passed++;
		at = after(t, at);
	}
	slot = (unsigned)__builtin_ctz(blank);
	b->tag[slot] = table_tag(hash);
	b->index[slot] = index;
	t->used++;
	return true;
}

/* An entry that sat `step` buckets from its home is gone: the buckets it had passed count it no more. */
static void
unpass(struct table *t, uint32_t home, uint32_t step)
{
	for (uint32_t at = home; step > 0; step--, at = after(t, at)) {
		struct table_bucket *b = &t->bucket[at];

		/* A saturated count is no longer known, so it stays: searches are longer, never wrong. */
		if (b->passed != SATURATED)
			b->passed--;
	}
}

/* The slot that holds index, and how many buckets from its home that is; NULL. */
static inline uint32_t *
find(const struct table *t, uint64_t hash, uint32_t index, uint32_t *steps, struct table_bucket **bucket)
{
	const uint16_t tag = table_tag(hash);
	uint32_t at = table_home(t, hash);

	for (uint32_t step = 0; step <= t->last; step++, at = after(t, at)) {
		struct table_bucket *b = &t->bucket[at];

		for (unsigned hits = table_match(b, tag); hits != 0; hits &= hits - 1) {
			unsigned slot = (unsigned)__builtin_ctz(hits);

			if (b->index[slot] != index)
				continue;
			*steps = step;
			*bucket = b;
			return &b->index[slot];
		}
		if (b->passed == 0)
			break;
	}
	return NULL;
}

bool
table_replace(struct table *t, uint64_t hash, uint32_t index, uint32_t by)
{
	struct table_bucket *b;
	uint32_t steps, *at = find(t, hash, index, &steps, &b);

	if (at != NULL)
		*at = by;
	return at != NULL;
}

bool
table_remove(struct table *t, uint64_t hash, uint32_t index)
{
	struct table_bucket *b;
	uint32_t steps, *at = find(t, hash, index, &steps, &b);

	if (at == NULL)
		return false;
	b->tag[at - b->index] = 0;
	t->used--;
	unpass(t, table_home(t, hash), steps);
	return true;
}
