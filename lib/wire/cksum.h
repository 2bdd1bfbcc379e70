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

/* The same for a header, whose length is a multiple of four and small, onto a sum of such alone: no carry is ever lost
 * off 64 bits. */
static inline uint64_t
cksum_word(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, 4);
	return word;
}

static inline uint64_t
cksum_header(uint64_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 4)
		sum += cksum_word(p + i);
	return sum;
}

/* Of 20 octets, which nearly all headers have. */
static inline uint64_t
cksum_header20(const uint8_t *p)
{
	return cksum_word(p) + cksum_word(p + 4) + cksum_word(p + 8) + cksum_word(p + 12) +
	       cksum_word(p + 16);
}

/* The sum of the pseudo header; addresses of 16 octets, IPv4 mapped (both or neither).  RFC 8200 §8.1; for IPv4 (RFC
 * 9293 §3.1) the same words come to the same sum: the prefix ::ffff:0:0 of a mapped address adds 0xffff, which is zero in
 * one's complement. */
static inline uint64_t
cksum_pseudo(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, size_t len)
{
	uint8_t rest[8] = {[7] = protocol};

	put_u32(rest, (uint32_t)len);
	return cksum_header(cksum_header(cksum_header(0, src, 16), dst, 16), rest, sizeof(rest));
}

/* One's complement sum of the four 16-bit words: twice the halves are added to each other, and in the upper one meets
 * the sum the carry of the lower one, which is the same sum. */
static inline uint16_t
cksum_halves(uint64_t sum)
{
	uint32_t half;

	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

/* Folded and complemented, host order: ready for put_u16. */
static inline uint16_t
cksum_fold(uint64_t sum)
{
	uint8_t octets[2];
	uint16_t folded = (uint16_t)~cksum_halves(sum);

	memcpy(octets, &folded, sizeof(octets));
	return get_u16(octets);
}

/* The other way to keep a sum: of words of 16 or 32 bits as numbers, while they are written.  What has just been
 * written in pieces should not be read back in others: the processor must wait for it. */
static inline uint16_t
cksum_number(uint64_t sum) /* ready for put_u16 */
{
	return (uint16_t)~cksum_halves(sum);
}

static inline uint64_t
cksum_number_of(uint64_t sum) /* from the first way to this one */
{
	return (uint16_t)~cksum_fold(sum);
}

static inline uint64_t
cksum_number_addr(const uint8_t addr[16])
{
	return (uint64_t)get_u32(addr) + get_u32(addr + 4) + get_u32(addr + 8) + get_u32(addr + 12);
}

#endif
