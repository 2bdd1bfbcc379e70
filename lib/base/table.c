/* Open addressing in buckets of one cache line, probed one after the other. */
#include "table.h"

#include <assert.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define SLOTS     8
#define LOAD      6 /* entries a bucket at the most: three quarters */
#define SATURATED UINT16_MAX

/* The bucket comes from the low bits of the hash, the tag from the high ones. */
static inline uint16_t
tag_of(uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 48);

	return tag != 0 ? tag : 1;
}

static inline uint32_t
home_of(const struct table *t, uint64_t hash)
{
	return (uint32_t)hash & t->mask;
}

/* The slots of the bucket that bear the tag, one bit each. */
static inline uint8_t
match(const struct table_bucket *b, uint16_t tag)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const void *)b->tag);
	__m128i same = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));

	return (uint8_t)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128()));
#else
	unsigned hits = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		hits |= (unsigned)(b->tag[i] == tag) << i;
	return (uint8_t)hits;
#endif
}

/* A power of two. */
static uint32_t
buckets_for(uint32_t entries)
{
	uint32_t want = entries / LOAD + (entries % LOAD != 0), n = 1;

	while (n < want)
		n *= 2;
	return n;
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
	t->mask = buckets_for(entries) - 1;
	t->used = 0;
	t->room = entries;
}

void
table_prefetch(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->bucket[home_of(t, hash)]);
}

uint32_t
table_next(const struct table *t, struct table_probe *p)
{
	const struct table_bucket *b = &t->bucket[p->bucket];
	unsigned slot;

	while (p->hits == 0) {
		if (b->passed == 0 || p->step == t->mask)
			return TABLE_NONE;
		p->step++;
		p->bucket = (p->bucket + 1) & t->mask;
		b = &t->bucket[p->bucket];
		p->hits = match(b, p->tag);
	}
	slot = (unsigned)__builtin_ctz(p->hits);
	p->hits &= (uint8_t)(p->hits - 1);
	return b->index[slot];
}

uint32_t
table_first(const struct table *t, uint64_t hash, struct table_probe *p)
{
	p->bucket = home_of(t, hash);
	p->step = 0;
	p->tag = tag_of(hash);
	p->hits = match(&t->bucket[p->bucket], p->tag);
	return table_next(t, p);
}

bool
table_add(struct table *t, uint64_t hash, uint32_t index)
{
	uint32_t at = home_of(t, hash);
	struct table_bucket *b;
	unsigned slot, blank;

	if (t->used == t->room)
		return false;
	/* `room` is less than the slots there are, so this ends. */
	for (b = &t->bucket[at]; (blank = match(b, 0)) == 0; b = &t->bucket[at]) {
		if (b->passed != SATURATED)
			b->passed++;
		at = (at + 1) & t->mask;
	}
	slot = (unsigned)__builtin_ctz(blank);
	b->tag[slot] = tag_of(hash);
	b->index[slot] = index;
	t->used++;
	return true;
}

/* An entry that sat `step` buckets from its home is gone: the buckets it had passed count it no more. */
static void
unpass(struct table *t, uint32_t home, uint32_t step)
{
	for (uint32_t i = 0; i < step; i++) {
		struct table_bucket *b = &t->bucket[(home + i) & t->mask];

		/* A saturated count is no longer known, so it stays: searches are longer, never wrong. */
		if (b->passed != SATURATED)
			b->passed--;
	}
}

/* The slot that holds index, and how many buckets from its home that is; NULL. */
static inline uint32_t *
find(const struct table *t, uint64_t hash, uint32_t index, uint32_t *steps, struct table_bucket **bucket)
{
	const uint32_t home = home_of(t, hash);
	const uint16_t tag = tag_of(hash);

	for (uint32_t step = 0; step <= t->mask; step++) {
		struct table_bucket *b = &t->bucket[(home + step) & t->mask];

		for (unsigned hits = match(b, tag); hits != 0; hits &= hits - 1) {
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
	unpass(t, home_of(t, hash), steps);
	return true;
}
