/* What the tests of the neighbour cache share. */
#ifndef FNS_TEST_CACHE_H
#define FNS_TEST_CACHE_H

#include "net.h"

struct cache {
	struct neigh_cache c;
	void *memory;
	struct neigh_ask ask; /* the last one */
};

static inline void
cache_up(struct cache *x, uint32_t room)
{
	x->memory = calloc(1, neigh_bytes(room));
	neigh_init(&x->c, x->memory, room, 42);
}

static inline void
cache_down(struct cache *x)
{
	free(x->memory);
}

/* Requests that are due now. */
static inline unsigned
asks(struct cache *x, uint64_t now_us)
{
	unsigned n = 0;
	bool done = false;

	while (!done)
		n += neigh_expire(&x->c, now_us, &x->ask, &done);
	return n;
}

static inline struct addr
numbered(uint32_t i)
{
	struct addr a = addr("10.0.0.0");

	put_u32(a.ip + 12, UINT32_C(0x0a000000) + i);
	return a;
}

static inline enum neigh_state
state(struct cache *x, struct addr a)
{
	const struct neigh *e = neigh_find(&x->c, 0, a.ip);

	return e == NULL ? NEIGH_FREE : (enum neigh_state)e->state;
}

static inline bool
learn(struct cache *x, struct addr a, const uint8_t mac[6], bool solicited, bool override, bool create,
      uint64_t now_us)
{
	return neigh_learn(&x->c, 0, a.ip, mac, solicited, override, create, now_us);
}

/* Brings an entry into a state; returns the time it is then. */
static inline uint64_t
bring(struct cache *x, struct addr a, enum neigh_state to, uint64_t t)
{
	if (to == NEIGH_FREE)
		return t;
	assert_non_null(neigh_use(&x->c, 0, a.ip, t));
	asks(x, t);
	if (to == NEIGH_INCOMPLETE)
		return t;
	if (to == NEIGH_FAILED) {
		for (int i = 0; i < 3; i++)
			asks(x, t += SECOND);
	} else {
		assert_true(learn(x, a, PEER, true, true, false, t));
		if (to != NEIGH_REACHABLE)
			asks(x, t += 30 * SECOND);
		if (to == NEIGH_DELAY || to == NEIGH_PROBE)
			neigh_use(&x->c, 0, a.ip, t);
		if (to == NEIGH_PROBE)
			assert_int_equal(asks(x, t += 5 * SECOND), 1);
	}
	assert_int_equal(state(x, a), to);
	return t;
}

#endif
