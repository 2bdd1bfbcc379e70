/* The seventh and eighth check (RFC 9293 §3.10.7.4): octets into the ring, in or out of order, RCV.NXT, the FIN, the
 * acknowledgment owed, and the window offered (§3.8.6.2.2, RFC 7323 §2.4). */
#include "internal.h"
#include "profile.h"

/* Octets that are held already stay: the first copy wins (H03).  Returns the first octet not placed. */
static uint32_t
place(struct fns_conn *c, const struct ranges *held, const struct seg *s)
{
	uint32_t at = s->seq, end = s->seq + s->text_len;
	struct queues *q = conn_queues(c);

	while (at != end) {
		const struct range *here = ranges_find(held, at);
		uint32_t stop = end;

		if (here != NULL) {
			at = seq_min(here->right, end);
			continue;
		}
		for (uint32_t i = 0; i < held->used; i++) {
			if (seq_gt(held->at[i].left, at)) {
				stop = seq_min(stop, held->at[i].left);
				break;
			}
		}
		at += (uint32_t)ring_put(&q->rx, &tcp_of(c)->pages, q->rx.len + (at - c->rcv.nxt),
		                         s->text + (at - s->seq), stop - at);
		if (at != stop)
			break;
	}
	return at;
}

/* Latest first, each range once. */
static void
remember(struct recovery *r, uint32_t seq)
{
	const struct range *now = ranges_find(&r->held, seq);
	uint32_t keep[3];
	unsigned n = 1;

	if (now == NULL)
		return;
	keep[0] = now->left;
	for (unsigned i = 0; i < r->recents && n < 3; i++) {
		const struct range *was = ranges_find(&r->held, r->recent[i]);

		if (was != NULL && was != now)
			keep[n++] = was->left;
	}
	for (unsigned i = 0; i < n; i++)
		r->recent[i] = keep[i];
	r->recents = (uint8_t)n;
}

void
text_twice(struct fns_conn *c, uint32_t left, uint32_t right)
{
	struct recovery *r = flagged(c, C_SACK) ? conn_recovery(c) : NULL;

	flag(c, C_ACK_NOW);
	if (r == NULL || r->has_twice) /* the first stands until it is told */
		return;
	r->has_twice = true;
	r->twice = (struct range){left, right};
}

void
text_twice_told(struct fns_conn *c)
{
	struct recovery *r = conn_has_recovery(c);

	if (r == NULL || !r->has_twice)
		return;
	r->has_twice = false;
	conn_tidy(c);
}

/* The first octets of it that are held already. */
static void
find_twice(struct fns_conn *c, const struct ranges *held, const struct seg *s)
{
	uint32_t end = s->seq + s->text_len;

	for (uint32_t i = 0; i < held->used; i++) {
		uint32_t left = seq_max(held->at[i].left, s->seq), right = seq_min(held->at[i].right, end);

		if (seq_lt(left, right)) {
			text_twice(c, left, right);
			return;
		}
	}
}

static enum drop
take_out_of_order(struct fns_conn *c, const struct seg *s)
{
	struct recovery *r = conn_recovery(c);
	struct ranges before;
	uint32_t end;

	flag(c, C_ACK_NOW); /* RFC 5681 §4.2: at once, and again for each */
	if (r == NULL)
		return DROP_TEXT_NO_ROOM;
	find_twice(c, &r->held, s);
	before = r->held;
	if (!ranges_add(&r->held, s->seq, s->seq + s->text_len))
		return DROP_TEXT_NO_ROOM;
	end = place(c, &before, s);
	if (end != s->seq + s->text_len) {
		r->held = before;
		if (end != s->seq)
			ranges_add(&r->held, s->seq, end);
		if (end == s->seq)
			return DROP_TEXT_NO_MEMORY;
	}
	counter_add(&tcp_of(c)->stats.out_of_order, 1);
	if (c->recorded)
		recorder_tally_of(c)->out_of_order++;
	remember(r, s->seq);
	return DROP_TAKEN;
}

void
text_hold(struct fns_conn *c, const struct seg *s)
{
	take_out_of_order(c, s);
	unflag(c, C_ACK_NOW); /* its ACK comes with ESTABLISHED */
}

