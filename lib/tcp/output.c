/* What may be sent now, derived from the TCB alone (RFC 9293 §3.8, §3.10.2): build it, and only when it stands in the
 * outbox move SND.NXT.  Callable at any time, idempotent.
 *
 * Nagle and sender silly-window avoidance (§3.7.4, §3.8.6.2.1), congestion (RFC 5681, 3042, 6675). */
#include "internal.h"

#include <errno.h>

#include "profile.h"

#define BURST  64  /* segments of one connection in a row: others want the outbox too (J07) */
#define TS_ROW 12u /* octets of the timestamp option, aligned */

struct plan {
	const struct option_set *by; /* of its connection */
	uint32_t seq, text;
	uint32_t full; /* octets of text that a segment could have had */
	uint8_t flags;
	bool rexmit; /* out of turn: SND.NXT stays */
	bool more;   /* another segment of new text will follow now */
};

/* In one of the states in which output may send some of `what`; which they are is known when this is compiled. */
static inline bool
may(const struct fns_conn *c, unsigned what)
{
#define X(name, text, send) | (((send)&what) != 0 ? name : 0u)
	return in(c, 0 STATE_LIST(X));
#undef X
}

/* The SACK blocks that a segment of this connection carries now, into o. */
static inline void
sack_blocks(const struct fns_conn *c, struct opt *o)
{
	o->sacks = conn_has_recovery(c) == NULL ? 0 : (uint8_t)text_sack_blocks(c, o->sack);
}

/* Octets of text that fit beside the options every segment of this connection carries now. */
static inline uint32_t
payload(const struct fns_conn *c)
{
	struct opt o = {.has_ts = flagged(c, C_TS)};

	if (conn_has_recovery(c) == NULL)
		return c->mss - (o.has_ts ? TS_ROW : 0u);
	sack_blocks(c, &o);
	return c->mss - (uint32_t)opt_size(&o);
}

/* Octets that congestion control lets out at seq. */
static uint32_t
cwnd_room(const struct fns_conn *c, uint32_t seq)
{
	uint32_t end = c->snd.una + c->cwnd;

	if (c->tail == TAIL_PROBE_DUE)
		return UINT16_MAX; /* beyond the window: RFC 8985 §7.3 */
	if (flagged(c, C_RECOVERY) && flagged(c, C_SACK)) {
		uint32_t pipe = sack_pipe(c);

		return c->cwnd > pipe ? c->cwnd - pipe : 0;
	}
	if (!flagged(c, C_RECOVERY) && c->dupacks > 0 && c->dupacks < 3 && c->snd.una != c->snd.max)
		end += (uint32_t)c->dupacks * c->mss; /* limited transmit, RFC 3042 */
	return seq_lt(seq, end) ? end - seq : 0;
}

void
fns_sending(const struct fns_conn *c, struct fns_sending *s)
{
	uint32_t edge = c->snd.una + c->snd.wnd, full = payload(c), room;

	*s = (struct fns_sending){.segment = full, .wnd_max = c->snd.max_wnd};
	if (!may(c, SEND_TEXT) || !flagged(c, C_SYN_ACKED))
		return;
	room = seq_lt(c->snd.nxt, edge) ? edge - c->snd.nxt : 0;
	room = min_u32(room, cwnd_room(c, c->snd.nxt));
	s->now = room - room % full;
}

/* Is p->text of the `avail` octets that wait worth sending now?  (§3.8.6.2.1, §3.7.4) */
static bool
worth_sending(const struct fns_conn *c, const struct plan *p, uint32_t avail)
{
	if (p->flags & FIN)
		return true;
	if (p->text == 0)
		return false;
	if (seq_lt(p->seq, c->snd.max) || p->text == p->full || flagged(c, C_FORCE) ||
	    c->tail == TAIL_PROBE_DUE)
		return true;
	if (c->more || p->by->value.cork == FNS_ON)
		return false; /* more will come to fill the segment */
	if (p->text == avail && (p->by->value.no_delay == FNS_ON || c->snd.una == c->snd.max ||
	                         (!c->short_out && options_say(p->by, RULE_nagle_small))))
		return true;
	return p->text >= c->snd.max_wnd / 2 && c->snd.max_wnd > 0;
}

