/* Loss recovery: duplicate ACKs (RFC 5681 §3.2), NewReno (RFC 6582), SACK (RFC 6675) at the pace of proportional rate
 * reduction (RFC 6937, 9937), and what RFC 8985 adds to the retransmission timeout: the reordering timer and the tail loss
 * probe, which share its deadline.
 *
 * Deviations from RFC 8985: segments bear no time of their own.  What was sent before something that the peer holds was
 * sent no later than that, so the holes are given a quarter of SRTT (for the minimum of RTT) from the SACK on. */
#include "internal.h"
#include "profile.h"

#define DUPACKS   3
#define TIMERS    4000   /* us that a peer's timers, and ours, may be late */
#define WORST_ACK 200000 /* us that a peer may delay the ACK of a lone segment: WCDelAckT, RFC 8985 §7.2 */

/* Not again for losses of before the last recovery or timeout (RFC 6582 §3.2 step 2). */
static bool
may_begin(const struct fns_conn *c)
{
	return !flagged(c, C_RECOVERY) && c->snd.una != c->snd.max &&
	       (seq_ge(c->snd.una, c->recover) || c->cwr);
}

/* RFC 9937 §6: `delivered` octets more have left the network. */
static void
pace(struct fns_conn *c, struct recovery *r, uint32_t delivered, bool safe)
{
	uint32_t pipe = sack_pipe(c), due, send;

	if (delivered == 0)
		return;
	r->prr_delivered += delivered;
	if (pipe > c->ssthresh) {
		due = (uint32_t)(((uint64_t)r->prr_delivered * c->ssthresh + r->prr_flight - 1) /
		                 r->prr_flight);
		send = due > r->prr_out ? due - r->prr_out : 0;
	} else {
		send = r->prr_delivered > r->prr_out ? r->prr_delivered - r->prr_out : 0;
		send = send > delivered ? send : delivered;
		send = min_u32(send + (safe ? c->mss : 0u), c->ssthresh - pipe);
	}
	c->cwnd = pipe + send;
}

static void
begin(struct fns_conn *c, uint32_t delivered)
{
	struct recovery *r = flagged(c, C_SACK) ? conn_recovery(c) : NULL;

	c->recover = c->snd.max;
	if (!c->cwr) /* a mark and a loss of one window are one sign (RFC 3168 §6.1.2) */
		cc_lost(c);
	c->cwr = 0;
	c->cwr_due = c->ecn;
	flag(c, C_RECOVERY | C_REXMIT);
	unflag(c, C_TIMING);
	c->snd.nxt = c->snd.max;
	if (c->tail != TAIL_RTO) {
		c->tail = TAIL_RTO;
		conn_arm(c, RETRANSMIT, rto_us(tcp_of(c), c));
	}
	if (r != NULL) {
		r->rexmitted = r->again = r->high = c->snd.una;
		r->prr_delivered = r->prr_out = 0;
		r->prr_flight = r->sacked.used > 0 ? c->snd.max - c->snd.una : 0;
	}
	if (r != NULL && r->prr_flight > 0) {
		c->cwnd = sack_pipe(c) + c->mss; /* one at the least */
		pace(c, r, delivered, false);
	} else {
		c->cwnd += DUPACKS * c->mss; /* three segments have left the network */
	}
	counter_add(&tcp_of(c)->stats.fast_recoveries, 1);
}

void
recover_advance(struct fns_conn *c, uint32_t acked)
{
	struct recovery *r = conn_has_recovery(c);
	uint32_t flight = c->snd.max - c->snd.una;

	if (seq_ge(c->snd.una, c->recover)) { /* full */
		unflag(c, C_RECOVERY | C_REXMIT);
		c->dupacks = 0;
		flight = (flight > c->mss ? flight : c->mss) + c->mss;
		c->cwnd = r != NULL && r->prr_flight > 0 ? c->ssthresh : min_u32(flight, c->ssthresh);
		return;
	}
	if (flagged(c, C_SACK))
		return;    /* the pipe decides */
	flag(c, C_REXMIT); /* partial: the next hole begins here */
	c->cwnd = c->cwnd > acked ? c->cwnd - acked : 0;
	if (acked >= c->mss)
		c->cwnd += c->mss;
	if (c->cwnd < c->mss)
		c->cwnd = c->mss;
}

/* The reordering timer (RFC 8985 §6.2 step 5): what the holes wait for before they count as lost. */
static void
wait_for_holes(struct fns_conn *c)
{
	if (c->tail == TAIL_REORDER_TIMER || !profile_says(c, RULE_rack))
		return;
	c->tail = TAIL_REORDER_TIMER;
	conn_arm(c, RETRANSMIT, c->srtt_us / 4 + TIMERS / 2);
}

