/* Output: builds what may be sent now (plan.c), and only when it stands in the outbox moves SND.NXT; then sees that the
 * deadlines run.  Callable at any time, idempotent. */
#include "plan.h"

#include <errno.h>

#include "cksum.h"
#include "profile.h"

#define BURST 64 /* segments of one connection in a row: others want the outbox too (J07) */

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

/* Octets or flags that take a place in sequence space are out for the first time, up to `end`. */
static inline void
sent_new(const struct sender *s, const struct plan *p, uint32_t end)
{
	struct fns_conn *c = s->c;

	if (p->text > 0) {
		if (p->text < p->full)
			c->short_out = 1;
		if (in(c, CLOSE_WAIT | LAST_ACK))
			c->half = 1;
		counter_add(&s->t->stats.octets_sent, p->text);
	}
	if (in(c, LAST_ACK) && (p->flags & FIN))
		c->three = c->last_ack_sent != c->rcv.nxt;
	if (s->q != NULL)
		s->q->last = p->seq;
	if (c->tail == TAIL_PROBE_TIMER)
		conn_stop(c, RETRANSMIT); /* the probe waits from the latest text on */
	if (!flagged(c, C_TIMING)) {
		flag(c, C_TIMING);
		c->rtt_seq = end;
		c->rtt_us = (uint32_t)s->t->now_us;
	}
}

/* Of a connection in which something is or was lost. */
static __attribute__((noinline)) void
sent_disturbed(const struct sender *s, const struct plan *p, uint32_t end)
{
	struct fns_conn *c = s->c;
	struct recovery *r = conn_has_recovery(c);

	if (c->tail == TAIL_PROBE_DUE) {
		recover_probed(c, p->rexmit);
	} else if (p->rexmit) {
		unflag(c, C_REXMIT);
		if (r != NULL) {
			r->rexmitted = seq_max(r->rexmitted, end);
			r->rexmit_us = (uint32_t)s->t->now_us;
		}
	}
	if (r != NULL)
		r->prr_out += end - p->seq;
}

static inline void
sent_text(const struct sender *s, const struct plan *p, uint32_t end)
{
	struct fns_conn *c = s->c;

	if (c->snd.una == c->snd.max) /* what ran for a segment that had found no way out begins anew */
		conn_stop_either(c);
	if (p->rexmit || c->troubled || c->tail == TAIL_PROBE_DUE)
		sent_disturbed(s, p, end);
	if (!p->rexmit)
		c->snd.nxt = end;
	if (seq_lt(p->seq, c->snd.max)) {
		counter_add(&s->t->stats.retransmits, 1);
		unflag(c, C_TIMING); /* Karn (MUST-18) */
	} else {
		sent_new(s, p, end);
	}
	c->snd.max = seq_max(c->snd.max, end);
	if (p->text < p->full || c->snd.nxt == s->end)
		unflag(c, C_FORCE);
}

/* What is in the outbox now has been sent. */
static inline void
sent(const struct sender *s, const struct plan *p, uint32_t adv)
{
	struct fns_conn *c = s->c;
	uint32_t end = p->seq + p->text + (p->flags / SYN & 1u) + (p->flags / FIN & 1u);
	bool acks = (p->flags & ACK) != 0;

	counter_add(&s->t->stats.segments_sent, 1);
	if (p->flags & RST)
		counter_add(&s->t->stats.resets_sent, 1);
	if (end != p->seq)
		sent_text(s, p, end);
	unflag(c, C_RST_DUE | C_PROBE | (acks ? C_ACK_NOW | C_ACK_LATER : 0));
	if (!acks)
		return;
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
		recover_arm(tcp_of(c), c);
	if (o->user_timeout_ms != 0 && conn_deadline(c, USER_TIMEOUT) == 0)
		conn_arm(c, USER_TIMEOUT, (uint64_t)o->user_timeout_ms * 1000);
}

/* The header of any segment, at out->l4.  Returns its right edge. */
static __attribute__((noinline)) uint32_t
build_any(const struct sender *s, const struct plan *p, struct ip_out *out, uint8_t *tos)
{
	struct fns_conn *c = s->c;
	struct seg seg = {.seq = p->seq, .ack = (p->flags & ACK) ? c->rcv.nxt : 0, .flags = p->flags};
	uint32_t adv = c->rcv.adv;

	if (c->ecn || (p->flags & SYN))
		ecn_send(c, &seg, p->text > 0 && seq_ge(p->seq, c->snd.max), tos);
	seg.opt.packed = options_say(s->by, RULE_packed_options);
	seg.opt.has_ts = flagged(c, C_TS);
	if (p->flags & SYN)
		syn_options(c, &seg.opt, (p->flags & ACK) != 0);
	else if (!(p->flags & RST))
		plan_sack_blocks(c, &seg.opt);
	if (seg.opt.has_ts) {
		seg.opt.ts_val = tcp_ts_now(s->t) + c->ts_offset;
		seg.opt.ts_ecr = (p->flags & ACK) ? c->ts_recent : 0;
	}
	if (!(p->flags & RST))
		seg.wnd = text_window(c, s->by, p->flags, &adv);
	out->header = (uint16_t)seg_build_summed(out->l4, c->key.lport, c->key.rport, &seg, &out->sum);
	if (c->recorded)
		recorder_sent(c, &seg, p->text,
		              seq_lt(p->seq, c->snd.max) && (p->text > 0 || (p->flags & (SYN | FIN))));
	return adv;
}

