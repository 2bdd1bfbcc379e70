/* Fixed-size objects by index: a free list threaded through the first four octets of what was given back. */
#include "pool.h"

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