static void
duplicate(struct fns_conn *c)
{
	if (c->dupacks < 7)
		c->dupacks = (c->dupacks + 1) & 7u;
	/* J02: no more than is outstanding can have left the network. */
	if (flagged(c, C_RECOVERY) && !flagged(c, C_SACK) &&
	    c->cwnd < c->ssthresh + (c->recover - c->snd.una))
		c->cwnd += c->mss;
}

void
recover_ack(struct fns_conn *c, const struct seg *s, bool dup, uint32_t delivered, bool advanced, bool again)
{
	struct recovery *r = conn_has_recovery(c);
	uint32_t segments;

	if (dup)
		duplicate(c);
	if (flagged(c, C_RECOVERY)) {
		if (r != NULL && r->prr_flight > 0)
			pace(c, r, delivered, advanced && !again);
		return;
	}
	if (!may_begin(c))
		return;
	segments = sack_segments(c);
	if (segments >= DUPACKS ||
	    (dup && c->dupacks == DUPACKS && (s->opt.sacks == 0 || !profile_says(c, RULE_rack))))
		begin(c, delivered);
	else if (segments > 0)
		wait_for_holes(c);
}

/* RFC 8985 §7.2: nothing tells of a loss so far, and no probe is out. */
static inline bool
may_probe(const struct fns_conn *c)
{
	return (c->flags & (C_SACK | C_SYN_ACKED)) == (C_SACK | C_SYN_ACKED) && may_begin(c) &&
	       profile_says(c, RULE_rack) && c->srtt_us > 0 && c->backoff == 0 && c->tail <= TAIL_PROBE_TIMER;
}

/* Apart, as is arm_troubled: they call, and so they keep what the others need not keep. */
static __attribute__((noinline)) void
arm_timeout(struct tcp *t, struct fns_conn *c)
{
	if (c->tail == TAIL_PROBE_TIMER || c->tail == TAIL_REORDER_TIMER)
		c->tail = TAIL_RTO;
	conn_arm(c, RETRANSMIT, rto_us(t, c));
}

static inline void
arm(struct tcp *t, struct fns_conn *c, bool holes)
{
	uint32_t lone, after;

	if (holes || !rto_is_plain(c) || !may_probe(c)) {
		arm_timeout(t, c);
		return;
	}
	lone = c->snd.max - c->snd.una <= c->mss ? WORST_ACK : 0;
	after = min_u32(2 * c->srtt_us + TIMERS + lone, rto_plain_us(t, c));
	c->tail = TAIL_PROBE_TIMER;
	conn_arm(c, RETRANSMIT, after);
}

static __attribute__((noinline)) void
arm_troubled(struct tcp *t, struct fns_conn *c)
{
	arm(t, c, sack_segments(c) > 0);
}

void
recover_arm(struct tcp *t, struct fns_conn *c)
{
	if (c->troubled)
		arm_troubled(t, c);
	else
		arm(t, c, false);
}

bool
recover_timer(struct fns_conn *c)
{
	enum tail was = (enum tail)c->tail;

	c->tail = TAIL_RTO;
	if (was == TAIL_PROBE_TIMER) {
		counter_add(&tcp_of(c)->stats.tail_probes, 1);
		c->tail = TAIL_PROBE_DUE;
	} else if (was == TAIL_REORDER_TIMER) {
		if (may_begin(c) && sack_segments(c) > 0)
			begin(c, 0);
	} else {
		return false;
	}
	conn_arm(c, RETRANSMIT, rto_us(tcp_of(c), c));
	conn_dirty(c);
	return true;
}

/* A probe has been sent; `again`: octets of before. */
void
recover_probed(struct fns_conn *c, bool again)
{
	struct recovery *r = again ? conn_recovery(c) : NULL;

	c->tail = r != NULL ? TAIL_PROBED_AGAIN : TAIL_PROBED;
	if (r != NULL)
		r->probe_end = c->snd.max;
}

/* RFC 8985 §7.4.2: was it the probe that mended a loss?  That has to be answered for like one. */
void
recover_probe_answer(struct fns_conn *c, const struct seg *s, bool dup)
{
	const struct recovery *r = conn_has_recovery(c);

	if (c->tail == TAIL_PROBED && c->snd.una == c->snd.max)
		c->tail = TAIL_RTO;
	if (c->tail != TAIL_PROBED_AGAIN || r == NULL || seq_lt(c->snd.una, r->probe_end))
		return;
	if (seq_gt(c->snd.una, r->probe_end) && !sack_tells_twice(s))
		cc_lost(c);
	else if (!dup && !sack_tells_twice(s))
		return; /* it may have been the first copy */
	c->tail = TAIL_RTO;
}
