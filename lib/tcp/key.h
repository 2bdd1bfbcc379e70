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
_Static_assert(sizeof(struct key) == 22, "no padding: hashed as octets where speed does not matter");

static inline bool
key_equal(const struct key *a, const struct key *b)
{
	uint64_t x[2], y[2];

	memcpy(x, a->remote, 16);
	memcpy(y, b->remote, 16);
	return a->lport == b->lport && a->rport == b->rport && a->local == b->local &&
	       ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

/* SipHash-1-3 of its fields in this order, of IPv4 from the ninth octet on: what is before says nothing there, and the
 * length that SipHash takes in keeps the families apart.  From the fields, not the octets: they may just have been
 * written one by one, and reading them back in one piece would wait for that. */
static inline uint64_t
key_hash(struct sip_key secret, const struct key *k)
{
	struct sip_state s = sip_begin(secret);
	uint64_t last =
		k->lport | (uint64_t)k->rport << 16 | (uint64_t)k->local << 32 | (uint64_t)k->ip6 << 40;

	if (k->ip6)
		sip13_word(&s, sip_load(k->remote));
	sip13_word(&s, sip_load(k->remote + 8));
	return sip13_end(&s, last | (uint64_t)(k->ip6 ? 22 : 14) << 56);
}

#endif