/* What was held and now follows without a gap joins the order. */
static void
join(struct fns_conn *c, struct recovery *r)
{
	while (r->held.used > 0 && seq_le(r->held.at[0].left, c->rcv.nxt)) {
		uint32_t right = r->held.at[0].right;

		if (seq_gt(right, c->rcv.nxt)) {
			ring_extend(&conn_queues(c)->rx, right - c->rcv.nxt);
			c->rcv.nxt = right;
		}
		ranges_cut(&r->held, c->rcv.nxt);
	}
}

/* A window that a peer fills within two round trips, and that the application empties, is too small: it doubles. */
static __attribute__((noinline)) void
grow_window(struct tcp *t, struct fns_conn *c)
{
	uint32_t elapsed = t->now - c->epoch, prompt = 4 + ((2 * c->srtt_us) >> TICK_SHIFT);
	uint32_t max = conn_options(c)->rcv_buf;

	if (elapsed <= prompt && conn_unread(c) <= c->rcv.wnd / 2 && t->pages.used < t->pages.count / 2)
		c->rcv.wnd = c->rcv.wnd > max / 2 ? max : 2 * c->rcv.wnd;
	c->epoch = t->now;
	c->epoch_seq = c->rcv.nxt + c->rcv.wnd;
}

/* Every second segment, and the first ones, at once; else later (RFC 9293 §3.8.6.3, RFC 5681 §4.2). */
static inline void
owe_ack(struct fns_conn *c, bool filled_gap)
{
	bool now = filled_gap || c->quick > 0 || c->rcv.nxt - c->last_ack_sent > c->mss;

	if (c->quick > 0)
		c->quick = (c->quick - 1) & 15;
	if (!now && flagged(c, C_ACK_LATER))
		now = profile_says(c, RULE_ack_second);
	flag(c, now ? C_ACK_NOW : C_ACK_LATER);
}

void
text_release(struct fns_conn *c)
{
	struct recovery *r = conn_has_recovery(c);
	uint32_t before = c->rcv.nxt;

	if (r == NULL)
		return;
	join(c, r);
	if (c->rcv.nxt == before)
		return;
	counter_add(&tcp_of(c)->stats.octets_received, c->rcv.nxt - before);
	owe_ack(c, false);
	conn_report(c, FNS_READABLE);
}

/* After shutdown(RD), where the profile says so (T-35): acknowledged, and read by nobody. */
void
text_discard(struct fns_conn *c)
{
	struct queues *q = conn_queues(c);

	if (q == NULL)
		return;
	counter_add(&tcp_of(c)->stats.lost_unread, q->rx.len);
	ring_take(&q->rx, &tcp_of(c)->pages, q->rx.len);
}

/* The ring has n octets more in order. */
static inline void
taken(struct tcp *t, struct fns_conn *c, uint32_t n, bool filled_gap)
{
	counter_add(&t->stats.octets_received, n);
	if (seq_ge(c->rcv.nxt, c->epoch_seq))
		grow_window(t, c);
	owe_ack(c, filled_gap);
	if (flagged(c, C_RCV_SHUT) && profile_says(c, RULE_shut_rd_discards))
		text_discard(c);
	else
		conn_report(c, FNS_READABLE);
}

/* In order, while others are held. */
static COLD enum drop
take_before_held(struct tcp *t, struct fns_conn *c, const struct seg *s, struct recovery *r)
{
	uint32_t before = c->rcv.nxt, end;

	find_twice(c, &r->held, s);
	end = place(c, &r->held, s);
	if (end == before)
		return DROP_TEXT_NO_MEMORY;
	ring_extend(&conn_its_queues(c)->rx, end - before);
	c->rcv.nxt = end;
	ranges_cut(&r->held, end);
	join(c, r);
	taken(t, c, c->rcv.nxt - before, true);
	return DROP_TAKEN;
}

enum drop
text_take(struct tcp *t, struct fns_conn *c, const struct seg *s)
{
	struct recovery *r = conn_has_recovery(c);
	struct queues *q;
	uint32_t n;

	if (s->seq != c->rcv.nxt)
		return take_out_of_order(c, s);
	if (r != NULL && r->held.used > 0)
		return take_before_held(t, c, s, r);
	q = conn_attach(c);
	if (q == NULL)
		return DROP_TEXT_NO_MEMORY;
	n = (uint32_t)ring_append(&q->rx, &t->pages, s->text, s->text_len);
	if (n == 0)
		return DROP_TEXT_NO_MEMORY;
	c->rcv.nxt += n;
	taken(t, c, n, false);
	return DROP_TAKEN;
}

