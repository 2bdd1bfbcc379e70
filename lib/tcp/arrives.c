/* SEGMENT ARRIVES, RFC 9293 §3.10.7, on one page: four cases (nothing, a listener, SYN-SENT, the others), and for the
 * others eight checks in the RFC's order.  A check that returns false is the RFC's "and return", and has named the
 * drop.  Nothing here builds a segment for a connection: arrivals decide, output derives.
 *
 * Hardening: RFC 5961 (resets, SYNs and ACKs off the path), RFC 7323 §5 (PAWS). */
#include "internal.h"

#include <errno.h>

#include "profile.h"

#define PAWS_IDLE_STEPS 31000u /* of ts_recent_age: about 24 days (RFC 7323 §5.5) */

/* §3.10.7.1 */
static enum drop
arrives_closed(struct tcp *t, const struct key *key, const struct seg *s)
{
	if (s->flags & RST)
		return DROP_CLOSED_RST;
	if (t->config->unknown == FNS_UNKNOWN_DROP ||
	    ((t->ignore_opens || t->config->unknown == FNS_UNKNOWN_DROP_SYN) &&
	     (s->flags & (SYN | ACK)) == SYN))
		return DROP_CLOSED_IGNORED;
	reply_reset(t, key, s, DROP_CLOSED_NO_CONN);
	return DROP_CLOSED_NO_CONN;
}

/* §3.10.7.2 */
enum drop
tcp_arrives_listen(struct tcp *t, struct fns_listener *l, const struct key *key, const struct seg *s,
                   bool floor, uint32_t iss_floor)
{
	const struct option_set *options = &t->option[l->options];
	struct fns_conn *c;

	if (s->flags & RST)
		return DROP_LISTEN_RST;
	if (s->flags & ACK) {
		if (!(s->flags & SYN) || !options_say(options, RULE_listen_syn_ack_silent))
			reply_reset(t, key, s, DROP_LISTEN_ACK);
		return DROP_LISTEN_ACK;
	}
	if (!(s->flags & SYN))
		return DROP_LISTEN_NO_SYN;
	if ((s->flags & FIN) && !options_say(options, RULE_syn_fin_opens))
		return DROP_LISTEN_SYN_FIN;
	if (l->embryos >= t->config->syn_backlog || listener_full(l)) {
		counter_add(&t->stats.backlog_overflows, 1);
		if (t->config->backlog_reset)
			reply_reset(t, key, s, DROP_LISTEN_BACKLOG);
		return DROP_LISTEN_BACKLOG;
	}
	c = conn_new(t, key, t->arriving_hash, l->options);
	if (c == NULL)
		return DROP_LISTEN_NO_MEMORY;
	counter_add(&t->stats.opens_passive, 1);
	if (floor && seq_lt(c->snd.una, iss_floor))
		conn_set_iss(c, iss_floor);
	flag(c, C_PASSIVE);
	c->listener = listener_index(l);
	l->embryos++;
	c->handler = l->handler;
	c->user = l->user;
	c->rcv.nxt = c->rcv.adv = c->last_ack_sent =
		s->seq + 1; /* text on a SYN is left to its retransmission (F03) */
	open_options(c, s);
	ack_window(c, s, true);
	record_arrived(c, s);
	conn_enter(c, SYN_RECEIVED);
	conn_dirty(c);
	return DROP_TAKEN;
}

/* A child of a listener with as many as it may have: its ACK is as if lost (T-23), unless nobody counts. */
static bool
may_wait(const struct fns_conn *c)
{
	struct fns_listener *l = c->listener != POOL_NONE ? &tcp_of(c)->listener[c->listener] : NULL;

	if (l != NULL && listener_full(l))
		return false;
	if (l != NULL)
		l->waiting++;
	return true;
}

/* The window, once the size of segments is known. */
static void
whole_segments(struct fns_conn *c)
{
	if (profile_says(c, RULE_whole_segments))
		c->rcv.wnd = (c->rcv.wnd + c->mss - 1) / c->mss * c->mss;
}

