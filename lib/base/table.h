/* Open addressing from a 64-bit hash to 32-bit indices, in buckets of one cache line: eight tags, eight indices,
 * and how many entries passed by because the bucket was full.  The key stays in the caller's object, and the
 * caller compares it:
 *
 *	for (i = table_first(t, hash, &p); i != TABLE_NONE; i = table_next(t, &p))
 *		if (same_key(object(i)))
 *			...
 *
 * The hash must be keyed with a secret (SipHash): buckets are then short whatever a peer sends. */
#ifndef FNS_TABLE_H
#define FNS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define TABLE_NONE UINT32_MAX

struct table_bucket {
	uint16_t tag[8]; /* 0 = free */
	uint32_t index[8];
	uint16_t passed; /* entries whose search goes on to the next bucket; stays at 65535 once there */
	uint8_t spare[14];
};
_Static_assert(sizeof(struct table_bucket) == 64, "a bucket is one cache line");

struct table {
	struct table_bucket *bucket;
	uint32_t last; /* bucket: one less than there are, in any number */
	uint32_t used; /* entries */
	uint32_t room; /* entries that table_add takes at the most */
};

struct table_probe {
	uint32_t bucket, step;
	uint16_t tag;
	uint8_t hits; /* slots of this bucket that match and are still to be returned, one bit each */
};

size_t table_bytes(uint32_t entries); /* memory that table_init wants, aligned to 64, zeroed */
void table_init(struct table *, void *zeroed, uint32_t entries);

/* The bucket comes from the low half of the hash, the tag from its topmost 16 bits. */
static inline uint16_t
table_tag(uint64_t hash)
{
	uint16_t tag = (uint16_t)(hash >> 48);

	return tag != 0 ? tag : 1;
}

static inline uint32_t
table_home(const struct table *t, uint64_t hash)
{
	return (uint32_t)((hash & UINT32_MAX) * ((uint64_t)t->last + 1) >> 32);
}

/* The slots of the bucket that bear the tag, one bit each. */
static inline uint8_t
table_match(const struct table_bucket *b, uint16_t tag)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const void *)b->tag);
	__m128i same = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));

	return (uint8_t)_mm_movemask_epi8(_mm_packs_epi16(same, _mm_setzero_si128()));
#else
	unsigned hits = 0;

	for (unsigned i = 0; i < 8; i++)
		hits |= (unsigned)(b->tag[i] == tag) << i;
	return (uint8_t)hits;
#endif
}

static inline uint32_t
table_next(const struct table *t, struct table_probe *p)
{
	const struct table_bucket *b = &t->bucket[p->bucket];
	unsigned slot;

	while (p->hits == 0) {
		if (b->passed == 0 || p->step == t->last)
			return TABLE_NONE;
		p->step++;
		p->bucket = p->bucket == t->last ? 0 : p->bucket + 1;
		b = &t->bucket[p->bucket];
		p->hits = table_match(b, p->tag);
	}
	slot = (unsigned)__builtin_ctz(p->hits);
	p->hits &= (uint8_t)(p->hits - 1);
	return b->index[slot];
}

static inline uint32_t
table_first(const struct table *t, uint64_t hash, struct table_probe *p)
{
	p->bucket = table_home(t, hash);
	p->step = 0;
	p->tag = table_tag(hash);
	p->hits = table_match(&t->bucket[p->bucket], p->tag);
	return table_next(t, p);
}

static inline void
table_prefetch(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->bucket[table_home(t, hash)]);
}

/* False when `room` are in; does not look for doubles.  An index is in under one hash at a time: removal tells
 * entries apart by tag and index. */
bool table_add(struct table *, uint64_t hash, uint32_t index);
bool table_replace(struct table *, uint64_t hash, uint32_t index, uint32_t by); /* likewise */
bool table_remove(struct table *, uint64_t hash, uint32_t index); /* false if it was not there */

#endif
