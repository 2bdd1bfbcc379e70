/* What the tests of lib/wire share: blocks of exactly the octets that are parsed, so that AddressSanitizer sees the first
 * read too far; a checksum as slow as RFC 1071 §1 reads; and random numbers that are the same in every run. */
#ifndef FNS_TEST_OCTETS_H
#define FNS_TEST_OCTETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cursor.h"
#include "drop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct octets {
	uint8_t *block; /* to be freed */
	uint8_t *at;    /* len octets, the last of them the last of the block */
	size_t len;
};

static inline struct octets
octets_blank(size_t len)
{
	struct octets o = {.len = len};
	size_t before = len == 0 ? 8 : 0; /* of malloc(0) one octet may be read */

	o.block = calloc(1, len + before);
	assert_non_null(o.block);
	o.at = o.block + before;
	return o;
}

static inline struct octets
octets_of(const void *from, size_t len)
{
	struct octets o = octets_blank(len);

	if (len > 0)
		memcpy(o.at, from, len);
	return o;
}

static inline void
octets_free(struct octets *o)
{
	free(o->block);
	*o = (struct octets){0};
}

static inline uint32_t
random_u32(uint64_t *seed)
{
	/* Knuth's MMIX multiplier; the upper half is the good one */
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 32);
}

static inline void
random_fill(uint64_t *seed, uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (uint8_t)random_u32(seed);
}

static inline uint32_t
naive_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static inline uint16_t
naive_cksum(const uint8_t *p, size_t len)
{
	return (uint16_t)~naive_sum(0, p, len);
}

/* The checksum of len octets behind the pseudo header of their family, drawn out octet by octet. */
static inline uint16_t
naive_l4_cksum(const uint8_t src[16], const uint8_t dst[16], uint8_t protocol, const uint8_t *l4, size_t len)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	uint8_t pseudo[40] = {0};
	size_t n;

	if (memcmp(src, mapped, 12) == 0) { /* RFC 9293 §3.1 */
		memcpy(pseudo, src + 12, 4);
		memcpy(pseudo + 4, dst + 12, 4);
		pseudo[9] = protocol;
		put_u16(pseudo + 10, (uint16_t)len);
		n = 12;
	} else { /* RFC 8200 §8.1 */
		memcpy(pseudo, src, 16);
		memcpy(pseudo + 16, dst, 16);
		put_u32(pseudo + 32, (uint32_t)len);
		pseudo[39] = protocol;
		n = 40;
	}
	return (uint16_t)~naive_sum(naive_sum(0, pseudo, n), l4, len);
}

/* Says which drop was expected by name, and of which case. */
#define assert_drop(is, expected, ...) assert_drop_at((is), (expected), __FILE__, __LINE__, __VA_ARGS__)

static inline void
assert_drop_at(enum drop is, enum drop expected, const char *file, int line, const char *form, ...)
{
	char text[128];
	va_list arguments;

	if (is == expected)
		return;
	va_start(arguments, form);
	(void)vsnprintf(text, sizeof(text), form, arguments);
	va_end(arguments);
	print_error("%s: %s, not %s\n", text, drop_name(is), drop_name(expected));
	_fail(file, line);
}

/* Two addresses of each family for whom it does not matter which. */
static const uint8_t ALICE4[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [13] = 0, [14] = 2, [15] = 1};
static const uint8_t BOB4[16] = {[10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100, [15] = 2};
static const uint8_t ALICE6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
static const uint8_t BOB6[16] = {0x20, 0x01, 0x0d, 0xb8, [7] = 7, [15] = 2};

#endif