/* What every way into ESTABLISHED shares. */
static void
establish(struct fns_conn *c, const struct seg *s)
{
	ack_syn(c, s);
	conn_enter(c, ESTABLISHED);
	whole_segments(c);
	c->epoch = tcp_of(c)->now;
	c->epoch_seq = c->rcv.nxt + c->rcv.wnd;
	c->marks |= M_KNOWN;
	conn_report(c, conn_to_itself(c) ? FNS_OPENED | FNS_SELF : FNS_OPENED);
	text_release(c);
	keepalive_begin(c);
	if (flagged(c, C_FIN_QUEUED))
		conn_enter(c, FIN_WAIT_1); /* the CLOSE that was queued (§3.10.4) */
}

static inline void trim(struct fns_conn *, struct seg *);
static inline enum drop arrives_text_and_fin(struct tcp *, struct fns_conn *, struct seg *);

/* Past the SYN, to what of its text is inside the window that ours offered. */
static void
to_text(struct fns_conn *c, struct seg *s)
{
	s->seq++;
	c->rcv.adv += min_u32(c->rcv.wnd, UINT16_MAX);
	trim(c, s);
}

/* Text on a SYN that crossed ours is queued for ESTABLISHED (§3.10.7.3, fourth). */
static void
keep_text(struct fns_conn *c, struct seg *s)
{
	if (s->text_len == 0 || !profile_says(c, RULE_syn_text_kept))
		return;
	to_text(c, s);
	text_hold(c, s);
}

/* §3.10.7.3 */
static enum drop
arrives_syn_sent(struct tcp *t, struct fns_conn *c, struct seg *s)
{
	bool acks = (s->flags & ACK) != 0;

	record_arrived(c, s);
	if (acks && (seq_le(s->ack, c->snd.una) || seq_gt(s->ack, c->snd.max))) { /* first */
		if (!(s->flags & RST))
			reply_reset_of(c, s, drop_name(DROP_SYN_SENT_ACK));
		return DROP_SYN_SENT_ACK;
	}
	if (s->flags & RST) { /* second */
		if (!acks)
			return DROP_SYN_SENT_RST;
		counter_add(&t->stats.resets_received, 1);
		conn_end(c, CLASS_peer_reset_syn_sent, ECONNREFUSED, false);
		return DROP_TAKEN;
	}
	if (!(s->flags & SYN)) /* fifth */
		return DROP_SYN_SENT_NO_SYN;
	c->rcv.nxt = c->rcv.adv = c->last_ack_sent = s->seq + 1; /* fourth */
	open_options(c, s);
	if (!acks) { /* simultaneous open: our SYN goes out again, now with an ACK (MUST-10) */
		ack_window(c, s, true);
		c->snd.nxt = c->snd.una;
		unflag(c, C_TIMING);
		conn_enter(c, SYN_RECEIVED);
		whole_segments(c);
		keep_text(c, s);
		conn_dirty(c);
		return DROP_TAKEN;
	}
	c->snd.wl1 = s->seq;
	establish(c, s);
	flag(c, C_ACK_NOW);
	conn_dirty(c);
	to_text(c, s);
	return arrives_text_and_fin(t, c, s);
}

/* Its timestamp is older than that of another, or it has none. */
static COLD bool
passes_old(struct fns_conn *c, const struct seg *s, enum drop *drop)
{
	uint16_t idle;

	if ((s->flags & RST) || (!s->opt.has_ts && (s->flags & SYN)))
		return true; /* a peer that begins anew is answered (RFC 5961 §4.2) */
	if (!s->opt.has_ts) {
		*drop = DROP_SEQ_NO_TIMESTAMP;
		return false;
	}
	idle = (uint16_t)((tcp_of(c)->now >> 16) - c->ts_recent_age);
	if (idle > PAWS_IDLE_STEPS)
		return true;
	*drop = DROP_SEQ_PAWS;
	if (s->text_len > 0 || (s->flags & (SYN | FIN)))
		flag(c, C_ACK_NOW);
	else
		conn_challenge(c);
	return false;
}

