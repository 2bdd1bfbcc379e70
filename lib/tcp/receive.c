/* RECEIVE, RFC 9293 §3.10.3, in two halves: look, and take. */
#include "internal.h"

size_t
fns_readable(const struct fns_conn *c)
{
	return c->rx.len;
}

size_t
fns_peek_at(const struct fns_conn *c, size_t at, const void **run)
{
	if (at >= c->rx.len) {
		*run = NULL;
		return 0;
	}
	return ring_peek(&c->rx, &c->tcp->pages, at, run);
}

size_t
fns_peek(const struct fns_conn *c, const void **run)
{
	return fns_peek_at(c, 0, run);
}

void
fns_consume(struct fns_conn *c, size_t len)
{
	uint32_t take = len < c->rx.len ? (uint32_t)len : c->rx.len;

	ring_take(&c->rx, &c->tcp->pages, take);
	if (take > 0)
		record_call(c, FNS_CALL_CONSUME, take);
	text_consumed(c, take);
}
