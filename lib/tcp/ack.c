/* The fifth check's arithmetic (RFC 9293 §3.10.7.4): SND.UNA, the send window, round-trip times (RFC 6298, 7323 §4),
 * duplicate acknowledgments and recovery (RFC 5681 §3.2, RFC 6582, RFC 6675). */
#include "internal.h"

/* The send window: not from a segment older than the one it was last taken from. */
void
ack_window(struct fns_conn *c, const struct seg *s, bool always)
{
	bool scaled = !always || !(s->flags & SYN); /* RFC 7323 §2.2 */
	uint32_t wnd = scaled ? (uint32_t)s->wnd << c->snd_scale : s->wnd;

	if (!always && (seq_lt(s->seq, c->snd.wl1) || seq_lt(s->ack, c->snd.una)))
		return;
	if (c->snd.wnd == 0 && wnd != 0 && conn_deadline(c, PERSIST) != 0) {
		conn_stop(c, PERSIST);
		c->backoff = 0;
	}
	c->snd.wnd = wnd;
	c->snd.wl1 = s->seq;
	if (wnd > c->snd.max_wnd)
		c->snd.max_wnd = wnd;
}

/* One segment at a time is timed (RFC 6298 §3, Karn); a retransmission clears C_TIMING, and then a timestamp echo
 * tells the way out of the backed-off timeout (RFC 7323 §4.1). */
static inline void
sample(const struct tcp *t, struct fns_conn *c, const struct seg *s)
{
	if (flagged(c, C_TIMING)) {
		if (seq_ge(s->ack, c->rtt_seq)) {
			unflag(c, C_TIMING);
			rto_sample(c, (uint32_t)t->now_us - c->rtt_us);
		}
	} else if (flagged(c, C_TS) && s->opt.has_ts && s->opt.ts_ecr != 0) {
		uint32_t ms = tcp_ts_now(t) + c->ts_offset - s->opt.ts_ecr;

		if (ms < 600000) /* an echo of what we sent in the last ten minutes, or a lie (E10) */
			rto_sample(c, ms == 0 ? 1000 : ms * 1000);
	}
}

/* Something is outstanding: the timeout runs from now.  Nothing is: it stops. */
static void
restart_timer(struct tcp *t, struct fns_conn *c)
{
	if (c->snd.una == c->snd.max) {
		c->short_out = 0;
		c->rtt_us = (uint32_t)t->now_us; /* idle from here: cc_idle */
		conn_stop_either(c);
		conn_stop(c, USER_TIMEOUT);
	} else {
		if (c->tail <= TAIL_REORDER_TIMER)
			c->tail = TAIL_RTO;
		recover_arm(t, c); /* 5.3 */
		if (conn_deadline(c, USER_TIMEOUT) != 0)
			conn_arm(c, USER_TIMEOUT, (uint64_t)conn_options(c)->user_timeout_ms * 1000);
	}
}

void
ack_syn(struct fns_conn *c, const struct seg *s)
{
	c->snd.una++;
	flag(c, C_SYN_ACKED);
	if (seq_lt(c->snd.nxt, c->snd.una))
		c->snd.nxt = c->snd.una;
	sample(tcp_of(c), c, s);
	if (c->srtt_us == 0 && c->backoff > 0)
		c->rttvar_us = 3000000; /* 5.7 */
	cc_begin(c);
	c->backoff = 0;
	conn_stop(c, RETRANSMIT);
	conn_stop(c, USER_TIMEOUT);
	ack_window(c, s, true);
}

/* RFC 5681 §2: nothing else has changed, and something is outstanding. */
static bool
is_duplicate(const struct fns_conn *c, const struct seg *s)
{
	return s->ack == c->snd.una && s->len == 0 && c->snd.una != c->snd.max &&
	       (s->opt.sacks > 0 || (uint32_t)s->wnd << c->snd_scale == c->snd.wnd);
}

/* Octets before `ack` that earlier ACKs have already said to have left the network. */
static uint32_t
known_delivered(const struct fns_conn *c, uint32_t ack)
{
	if (!flagged(c, C_SACK))
		return (uint32_t)c->dupacks * c->mss;
	return c->troubled ? sack_below(c, ack) : 0;
}

