/* What an attacker off the path must not guess: initial sequence numbers (RFC 6528), local ports (RFC 6056),
 * timestamp offsets (RFC 7323 §7.1). */
#include "conn.h"

uint32_t
iss_choose(const struct tcp *t, const struct key *k)
{
	/* M, a clock of 4 us (MUST-8), and F with a secret (SHLD-1, MUST-9) */
	return (uint32_t)(t->now_us / 4 + siphash24(t->iss_key, k, sizeof(*k)));
}

uint32_t
iss_ts_offset(const struct tcp *t, const struct key *k)
{
	return (uint32_t)siphash24(t->ts_key, k, sizeof(*k));
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
	begin = siphash24(t->port_key, &key, sizeof(key));
	return (uint16_t)(cf->local_port_first + (begin + t->port_step + tries) % room);
}
