/* SipHash-c-d: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
#include "siphash.h"

/* The octets after the last whole word, and the length in the topmost octet. */
static inline uint64_t
last_word(const uint8_t *in, size_t len)
{
	const size_t rest = len % 8;
	uint64_t word = 0;

	if (rest != 0 && len >= 8)
		/* One load that reaches back into the word before, instead of a loop over octets. */
		word = sip_load(in + len - 8) >> (64 - 8 * rest);
	else
		for (size_t i = 0; i < rest; i++)
			word |= (uint64_t)in[i] << (8 * i);
	return word | (uint64_t)len << 56;
}

static inline uint64_t
sip(struct sip_key key, const uint8_t *in, size_t len, unsigned per_word, unsigned at_end)
{
	struct sip_state s = sip_begin(key);

	for (size_t i = 0; i + 8 <= len; i += 8)
		sip_word(&s, sip_load(in + i), per_word);
	return sip_end(&s, last_word(in, len), per_word, at_end);
}

struct sip_key
sip_key_from(const uint8_t octets[16])
{
	return (struct sip_key){.k0 = sip_load(octets), .k1 = sip_load(octets + 8)};
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
