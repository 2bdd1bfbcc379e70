/* Addresses and the four-tuple, dual-stack: 16 octets, IPv4 as ::ffff:a.b.c.d. */
#ifndef FNS_FLOW_H
#define FNS_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct flow {
	uint8_t local[16], remote[16]; /* network order */
	uint16_t lport, rport;         /* host order */
};
_Static_assert(sizeof(struct flow) == 36, "hashed as 36 octets");

static inline bool
flow_equal(const struct flow *a, const struct flow *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The XOR of all 16-bit words in network order: the same for a flow and its mirror image, 0 for a flow with itself; that of
 * an IPv4 flow is the XOR of its 32-bit addresses' words, since the prefixes cancel. */
static inline uint16_t
flow_fold(const struct flow *f)
{
	uint64_t sum = 0, word;
	uint16_t half;
	uint8_t octet[2];

	for (size_t i = 0; i < 32; i += 8) {
		memcpy(&word, i < 16 ? f->local + i : f->remote + (i - 16), 8);
		sum ^= word;
	}
	sum ^= sum >> 32;
	half = (uint16_t)(sum ^ sum >> 16);
	memcpy(octet, &half, 2);
	return (uint16_t)((octet[0] << 8 | octet[1]) ^ f->lport ^ f->rport);
}

static const uint8_t addr_mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static inline void
addr_from_ip4(uint8_t addr[16], const uint8_t ip4[4])
{
#ifdef __SSE2__
	int word;

	memcpy(&word, ip4, 4);
	/* in one piece, as it will be read */
	_mm_storeu_si128((void *)addr, _mm_or_si128(_mm_slli_si128(_mm_cvtsi32_si128(word), 12),
	                                            _mm_set_epi32(0, -0x10000, 0, 0)));
#else
	memcpy(addr, addr_mapped_prefix, 12);
	memcpy(addr + 12, ip4, 4);
#endif
}

static inline bool
addr_is_ip4(const uint8_t addr[16])
{
	uint64_t high;
	uint32_t word, prefix;

	memcpy(&high, addr, 8);
	memcpy(&word, addr + 8, 4);
	memcpy(&prefix, addr_mapped_prefix + 8, 4);
	return high == 0 && word == prefix;
}

static inline bool
addr_equal(const uint8_t a[16], const uint8_t b[16])
{
	uint64_t x[2], y[2];

	memcpy(x, a, 16);
	memcpy(y, b, 16);
	return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

/* The XOR of an address's words, as in memory. */
static inline uint32_t
addr_fold(const uint8_t addr[16])
{
	uint64_t word[2];

	memcpy(word, addr, 16);
	word[0] ^= word[1];
	return (uint32_t)(word[0] ^ word[0] >> 32);
}

/* The same of a mapped one, from its four octets. */
static inline uint32_t
addr_fold_ip4(uint32_t ip4)
{
	uint32_t prefix;

	memcpy(&prefix, addr_mapped_prefix + 8, 4);
	return ip4 ^ prefix;
}

/* Its topmost bits spread addresses of one network, of either family.  No secret: who may choose addresses can make them
 * meet. */
static inline uint64_t
addr_hash(const uint8_t addr[16])
{
	uint64_t word[2];

	memcpy(word, addr, 16);
	return (word[0] ^ word[1]) * UINT64_C(0x9e3779b97f4a7c15);
}

/* 0.0.0.0 or :: */
static inline bool
addr_is_zero(const uint8_t addr[16])
{
	uint64_t high;
	uint32_t word, last;

	memcpy(&high, addr, 8);
	memcpy(&word, addr + 8, 4);
	memcpy(&last, addr + 12, 4);
	return (high | last) == 0 && (word == 0 || addr_is_ip4(addr));
}

/* 224/4, 255.255.255.255 or ff00::/8 */
static inline bool
addr_is_multicast(const uint8_t addr[16])
{
	static const uint8_t all[4] = {0xff, 0xff, 0xff, 0xff};

	if (!addr_is_ip4(addr))
		return addr[0] == 0xff;
	return (addr[12] & 0xf0) == 0xe0 || memcmp(addr + 12, all, 4) == 0;
}

#define ADDR_TEXT 64
/* "198.51.100.1:80", "[2001:db8::1]:80"; returns `text`. */
const char *addr_text(char text[ADDR_TEXT], const uint8_t addr[16], uint16_t port);

#endif
