/* The retransmission timeout, RFC 6298. */
#include "internal.h"
#include "profile.h"

#define GRANULARITY_US (UINT32_C(1) << TICK_SHIFT)

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

uint64_t
rto_us(const struct fns_conn *c)
{
	const struct fns_config *cf = tcp_of(c)->config;
	uint64_t min = (uint64_t)cf->rto_min_ms * 1000, max = (uint64_t)cf->rto_max_ms * 1000;
	uint64_t rto, slop = 0, var = 4 * (uint64_t)c->rttvar_us;
	bool slops = profile_says(c, RULE_rto_slop);

	if (c->srtt_us == 0) {
		rto = c->rttvar_us != 0 ? c->rttvar_us : (uint64_t)cf->rto_initial_ms * 1000;
	} else {
		/* As Linux does, the minimum bounds the variance term: an RTO is never within `min` of the RTT. */
		if (var < GRANULARITY_US)
			var = GRANULARITY_US;
		if (slops)
			slop = min;
		else if (var < min)
			var = min;
		rto = c->srtt_us + var;
	}
	if (slops && c->backoff > 0)
		slop = min;
	rto = rto > max ? max : rto;
	for (unsigned i = 0; i < c->backoff && rto < max; i++)
		rto *= 2; /* 5.5 */
	return rto + slop > max ? max : rto + slop;
}
