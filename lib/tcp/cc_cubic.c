/* CUBIC, RFC 9438, with no more memory than NewReno: cc_acked is the tick in ms at which the epoch began, and the window
 * before the reduction follows from ssthresh, which is 0.7 of it.  So there is no fast convergence (§4.7): it would need
 * the window of the reduction before. */
#include "internal.h"

/* beta 0.7 = 7/10; C 0.4 = 4/10 */

static uint32_t
cube_root(uint64_t a)
{
	uint64_t x = 0;

	for (uint64_t bit = UINT64_C(1) << 20; bit > 0; bit >>= 1) {
		uint64_t y = x | bit;

		if (y * y * y <= a)
			x = y;
	}
	return (uint32_t)x;
}

/* K (§4.2) in ms, of a window that fell from w_max to ssthresh octets: the root of segments / C in s. */
static uint32_t
k_ms(const struct fns_conn *c, uint32_t w_max)
{
	return cube_root((uint64_t)(w_max - c->ssthresh) * 2500000000 / c->mss);
}

/* W_cubic (§4.2) in octets, t ms into the epoch. */
static int64_t
w_cubic(const struct fns_conn *c, uint32_t w_max, uint32_t t)
{
	int64_t d = (int64_t)t - k_ms(c, w_max), most = 100000;

	d = d > most ? most : d < -most ? -most : d;
	return w_max + d * d * d / 1000000 * 4 / 10 * c->mss / 1000;
}

static void
avoid(struct fns_conn *c, uint32_t octets)
{
	uint32_t now = (uint32_t)(tcp_of(c)->now_us / 1000) | 1,
		 w_max = (uint32_t)((uint64_t)c->ssthresh * 10 / 7);
	uint32_t srtt = c->srtt_us / 1000 + 1, t, most = c->cwnd + c->cwnd / 2;
	uint64_t reno;
	int64_t target;

	if (c->cc_acked == 0)
		c->cc_acked = now;
	t = now - c->cc_acked;
	target = w_cubic(c, w_max, t + srtt);
	target = target > most ? most : target;
	if (target > c->cwnd)
		c->cwnd += (uint32_t)((uint64_t)(target - c->cwnd) * octets / c->cwnd);
	/* Never behind what Reno would have (§4.3): alpha 3 (1 - beta) / (1 + beta) = 9/17 of a segment each round. */
	reno = c->ssthresh + (uint64_t)t * c->mss * 9 / 17 / srtt;
	if (reno > c->cwnd)
		c->cwnd = (uint32_t)(reno < most ? reno : most);
}

static uint32_t
reduced(const struct fns_conn *c)
{
	return (uint32_t)((uint64_t)c->cwnd * 7 / 10);
}

const struct cc cc_cubic = {"cubic", avoid, reduced};