/* First, as far as it is RFC 7323 §5.3 R1: false if the timestamp shows an old duplicate. */
static inline bool
check_timestamp(struct fns_conn *c, const struct seg *s, enum drop *drop)
{
	bool fresh = s->opt.has_ts && seq_ge(s->opt.ts_val, c->ts_recent);

	return !flagged(c, C_TS) || fresh || passes_old(c, s, drop);
}

/* The peer's FIN once more: it is old, but what it acknowledges may be our own. */
static bool
fin_again(const struct fns_conn *c, const struct seg *s)
{
	return (s->flags & (SYN | FIN | ACK)) == (FIN | ACK) && s->text_len == 0 &&
	       s->seq + 1 == c->rcv.nxt && in(c, CLOSE_WAIT | CLOSING | LAST_ACK) &&
	       profile_says(c, RULE_fin_again_acks);
}

/* Is any of it inside this window? */
static bool
acceptable(const struct seg *s, uint32_t nxt, uint32_t wnd)
{
	/* A closed window takes no octets, but ACKs, resets and urgent pointers (MUST-66) ... */
	if (s->seq == nxt)
		return true;
	/* ... and a peer that filled the window to the brim sends its ACKs from there. */
	if (s->len == 0 && s->seq == nxt + wnd && !(s->flags & RST))
		return true;
	return seq_within(s->seq, nxt, wnd) || (s->len > 0 && seq_within(s->seq + s->len - 1, nxt, wnd));
}

/* The whole buffer, where a profile checks against that; it reaches at least as far as what was offered. */
static bool
acceptable_whole(const struct fns_conn *c, const struct seg *s)
{
	bool embryo = in(c, SYN_RECEIVED) && flagged(c, C_PASSIVE);

	return !embryo && profile_says(c, RULE_whole_buffer) &&
	       acceptable(s, c->rcv.nxt, text_right_edge(c) - c->rcv.nxt);
}

/* §3.10.7.4 first: nothing of it is inside the window.  An ACK says where we are.  True: it counts nevertheless. */
static COLD bool
passes_outside(struct fns_conn *c, const struct seg *s, enum drop *drop)
{
	uint32_t nxt = c->rcv.nxt;

	if (acceptable_whole(c, s))
		return true;
	if (s->flags & RST) {
		/* From peers that count wrongly after their FIN (T-62). */
		if (s->seq + 1 == nxt && in(c, CLOSE_WAIT | LAST_ACK | CLOSING) &&
		    profile_says(c, RULE_rst_one_below))
			return true;
		*drop = DROP_RST_OUTSIDE;
		return false;
	}
	if (fin_again(c, s)) {
		flag(c, C_ACK_NOW);
		return true;
	}
	*drop = seq_le(s->seq + s->len, nxt) ? DROP_SEQ_DUPLICATE : DROP_SEQ_OUTSIDE;
	/* Text asks for its ACK always; what carries none could be half of an ACK war (G08). */
	if (s->text_len > 0 && seq_lt(s->seq, nxt))
		text_twice(c, s->seq, seq_min(s->seq + s->text_len, nxt));
	else if (s->text_len > 0 || (s->flags & FIN))
		flag(c, C_ACK_NOW);
	else
		conn_challenge(c);
	return false;
}

/* To what is new and inside the window (and not beyond a FIN that is held). */
static __attribute__((noinline)) void
trim_text(struct fns_conn *c, struct seg *s)
{
	const struct recovery *r = conn_has_recovery(c);
	uint32_t right = c->rcv.adv, cut;

	if (r != NULL && r->has_fin && seq_lt(r->fin, right))
		right = r->fin;
	if (seq_lt(s->seq, c->rcv.nxt)) {
		cut = c->rcv.nxt - s->seq;
		if (cut > s->text_len)
			cut = s->text_len;
		text_twice(c, s->seq, s->seq + cut);
		s->seq += cut;
		s->text += cut;
		s->text_len = (uint16_t)(s->text_len - cut);
	}
	if (s->text_len > 0 && seq_gt(s->seq + s->text_len, right)) {
		uint32_t room = seq_lt(s->seq, right) ? right - s->seq : 0;

		s->text_len = (uint16_t)(room < s->text_len ? room : s->text_len);
		s->flags &= (uint8_t) ~(FIN | PSH);
		flag(c, C_ACK_NOW);
	}
}