/* Behind p, with `rest` octets that wait and `room` for them. */
static bool
follows(const struct fns_conn *c, const struct plan *p, uint32_t rest, uint32_t room)
{
	if (min_u32(rest, room) >= p->full)
		return true;
	return rest > 0 && rest <= room && !c->more && p->by->value.cork != FNS_ON &&
	       (p->by->value.no_delay == FNS_ON || (!c->short_out && options_say(p->by, RULE_nagle_small)));
}

static bool
plan_text(const struct fns_conn *c, struct plan *p)
{
	uint32_t end = conn_fin_seq(c), edge = c->snd.una + c->snd.wnd;
	uint32_t avail, room, cwnd;

	p->seq = seq_lt(c->snd.nxt, c->snd.max) ? sack_skip(c, c->snd.nxt) : c->snd.nxt;
	if (seq_gt(p->seq, end) || !may(c, SEND_TEXT | SEND_FIN))
		return false;
	avail = end - p->seq;
	if (avail == 0 && !may(c, SEND_FIN))
		return false;
	p->full = payload(c);
	room = seq_lt(p->seq, edge) ? edge - p->seq : 0;
	if (room == 0 && p->seq == c->snd.una && seq_lt(p->seq, c->snd.max))
		room = p->full; /* the window shrank: what was sent may be sent again (MAY-7, MUST-34) */
	p->text = min_u32(min_u32(avail, room), p->full);
	cwnd = cwnd_room(c, p->seq);
	if (p->text > cwnd)
		p->text = 0; /* whole segments only */
	p->more = follows(c, p, avail - p->text, min_u32(room, cwnd) - p->text);
	p->flags = ACK;
	if (p->text > 0 && p->text == avail && !c->unpushed)
		p->flags |= PSH; /* MUST-61 */
	if (p->text == avail && may(c, SEND_FIN) && p->text < room)
		p->flags |= FIN;
	return worth_sending(c, p, avail);
}

/* A recovery: the segment at SND.UNA, or the next hole while the pipe has room. */
static bool
plan_rexmit(const struct fns_conn *c, struct plan *p)
{
	uint32_t end = conn_fin_seq(c), seq = c->snd.una, full, len;
	bool hole;

	if (!flagged(c, C_RECOVERY) || c->snd.una == c->snd.max || !flagged(c, C_SYN_ACKED))
		return false;
	full = len = payload(c);
	hole = flagged(c, C_SACK) && sack_hole(c, &seq, &len);
	if (!flagged(c, C_REXMIT) && (!hole || cwnd_room(c, seq) < min_u32(len, full)))
		return false;
	p->rexmit = true;
	p->seq = seq;
	p->text = seq_lt(seq, end) ? min_u32(min_u32(end - seq, len), full) : 0;
	p->flags = ACK;
	if (p->text > 0 && seq + p->text == end)
		p->flags |= PSH;
	if (seq + p->text == end && may(c, SEND_FIN) && seq_gt(c->snd.max, end))
		p->flags |= FIN;
	return p->text > 0 || (p->flags & FIN);
}

/* A tail loss probe without new text: the last segment once more (RFC 8985 §7.3). */
static bool
plan_tail(const struct fns_conn *c, struct plan *p)
{
	const struct queues *q = conn_queues(c);
	uint32_t end = conn_fin_seq(c), sent = seq_min(end, c->snd.max);
	bool fin = seq_gt(c->snd.max, end) && may(c, SEND_FIN);

	*p = (struct plan){.by = p->by, .rexmit = true, .flags = ACK, .seq = sent};
	if (conn_unacked(c) > 0) /* else the block, if there is one, has seen no text of ours */
		p->seq = seq_max(c->snd.una, seq_max(q->last, sent - payload(c)));
	p->text = sent - p->seq;
	if (p->text > 0 && sent == end)
		p->flags |= PSH;
	if (fin)
		p->flags |= FIN;
	return p->text > 0 || fin;
}

