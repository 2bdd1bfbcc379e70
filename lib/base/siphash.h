/* SipHash (Aumasson, Bernstein 2012): a keyed hash of short input.  2-4 for what must not be guessed (ISN, ports,
 * timestamp offsets), 1-3 for the connection table. */
#ifndef FNS_SIPHASH_H
#define FNS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sip_key {
	uint64_t k0, k1;
};

struct sip_key sip_key_from(const uint8_t octets[16]);
uint64_t siphash24(struct sip_key, const void *in, size_t len);
uint64_t siphash13(struct sip_key, const void *in, size_t len);

/* The pieces, for who knows the length beforehand: begin, each whole word of eight octets, and at the end the octets
 * that are left with the length in the topmost octet. */
struct sip_state {
	uint64_t v0, v1, v2, v3;
};

/* Words are little-endian. */
static inline uint64_t
sip_load(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, 8);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static inline uint64_t
sip_rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void
sip_round(struct sip_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = sip_rotate(s->v1, 13) ^ s->v0;
	s->v3 = sip_rotate(s->v3, 16) ^ s->v2;
	s->v0 = sip_rotate(s->v0, 32) + s->v3;
	s->v2 += s->v1;
	s->v3 = sip_rotate(s->v3, 21) ^ s->v0;
	s->v1 = sip_rotate(s->v1, 17) ^ s->v2;
	s->v2 = sip_rotate(s->v2, 32);
}

static inline struct sip_state
sip_begin(struct sip_key key)
{
	return (struct sip_state){
		.v0 = key.k0 ^ 0x736f6d6570736575,
		.v1 = key.k1 ^ 0x646f72616e646f6d,
		.v2 = key.k0 ^ 0x6c7967656e657261,
		.v3 = key.k1 ^ 0x7465646279746573,
	};
}

/* The numbers of rounds, at most four, are known where these are called: inlined, no condition is left. */
#define SIP_INLINE static inline __attribute__((always_inline))

SIP_INLINE void
sip_rounds(struct sip_state *s, unsigned n)
{
	if (n > 3)
		sip_round(s);
	if (n > 2)
		sip_round(s);
	if (n > 1)
		sip_round(s);
	sip_round(s);
}

SIP_INLINE void
sip_word(struct sip_state *s, uint64_t word, unsigned rounds)
{
	s->v3 ^= word;
	sip_rounds(s, rounds);
	s->v0 ^= word;
}

SIP_INLINE uint64_t
sip_end(struct sip_state *s, uint64_t last, unsigned per_word, unsigned at_end)
{
	sip_word(s, last, per_word);
	s->v2 ^= 0xff;
	sip_rounds(s, at_end);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

#endif