static inline void
trim(struct fns_conn *c, struct seg *s)
{
	bool whole = s->seq == c->rcv.nxt && s->text_len <= conn_rcv_window(c) && !c->troubled;

	if (s->text_len > 0 && !whole)
		trim_text(c, s);
}

/* Second, RFC 5961 §3.2: only the exact place resets; elsewhere in the window the peer is asked. */
static COLD bool
check_rst(struct fns_conn *c, const struct seg *s, enum drop *drop)
{
	int error = ECONNRESET;

	if (!(s->flags & RST))
		return true;
	if (s->seq != c->rcv.nxt && s->seq + 1 != c->rcv.nxt && tcp_of(c)->config->strict_reset) {
		*drop = DROP_RST_CHALLENGED;
		conn_challenge(c);
		return false;
	}
	counter_add(&tcp_of(c)->stats.resets_received, 1);
	if (in(c, SYN_RECEIVED))
		error = ECONNREFUSED;
	else if (in(c, CLOSE_WAIT) && profile_says(c, RULE_rst_is_epipe))
		error = EPIPE; /* T-61: end of stream was seen, so a read does not fail any more */
	else if (in(c, CLOSING | LAST_ACK) && !profile_says(c, RULE_late_reset_tells))
		error = 0;
	conn_end(c, conn_class_by_state(c, CLASS_peer_reset_syn_sent), error, false);
	return false;
}

/* Fourth, RFC 5961 §4.2. */
static COLD bool
check_syn(struct fns_conn *c, const struct seg *s, enum drop *drop)
{
	if (!(s->flags & SYN))
		return true;
	if (in(c, SYN_RECEIVED) && flagged(c, C_PASSIVE)) {
		*drop = DROP_SYN_REFUSED; /* back to LISTEN: another incarnation may begin with the next SYN */
		conn_end(c, CLASS_reset_new_syn, ECONNRESET, false);
		return false;
	}
	*drop = DROP_SYN_CHALLENGED;
	if (in(c, FIN_WAIT_2) && flagged(c, C_ORPHAN) && profile_says(c, RULE_syn_resets_orphan)) {
		/* The peer has begun anew, and nobody waits for the old one (T-29). */
		reply_reset_of(c, s, fns_class_name(CLASS_reset_new_syn));
		conn_end(c, CLASS_reset_new_syn, 0, false);
	} else if (!tcp_of(c)->config->strict_syn) {
		conn_end(c, CLASS_reset_new_syn, ECONNRESET, true);
	} else {
		conn_challenge(c);
	}
	return false;
}

/* What an ACK of our FIN leads to.  False: the connection is over. */
static bool
fin_acked(struct fns_conn *c, const struct seg *s)
{
	const struct fns_options *o = conn_options(c);

	switch (c->state) {
	case FIN_WAIT_1:
		conn_enter(c, FIN_WAIT_2);
		c->three = (s->flags & FIN) != 0;
		if (flagged(c, C_ORPHAN) && o->fin_wait_2_ms < 0) {
			conn_end(c, CLASS_reset_fin_wait_2, 0, true);
			return false;
		}
		return true;
	case CLOSING:
		conn_enter(c, TIME_WAIT);
		return false;
	case LAST_ACK:
		conn_enter(c, CLOSED);
		return false;
	default:
		return true;
	}
}

static void
take_timestamp(const struct tcp *t, struct fns_conn *c, const struct seg *s)
{
	/* RFC 7323 §4.3 (2) */
	if (flagged(c, C_TS) && s->opt.has_ts && seq_ge(s->opt.ts_val, c->ts_recent) &&
	    seq_le(s->seq, c->last_ack_sent)) {
		c->ts_recent = s->opt.ts_val;
		c->ts_recent_age = (uint16_t)(t->now >> 16);
	}
}

