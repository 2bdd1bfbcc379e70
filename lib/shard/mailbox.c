/* Requests: lent by a release of `posted`, given back by a release of `done` (request.h). */
#include "mailbox.h"

#include <stddef.h>

bool
mailbox_post(struct mailbox *m, struct fns_request *r)
{
	uint32_t at = atomic_load_explicit(&m->posted, memory_order_relaxed);

	if (at - atomic_load_explicit(&m->taken, memory_order_acquire) == FNS_MAILBOX)
		return false;
	__atomic_store_n(&r->done, 0, __ATOMIC_RELAXED);
	m->slot[at % FNS_MAILBOX] = r;
	atomic_store_explicit(&m->posted, at + 1, memory_order_release);
	return true;
}

struct fns_request *
mailbox_first(const struct mailbox *m)
{
	uint32_t at = atomic_load_explicit(&m->taken, memory_order_relaxed);

	/* one plain load a turn where there is nothing: the line is written only by who posts */
	if (at == atomic_load_explicit(&m->posted, memory_order_acquire))
		return NULL;
	return m->slot[at % FNS_MAILBOX];
}

void
mailbox_done(struct mailbox *m, struct fns_request *r)
{
	uint32_t at = atomic_load_explicit(&m->taken, memory_order_relaxed);

	/* its place first: who sees `done` finds room for the next one */
	atomic_store_explicit(&m->taken, at + 1, memory_order_release);
	__atomic_store_n(&r->done, 1, __ATOMIC_RELEASE);
}

bool
fns_request_done(const struct fns_request *r)
{
	return __atomic_load_n(&r->done, __ATOMIC_ACQUIRE) != 0;
}
