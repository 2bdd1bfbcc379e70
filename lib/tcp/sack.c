/* What the peer holds beyond SND.UNA (RFC 2018 §5), and what to retransmit (RFC 6675).  Advisory: octets leave the
 * send ring by cumulative acknowledgment alone. */
#include "internal.h"

void
sack_take(struct fns_conn *c, const struct seg *s)
{
	struct recovery *r = conn_has_recovery(c);

	if (r != NULL)
		ranges_cut(&r->sacked, c->snd.una);
	if (!flagged(c, C_SACK))
		return;
	for (unsigned i = 0; i < s->opt.sacks; i++) {
		uint32_t left = s->opt.sack[i].left, right = s->opt.sack[i].right;

		/* Left of SND.UNA is a D-SACK (RFC 2883); beyond SND.MAX, or empty, is a lie. */
		if (!seq_lt(left, right) || !seq_gt(left, c->snd.una) || seq_gt(right, c->snd.max))
			continue;
		r = conn_recovery(c);
		if (r == NULL || !ranges_add(&r->sacked, left, right))
			return;
	}
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

/* Everything up to the highest sacked octet that is neither sacked nor retransmitted counts as lost. */
uint32_t
sack_pipe(const struct fns_conn *c)
{
	const struct recovery *r = conn_has_recovery(c);
	uint32_t flight = c->snd.max - c->snd.una;
	uint32_t sacked, top, lost_from, lost;

	if (r == NULL || r->sacked.used == 0)
		return flight;
	sacked = ranges_sum(&r->sacked);
	top = r->sacked.at[r->sacked.used - 1].right;
	lost_from = seq_max(c->snd.una, r->rexmitted);
	if (seq_ge(lost_from, top))
		return flight - sacked;
	lost = top - lost_from;
	for (uint32_t i = 0; i < r->sacked.used; i++) {
		const struct range *range = &r->sacked.at[i];

		if (seq_gt(range->right, lost_from))
			lost -= range->right - seq_max(range->left, lost_from);
	}
	return flight - sacked - lost;
}