/* Fifth, in SYN-RECEIVED. */
static __attribute__((noinline)) bool
check_ack_of_syn(struct fns_conn *c, struct seg *s, enum drop *drop)
{
	if (!seq_gt(s->ack, c->snd.una) || seq_gt(s->ack, c->snd.max)) {
		*drop = DROP_ACK_REFUSED;
		reply_reset_of(c, s, drop_name(DROP_ACK_REFUSED));
		return false;
	}
	if (open_met_itself(c))
		return false;
	if (!may_wait(c)) {
		*drop = DROP_LISTEN_FULL;
		return false;
	}
	establish(c, s);
	trim(c, s); /* text on a SYN may have moved RCV.NXT */
	return true;
}

/* Fifth. */
static bool
check_ack(struct tcp *t, struct fns_conn *c, struct seg *s, enum drop *drop)
{
	bool fin;

	if (!(s->flags & ACK)) {
		*drop = DROP_ACK_MISSING;
		return false;
	}
	if (in(c, SYN_RECEIVED) && !check_ack_of_syn(c, s, drop))
		return false;
	if (seq_gt(s->ack, c->snd.max)) {
		*drop = DROP_ACK_FUTURE;
		conn_challenge(c);
		return false;
	}
	if (seq_lt(s->ack, c->snd.una - c->snd.max_wnd)) { /* RFC 5961 §5.2 */
		*drop = DROP_ACK_OLD;
		conn_challenge(c);
		return false;
	}
	take_timestamp(t, c, s); /* not before its ACK is believed */
	fin = in(c, FIN_WAIT_1 | CLOSING | LAST_ACK) && seq_gt(s->ack, conn_fin_seq(c));
	ack_take(t, c, s);
	return !fin || fin_acked(c, s);
}

/* Seventh: true, go on to the FIN. */
static inline bool
check_text(struct tcp *t, struct fns_conn *c, struct seg *s, enum drop *drop)
{
	bool shut;

	if (s->text_len == 0)
		return true;
	if (!in(c, ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2)) {
		*drop = DROP_TEXT_AFTER_FIN;
		return true;
	}
	shut = flagged(c, C_ORPHAN) || (flagged(c, C_RCV_SHUT) && in(c, FIN_WAIT_1 | FIN_WAIT_2));
	if (shut && seq_gt(s->seq + s->text_len, c->rcv.nxt)) { /* nobody will ever read this: SHLD-3 */
		*drop = DROP_TEXT_AFTER_CLOSE;
		counter_add(&t->stats.lost_unread, s->text_len);
		reply_reset_of(c, s, fns_class_name(CLASS_reset_after_close));
		conn_end(c, CLASS_reset_after_close, flagged(c, C_ORPHAN) ? 0 : ECONNRESET, false);
		return false;
	}
	*drop = text_take(t, c, s);
	if (in(c, FIN_WAIT_2) && *drop == DROP_TAKEN)
		c->half = 1;
	return true;
}

/* Eighth. */
static __attribute__((noinline)) void
check_fin(struct fns_conn *c, const struct seg *s)
{
	if (!in(c, ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2) || !text_fin(c, s))
		return;
	c->rcv.nxt++;
	c->rcv.adv = seq_max(c->rcv.adv, c->rcv.nxt);
	conn_report(c, FNS_PEER_FIN);
	switch (c->state) {
	case ESTABLISHED:
		conn_enter(c, CLOSE_WAIT);
		/* Our own FIN may come soon and carry the ACK: the three-segment close (T-06). */
		if (profile_says(c, RULE_fin_ack_waits) && !flagged(c, C_ACK_NOW)) {
			flag(c, C_ACK_LATER);
			conn_stop(c, DELAYED_ACK); /* of text before: it waits from here */
			return;
		}
		break;
	case FIN_WAIT_1: /* ours is not acknowledged: that was looked at before */
		conn_enter(c, CLOSING);
		if (profile_says(c, RULE_crossing_fin_again) && seq_gt(c->snd.nxt, conn_fin_seq(c)))
			c->snd.nxt = conn_fin_seq(c);
		break;
	default:
		conn_enter(c, TIME_WAIT);
	}
	flag(c, C_ACK_NOW);
}

