/* How the table knows a connection: its four-tuple, in which our own address is a number (ip.h). */
#ifndef FNS_KEY_H
#define FNS_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "siphash.h"

struct key {
	uint8_t remote[16];    /* network order, IPv4 mapped */
	uint16_t lport, rport; /* host order */
	uint8_t local;         /* ip->own */
	uint8_t ip6;           /* 0 or 1: what `remote` says */
};
_Static_assert(sizeof(struct key) == 22, "no padding");

static inline bool
key_equal(const struct key *a, const struct key *b)
{
	uint64_t x[2], y[2];

	memcpy(x, a->remote, 16);
	memcpy(y, b->remote, 16);
	return a->lport == b->lport && a->rport == b->rport && a->local == b->local &&
	       ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

/* SipHash of its fields in this order, of IPv4 from the ninth octet on: what is before says nothing there, and the
 * length that SipHash takes in keeps the families apart.  From the fields, not the octets: they may just have been
 * written one by one, and reading them back in one piece would wait for that. */
SIP_INLINE uint64_t
key_sip(struct sip_state s, const struct key *k, unsigned per_word, unsigned at_end)
{
	uint64_t last = k->lport | (uint64_t)k->rport << 16 | (uint64_t)k->local << 32;

	if (k->ip6)
		sip_word(&s, sip_load(k->remote), per_word);
	sip_word(&s, sip_load(k->remote + 8), per_word);
	return sip_end(&s, last | (uint64_t)(k->ip6 ? 22 : 14) << 56, per_word, at_end);
}

/* For the table, begun once for all by sip_begin. */
SIP_INLINE uint64_t
key_hash_begun(struct sip_state begun, const struct key *k)
{
	return key_sip(begun, k, 1, 3);
}

static inline uint64_t
key_hash(struct sip_key secret, const struct key *k)
{
	return key_hash_begun(sip_begin(secret), k);
}

/* For what must not be guessed. */
static inline uint64_t
key_hash_strong(struct sip_key secret, const struct key *k)
{
	return key_sip(sip_begin(secret), k, 2, 4);
}

#endif