/* The same, of one with timestamps at the most. */
static inline uint32_t
build_plain(const struct sender *s, const struct plan *p, struct ip_out *out)
{
	const struct fns_conn *c = s->c;
	const uint32_t ts[2] = {tcp_ts_now(s->t) + c->ts_offset, c->ts_recent};
	uint32_t adv = c->rcv.adv;
	uint16_t wnd = text_window(c, s->by, p->flags, &adv);

	out->header =
		(uint16_t)seg_build_plain(out->l4, (uint32_t)c->key.lport << 16 | c->key.rport, p->seq,
	                                  c->rcv.nxt, p->flags, wnd, flagged(c, C_TS) ? ts : NULL, &out->sum);
	return adv;
}

/* The text behind the header. */
static inline void
put_text(const struct sender *s, const struct plan *p, struct ip_out *out)
{
	const uint8_t *text = ring_copy(&s->q->tx, &s->t->pages, p->seq - conn_text_seq(s->c),
	                                out->l4 + out->header, p->text);

	if (out->path->kind == PATH_SUMMED)
		out->sum += cksum_number_of(cksum_add(0, text, p->text));
}

static inline void
build(const struct sender *s, const struct plan *p, struct ip_out *out)
{
	struct fns_conn *c = s->c;
	bool plain = (p->flags & (SYN | RST)) == 0 && !c->troubled && !c->ecn && !c->recorded;
	uint8_t tos = (uint8_t)(s->by->value.dscp << 2);
	uint32_t adv = plain ? build_plain(s, p, out) : build_any(s, p, out, &tos);

	out->text = (uint16_t)p->text;
	if (p->text > 0)
		put_text(s, p, out);
	ip_finish_tcp(s->t->ip, out, c->key.local, s->by->value.ttl, tos);
	sent(s, p, adv);
	if (c->troubled && (p->flags & (SYN | RST)) == 0)
		text_twice_told(c);
}

/* No way out: as if it had been lost, so that the timeout tries again. */
static __attribute__((noinline)) enum sent
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
run_persist(const struct sender *s)
{
	struct fns_conn *c = s->c;

	if (!is_all_out(s) && flagged(c, C_SYN_ACKED) && may(c, SEND_TEXT | SEND_FIN) &&
	    conn_deadline(c, PERSIST) == 0)
		conn_arm(c, PERSIST, rto_us(tcp_of(c), c)); /* SHLD-29 */
}

/* What C_ACK_LATER waits for, if nothing has carried the ACK: delayed_ack_ms; but for a FIN before any text Linux has
 * no measure of "soon" yet, and waits for a tick of its clock (T-06). */
static void
run_delayed_ack(struct fns_conn *c)
{
	bool tick;

	if (conn_deadline(c, DELAYED_ACK) != 0 || in(c, ENDED))
		return;
	tick = in(c, CLOSE_WAIT | LAST_ACK) && c->quick == QUICK_ACKS;
	conn_arm(c, DELAYED_ACK, tick ? 1000 : (uint64_t)tcp_of(c)->config->delayed_ack_ms * 1000);
}

/* The clock of who has called close: of linger, of FIN-WAIT-2. */
static void
run_orphan(struct fns_conn *c)
{
	const struct fns_options *o;

	if (conn_deadline(c, ORPHAN_LIMIT) != 0)
		return;
	o = conn_options(c);
	if (in(c, FIN_WAIT_2))
		conn_arm(c, ORPHAN_LIMIT, (uint64_t)o->fin_wait_2_ms * 1000);
	else if (c->lingering && !in(c, ENDED))
		conn_arm(c, ORPHAN_LIMIT, (uint64_t)o->linger_ms * 1000);
}

static inline struct sender
sender_of(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);
	struct sender s = {.t = t, .c = c, .by = &t->option[c->options], .end = conn_text_seq(c)};

	if (c->queues != POOL_NONE) {
		s.q = conn_its_queues(c);
		s.end += s.q->tx.len;
	}
	s.all = s.end + may(c, SEND_FIN);
	return s;
}

/* All that may go now, and has room in the outbox and a way.  False: something stood in the way; *sent says what. */
static inline bool
send_what_may(const struct sender *s, enum sent *sent)
{
	struct row row = {0};
	struct ip_out out;
	struct plan p;

	*sent = SENT_FULL;
	for (unsigned n = 0; !is_quiet(s) && plan_next(s, &p); n++) {
		enum ip_verdict v;

		if (n == BURST)
			return false;
		v = ip_begin(s->t->ip, s->c->key.remote, &out);
		if (v == IP_OUTBOX_FULL)
			return false;
		if (v != IP_OK) {
			*sent = no_way(s->c, v);
			return false;
		}
		if (p.text > 0 && p.text == p.full && !p.rexmit)
			plan_push(s, &p, &row);
		build(s, &p, &out);
	}
	*sent = SENT_ALL;
	return true;
}

enum sent
tcp_output(struct fns_conn *c)
{
	const struct sender s = sender_of(c);
	enum sent sent;
	bool all;

	if (c->snd.una == c->snd.max && s.end != conn_text_seq(c))
		cc_idle(c);
	all = send_what_may(&s, &sent);
	if (c->snd.una != c->snd.max && !in(c, ENDED))
		run_timer(c);
	if (!all)
		return sent;
	if (c->snd.una == c->snd.max)
		run_persist(&s);
	if (flagged(c, C_ACK_LATER))
		run_delayed_ack(c);
	if (flagged(c, C_ORPHAN))
		run_orphan(c);
	if (c->recorded)
		recorder_pace(c, plan_pace(c));
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
