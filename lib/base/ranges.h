/* A small ordered set of disjoint [left, right) in sequence space: what is held out of order, what the peer has
 * sacked.  Work per call is bounded by RANGES_ROOM. */
#ifndef FNS_RANGES_H
#define FNS_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define RANGES_ROOM 32

struct range {
	uint32_t left, right; /* left before right, both within 2^31 of each other */
};

struct ranges {
	uint32_t used;
	struct range at[RANGES_ROOM]; /* ascending, neither overlapping nor touching */
};

/* Adds [left, right), merging what it touches.  False, and nothing changed, if it would need a slot too many. */
bool ranges_add(struct ranges *, uint32_t left, uint32_t right);

/* Removes all before `left`. */
void ranges_cut(struct ranges *, uint32_t left);

/* The range that holds x, or NULL. */
const struct range *ranges_find(const struct ranges *, uint32_t x);

/* Octets covered in all. */
uint32_t ranges_sum(const struct ranges *);

#endif
