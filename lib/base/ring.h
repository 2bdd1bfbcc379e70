/* A byte ring in pages of a shared pool: nothing is attached while it is empty, a page is attached where octets
 * are put and given back when they are taken, so a ring grows to 16 MiB without ever copying.
 *
 *       head                      head + len              head + reach
 *        │  octets in order          │  holes and islands      │
 *        └───────────────────────────┴─────────────────────────┘
 *
 * Octets beyond len (out of order) are placed by ring_put at an offset and join the order by ring_extend. */
#ifndef FNS_RING_H
#define FNS_RING_H

#include <stddef.h>
#include <stdint.h>

#include "pool.h"

#define RING_PAGE   8192u                                /* octets in a page */
#define RING_DIR    (RING_PAGE / 4)                      /* page indices in a directory, itself a page */
#define RING_MAX    ((size_t)RING_PAGE * (RING_DIR - 1)) /* most octets from head to reach */
/* The stride of the page pool: an odd number of cache lines, for of most pages only the first lines are ever used, and
 * 8 KiB apart they would all want the same sets of the caches. */
#define RING_STRIDE (RING_PAGE + 64u)

struct ring {
	uint32_t head;  /* position of the first octet; counts on modulo 2^32, page = position / RING_PAGE */
	uint32_t len;   /* octets in order from head */
	uint32_t reach; /* octets from head to the furthest one ever placed; >= len */
	uint32_t store; /* POOL_NONE, a page, or the directory if head .. reach spans several pages */
};

void ring_init(struct ring *);

/* Places len octets at offset `at` from head (at + len <= RING_MAX); they count only once ring_extend covers
 * them.  Returns how many were placed: fewer than len only when the pool ran out, and then what was placed is a
 * prefix.  An octet that was placed before is overwritten. */
size_t ring_put(struct ring *, struct pool *pages, size_t at, const void *octets, size_t len);

/* len more octets, placed before, are now in order. */
void ring_extend(struct ring *, size_t len);

/* The two in one for what comes next in order: len octets behind the len that are.  Returns how many, likewise. */
size_t ring_append(struct ring *, struct pool *pages, const void *octets, size_t len);

/* The longest contiguous run that starts at offset `at` (< len): *run points to it until the ring changes. */
size_t ring_peek(const struct ring *, const struct pool *pages, size_t at, const void **run);

/* Copies len octets in order at offset `at` out; at + len <= ring.len.  Where to read them once more: where they came
 * from, if that is one place, for what has just been written is there a little later. */
const uint8_t *ring_copy(const struct ring *, const struct pool *pages, size_t at, void *to, size_t len);

/* Drops the first len octets in order; pages that hold nothing more are given back, all when reach becomes 0. */
void ring_take(struct ring *, struct pool *pages, size_t len);

/* Forgets what was placed beyond len (islands), giving pages back. */
void ring_truncate(struct ring *, struct pool *pages);

/* Gives everything back. */
void ring_free(struct ring *, struct pool *pages);

#endif
