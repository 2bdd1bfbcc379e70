/* A log-linear histogram: values under 16 have a bucket each, every octave above has 16 of equal width. */
#include "histogram.h"

#define STEP_BITS 4
_Static_assert(1 << STEP_BITS == HISTOGRAM_STEPS, "a step is STEP_BITS of the value below its leading one");
_Static_assert(HISTOGRAM_BUCKETS == (64 - STEP_BITS + 1) * HISTOGRAM_STEPS,
               "every 64-bit value has a bucket");

unsigned
histogram_bucket(uint64_t value)
{
	unsigned shift;

	if (value < HISTOGRAM_STEPS)
		return (unsigned)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
	/* The leading one itself adds the 1 that sets octaves apart from the values under 16. */
	return shift * HISTOGRAM_STEPS + (unsigned)(value >> shift);
}

/* The largest value that falls into the bucket. */
static uint64_t
bound_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < HISTOGRAM_STEPS)
		return bucket;
	shift = bucket / HISTOGRAM_STEPS - 1;
	return ((uint64_t)(bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << shift) +
	       (((uint64_t)1 << shift) - 1);
}

void
histogram_add_many(struct histogram *h, uint64_t value, uint64_t times)
{
	h->count += times;
	h->sum += value * times;
	if (times > 0 && value > h->max)
		h->max = value;
	h->bucket[histogram_bucket(value)] += times;
}

void
histogram_add(struct histogram *h, uint64_t value)
{
	histogram_add_many(h, value, 1);
}

void
histogram_merge(struct histogram *to, const struct histogram *from)
{
	to->count += from->count;
	to->sum += from->sum;
	if (from->max > to->max)
		to->max = from->max;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

uint64_t
histogram_quantile(const struct histogram *h, unsigned permille)
{
	uint64_t want, seen = 0;

	if (permille > 1000)
		permille = 1000;
	/* count * permille / 1000 rounded up, in parts that do not overflow. */
	want = h->count / 1000 * permille + (h->count % 1000 * permille + 999) / 1000;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen >= want)
			return bound_of(i) < h->max ? bound_of(i) : h->max;
	}
	return h->max;
}