/* In a recovery, or where something tells of a loss, or told of congestion in this window. */
static COLD void
advance_troubled(struct fns_conn *c, uint32_t acked)
{
	uint32_t known = known_delivered(c, c->snd.una);
	struct recovery *r = conn_has_recovery(c);

	unflag(c, C_REXMIT);
	if (flagged(c, C_RECOVERY)) {
		recover_advance(c, acked);
	} else {
		c->dupacks = 0;
		if (!c->cwr)
			cc_acked(c, known < acked ? acked - known : min_u32(acked, c->mss));
		if (seq_ge(c->snd.una, c->recover)) {
			c->recover = c->snd.una;
			if (c->cwr)
				c->cwnd = c->ssthresh;
			c->cwr = 0;
		}
	}
	if (r != NULL && seq_lt(r->rexmitted, c->snd.una))
		r->rexmitted = c->snd.una;
	if (r != NULL && seq_lt(r->high, c->snd.una))
		r->again = r->high = c->snd.una;
}

/* Octets of ours leave the ring; how many of these `acked` they are: our FIN may be one. */
static inline uint32_t
take_acked(struct tcp *t, struct fns_conn *c, uint32_t acked)
{
	struct queues *q;

	if (c->queues == POOL_NONE)
		return 0;
	q = pool_at(&t->queues, c->queues);
	acked = min_u32(acked, q->tx.len);
	if (acked > 0)
		ring_take(&q->tx, &t->pages, acked);
	return acked;
}

static inline void
advance(struct tcp *t, struct fns_conn *c, const struct seg *s)
{
	uint32_t acked = s->ack - c->snd.una, text;
	bool syn = !flagged(c, C_SYN_ACKED);

	sample(t, c, s);
	if (syn) { /* FIN-WAIT-1 from SYN-RECEIVED */
		flag(c, C_SYN_ACKED);
		cc_begin(c);
		keepalive_begin(c);
	}
	text = take_acked(t, c, acked - syn);
	c->snd.una = s->ack;
	if (seq_lt(c->snd.nxt, s->ack))
		c->snd.nxt = s->ack;
	c->backoff = 0;
	c->error = 0; /* what was soft has healed */
	if (c->troubled || c->dupacks > 0 || c->cwr || flagged(c, C_RECOVERY)) {
		advance_troubled(c, acked);
	} else {
		cc_acked(c, acked);
		if (seq_lt(c->recover, s->ack))
			c->recover = s->ack; /* keeps up, so that it stays within half the space */
	}
	restart_timer(t, c);
	ip_confirm(t->ip, c->key.remote);
	c->more = 0; /* as Linux has it: an ACK lets go of what waits, as far as Nagle does */
	if (flagged(c, C_WANT_ROOM) && text > 0) {
		unflag(c, C_WANT_ROOM);
		conn_report(c, FNS_WRITABLE);
	}
}

/* A peer that answers lives: its closed window may stay closed as long as it likes (MUST-37), and keep-alive counts
 * from the beginning (MUST-29).  An orphan has nobody who waits for that. */
static void
answered(struct fns_conn *c)
{
	uint8_t half = (uint8_t)(tcp_of(c)->config->retries / 2);
	bool fin_waits = in(c, FIN_WAIT_1 | CLOSING | LAST_ACK);

	if (c->snd.una == c->snd.max && conn_unacked(c) == 0 && !fin_waits)
		c->backoff = 0;
	else if (c->snd.wnd == 0 && c->backoff > half && !flagged(c, C_ORPHAN))
		c->backoff = half;
}

/* There is something to recover, or this tells of it. */
static COLD void
take_troubled(struct tcp *t, struct fns_conn *c, const struct seg *s, bool dup)
{
	uint32_t una = c->snd.una, known = sack_octets(c);
	bool advanced = seq_gt(s->ack, una), again;

	if (c->ecn && (s->flags & ECE))
		ecn_reduce(c, s->ack); /* before what this acknowledges opens the window */
	if (advanced)
		advance(t, c, s);
	again = sack_take(c, s);
	recover_ack(c, s, dup, c->snd.una - una + sack_octets(c) - known, advanced, again);
	recover_probe_answer(c, s, dup);
}

void
ack_take(struct tcp *t, struct fns_conn *c, const struct seg *s)
{
	bool advanced = seq_gt(s->ack, c->snd.una), dup = !advanced && is_duplicate(c, s);

	if (dup || s->opt.sacks > 0 || (s->flags & ECE) || c->troubled || flagged(c, C_RECOVERY) ||
	    c->tail >= TAIL_PROBED)
		take_troubled(t, c, s, dup);
	else if (advanced)
		advance(t, c, s);
	ack_window(c, s, false);
	if (c->backoff > 0)
		answered(c);
}