/* What few connections want: a reset, a SYN, a retransmission. */
static bool
plan_first(const struct fns_conn *c, struct plan *p)
{
	p->seq = c->snd.nxt;
	if (flagged(c, C_RST_DUE)) {
		p->seq = c->snd.max;
		p->flags = RST | ACK;
		return true;
	}
	if (may(c, SEND_SYN) && !flagged(c, C_SYN_ACKED) && c->snd.nxt == c->snd.una) {
		p->flags = in(c, SYN_SENT) ? SYN : SYN | ACK;
		return true;
	}
	return plan_rexmit(c, p);
}

/* All text and the FIN have gone out. */
static inline bool
is_all_out(const struct fns_conn *c)
{
	return c->snd.nxt == c->snd.max && c->snd.nxt == conn_fin_seq(c) + may(c, SEND_FIN);
}

static bool
plan(const struct fns_conn *c, struct plan *p)
{
	*p = (struct plan){.by = p->by};
	if ((flagged(c, C_RST_DUE | C_RECOVERY) || !flagged(c, C_SYN_ACKED)) && plan_first(c, p))
		return true;
	if (!is_all_out(c)) {
		*p = (struct plan){.by = p->by};
		if (plan_text(c, p))
			return true;
	}
	if (c->tail == TAIL_PROBE_DUE && plan_tail(c, p))
		return true;
	/* Not SND.NXT: where it has gone back, an ACK from there might fall outside the peer's window. */
	*p = (struct plan){.by = p->by, .seq = c->snd.max, .flags = ACK};
	if (!may(c, SEND_ACK) || !flagged(c, C_ACK_NOW | C_PROBE))
		return false;
	/* A probe's octet is an old one: it cannot be taken, so it must be answered. */
	if (flagged(c, C_PROBE))
		p->seq = c->snd.una - 1;
	return true;
}

static void
syn_options(const struct fns_conn *c, struct opt *o, bool answer)
{
	const struct fns_config *cf = tcp_of(c)->config;
	uint16_t own = conn_options(c)->mss;
	const struct ip_path *path = ip_path(tcp_of(c)->ip, c->key.remote);

	o->has_mss = true;
	o->mss = 536;
	if (path != NULL) /* MUST-67 */
		o->mss = (uint16_t)(path->mtu - conn_headers(c));
	if (own != 0 && own < o->mss)
		o->mss = own;
	o->has_ts = answer ? flagged(c, C_TS) : cf->timestamps;
	o->has_sack_permitted = answer ? flagged(c, C_SACK) : cf->sack;
	o->has_wscale = c->rcv_scale > 0;
	o->wscale = c->rcv_scale;
	if (!answer && open_plain(c))
		o->has_ts = o->has_sack_permitted = o->has_wscale = false;
}

/* Octets or flags that take a place in sequence space are out, up to `end`. */
static void
sent_new(struct tcp *t, struct fns_conn *c, const struct plan *p, uint32_t end)
{
	if (p->text > 0) {
		if (p->text < p->full)
			c->short_out = 1;
		if (in(c, CLOSE_WAIT | LAST_ACK))
			c->half = 1;
		counter_add(&t->stats.octets_sent, p->text);
	}
	if (in(c, LAST_ACK) && (p->flags & FIN))
		c->three = c->last_ack_sent != c->rcv.nxt;
	if (c->queues != POOL_NONE)
		conn_queues(c)->last = p->seq;
	if (c->tail == TAIL_PROBE_TIMER)
		conn_stop(c, RETRANSMIT); /* the probe waits from the latest text on */
	if (!flagged(c, C_TIMING)) {
		flag(c, C_TIMING);
		c->rtt_seq = end;
		c->rtt_us = (uint32_t)t->now_us;
	}
}