static inline enum drop
arrives_text_and_fin(struct tcp *t, struct fns_conn *c, struct seg *s)
{
	enum drop drop = DROP_TAKEN;

	/* sixth: urgent octets are delivered in line and not announced (tests/rfc9293.def) */
	if (check_text(t, c, s, &drop) &&
	    ((s->flags & FIN) || c->troubled)) /* this one, or one that is held */
		check_fin(c, s);
	conn_tidy(c);
	return drop;
}

/* In SYN-RECEIVED the peer's SYN may come again: as it was (our answer was lost), or with the ACK of ours that ends a
 * simultaneous open (Figure 8 of RFC 9293).  True: it was the former, and is answered by our SYN once more. */
static bool
syn_again(struct fns_conn *c, struct seg *s)
{
	if (!in(c, SYN_RECEIVED) || (s->flags & (SYN | RST)) != SYN || s->seq + 1 != c->rcv.nxt)
		return false;
	if (s->flags & ACK) {
		s->seq++;
		s->len--;
		s->flags &= (uint8_t)~SYN;
		flag(c, C_ACK_NOW); /* c1668292689a: the other side may still wait for it (T-40) */
		return false;
	}
	c->snd.nxt = c->snd.una;
	unflag(c, C_TIMING);
	return true;
}

/* §3.10.7.4 */
static enum drop
arrives_other(struct tcp *t, struct fns_conn *c, struct seg *s)
{
	enum drop drop = DROP_TAKEN;

	record_arrived(c, s);
	conn_dirty(c);
	if (syn_again(c, s))
		return DROP_TAKEN;
	if (!check_timestamp(c, s, &drop)) /* first, and: */
		return drop;
	if (!acceptable(s, c->rcv.nxt, conn_rcv_window(c)) && !passes_outside(c, s, &drop))
		return drop;
	if ((s->flags & (RST | SYN)) &&
	    (!check_rst(c, s, &drop) || /* third: security: none */ !check_syn(c, s, &drop)))
		return drop;
	trim(c, s);
	if (!check_ack(t, c, s, &drop))
		return drop;
	if (conn_deadline(c, KEEPALIVE) != 0)
		keepalive_begin(c);
	if (c->ecn)
		ecn_take(c, s);
	return arrives_text_and_fin(t, c, s);
}

static enum drop
arrives(struct tcp *t, struct tcp_arrival *a, uint32_t i)
{
	struct fns_listener *l;

	if (i == TABLE_NONE) {
		l = listener_find(t, &a->key);
		return l == NULL ? arrives_closed(t, &a->key, &a->seg)
		                 : tcp_arrives_listen(t, l, &a->key, &a->seg, false, 0);
	}
	if (i & TW_BIT)
		return tw_arrives(t, i & ~TW_BIT, &a->key, &a->seg);
	if (conn_at(t, i)->state == SYN_SENT)
		return arrives_syn_sent(t, conn_at(t, i), &a->seg);
	return arrives_other(t, conn_at(t, i), &a->seg);
}

/* Is the guess right, after all that has arrived since?  A connection that ended keeps its place until the turn is over. */
static inline bool
is_still(const struct tcp *t, const struct tcp_arrival *a)
{
	if (a->guess == TABLE_NONE)
		return false;
	if (a->guess & TW_BIT)
		return tw_is(tw_at(t, a->guess & ~TW_BIT), &a->key);
	return key_equal(&conn_at(t, a->guess)->key, &a->key) && !in(conn_at(t, a->guess), ENDED);
}

enum drop
tcp_arrives(struct tcp *t, struct tcp_arrival *a)
{
	enum drop drop;

	counter_add(&t->stats.segments_received, 1);
	if (t->config->drop_syn_fin && (a->seg.flags & (SYN | FIN)) == (SYN | FIN))
		return DROP_SYN_FIN;
	t->arriving = is_still(t, a) ? a->guess : tcp_find(t, &a->key, a->hash);
	t->arriving_hash = a->hash;
	drop = arrives(t, a, t->arriving);
	t->arriving = TABLE_NONE;
	return drop;
}
