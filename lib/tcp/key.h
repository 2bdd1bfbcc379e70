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
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* All that distinguishes one IPv4 key from another stands in its last 14 octets; the length that SipHash takes in keeps
 * the families apart. */
static inline uint64_t
key_hash(struct sip_key secret, const struct key *k)
{
	return k->ip6 ? siphash13(secret, k, sizeof(*k)) : siphash13(secret, k->remote + 8, sizeof(*k) - 8);
}

#endif
