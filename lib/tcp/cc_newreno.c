/* NewReno: RFC 5681, with byte counting of RFC 3465 (L = 2) and the initial window of RFC 6928. */
#include "internal.h"

#include <string.h>

static uint32_t
half_of_flight(const struct fns_conn *c)
{
	uint32_t half = (c->snd.max - c->snd.una) / 2, least = 2u * c->mss; /* RFC 5681 (4) */

	return half > least ? half : least;
}

static void
begin(struct fns_conn *c)
{
	uint32_t mss = c->mss;
	uint32_t iw = min_u32(10 * mss, 2 * mss > 14600 ? 2 * mss : 14600);

	/* A SYN that was lost begins with one segment (RFC 5681 §3.1). */
	c->cwnd = c->backoff > 1 ? mss : iw;
	c->ssthresh = UINT32_MAX / 2;
	c->cc_acked = 0;
}

static void
acked(struct fns_conn *c, uint32_t octets)
{
	uint32_t mss = c->mss;

	if (c->cwnd < c->ssthresh) {
		c->cwnd += min_u32(octets, 2 * mss);
	} else {
		c->cc_acked += octets;
		if (c->cc_acked >= c->cwnd) {
			c->cc_acked -= c->cwnd;
			c->cwnd += mss;
		}
	}
	c->cwnd = min_u32(c->cwnd, UINT32_C(1) << 30);
}

static void
lost(struct fns_conn *c)
{
	c->ssthresh = half_of_flight(c);
	c->cwnd = c->ssthresh;
	c->cc_acked = 0;
}

static void
timeout(struct fns_conn *c)
{
	/* A second timeout of the same segment says nothing new about the path (RFC 5681 §3.1). */
	if (c->backoff == 0)
		c->ssthresh = half_of_flight(c);
	c->cwnd = c->mss;
	c->cc_acked = 0;
}

const struct cc cc_newreno = {"newreno", begin, acked, lost, timeout};

const struct cc *
cc_find(const char *name)
{
	static const struct cc *const all[] = {&cc_newreno};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	}
	return NULL;
}
