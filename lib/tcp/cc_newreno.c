/* NewReno: congestion avoidance of RFC 5681 §3.1, counting octets. */
#include "internal.h"

static void
avoid(struct fns_conn *c, uint32_t octets)
{
	c->cc_acked += octets;
	if (c->cc_acked >= c->cwnd) {
		c->cc_acked -= c->cwnd;
		c->cwnd += c->mss;
	}
}

static uint32_t
reduced(const struct fns_conn *c)
{
	return (c->snd.max - c->snd.una) / 2;
}

const struct cc cc_newreno = {"newreno", avoid, reduced};
