/* What may be sent now, derived from the TCB alone (RFC 9293 §3.8, §3.10.2).
 *
 * Nagle and sender silly-window avoidance (§3.7.4, §3.8.6.2.1), congestion (RFC 5681, 3042, 6675). */
#include "plan.h"

#include "profile.h"

void
plan_sack_blocks(const struct fns_conn *c, struct opt *o)
{
	o->sacks = (uint8_t)text_sack_blocks(c, o->sack);
}

static __attribute__((noinline)) uint32_t
payload_beside_blocks(const struct fns_conn *c)
{
	struct opt o = {.has_ts = flagged(c, C_TS)};

	plan_sack_blocks(c, &o);
	return c->mss - (uint32_t)opt_size(&o);
}

/* Octets of text that fit beside the options every segment of this connection carries now. */
static inline uint32_t
payload(const struct fns_conn *c)
{
	if (c->troubled)
		return payload_beside_blocks(c);
	return c->mss - (flagged(c, C_TS) ? OPT_TS_ROW : 0u);
}

static __attribute__((noinline)) uint32_t
cwnd_room_disturbed(const struct fns_conn *c, uint32_t seq)
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

/* Octets that congestion control lets out at seq. */
static inline uint32_t
cwnd_room(const struct fns_conn *c, uint32_t seq)
{
	uint32_t end = c->snd.una + c->cwnd;

	if (flagged(c, C_RECOVERY) || c->dupacks > 0 || c->tail == TAIL_PROBE_DUE)
		return cwnd_room_disturbed(c, seq);
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

/* A segment short of a full one may go at once, also behind one that is not acknowledged (§3.7.4). */
static inline bool
short_may_follow(const struct sender *s)
{
	return s->by->value.no_delay == FNS_ON || (!s->c->short_out && options_say(s->by, RULE_nagle_small));
}

static inline bool
corked(const struct sender *s)
{
	return s->c->more || s->by->value.cork == FNS_ON; /* more will come to fill the segment */
}

/* Is p->text of the `avail` octets that wait worth sending now?  (§3.8.6.2.1, §3.7.4) */
static inline bool
worth_sending(const struct sender *s, const struct plan *p, uint32_t avail)
{
	const struct fns_conn *c = s->c;

	if (p->flags & FIN)
		return true;
	if (p->text == 0)
		return false;
	if (p->text == p->full || seq_lt(p->seq, c->snd.max) || flagged(c, C_FORCE) ||
	    c->tail == TAIL_PROBE_DUE)
		return true;
	if (corked(s))
		return false;
	if (p->text == avail && (c->snd.una == c->snd.max || short_may_follow(s)))
		return true;
	return p->text >= c->snd.max_wnd / 2 && c->snd.max_wnd > 0;
}

/* Behind p, with `rest` octets that wait and `room` for them. */
static inline bool
follows(const struct sender *s, const struct plan *p, uint32_t rest, uint32_t room)
{
	if (rest == 0)
		return false;
	if (min_u32(rest, room) >= p->full)
		return true;
	return rest <= room && !corked(s) && short_may_follow(s);
}

static bool
plan_text(const struct sender *s, struct plan *p)
{
	const struct fns_conn *c = s->c;
	uint32_t edge = c->snd.una + c->snd.wnd, seq = c->snd.nxt, avail, room, cwnd;

	if (seq_lt(seq, c->snd.max))
		seq = sack_skip(c, seq);
	if (!seq_lt(seq, s->all) || !may(c, SEND_TEXT | SEND_FIN))
		return false;
	avail = s->end - seq;
	p->seq = seq;
	p->full = payload(c);
	room = seq_lt(seq, edge) ? edge - seq : 0;
	if (room == 0 && seq == c->snd.una && seq_lt(seq, c->snd.max))
		room = p->full; /* the window shrank: what was sent may be sent again (MAY-7, MUST-34) */
	p->text = min_u32(min_u32(avail, room), p->full);
	cwnd = cwnd_room(c, seq);
	if (p->text > cwnd)
		p->text = 0; /* whole segments only */
	p->more = follows(s, p, avail - p->text, min_u32(room, cwnd) - p->text);
	p->flags = ACK;
	if (p->text == avail) {
		if (p->text > 0 && !c->unpushed)
			p->flags |= PSH; /* MUST-61 */
		if (s->all != s->end && p->text < room)
			p->flags |= FIN;
	}
	return worth_sending(s, p, avail);
}

/* A recovery: the segment at SND.UNA, or the next hole while the pipe has room. */
static bool
plan_rexmit(const struct sender *s, struct plan *p)
{
	const struct fns_conn *c = s->c;
	uint32_t seq = c->snd.una, full, len;
	bool hole;

	if (!flagged(c, C_RECOVERY) || c->snd.una == c->snd.max || !flagged(c, C_SYN_ACKED))
		return false;
	full = len = payload(c);
	hole = flagged(c, C_SACK) && sack_hole(c, &seq, &len);
	if (!flagged(c, C_REXMIT) && (!hole || cwnd_room(c, seq) < min_u32(len, full)))
		return false;
	p->rexmit = true;
	p->seq = seq;
	p->text = seq_lt(seq, s->end) ? min_u32(min_u32(s->end - seq, len), full) : 0;
	p->flags = ACK;
	if (p->text > 0 && seq + p->text == s->end)
		p->flags |= PSH;
	if (seq + p->text == s->end && s->all != s->end && seq_gt(c->snd.max, s->end))
		p->flags |= FIN;
	return p->text > 0 || (p->flags & FIN);
}

/* A tail loss probe without new text: the last segment once more (RFC 8985 §7.3). */
static bool
plan_tail(const struct sender *s, struct plan *p)
{
	const struct fns_conn *c = s->c;
	uint32_t sent = seq_min(s->end, c->snd.max);
	bool fin = s->all != s->end && seq_gt(c->snd.max, s->end);

	*p = (struct plan){.rexmit = true, .flags = ACK, .seq = sent};
	if (s->end != conn_text_seq(c)) /* else the block, if there is one, has seen no text of ours */
		p->seq = seq_max(c->snd.una, seq_max(s->q->last, sent - payload(c)));
	p->text = sent - p->seq;
	if (p->text > 0 && sent == s->end)
		p->flags |= PSH;
	if (fin)
		p->flags |= FIN;
	return p->text > 0 || fin;
}

/* What few connections want: a reset, a SYN, a retransmission. */
static __attribute__((noinline)) bool
plan_first(const struct sender *s, struct plan *p)
{
	const struct fns_conn *c = s->c;

	*p = (struct plan){.seq = c->snd.nxt};
	if (flagged(c, C_RST_DUE)) {
		p->seq = c->snd.max;
		p->flags = RST | ACK;
		return true;
	}
	if (may(c, SEND_SYN) && !flagged(c, C_SYN_ACKED) && c->snd.nxt == c->snd.una) {
		p->flags = in(c, SYN_SENT) ? SYN : SYN | ACK;
		return true;
	}
	return plan_rexmit(s, p);
}

bool
plan_next(const struct sender *s, struct plan *p)
{
	const struct fns_conn *c = s->c;

	*p = (struct plan){0};
	if ((c->flags & (C_RST_DUE | C_RECOVERY | C_SYN_ACKED)) != C_SYN_ACKED && plan_first(s, p))
		return true;
	if (!is_all_out(s)) {
		p->rexmit = false;
		if (plan_text(s, p))
			return true;
	}
	if (c->tail == TAIL_PROBE_DUE && plan_tail(s, p))
		return true;
	/* Not SND.NXT: where it has gone back, an ACK from there might fall outside the peer's window. */
	*p = (struct plan){.seq = c->snd.max, .flags = ACK};
	if (!may(c, SEND_ACK) || !flagged(c, C_ACK_NOW | C_PROBE))
		return false;
	/* A probe's octet is an old one: it cannot be taken, so it must be answered. */
	if (flagged(c, C_PROBE))
		p->seq = c->snd.una - 1;
	return true;
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

void
plan_push(const struct sender *s, struct plan *p, struct row *row)
{
	if (s->t->config->push_every == 0 || !options_say(s->by, RULE_push_runs))
		return;
	if (row->push_after == 0)
		row->push_after = push_after(s->c);
	row->sent++;
	if (row->sent < row->push_after && p->more)
		return;
	if (row->sent > 1)
		p->flags |= PSH;
	row->sent = 0;
}

enum pace
plan_pace(const struct fns_conn *c)
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
