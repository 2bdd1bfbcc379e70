/* Explicit congestion notification, RFC 3168: who uses it (§6.1.1), the receiver's echo (§6.1.3), the sender's answer,
 * once a window (§6.1.2).  Retransmissions, pure ACKs and probes bear no codepoint (§6.1.4 to §6.1.6). */
#include "internal.h"

#define ECT_0 2 /* codepoints of the IP header */

bool
ecn_asks(const struct fns_conn *c)
{
	const struct fns_config *cf = tcp_of(c)->config;

	/* Some path may drop what asks: a SYN that stays without an answer goes without, in the end (§6.1.1.1). */
	return cf->ecn == FNS_ECN_ON && c->backoff <= cf->ecn_retries;
}

void
ecn_agree(struct fns_conn *c, const struct seg *s)
{
	unsigned echo = s->flags & (ECE | CWR);

	if (s->flags & ACK) /* an ECN-setup SYN-ACK */
		c->ecn = echo == ECE && ecn_asks(c);
	else
		c->ecn = echo == (ECE | CWR) && tcp_of(c)->config->ecn != FNS_ECN_OFF;
}

void
ecn_take(struct fns_conn *c, const struct seg *s)
{
	if (s->flags & CWR)
		c->ece = 0;
	if (s->ce && !c->ece) {
		counter_add(&tcp_of(c)->stats.ecn_marks, 1);
		c->ece = 1;
		flag(c, C_ACK_NOW);
	}
}

void
ecn_reduce(struct fns_conn *c, uint32_t ack)
{
	if (flagged(c, C_RECOVERY) || seq_lt(c->snd.una, c->recover) || c->snd.una == c->snd.max)
		return;
	counter_add(&tcp_of(c)->stats.ecn_reductions, 1);
	cc_lost(c);
	/* no more at once than has left the network (RFC 9937 in CWR); ssthresh is free when the window is over */
	c->cwnd = min_u32(c->ssthresh, c->snd.max - ack + c->mss);
	c->recover = c->snd.max;
	c->cwr = 1;
	c->cwr_due = 1;
}

void
ecn_send(struct fns_conn *c, struct seg *s, bool text, uint8_t *tos)
{
	if (s->flags & SYN) {
		if (!(s->flags & ACK))
			s->flags |= ecn_asks(c) ? ECE | CWR : 0;
		else if (c->ecn)
			s->flags |= ECE;
		return;
	}
	if (!c->ecn || (s->flags & RST))
		return;
	if (c->ece)
		s->flags |= ECE;
	if (!text)
		return;
	*tos |= ECT_0;
	if (c->cwr_due)
		s->flags |= CWR;
	c->cwr_due = 0;
}