static void
sent_text(struct tcp *t, struct fns_conn *c, const struct plan *p, uint32_t end)
{
	struct recovery *r = conn_has_recovery(c);

	if (c->snd.una == c->snd.max)
		conn_stop(c, RETRANSMIT); /* it ran for a segment that had found no way out: begin anew */
	if (c->tail == TAIL_PROBE_DUE) {
		recover_probed(c, p->rexmit);
	} else if (p->rexmit) {
		unflag(c, C_REXMIT);
		if (r != NULL) {
			r->rexmitted = seq_max(r->rexmitted, end);
			r->rexmit_us = (uint32_t)t->now_us;
		}
	}
	if (!p->rexmit)
		c->snd.nxt = end;
	if (r != NULL)
		r->prr_out += end - p->seq;
	if (seq_lt(p->seq, c->snd.max)) {
		counter_add(&t->stats.retransmits, 1);
		unflag(c, C_TIMING); /* Karn (MUST-18) */
	} else {
		sent_new(t, c, p, end);
	}
	c->snd.max = seq_max(c->snd.max, end);
	if (p->text < p->full || c->snd.nxt == conn_fin_seq(c))
		unflag(c, C_FORCE);
	conn_stop(c, PERSIST);
}

/* What is in the outbox now has been sent. */
static void
sent(struct tcp *t, struct fns_conn *c, const struct plan *p, uint32_t adv)
{
	uint32_t end = p->seq + p->text + ((p->flags & SYN) != 0) + ((p->flags & FIN) != 0);

	counter_add(&t->stats.segments_sent, 1);
	if (p->flags & RST)
		counter_add(&t->stats.resets_sent, 1);
	unflag(c, C_RST_DUE | C_PROBE);
	if (end != p->seq)
		sent_text(t, c, p, end);
	if (!(p->flags & ACK))
		return;
	unflag(c, C_ACK_NOW | C_ACK_LATER);
	conn_stop(c, DELAYED_ACK);
	c->last_ack_sent = c->rcv.nxt;
	c->rcv.adv = adv;
}

/* Something is outstanding, or would be if it had found a way out: the timeout runs. */
static void
run_timer(struct fns_conn *c)
{
	const struct fns_options *o = conn_options(c);

	if (conn_deadline(c, RETRANSMIT) == 0)
		recover_arm(c);
	if (o->user_timeout_ms != 0 && conn_deadline(c, USER_TIMEOUT) == 0)
		conn_arm(c, USER_TIMEOUT, (uint64_t)o->user_timeout_ms * 1000);
}

static void
build(struct tcp *t, struct fns_conn *c, struct plan *p, struct ip_out *out)
{
	const struct fns_options *o = &p->by->value;
	struct seg s = {.seq = p->seq, .ack = (p->flags & ACK) ? c->rcv.nxt : 0, .flags = p->flags};
	uint32_t adv = c->rcv.adv;
	uint8_t tos = (uint8_t)(o->dscp << 2);

	if (c->ecn || (p->flags & SYN))
		ecn_send(c, &s, p->text > 0 && seq_ge(p->seq, c->snd.max), &tos);
	s.opt.packed = options_say(p->by, RULE_packed_options);
	s.opt.has_ts = flagged(c, C_TS);
	if (p->flags & SYN)
		syn_options(c, &s.opt, (p->flags & ACK) != 0);
	else if (!(p->flags & RST))
		sack_blocks(c, &s.opt);
	if (s.opt.has_ts) {
		s.opt.ts_val = tcp_ts_now(t) + c->ts_offset;
		s.opt.ts_ecr = (p->flags & ACK) ? c->ts_recent : 0;
	}
	if (!(p->flags & RST))
		s.wnd = text_window(c, p->flags, &adv);
	out->header = (uint16_t)seg_build_summed(out->l4, c->key.lport, c->key.rport, &s, &out->sum);
	out->text = (uint16_t)p->text;
	if (p->text > 0)
		ring_copy(&conn_queues(c)->tx, &t->pages, p->seq - conn_text_seq(c), out->l4 + out->header,
		          p->text);
	ip_finish_tcp(t->ip, out, c->key.local, o->ttl, tos);
	if (c->recorded)
		recorder_sent(c, &s, p->text,
		              seq_lt(p->seq, c->snd.max) && (p->text > 0 || (p->flags & (SYN | FIN))));
	sent(t, c, p, adv);
	if (s.opt.sacks > 0)
		text_twice_told(c);
}

