/* What the peer holds beyond SND.UNA (RFC 2018 §5), and what to retransmit (RFC 6675).  Advisory: octets leave the
 * send ring by cumulative acknowledgment alone. */
#include "internal.h"

bool
sack_tells_twice(const struct seg *s)
{
	const struct opt_block *b = s->opt.sack;

	return s->opt.sacks > 0 &&
	       (seq_le(b[0].right, s->ack) ||
	        (s->opt.sacks > 1 && seq_ge(b[0].left, b[1].left) && seq_le(b[0].right, b[1].right)));
}

/* The octets from `left` on have just been sacked.  What was retransmitted before they were has been lost again, unless
 * they come from their first transmission: earlier than a round trip after the latest of them (RFC 8985 §6.2 step 2). */
static bool
lost_again(const struct fns_conn *c, struct recovery *r, uint32_t left)
{
	uint32_t now = (uint32_t)tcp_of(c)->now_us, reached = seq_max(r->rexmitted, r->high);

	if (!flagged(c, C_RECOVERY) || r->prr_flight == 0 || !seq_lt(left, reached) ||
	    now - r->rexmit_us < c->srtt_us - c->srtt_us / 4)
		return false;
	r->high = reached;
	r->again = ranges_find(&r->sacked, left)->left;
	r->rexmitted = c->snd.una;
	return true;
}

bool
sack_take(struct fns_conn *c, const struct seg *s)
{
	struct recovery *r = conn_has_recovery(c);
	bool again = false;

	if (r != NULL)
		ranges_cut(&r->sacked, c->snd.una);
	if (!flagged(c, C_SACK))
		return false;
	for (unsigned i = 0; i < s->opt.sacks; i++) {
		uint32_t left = s->opt.sack[i].left, right = s->opt.sack[i].right;
		const struct range *known;

		/* Left of SND.UNA is a D-SACK (RFC 2883); beyond SND.MAX, or empty, is a lie. */
		if (!seq_lt(left, right) || !seq_gt(left, c->snd.una) || seq_gt(right, c->snd.max))
			continue;
		r = conn_recovery(c);
		if (r == NULL)
			return again;
		known = ranges_find(&r->sacked, left);
		if (known != NULL && seq_ge(known->right, right))
			continue;
		if (!ranges_add(&r->sacked, left, right))
			return again;
		if (known == NULL)
			again |= lost_again(c, r, left);
	}
	return again;
}

uint32_t
sack_octets(const struct fns_conn *c)
{
	const struct recovery *r = conn_has_recovery(c);

	return r == NULL ? 0 : ranges_sum(&r->sacked);
}

/* Less than a segment is none where no short one is outstanding: a peer that takes segments apart. */
uint32_t
sack_segments(const struct fns_conn *c)
{
	const struct recovery *r = conn_has_recovery(c);
	uint32_t full = c->mss - (flagged(c, C_TS) ? OPT_TS_ROW : 0u), n = 0;

	for (uint32_t i = 0; r != NULL && i < r->sacked.used; i++) {
		uint32_t len = r->sacked.at[i].right - r->sacked.at[i].left;

		n += c->short_out ? (len + full - 1) / full : len / full;
	}
	return n;
}

uint32_t
sack_skip(const struct fns_conn *c, uint32_t seq)
{
	const struct recovery *r = conn_has_recovery(c);
	const struct range *range = r == NULL ? NULL : ranges_find(&r->sacked, seq);

	return range == NULL ? seq : range->right;
}

uint32_t
sack_below(const struct fns_conn *c, uint32_t seq)
{
	const struct recovery *r = conn_has_recovery(c);
	uint32_t sum = 0;

	for (uint32_t i = 0; r != NULL && i < r->sacked.used && seq_lt(r->sacked.at[i].left, seq); i++)
		sum += seq_min(r->sacked.at[i].right, seq) - r->sacked.at[i].left;
	return sum;
}

bool
sack_hole(const struct fns_conn *c, uint32_t *seq, uint32_t *len)
{
	const struct recovery *r = conn_has_recovery(c);
	uint32_t from = c->snd.una;

	if (r == NULL)
		return false;
	if (seq_gt(r->rexmitted, from))
		from = r->rexmitted;
	if (seq_ge(from, r->again))
		from = seq_max(from, r->high);
	for (uint32_t i = 0; i < r->sacked.used; i++) {
		const struct range *range = &r->sacked.at[i];

		if (seq_ge(from, range->right))
			continue;
		if (seq_lt(from, range->left)) {
			*seq = from;
			*len = range->left - from;
			return true;
		}
		from = range->right;
	}
	return false;
}

/* Octets from here to there that are not sacked. */
static uint32_t
missing(const struct recovery *r, uint32_t from, uint32_t to)
{
	uint32_t sum;

	if (!seq_lt(from, to))
		return 0;
	sum = to - from;
	for (uint32_t i = 0; i < r->sacked.used; i++) {
		uint32_t left = seq_max(r->sacked.at[i].left, from),
			 right = seq_min(r->sacked.at[i].right, to);

		if (seq_lt(left, right))
			sum -= right - left;
	}
	return sum;
}

/* Everything up to the highest sacked octet that is neither sacked nor retransmitted counts as lost. */
uint32_t
sack_pipe(const struct fns_conn *c)
{
	const struct recovery *r = conn_has_recovery(c);
	uint32_t flight = c->snd.max - c->snd.una, from, top, lost;

	if (r == NULL || r->sacked.used == 0)
		return flight;
	top = r->sacked.at[r->sacked.used - 1].right;
	from = seq_max(c->snd.una, r->rexmitted);
	lost = seq_lt(from, r->again) ? missing(r, from, seq_min(r->again, top)) : 0;
	lost += missing(r, seq_lt(from, r->again) ? r->high : seq_max(from, r->high), top);
	return flight - ranges_sum(&r->sacked) - lost;
}
