/* Fixed-size objects in one block of memory, addressed by 32-bit index.  The block is the caller's and is
 * touched only as objects are first taken, so a large pool costs nothing until it is used. */
#ifndef FNS_POOL_H
#define FNS_POOL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define POOL_NONE UINT32_MAX

struct pool {
	uint8_t *mem;
	size_t stride;      /* octets from one object to the next */
	uint32_t count;     /* objects in all */
	uint32_t used;      /* objects out now */
	uint32_t fresh;     /* objects never taken start here */
	uint32_t free_head; /* last one given back, or POOL_NONE: hot in cache, so taken first */
};

/* mem holds stride * count octets, aligned for the object; stride is at least 4.  The pool never frees it. */
void pool_init(struct pool *, void *mem, size_t stride, uint32_t count);

static inline void *
pool_at(const struct pool *p, uint32_t index)
{
	return p->mem + (size_t)index * p->stride;
}

/* The same where the stride is known when this is compiled. */
static inline void *
pool_at_by(const struct pool *p, uint32_t index, size_t stride)
{
	return p->mem + index * stride;
}

/* The index of an object whose content is undefined, or POOL_NONE when all are out. */
static inline uint32_t
pool_take(struct pool *p)
{
	uint32_t index = p->free_head;

	if (index != POOL_NONE) {
		/* An object need not be aligned for its link. */
		memcpy(&p->free_head, pool_at(p, index), sizeof(p->free_head));
		if (p->free_head != POOL_NONE)
			__builtin_prefetch(pool_at(p, p->free_head), 1); /* the next one's link */
	} else if (p->fresh < p->count) {
		index = p->fresh++;
	} else {
		return POOL_NONE;
	}
	p->used++;
	return index;
}

static inline void
pool_give(struct pool *p, uint32_t index)
{
	assert(index < p->fresh && index != p->free_head && p->used > 0);
	memcpy(pool_at(p, index), &p->free_head, sizeof(p->free_head));
	p->free_head = index;
	p->used--;
}

#endif
