/* SEND, RFC 9293 §3.10.2: octets into the send ring; output decides when they go. */
#include "internal.h"

#include <errno.h>

size_t
fns_unacked(const struct fns_conn *c)
{
	return conn_unacked(c);
}

size_t
fns_unsent(const struct fns_conn *c)
{
	uint32_t end = conn_fin_seq(c), from = seq_max(c->snd.max, conn_text_seq(c));

	return !in(c, ENDED) && seq_lt(from, end) ? end - from : 0;
}

void
fns_push(struct fns_conn *c)
{
	if (fns_unsent(c) == 0)
		return;
	flag(c, C_FORCE);
	conn_dirty(c);
}

void
fns_want_room(struct fns_conn *c)
{
	flag(c, C_WANT_ROOM);
}

/* States and calls after which nothing more is taken. */
static inline bool
may_send(const struct fns_conn *c)
{
	return in(c, SYN_SENT | SYN_RECEIVED | ESTABLISHED | CLOSE_WAIT) &&
	       !flagged(c, C_ORPHAN | C_FIN_QUEUED);
}

static inline size_t
room_in(const struct fns_conn *c)
{
	uint32_t max = conn_options(c)->snd_buf, queued = conn_unacked(c);

	return max > queued ? max - queued : 0;
}

size_t
fns_writable(const struct fns_conn *c)
{
	return may_send(c) ? room_in(c) : 0;
}

/* Octets taken. */
static inline size_t
queue(struct fns_conn *c, const void *octets, size_t len)
{
	struct queues *q = len == 0 ? NULL : conn_attach(c);
	size_t put;

	if (q == NULL)
		return 0;
	put = ring_append(&q->tx, &tcp_of(c)->pages, octets, len);
	if (put == 0)
		conn_tidy_its(c, q);
	return put;
}

static inline ptrdiff_t
send(struct fns_conn *c, const void *octets, size_t len, bool more)
{
	size_t room, take;

	assert(!(c->marks & M_GONE));
	if (c->error != 0 && in(c, ENDED) && !(c->marks & M_ERROR_TAKEN)) {
		c->marks |= M_ERROR_TAKEN;
		return -c->error;
	}
	if (!may_send(c))
		return -EPIPE;
	room = room_in(c);
	take = queue(c, octets, len < room ? len : room);
	if (take < len)
		flag(c, C_WANT_ROOM);
	if (take > 0) {
		c->more = c->unpushed = more && take == len;
		record_call(c, FNS_CALL_SEND, take);
		conn_dirty(c);
	}
	return (ptrdiff_t)take;
}

ptrdiff_t
fns_send(struct fns_conn *c, const void *octets, size_t len)
{
	return send(c, octets, len, false);
}

ptrdiff_t
fns_send_more(struct fns_conn *c, const void *octets, size_t len)
{
	return send(c, octets, len, true);
}
