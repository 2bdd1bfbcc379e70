/* A byte ring in pages of a shared pool.
 *
 * Pages are counted from the one that holds head: octet `at` from head lies in page (head % RING_PAGE + at) /
 * RING_PAGE.  Whether `store` is a page or a directory is not kept but follows from head and reach, so every
 * change of these two goes with the change of store that it implies.  In the directory, only the entries of pages
 * up to reach mean anything; a page that is all hole has POOL_NONE there. */
#include "ring.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define COPY_MOST  2048u
#define COPY_SHORT 64u

static inline size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void *(*const volatile library)(void *, const void *, size_t) = memcpy;

/* By the library, in pieces.  What the compiler knows to be no more than a page it would copy in place by `rep movsq`, and
 * so does the library beyond 4 KiB: several times as slow, and thirty times where source and target are nearly the same
 * modulo 4096. */
static __attribute__((noinline)) size_t
copy_long(uint8_t *to, const uint8_t *from, size_t len)
{
	size_t done = 0;

	for (; len - done > COPY_MOST; done += COPY_MOST)
		library(to + done, from + done, COPY_MOST);
	library(to + done, from + done, len - done);
	return len;
}

/* Returns len, so that it can be the last that its caller does. */
static inline size_t
copy(uint8_t *to, const uint8_t *from, size_t len)
{
	uint8_t head[16], tail[16], more[2][16];

	if (len < sizeof(head) || len > COPY_SHORT)
		return copy_long(to, from, len);
	/* a message of an application, often: what overlaps in the middle is copied twice */
	memcpy(head, from, 16);
	memcpy(tail, from + len - 16, 16);
	if (len > 32) {
		memcpy(more[0], from + 16, 16);
		memcpy(more[1], from + len - 32, 16);
		memcpy(to + 16, more[0], 16);
		memcpy(to + len - 32, more[1], 16);
	}
	memcpy(to, head, 16);
	memcpy(to + len - 16, tail, 16);
	return len;
}

/* The offset of octet `at` in the pages. */
static inline size_t
offset_of(const struct ring *r, size_t at)
{
	return r->head % RING_PAGE + at;
}

/* Pages from head to reach, those that are all hole among them; 0 or 1 if nothing is attached. */
static inline size_t
span(const struct ring *r, size_t reach)
{
	return (offset_of(r, reach) + RING_PAGE - 1) / RING_PAGE;
}

/* One page, or none: no directory. */
static inline bool
is_small(const struct ring *r)
{
	return offset_of(r, r->reach) <= RING_PAGE;
}

static inline uint32_t *
entry_of(const struct ring *r, const struct pool *pages, uint32_t directory, size_t page)
{
	uint32_t *entries = pool_at(pages, directory);

	/* 2^32 octets are a whole number of directories, so that this holds where positions wrap. */
	return &entries[(r->head / RING_PAGE + page) % RING_DIR];
}

static inline uint8_t *
octet_at(const struct ring *r, const struct pool *pages, size_t at)
{
	size_t offset = offset_of(r, at);
	uint32_t page = r->store;

	if (!is_small(r))
		page = *entry_of(r, pages, r->store, offset / RING_PAGE);
	assert(page != POOL_NONE);
	return (uint8_t *)pool_at(pages, page) + offset % RING_PAGE;
}

void
ring_init(struct ring *r)
{
	*r = (struct ring){.store = POOL_NONE};
}

/* From one page, or none, to a directory whose furthest page is `page`: that page, or NULL. */
static uint8_t *
attach_directory(struct ring *r, struct pool *pages, size_t page)
{
	uint32_t directory = pool_take(pages), fresh = pool_take(pages);

	if (fresh == POOL_NONE) {
		if (directory != POOL_NONE)
			pool_give(pages, directory);
		return NULL;
	}
	*entry_of(r, pages, directory, 0) = r->store;
	for (size_t i = 1; i < page; i++)
		*entry_of(r, pages, directory, i) = POOL_NONE;
	*entry_of(r, pages, directory, page) = fresh;
	r->store = directory;
	return pool_at(pages, fresh);
}

/* Page number `page`, made one that octets can be written to, which then must move reach into it if reach is not there
 * yet.  NULL, and nothing changed, if the pool is empty. */
static uint8_t *
attach(struct ring *r, struct pool *pages, size_t page)
{
	const size_t had = span(r, r->reach);
	uint32_t *entry = &r->store;
	uint32_t fresh;

	if (had <= 1 && page > 0)
		return attach_directory(r, pages, page);
	if (had > 1)
		entry = entry_of(r, pages, r->store, page);
	if (page >= had || *entry == POOL_NONE) {
		fresh = pool_take(pages);
		if (fresh == POOL_NONE)
			return NULL;
		for (size_t i = had; i < page; i++)
			*entry_of(r, pages, r->store, i) = POOL_NONE;
		*entry = fresh;
	}
	return pool_at(pages, *entry);
}

size_t
ring_put(struct ring *r, struct pool *pages, size_t at, const void *octets, size_t len)
{
	const uint8_t *from = octets;
	size_t done = 0;

	assert(at <= RING_MAX && len <= RING_MAX - at && pages->stride >= RING_PAGE);
	while (done < len) {
		size_t offset = offset_of(r, at + done);
		size_t n = min_size(len - done, RING_PAGE - offset % RING_PAGE);
		uint8_t *page = attach(r, pages, offset / RING_PAGE);

		if (page == NULL)
			break;
		copy(page + offset % RING_PAGE, from + done, n);
		done += n;
		if (r->reach < at + done)
			r->reach = (uint32_t)(at + done);
	}
	return done;
}

