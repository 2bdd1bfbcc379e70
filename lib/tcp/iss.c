/* What an attacker off the path must not guess: initial sequence numbers (RFC 6528), local ports (RFC 6056),
 * timestamp offsets (RFC 7323 §7.1). */
#include "conn.h"

/* One hash yields two numbers that tell nothing of each other: F of RFC 6528 §3 is its lower half (SHLD-1, MUST-9), the
 * timestamp offset its upper half. */
static uint64_t
numbers(const struct tcp *t, const struct key *k)
{
	return key_hash_strong(t->iss_key, k);
}

void
iss_choose(struct fns_conn *c)
{
	const struct tcp *t = tcp_of(c);
	uint64_t n = numbers(t, &c->key);

	conn_set_iss(c, (uint32_t)(t->now_us / 4 + n)); /* M, a clock of 4 us (MUST-8) */
	c->ts_offset = (uint32_t)(n >> 32);
}

uint32_t
iss_ts_offset(const struct tcp *t, const struct key *k)
{
	return (uint32_t)(numbers(t, k) >> 32);
}

/* Algorithm 4 of RFC 6056 with one step counter: the place to begin depends on the destination, and each choice
 * moves on. */
uint16_t
iss_port(struct tcp *t, const struct key *k, unsigned tries)
{
	const struct fns_config *cf = t->config;
	uint32_t room = (uint32_t)(cf->local_port_last - cf->local_port_first) + 1;
	struct key key = *k;
	uint64_t begin;

	key.lport = 0;
	begin = key_hash_strong(t->port_key, &key);
	return (uint16_t)(cf->local_port_first + (begin + t->port_step + tries) % room);
}
