/* A small ordered set of disjoint ranges in sequence space. */
#include "ranges.h"

#include <assert.h>
#include <string.h>

#include "seq.h"

/* Replaces the ranges [from, to) by `n` blank ones, and moves those above. */
static void
splice(struct ranges *s, uint32_t from, uint32_t to, uint32_t n)
{
	if (from + n != to)
		memmove(&s->at[from + n], &s->at[to], (s->used - to) * sizeof(s->at[0]));
	s->used = s->used - (to - from) + n;
}

bool
ranges_add(struct ranges *s, uint32_t left, uint32_t right)
{
	uint32_t from, to;

	assert(seq_le(left, right));
	if (left == right)
		return true;

	/* From the top: what is new is mostly the latest. */
	from = s->used;
	while (from > 0 && seq_ge(s->at[from - 1].right, left))
		from--;
	to = from;
	while (to < s->used && seq_le(s->at[to].left, right))
		to++;

	if (from == to) {
		if (s->used == RANGES_ROOM)
			return false;
	} else {
		left = seq_min(left, s->at[from].left);
		right = seq_max(right, s->at[to - 1].right);
	}
	splice(s, from, to, 1);
	s->at[from] = (struct range){left, right};
	return true;
}

void
ranges_cut(struct ranges *s, uint32_t left)
{
	uint32_t gone = 0;

	while (gone < s->used && seq_le(s->at[gone].right, left))
		gone++;
	if (gone > 0)
		splice(s, 0, gone, 0);
	if (s->used > 0 && seq_lt(s->at[0].left, left))
		s->at[0].left = left;
}

const struct range *
ranges_find(const struct ranges *s, uint32_t x)
{
	uint32_t low = 0, high = s->used;

	/* The first range that ends after x. */
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (seq_gt(s->at[mid].right, x))
			high = mid;
		else
			low = mid + 1;
	}
	return low < s->used && seq_le(s->at[low].left, x) ? &s->at[low] : NULL;
}

uint32_t
ranges_sum(const struct ranges *s)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < s->used; i++)
		sum += s->at[i].right - s->at[i].left;
	return sum;
}
