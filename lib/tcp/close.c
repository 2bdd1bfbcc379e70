/* CLOSE and ABORT, RFC 9293 §3.10.4 and §3.10.5, as the socket interface divides them: shutdown keeps the connection
 * the caller's, close gives it up, abort resets it. */
#include "internal.h"

#include <errno.h>

#include "profile.h"

/* Our FIN is queued behind what waits to be sent. */
static void
queue_fin(struct fns_conn *c)
{
	switch (c->state) {
	case SYN_RECEIVED: /* nothing queued: at once (Figure 5); else after ESTABLISHED */
		if (conn_unacked(c) > 0)
			flag(c, C_FIN_QUEUED);
		else
			conn_enter(c, FIN_WAIT_1);
		break;
	case ESTABLISHED:
		conn_enter(c, FIN_WAIT_1);
		break;
	case CLOSE_WAIT:
		conn_enter(c, LAST_ACK);
		break;
	default:
		return;
	}
	conn_dirty(c);
}

int
fns_shutdown(struct fns_conn *c, enum fns_how how)
{
	assert(!(c->marks & M_GONE));
	if (!in(c, SYNCHRONIZED) || in(c, ENDED))
		return -ENOTCONN;
	record_call(c, (enum fns_call)(FNS_CALL_SHUT_RD + (int)how), 0);
	if (how != FNS_SHUT_WR) {
		flag(c, C_RCV_SHUT);
		if (profile_says(c, RULE_shut_rd_discards))
			text_discard(c);
	}
	if (how != FNS_SHUT_RD)
		queue_fin(c);
	return 0;
}

static void
abort_with(struct fns_conn *c, enum close_class class, int error)
{
	/* In CLOSING and LAST-ACK both sides are done: there is nobody to tell (§3.10.5). */
	conn_end(c, in(c, SYN_SENT) ? CLASS_closed_syn_sent : class, error,
	         in(c, SYN_RECEIVED | ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2 | CLOSE_WAIT));
}

void
fns_abort(struct fns_conn *c)
{
	assert(!(c->marks & M_GONE));
	record_call(c, FNS_CALL_ABORT, 0);
	if (!in(c, ENDED))
		abort_with(c, CLASS_reset_abort, ECONNABORTED);
}

/* Reasons for which close resets: true if one held. */
static bool
close_resets(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);
	const struct fns_options *o = conn_options(c);
	enum close_class class;

	if (conn_unread(c) > 0 &&
	    in(c, ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2 | CLOSE_WAIT)) { /* SHLD-3, T-13, T-17 */
		counter_add(&t->stats.closes_unread, 1);
		class = CLASS_reset_unread;
	} else if (o->linger == FNS_ON && o->linger_ms == 0) { /* T-16 */
		class = CLASS_reset_linger;
	} else if (c->state == FIN_WAIT_2 && o->fin_wait_2_ms < 0) { /* T-31 */
		class = CLASS_reset_fin_wait_2;
	} else if (counter_read(&t->stats.orphans) >= t->config->orphans) { /* T-22 */
		counter_add(&t->stats.orphan_overflows, 1);
		class = CLASS_reset_orphan_limit;
	} else {
		return false;
	}
	abort_with(c, class, 0);
	return true;
}

void
fns_close(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);

	assert(!(c->marks & M_GONE) && !flagged(c, C_ORPHAN));
	record_call(c, FNS_CALL_CLOSE, 0);
	if (in(c, ENDED)) {
		if (c->marks & M_HELD)
			conn_release(c);
		return;
	}
	if (in(c, SYN_SENT)) {
		conn_end(c, CLASS_closed_syn_sent, 0, false);
		return;
	}
	if (close_resets(c))
		return;
	flag(c, C_ORPHAN);
	counter_add(&t->stats.orphans, 1);
	c->reports &= FNS_CLOSED;
	conn_forget_islands(c);
	queue_fin(c);
	c->lingering = conn_options(c)->linger == FNS_ON;
	if (c->state == FIN_WAIT_2) /* half-closed until now */
		conn_lingered(c);
	conn_dirty(
		c); /* the next turn, due at once, starts the clock (T-33): here it may be long past the last one */
}
