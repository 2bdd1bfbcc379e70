/* RECEIVE, RFC 9293 §3.10.3, in two halves: look, and take. */
#include "internal.h"

size_t
fns_readable(const struct fns_conn *c)
{
	return conn_unread(c);
}

size_t
fns_peek_at(const struct fns_conn *c, size_t at, const void **run)
{
	const struct queues *q = conn_queues(c);

	if (q == NULL) {
		*run = NULL;
		return 0;
	}
	return ring_peek(&q->rx, &tcp_of(c)->pages, at, run);
}

size_t
fns_peek(const struct fns_conn *c, const void **run)
{
	return fns_peek_at(c, 0, run);
}

void
fns_consume(struct fns_conn *c, size_t len)
{
	struct queues *q = conn_queues(c);
	uint32_t take;

	if (q == NULL || len == 0 || q->rx.len == 0)
		return;
	take = len < q->rx.len ? (uint32_t)len : q->rx.len;
	ring_take(&q->rx, &tcp_of(c)->pages, take);
	record_call(c, FNS_CALL_CONSUME, take);
	text_consumed(c);
	conn_tidy_its(c, q);
}