/* Apart, so that what stays in the page that is there goes straight on; and what takes the first one, nearly so. */
static __attribute__((noinline)) size_t
append_pages(struct ring *r, struct pool *pages, const uint8_t *from, size_t len)
{
	size_t put = ring_put(r, pages, r->len, from, len);

	ring_extend(r, put);
	return put;
}

static __attribute__((noinline)) size_t
append_first(struct ring *r, struct pool *pages, const uint8_t *from, size_t len)
{
	uint32_t page = len > 0 ? pool_take(pages) : POOL_NONE;

	assert(pages->stride >= RING_PAGE);
	if (page == POOL_NONE)
		return 0;
	r->store = page;
	r->len = r->reach = (uint32_t)len;
	return copy((uint8_t *)pool_at(pages, page) + offset_of(r, 0), from, len);
}

size_t
ring_append(struct ring *r, struct pool *pages, const void *octets, size_t len)
{
	const size_t offset = offset_of(r, r->len);

	assert(len <= RING_MAX);
	if (r->reach != r->len || offset + len > RING_PAGE)
		return append_pages(r, pages, octets, len);
	if (r->store == POOL_NONE)
		return append_first(r, pages, octets, len);
	r->len = r->reach = r->len + (uint32_t)len;
	return copy((uint8_t *)pool_at(pages, r->store) + offset, octets, len);
}

void
ring_extend(struct ring *r, size_t len)
{
	assert(len <= r->reach - r->len);
	r->len += (uint32_t)len;
}

size_t
ring_peek(const struct ring *r, const struct pool *pages, size_t at, const void **run)
{
	*run = NULL;
	if (at >= r->len)
		return 0;
	*run = octet_at(r, pages, at);
	return min_size(r->len - at, RING_PAGE - offset_of(r, at) % RING_PAGE);
}

/* Apart, as append_pages is. */
static __attribute__((noinline)) void
copy_pages(const struct ring *r, const struct pool *pages, size_t at, uint8_t *to, size_t len)
{
	while (len > 0) {
		size_t n = min_size(len, RING_PAGE - offset_of(r, at) % RING_PAGE);

		copy(to, octet_at(r, pages, at), n);
		to += n;
		at += n;
		len -= n;
	}
}

const uint8_t *
ring_copy(const struct ring *r, const struct pool *pages, size_t at, void *to, size_t len)
{
	const uint8_t *from;

	assert(at <= r->len && len <= r->len - at);
	if (!is_small(r) || r->store == POOL_NONE) {
		copy_pages(r, pages, at, to, len);
		return to;
	}
	from = (uint8_t *)pool_at(pages, r->store) + offset_of(r, at);
	copy(to, from, len);
	return from;
}

/* Gives back the one page, if there is one. */
static inline void
give_small(struct ring *r, struct pool *pages)
{
	if (r->store != POOL_NONE)
		pool_give(pages, r->store);
	r->store = POOL_NONE;
}

/* Keeps of the pages only [from, to), and of the directory only what more than one page needs. */
static void
keep(struct ring *r, struct pool *pages, size_t from, size_t to)
{
	const uint32_t directory = r->store;
	size_t had;

	if (is_small(r)) {
		if (from >= to)
			give_small(r, pages);
		return;
	}
	had = span(r, r->reach);
	for (size_t i = 0; i < had; i++) {
		uint32_t page;

		if (i == from && from < to) {
			i = to - 1;
			continue;
		}
		page = *entry_of(r, pages, directory, i);
		if (page != POOL_NONE)
			pool_give(pages, page);
	}
	if (to > from + 1)
		return;
	r->store = to > from ? *entry_of(r, pages, directory, from) : POOL_NONE;
	pool_give(pages, directory);
}

/* Of several pages; apart, again. */
static __attribute__((noinline)) void
take_pages(struct ring *r, struct pool *pages, size_t len)
{
	keep(r, pages, offset_of(r, len) / RING_PAGE, len < r->reach ? span(r, r->reach) : 0);
	r->head += (uint32_t)len;
	r->len -= (uint32_t)len;
	r->reach -= (uint32_t)len;
}

void
ring_take(struct ring *r, struct pool *pages, size_t len)
{
	assert(len <= r->len);
	if (!is_small(r)) {
		take_pages(r, pages, len);
		return;
	}
	r->head += (uint32_t)len;
	r->len -= (uint32_t)len;
	r->reach -= (uint32_t)len;
	if (r->reach == 0)
		give_small(r, pages);
}

void
ring_truncate(struct ring *r, struct pool *pages)
{
	if (r->reach == r->len)
		return;
	keep(r, pages, 0, r->len > 0 ? span(r, r->len) : 0);
	r->reach = r->len;
}

void
ring_free(struct ring *r, struct pool *pages)
{
	if (r->store == POOL_NONE)
		return; /* and empty */
	keep(r, pages, 0, 0);
	r->len = 0;
	r->reach = 0;
}