/* No way out: as if it had been lost, so that the timeout tries again. */
static enum sent
no_way(struct fns_conn *c, enum ip_verdict v)
{
	bool unresolved = v == IP_UNRESOLVED;

	if (in(c, ENDED)) {
		unflag(c, C_RST_DUE | C_ACK_NOW);
		counter_add(&tcp_of(c)->stats.answers_unsent, 1);
		return SENT_ALL;
	}
	if (!unresolved && in(c, SYN_SENT)) {
		conn_end(c, CLASS_unreachable, EHOSTUNREACH, false);
		return SENT_ALL;
	}
	if (c->snd.una != c->snd.max || !flagged(c, C_SYN_ACKED) || conn_unacked(c) > 0 || may(c, SEND_FIN))
		run_timer(c);
	if (!unresolved) {
		c->error = EHOSTUNREACH;
		conn_report(c, FNS_SOFT_ERROR);
	}
	return unresolved ? SENT_UNRESOLVED : SENT_ALL;
}

/* Octets or a FIN wait, nothing is outstanding, and the window or silly-window avoidance holds them back. */
static void
run_persist(struct fns_conn *c)
{
	if (!is_all_out(c) && flagged(c, C_SYN_ACKED) && may(c, SEND_TEXT | SEND_FIN) &&
	    conn_deadline(c, PERSIST) == 0)
		conn_arm(c, PERSIST, rto_us(c)); /* SHLD-29 */
}

/* What C_ACK_LATER waits for, if nothing has carried the ACK: delayed_ack_ms; but for a FIN before any text Linux has
 * no measure of "soon" yet, and waits for a tick of its clock (T-06). */
static void
run_delayed_ack(struct fns_conn *c)
{
	bool tick;

	if (!flagged(c, C_ACK_LATER) || conn_deadline(c, DELAYED_ACK) != 0 || in(c, ENDED))
		return;
	tick = in(c, CLOSE_WAIT | LAST_ACK) && c->quick == QUICK_ACKS;
	conn_arm(c, DELAYED_ACK, tick ? 1000 : (uint64_t)tcp_of(c)->config->delayed_ack_ms * 1000);
}

/* The clock of who has called close: of linger, of FIN-WAIT-2. */
static void
run_orphan(struct fns_conn *c)
{
	const struct fns_options *o;

	if (!flagged(c, C_ORPHAN) || conn_deadline(c, ORPHAN_LIMIT) != 0)
		return;
	o = conn_options(c);
	if (in(c, FIN_WAIT_2))
		conn_arm(c, ORPHAN_LIMIT, (uint64_t)o->fin_wait_2_ms * 1000);
	else if (c->lingering && !in(c, ENDED))
		conn_arm(c, ORPHAN_LIMIT, (uint64_t)o->linger_ms * 1000);
}

/* What holds the sender up now, for the tally. */
static enum pace
pace(const struct fns_conn *c)
{
	uint32_t unsent = (uint32_t)fns_unsent(c), edge = c->snd.una + c->snd.wnd, room;

	if (in(c, ENDED) || !flagged(c, C_SYN_ACKED) || (conn_unacked(c) == 0 && c->snd.una == c->snd.max))
		return PACE_IDLE;
	if (unsent == 0)
		return flagged(c, C_WANT_ROOM) ? PACE_SND_BUF : PACE_BUSY;
	room = seq_lt(c->snd.nxt, edge) ? edge - c->snd.nxt : 0;
	return room < min_u32(unsent, payload(c)) && cwnd_room(c, c->snd.nxt) >= min_u32(unsent, payload(c))
	               ? PACE_RCV_WND
	               : PACE_BUSY;
}

/* Full segments of new text are pushed like those of a stack that leaves segmentation to the card, and gives it as much
 * as two windows a round trip come to in a millisecond, push_every segments at the least, half a window at the most. */
static uint32_t
push_after(const struct fns_conn *c)
{
	uint64_t in_1_ms = c->srtt_us == 0 ? c->cwnd : 2000 * (uint64_t)c->cwnd / c->srtt_us;
	uint32_t least = tcp_of(c)->config->push_every, window = c->cwnd / c->mss / 2;

	if (in_1_ms / c->mss >= window)
		return window;
	return min_u32((uint32_t)in_1_ms / c->mss > least ? (uint32_t)in_1_ms / c->mss : least, window);
}

/* Full segments that have gone out in a row, unpushed; one alone is not pushed. */
struct row {
	uint32_t sent, push_after; /* 0: not asked yet */
};

