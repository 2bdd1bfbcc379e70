/* The retransmission timeout, RFC 6298. */
#include "internal.h"

void
rto_sample(struct fns_conn *c, uint32_t rtt_us)
{
	uint32_t rtt = rtt_us == 0 ? 1 : rtt_us > 600000000 ? 600000000 : rtt_us;

	if (c->srtt_us == 0) { /* 2.2 */
		c->srtt_us = rtt;
		c->rttvar_us = rtt / 2;
	} else { /* 2.3: beta 1/4, alpha 1/8 */
		uint32_t off = c->srtt_us > rtt ? c->srtt_us - rtt : rtt - c->srtt_us;

		c->rttvar_us = c->rttvar_us - c->rttvar_us / 4 + off / 4;
		c->srtt_us = c->srtt_us - c->srtt_us / 8 + rtt / 8;
		if (c->srtt_us == 0)
			c->srtt_us = 1;
	}
	if (c->recorded)
		recorder_rtt(c, rtt);
}

uint32_t
rto_us(const struct tcp *t, const struct fns_conn *c)
{
	uint32_t min = t->config->rto_min_ms * 1000, max = t->config->rto_max_ms * 1000;
	bool slops = profile_says(c, RULE_rto_slop);
	uint32_t rto = rto_of(c, slops ? 0 : min), slop = slops ? min : 0;

	if (c->srtt_us == 0) {
		rto = c->rttvar_us != 0 ? c->rttvar_us : t->config->rto_initial_ms * 1000;
		slop = c->backoff > 0 ? slop : 0;
	}
	rto = min_u32(rto, max);
	for (unsigned i = 0; i < c->backoff && rto < max; i++)
		rto *= 2; /* 5.5 */
	return min_u32(rto + slop, max);
}
