/* A log-linear histogram of unsigned values: 16 steps an octave, so a quantile is right within 1/16. */
#ifndef FNS_HISTOGRAM_H
#define FNS_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS   16
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * 61)

struct histogram {
	uint64_t count, sum, max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* The bucket that a value falls into, below HISTOGRAM_BUCKETS. */
unsigned histogram_bucket(uint64_t value);

void histogram_add(struct histogram *, uint64_t value);
void histogram_add_many(struct histogram *, uint64_t value, uint64_t times);
void histogram_merge(struct histogram *to, const struct histogram *from);

/* The smallest bucket bound that at least `permille` of a thousand values do not exceed; 0 if empty; never over max. */
uint64_t histogram_quantile(const struct histogram *, unsigned permille);

#endif
