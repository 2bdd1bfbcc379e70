/* The Internet checksum (RFC 1071).  Octets are added eight at a time as they lie in memory: a one's complement sum is
 * the same in either byte order but for a swap at the end (§2 (B)), and the same in any word size (§2 (C)). */
#include "cksum.h"

/* The carry goes round: 2^64 - 1 is a multiple of 2^16 - 1, so nothing is lost. */
static inline uint64_t
add_around(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

static inline uint64_t
load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* The last len < 8 octets, zeros behind them. */
static inline uint64_t
load_tail(const uint8_t *p, size_t len)
{
	uint8_t tail[8] = {0};
	size_t n = 0;

	/* constant lengths, so that no memcpy is called */
	if (len & 4) {
		memcpy(tail, p, 4);
		n = 4;
	}
	if (len & 2) {
		memcpy(tail + n, p + n, 2);
		n += 2;
	}
	if (len & 1)
		tail[n] = p[n];
	return load(tail);
}

uint64_t
cksum_add(uint64_t sum, const void *octets, size_t len)
{
	const uint8_t *p = octets;
	uint64_t b = 0, c = 0, d = 0; /* four chains of carries run side by side */

	for (; len >= 32; len -= 32, p += 32) {
		sum = add_around(sum, load(p));
		b = add_around(b, load(p + 8));
		c = add_around(c, load(p + 16));
		d = add_around(d, load(p + 24));
	}
	for (; len >= 8; len -= 8, p += 8)
		sum = add_around(sum, load(p));
	if (len > 0)
		b = add_around(b, load_tail(p, len));
	return add_around(add_around(sum, b), add_around(c, d));
}
