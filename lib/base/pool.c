/* Fixed-size objects by index: a free list threaded through the first four octets of what was given back. */
#include "pool.h"

#include <assert.h>
#include <string.h>

void
pool_init(struct pool *p, void *mem, size_t stride, uint32_t count)
{
	assert(stride >= sizeof(uint32_t));
	p->mem = mem;
	p->stride = stride;
	p->count = count;
	p->used = 0;
	p->fresh = 0;
	p->free_head = POOL_NONE;
}

uint32_t
pool_take(struct pool *p)
{
	uint32_t index = p->free_head;

	if (index != POOL_NONE)
		/* An object need not be aligned for its link. */
		memcpy(&p->free_head, pool_at(p, index), sizeof(p->free_head));
	else if (p->fresh < p->count)
		index = p->fresh++;
	else
		return POOL_NONE;
	p->used++;
	return index;
}

void
pool_give(struct pool *p, uint32_t index)
{
	assert(index < p->fresh && index != p->free_head && p->used > 0);
	memcpy(pool_at(p, index), &p->free_head, sizeof(p->free_head));
	p->free_head = index;
	p->used--;
}
