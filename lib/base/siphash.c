/* SipHash-c-d: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
#include "siphash.h"

struct sip_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

/* Octet by octet, so that byte order does not matter; compilers make one load of it. */
static inline uint64_t
load64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static inline void
rounds(struct sip_state *s, unsigned n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 = rotl(s->v0, 32) + s->v3;
		s->v2 += s->v1;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static inline void
absorb(struct sip_state *s, uint64_t word, unsigned n)
{
	s->v3 ^= word;
	rounds(s, n);
	s->v0 ^= word;
}

/* The octets after the last whole word, and the length in the topmost octet. */
static inline uint64_t
last_word(const uint8_t *in, size_t len)
{
	const size_t rest = len % 8;
	uint64_t word = 0;

	if (rest != 0 && len >= 8)
		/* One load that reaches back into the word before, instead of a loop over octets. */
		word = load64(in + len - 8) >> (64 - 8 * rest);
	else
		for (size_t i = 0; i < rest; i++)
			word |= (uint64_t)in[i] << (8 * i);
	return word | (uint64_t)len << 56;
}

static inline uint64_t
sip(struct sip_key key, const uint8_t *in, size_t len, unsigned per_word, unsigned at_end)
{
	struct sip_state s = {
		.v0 = key.k0 ^ 0x736f6d6570736575,
		.v1 = key.k1 ^ 0x646f72616e646f6d,
		.v2 = key.k0 ^ 0x6c7967656e657261,
		.v3 = key.k1 ^ 0x7465646279746573,
	};

	for (size_t i = 0; i + 8 <= len; i += 8)
		absorb(&s, load64(in + i), per_word);
	absorb(&s, last_word(in, len), per_word);
	s.v2 ^= 0xff;
	rounds(&s, at_end);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

struct sip_key
sip_key_from(const uint8_t octets[16])
{
	return (struct sip_key){.k0 = load64(octets), .k1 = load64(octets + 8)};
}

uint64_t
siphash24(struct sip_key key, const void *in, size_t len)
{
	return sip(key, in, len, 2, 4);
}

uint64_t
siphash13(struct sip_key key, const void *in, size_t len)
{
	return sip(key, in, len, 1, 3);
}
