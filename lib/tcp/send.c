/* SEND, RFC 9293 §3.10.2: octets into the send ring; output decides when they go. */
#include "internal.h"

#include <errno.h>

size_t
fns_unacked(const struct fns_conn *c)
{
	return c->tx.len;
}

size_t
fns_writable(const struct fns_conn *c)
{
	uint32_t max = c->tcp->config->snd_buf_max;

	if (!in(c, SYN_SENT | SYN_RECEIVED | ESTABLISHED | CLOSE_WAIT) || flagged(c, C_ORPHAN | C_FIN_QUEUED))
		return 0;
	return max > c->tx.len ? max - c->tx.len : 0;
}

ptrdiff_t
fns_send(struct fns_conn *c, const void *octets, size_t len)
{
	size_t room = fns_writable(c), take = len < room ? len : room;

	assert(!(c->marks & M_GONE));
	if (c->error != 0 && in(c, ENDED) && !(c->marks & M_ERROR_TAKEN)) {
		c->marks |= M_ERROR_TAKEN;
		return -c->error;
	}
	if (!in(c, SYN_SENT | SYN_RECEIVED | ESTABLISHED | CLOSE_WAIT) || flagged(c, C_ORPHAN | C_FIN_QUEUED))
		return -EPIPE;
	take = ring_put(&c->tx, &c->tcp->pages, c->tx.len, octets, take);
	ring_extend(&c->tx, take);
	if (take < len)
		flag(c, C_WANT_ROOM);
	if (take > 0) {
		record_call(c, FNS_CALL_SEND, take);
		conn_dirty(c);
	}
	return (ptrdiff_t)take;
}
