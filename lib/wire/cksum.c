/* The Internet checksum (RFC 1071).  Octets are added as they lie in memory, many at a time: a one's complement sum is the
 * same in either byte order but for a swap at the end (§2 (B)), and the same in any word size (§2 (C)). */
#include "cksum.h"

#define STEP  32               /* octets that sum_steps takes at a time */
#define STEPS (UINT16_MAX / 2) /* of which so many at the most: 32 bits hold the sum of two words of each */
#define FEW   (4 * STEP)       /* octets for which its beginning and end are not worth it */

typedef uint32_t quad __attribute__((vector_size(16)));

static inline quad
load_quad(const uint8_t *p)
{
	quad v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Each lane keeps the sum of its words, of which what overflows is lost, and that of their upper halves: the lower halves'
 * sum, which does not overflow, is the difference. */
static uint64_t
sum_steps(const uint8_t *p, size_t steps)
{
	quad words[2] = {{0}}, upper[2] = {{0}};
	uint64_t sum = 0;

	for (; steps > 0; steps--, p += STEP) {
		quad a = load_quad(p), b = load_quad(p + 16);

		words[0] += a;
		words[1] += b;
		upper[0] += a >> 16;
		upper[1] += b >> 16;
	}
	upper[0] += upper[1];
	words[0] += words[1] - (upper[0] << 16);
	for (unsigned i = 0; i < 4; i++)
		sum += (uint64_t)words[0][i] + upper[0][i];
	return sum;
}

/* Less than eight octets. */
static uint64_t
add_rest(uint64_t sum, const uint8_t *p, size_t len)
{
	uint16_t two = 0;

	if (len & 4) {
		sum = cksum_four(sum, p);
		p += 4;
	}
	if (len & 2) {
		memcpy(&two, p, 2);
		sum = cksum_around(sum, two);
		p += 2;
	}
	if (len & 1) {
		two = 0;
		memcpy(&two, p, 1);
		sum = cksum_around(sum, two);
	}
	return sum;
}

uint64_t
cksum_add(uint64_t sum, const void *octets, size_t len)
{
	const uint8_t *p = octets;

	while (len >= FEW) {
		size_t steps = len / STEP < STEPS ? len / STEP : STEPS;

		sum = cksum_around(sum, sum_steps(p, steps));
		p += steps * STEP;
		len -= steps * STEP;
	}
	for (; len >= STEP; len -= STEP, p += STEP)
		sum = cksum_eight(cksum_eight(cksum_eight(cksum_eight(sum, p), p + 8), p + 16), p + 24);
	for (; len >= 8; len -= 8, p += 8)
		sum = cksum_eight(sum, p);
	return len == 0 ? sum : add_rest(sum, p, len);
}
