/* Reading received octets: a cursor never moves past its end, and never reads what is not there. */
#ifndef FNS_CURSOR_H
#define FNS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at, *end;
};

static inline struct cursor
cursor_of(const uint8_t *octets, size_t len)
{
	return (struct cursor){octets, octets + len};
}

static inline size_t
cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* Skips n octets and returns where they start, or NULL (and nothing skipped) when fewer are left. */
static inline const uint8_t *
cursor_take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->at;

	if (cursor_left(c) < n)
		return NULL;
	c->at += n;
	return p;
}

/* Between network and host order, in one piece: of octets shifted one by one, compilers do not always make that. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define net_u16 __builtin_bswap16
#define net_u32 __builtin_bswap32
#else
#define net_u16
#define net_u32
#endif

/* Network order in octets that are known to be there. */
static inline uint16_t
get_u16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, 2);
	return net_u16(v);
}

static inline uint32_t
get_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return net_u32(v);
}

static inline void
put_u16(uint8_t *p, uint16_t v)
{
	v = net_u16(v);
	memcpy(p, &v, 2);
}

static inline void
put_u32(uint8_t *p, uint32_t v)
{
	v = net_u32(v);
	memcpy(p, &v, 4);
}

#endif
