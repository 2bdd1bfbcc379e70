/* SipHash (Aumasson, Bernstein 2012): a keyed hash of short input.  2-4 for what must not be guessed (ISN, ports,
 * timestamp offsets), 1-3 for the connection table. */
#ifndef FNS_SIPHASH_H
#define FNS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct sip_key {
	uint64_t k0, k1;
};

struct sip_key sip_key_from(const uint8_t octets[16]);
uint64_t siphash24(struct sip_key, const void *in, size_t len);
uint64_t siphash13(struct sip_key, const void *in, size_t len);

#endif
