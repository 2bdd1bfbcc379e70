/* What all algorithms of congestion control share: the initial window (RFC 6928), slow start with byte counting (RFC
 * 5681 §3.1, RFC 3465), no growth that the flight does not use (RFC 7661), restart after idle time (RFC 5681 §4.1). */
#include "internal.h"

#include <string.h>

#include "profile.h"

#define CWND_MOST (UINT32_C(1) << 30)

static const struct cc *const all[] = {&cc_newreno, &cc_cubic};

static const struct cc *
cc_of(const struct fns_conn *c)
{
	return all[conn_options(c)->congestion - 1];
}

uint8_t
cc_find(const char *name)
{
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->name, name) == 0)
			return (uint8_t)(i + 1);
	}
	return 0;
}

static uint32_t
initial_window(const struct fns_conn *c)
{
	uint32_t mss = c->mss;

	return min_u32(10 * mss, 2 * mss > 14600 ? 2 * mss : 14600);
}

void
cc_begin(struct fns_conn *c)
{
	/* A SYN that was lost begins with one segment (RFC 5681 §3.1). */
	c->cwnd = c->backoff > 1 ? c->mss : initial_window(c);
	c->ssthresh = UINT32_MAX / 2;
	c->cc_acked = 0;
	c->rtt_us = (uint32_t)tcp_of(c)->now_us;
}

static inline void
grow(struct fns_conn *c, uint32_t octets)
{
	c->cwnd = min_u32(c->cwnd + octets, min_u32(c->ssthresh, CWND_MOST));
}

/* In slow start cc_acked is the largest flight since nothing was outstanding: the window grows to twice that. */
static void
slow_start(struct fns_conn *c, uint32_t flight, uint32_t octets)
{
	uint32_t most = max_u32(c->cc_acked, flight);

	if (c->cwnd < 2 * most) {
		bool all_counts = profile_says(c, RULE_stretch_acks) && seq_gt(c->snd.una, c->recover);

		grow(c, all_counts ? octets : min_u32(octets, 2u * c->mss));
	}
	c->cc_acked = c->snd.una == c->snd.max || c->cwnd >= c->ssthresh ? 0 : most;
}

void
cc_acked(struct fns_conn *c, uint32_t octets)
{
	uint32_t flight = c->snd.max - c->snd.una + octets;

	if (c->cwnd < c->ssthresh) {
		slow_start(c, flight, octets);
	} else if (flight + c->mss > c->cwnd) {
		cc_of(c)->avoid(c, octets);
		c->cwnd = min_u32(c->cwnd, CWND_MOST);
	}
}

void
cc_lost(struct fns_conn *c)
{
	uint32_t least = 2u * c->mss, reduced = cc_of(c)->reduced(c);

	c->ssthresh = reduced > least ? reduced : least; /* RFC 5681 (4) */
	c->cwnd = c->ssthresh;
	c->cc_acked = 0;
}

void
cc_timeout(struct fns_conn *c)
{
	/* A second timeout of the same segment says nothing new about the path (RFC 5681 §3.1). */
	if (c->backoff == 0)
		cc_lost(c);
	c->cwnd = c->mss;
	c->cc_acked = 0;
}

/* With nothing timed, rtt_us is when the last octet was acknowledged. */
void
cc_idle(struct fns_conn *c)
{
	uint32_t initial = initial_window(c);

	if (c->cwnd <= initial || flagged(c, C_TIMING) || !tcp_of(c)->config->idle_restart ||
	    (uint32_t)tcp_of(c)->now_us - c->rtt_us <= rto_us(tcp_of(c), c))
		return;
	c->cwnd = initial;
	c->cc_acked = 0;
}