static void
push_row(const struct fns_conn *c, struct plan *p, struct row *row)
{
	if (p->text == 0 || p->rexmit || p->text < p->full || tcp_of(c)->config->push_every == 0 ||
	    !options_say(p->by, RULE_push_runs))
		return;
	if (row->push_after == 0)
		row->push_after = push_after(c);
	row->sent++;
	if (row->sent < row->push_after && p->more)
		return;
	if (row->sent > 1)
		p->flags |= PSH;
	row->sent = 0;
}

/* Nothing to send, seen without a plan: all is out, and nothing is owed. */
static inline bool
is_quiet(const struct fns_conn *c)
{
	return !flagged(c, C_RST_DUE | C_ACK_NOW | C_PROBE | C_REXMIT | C_RECOVERY) &&
	       flagged(c, C_SYN_ACKED) && is_all_out(c) && c->tail != TAIL_PROBE_DUE;
}

/* All that may go now, and has room in the outbox and a way.  False: something stood in the way; *sent says what. */
static bool
send_what_may(struct fns_conn *c, enum sent *sent)
{
	struct tcp *t = tcp_of(c);
	struct plan p = {.by = &t->option[c->options]};
	struct row row = {0};
	struct ip_out out;

	*sent = SENT_FULL;
	for (unsigned n = 0; !is_quiet(c) && plan(c, &p); n++) {
		enum ip_verdict v;

		if (n == BURST)
			return false;
		v = ip_begin(t->ip, c->key.remote, &out);
		if (v == IP_OUTBOX_FULL)
			return false;
		if (v != IP_OK) {
			*sent = no_way(c, v);
			return false;
		}
		push_row(c, &p, &row);
		build(t, c, &p, &out);
	}
	*sent = SENT_ALL;
	return true;
}

enum sent
tcp_output(struct fns_conn *c)
{
	enum sent sent;
	bool all;

	if (c->snd.una == c->snd.max && conn_unacked(c) > 0)
		cc_idle(c);
	all = send_what_may(c, &sent);
	if (c->snd.una != c->snd.max && !in(c, ENDED))
		run_timer(c);
	if (!all)
		return sent;
	if (c->snd.una == c->snd.max)
		run_persist(c);
	run_delayed_ack(c);
	run_orphan(c);
	if (c->recorded)
		recorder_pace(c, pace(c));
	return SENT_ALL;
}

static void
splice(struct tcp *t, struct conn_list *to, struct conn_list *from)
{
	if (from->head == POOL_NONE)
		return;
	if (to->head == POOL_NONE)
		to->head = from->head;
	else
		conn_at(t, to->tail)->dirty_next = from->head;
	to->tail = from->tail;
	*from = (struct conn_list){POOL_NONE, POOL_NONE};
}

/* One pass over those who are dirty; who found the outbox full stays, behind those who have not been looked at. */
void
tcp_outputs(struct tcp *t)
{
	struct conn_list now, again = {POOL_NONE, POOL_NONE};

	if (t->neigh_events != t->ip->neigh.events || t->reap_waits) {
		t->reap_waits = false;
		t->neigh_events = t->ip->neigh.events;
		splice(t, &t->dirty, &t->waiting);
	}
	now = t->dirty;
	t->dirty = (struct conn_list){POOL_NONE, POOL_NONE};
	while (now.head != POOL_NONE && t->ip->tx->used < t->ip->tx->room) {
		struct fns_conn *c = conn_at(t, now.head);

		ip_blank_ahead(t->ip);

		now.head = c->dirty_next;
		if (now.head != POOL_NONE)
			conn_prefetch(t, now.head);
		c->marks &= (uint8_t)~M_DIRTY;
		switch (tcp_output(c)) {
		case SENT_ALL:
			break;
		case SENT_FULL:
			c->marks |= M_DIRTY;
			conn_list_add(&again, c, BY_DIRTY);
			break;
		case SENT_UNRESOLVED:
			c->marks |= M_DIRTY;
			conn_list_add(&t->waiting, c, BY_DIRTY);
			break;
		}
	}
	splice(t, &now, &again);
	splice(t, &now, &t->dirty);
	t->dirty = now;
}
