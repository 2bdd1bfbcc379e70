/* The retransmission timeout, RFC 6298. */
#ifndef FNS_RTO_H
#define FNS_RTO_H

#include <stdint.h>

#include "conn.h"
#include "profile.h"

#define RTO_GRANULARITY_US (UINT32_C(1) << TICK_SHIFT)

void rto_sample(struct fns_conn *, uint32_t rtt_us);

/* As in Linux the minimum bounds the variance term: an RTO is never within it of the RTT.  No product or sum here reaches
 * 2^32: what is measured or configured is ten minutes at most. */
static inline uint32_t
rto_of(const struct fns_conn *c, uint32_t min)
{
	return c->srtt_us + max_u32(4 * c->rttvar_us, max_u32(min, RTO_GRANULARITY_US)); /* 2.3 */
}

uint32_t rto_us(const struct tcp *, const struct fns_conn *); /* backed off and clamped */

/* There is a sample, and nothing adds to the timeout: then it is this. */
static inline bool
rto_is_plain(const struct fns_conn *c)
{
	return c->srtt_us > 0 && c->backoff == 0 && !profile_says(c, RULE_rto_slop);
}

static inline uint32_t
rto_plain_us(const struct tcp *t, const struct fns_conn *c)
{
	return min_u32(rto_of(c, t->config->rto_min_ms * 1000), t->config->rto_max_ms * 1000);
}

#endif