bool
text_fin(struct fns_conn *c, const struct seg *s)
{
	uint32_t fin = s->seq + s->text_len;
	struct recovery *r = conn_has_recovery(c);

	if (s->flags & FIN) {
		if (fin == c->rcv.nxt)
			return true;
		flag(c, C_ACK_NOW);
		r = conn_recovery(c);
		if (r != NULL && !r->has_fin && seq_gt(fin, c->rcv.nxt)) { /* its place is fixed once (H09) */
			r->has_fin = true;
			r->fin = fin;
		}
	}
	return r != NULL && r->has_fin && r->fin == c->rcv.nxt;
}

uint32_t
text_right_edge(const struct fns_conn *c)
{
	uint32_t unread = conn_unread(c), room = c->rcv.wnd > unread ? c->rcv.wnd - unread : 0;

	return seq_max(c->rcv.nxt + room, c->rcv.adv); /* SHLD-14 */
}

/* The field that offers `want` octets, rounded so that it offers `least`: the edge must not move to the left. */
static inline uint16_t
offer(const struct fns_conn *c, uint32_t want, uint32_t least, uint32_t *adv)
{
	uint32_t field = want >> c->rcv_scale;

	if (field << c->rcv_scale < least)
		field++;
	field = min_u32(field, UINT16_MAX);
	*adv = seq_max(c->rcv.nxt + (field << c->rcv_scale), c->rcv.adv);
	return (uint16_t)field;
}

static __attribute__((noinline)) uint16_t
offer_creeping(const struct fns_conn *c, uint32_t *adv)
{
	uint32_t want = text_right_edge(c) - c->rcv.nxt;

	if (want < min_u32(c->mss, c->rcv.wnd / 2) && want < c->rcv.wnd / 4)
		want = conn_rcv_window(c);
	return offer(c, want, want, adv);
}

uint16_t
text_window(const struct fns_conn *c, const struct option_set *by, uint8_t flags, uint32_t *adv)
{
	uint32_t offered = conn_rcv_window(c), want = offered, more = min_u32(c->mss, c->rcv.wnd / 2);
	uint32_t field;

	if (flags & SYN) { /* never scaled */
		field = min_u32(c->rcv.wnd, UINT16_MAX);
		*adv = c->rcv.nxt + field;
		return (uint16_t)field;
	}
	if (options_say(by, RULE_window_creeps))
		return offer_creeping(c, adv);
	/* Where even an empty buffer had no room for a segment more, what is in it is not asked. */
	if (c->rcv.wnd - offered >= more) {
		want = text_right_edge(c) - c->rcv.nxt;
		want = want - offered < more ? offered : want;
	}
	return offer(c, want, offered, adv);
}

/* The application took octets: tell the peer if that is worth a segment (MUST-39). */
void
text_consumed(struct fns_conn *c)
{
	uint32_t offered = conn_rcv_window(c), gain, worth = min_u32(2u * c->mss, c->rcv.wnd / 2);

	if (c->rcv.wnd - offered < worth || !in(c, ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2))
		return;
	gain = text_right_edge(c) - c->rcv.adv;
	if (gain >= worth && (gain >= c->rcv.wnd / 4 || offered <= c->rcv.wnd / 8)) {
		flag(c, C_ACK_NOW);
		conn_dirty(c);
	}
}

unsigned
text_sack_blocks(const struct fns_conn *c, struct opt_block out[4])
{
	const struct recovery *r = conn_has_recovery(c);
	const struct range *listed[4] = {NULL};
	unsigned n = 0;

	if (r == NULL || !flagged(c, C_SACK))
		return 0;
	if (r->has_twice)
		out[n++] = (struct opt_block){r->twice.left, r->twice.right};
	for (unsigned i = 0; i < r->recents + r->held.used && n < 4; i++) {
		const struct range *range =
			i < r->recents ? ranges_find(&r->held, r->recent[i]) : &r->held.at[i - r->recents];
		unsigned seen = 0;

		while (seen < n && listed[seen] != range)
			seen++;
		if (range == NULL || seen < n)
			continue;
		listed[n] = range;
		out[n++] = (struct opt_block){range->left, range->right};
	}
	return n;
}
