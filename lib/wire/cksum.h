/* The Internet checksum (RFC 1071). */
#ifndef FNS_CKSUM_H
#define FNS_CKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cursor.h"

/* One's complement sum of len octets added to `sum`, not yet folded; an odd last octet is padded with zero, so
 * only the last piece of a sum may be odd.  A sum is kept in memory order (RFC 1071 §2 (B)): add to it by these functions
 * only. */
uint64_t cksum_add(uint64_t sum, const void *octets, size_t len);

/* The carry goes round: 2^64 - 1 is a multiple of 2^16 - 1, so nothing is lost. */
static inline uint64_t
cksum_around(uint64_t a, uint64_t b)
{
	bool carry = __builtin_add_overflow(a, b, &a);

	return a + carry;
}

static inline uint64_t
cksum_eight(uint64_t sum, const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, 8);
	return cksum_around(sum, word);
}

static inline uint64_t
cksum_four(uint64_t sum, const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, 4);
	return cksum_around(sum, word);
}

/* The same for a header, whose length is a multiple of four and small. */
static inline uint64_t
cksum_header(uint64_t sum, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	if (len & 4) {
		sum = cksum_four(sum, p);
		p += 4;
	}
	for (; p < end; p += 8)
		sum = cksum_eight(sum, p);
	return sum;
}

/* Of 20 octets, as nearly all headers are, or begin. */
static inline uint64_t
cksum_header20(uint64_t sum, const uint8_t *p)
{
	return cksum_four(cksum_eight(cksum_eight(sum, p), p + 8), p + 16);
}

/* What the pseudo header has behind the addresses. */
static inline uint64_t
cksum_pseudo_rest(uint8_t protocol, size_t len)
{
	uint8_t rest[8];
	uint64_t sum;

	put_u32(rest, (uint32_t)len);
	put_u32(rest + 4, protocol);
	memcpy(&sum, rest, 8);
	return sum;
}

/* The sum of the pseudo header; addresses of 16 octets, IPv4 mapped (both or neither).  RFC 8200 §8.1; for IPv4 (RFC
 * 9293 §3.1) the same words come to the same sum: the prefix ::ffff:0:0 of a mapped address adds 0xffff, which is zero in
 * one's complement. */
static inline uint64_t
cksum_pseudo(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, size_t len)
{
	uint64_t sum = cksum_eight(cksum_eight(cksum_pseudo_rest(protocol, len), src), src + 8);

	return cksum_eight(cksum_eight(sum, dst), dst + 8);
}

/* Half a sum added to the other half of it, of 64 bits and then of 32: each time the upper half, into which the lower one
 * carried, is all of it. */
static inline uint32_t
cksum_half(uint64_t sum)
{
	return (uint32_t)((sum + (sum >> 32 | sum << 32)) >> 32);
}

static inline uint16_t
cksum_quarter(uint32_t sum)
{
	return (uint16_t)((sum + (sum >> 16 | sum << 16)) >> 16);
}

static inline uint16_t
cksum_halves(uint64_t sum)
{
	return cksum_quarter(cksum_half(sum));
}

/* Folded and complemented, host order: ready for put_u16. */
static inline uint16_t
cksum_fold(uint64_t sum)
{
	uint16_t folded = (uint16_t)~cksum_halves(sum);
	uint8_t octets[2];

	memcpy(octets, &folded, sizeof(octets));
	return get_u16(octets);
}

/* Does it fold to zero?  Of octets that are not all zeros, it is then a multiple of 2^16 - 1: which those are that come to
 * few when they are divided by it, and so when they are multiplied by its inverse modulo 2^64. */
static inline bool
cksum_is_right(uint64_t sum)
{
	return sum * UINT64_C(0xfffefffefffeffff) <= UINT64_MAX / UINT16_MAX;
}

/* The other way to keep a sum: of words of 16 or 32 bits as numbers, while they are written.  What has just been
 * written in pieces should not be read back in others: the processor must wait for it. */
static inline uint16_t
cksum_number(uint64_t sum) /* ready for put_u16 */
{
	return (uint16_t)~cksum_halves(sum);
}

static inline uint16_t
cksum_number32(uint32_t sum)
{
	return (uint16_t)~cksum_quarter(sum);
}

static inline uint64_t
cksum_number_of(uint64_t sum) /* from the first way to this one */
{
	return net_u32(cksum_half(sum));
}

/* Of an address, folded: at most 0xffff. */
static inline uint32_t
cksum_number_addr(const uint8_t addr[16])
{
	uint64_t sum = (uint64_t)get_u32(addr) + get_u32(addr + 4) + get_u32(addr + 8) + get_u32(addr + 12);

	return cksum_halves(sum);
}

#endif
