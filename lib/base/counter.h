/* A counter with one writer and any readers: relaxed load and store, no locked instruction. */
#ifndef FNS_COUNTER_H
#define FNS_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

static inline uint64_t
counter_read(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

/* The owner only. */
static inline void
counter_add(counter *c, uint64_t n)
{
	atomic_store_explicit(c, counter_read(c) + n, memory_order_relaxed);
}

static inline void
counter_sub(counter *c, uint64_t n)
{
	atomic_store_explicit(c, counter_read(c) - n, memory_order_relaxed);
}

#endif
