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
_Static_assert(sizeof(struct key) == 22, "hashed and compared as octets");

static inline bool
key_equal(const struct key *a, const struct key *b)
{
	uint64_t x[3], y[3]; /* 22 octets, the last two of eight overlapping */

	memcpy(x, a, 16);
	memcpy(y, b, 16);
	memcpy(&x[2], (const uint8_t *)a + 14, 8);
	memcpy(&y[2], (const uint8_t *)b + 14, 8);
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2])) == 0;
}

/* SipHash-1-3 of its octets.  All that distinguishes one IPv4 key from another stands in the last 14; the length that
 * SipHash takes in keeps the families apart. */
static inline uint64_t
key_hash(struct sip_key secret, const struct key *k)
{
	struct sip_state s = sip_begin(secret);
	uint64_t last = sip_load((const uint8_t *)k + 14) >> 16;

	if (k->ip6)
		sip13_word(&s, sip_load(k->remote));
	sip13_word(&s, sip_load(k->remote + 8));
	return sip13_end(&s, last | (uint64_t)(k->ip6 ? 22 : 14) << 56);
}

#endif
