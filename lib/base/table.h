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
	uint32_t mask; /* buckets - 1 */
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

uint32_t table_first(const struct table *, uint64_t hash, struct table_probe *);
uint32_t table_next(const struct table *, struct table_probe *);
void table_prefetch(const struct table *, uint64_t hash);

/* False when `room` are in; does not look for doubles.  An index is in under one hash at a time: removal tells
 * entries apart by tag and index. */
bool table_add(struct table *, uint64_t hash, uint32_t index);
bool table_replace(struct table *, uint64_t hash, uint32_t index, uint32_t by); /* likewise */
bool table_remove(struct table *, uint64_t hash, uint32_t index); /* false if it was not there */

#endif
