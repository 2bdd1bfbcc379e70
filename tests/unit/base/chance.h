/* cmocka, and chance that is the same in every run. */
#ifndef CHANCE_H
#define CHANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct chance {
	uint64_t state;
};

/* splitmix64 */
static inline uint64_t
chance_64(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline uint32_t
chance_below(struct chance *c, uint32_t n)
{
	return (uint32_t)((chance_64(c) >> 32) * n >> 32);
}

#endif
