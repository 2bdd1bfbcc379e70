/* A timing wheel of one level: 65,536 slots of one tick.  Nodes live inside the objects of a pool and are named
 * by the object's index.  A node due beyond the horizon (65,535 ticks) is put into the last slot and comes out
 * there, early: the owner looks at its deadlines, finds none due, and arms it again.  Arming, disarming and
 * expiring cost a constant; finding the next occupied slot is a search in a two-level bitmap.
 *
 * Ticks are 32 bits and wrap; what is armed lies within 2^31 ticks of now. */
#ifndef FNS_WHEEL_H
#define FNS_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_SLOTS   65536u
#define WHEEL_NONE    UINT32_MAX       /* no node */
#define WHEEL_UNARMED (UINT32_MAX - 1) /* in prev: not in the wheel */
#define WHEEL_HEAD    0x80000000u      /* in prev, with the number of the slot: at its head */

struct wheel_node {
	uint32_t prev; /* an index below WHEEL_HEAD, or one of the above */
	uint32_t next; /* an index; WHEEL_NONE at the end of a slot */
};

struct wheel {
	uint32_t now;     /* no slot before this tick is occupied */
	uint32_t armed;   /* nodes in the wheel */
	uint8_t *objects; /* node of object i: objects + i * stride + offset */
	size_t stride, offset;
	uint32_t *head;    /* WHEEL_SLOTS indices */
	uint64_t *bits;    /* one bit a slot */
	uint64_t *summary; /* one bit a word of bits */
};

size_t wheel_bytes(void); /* memory that wheel_init wants, aligned to 8 */
void wheel_init(struct wheel *, void *mem, uint32_t now, void *objects, size_t stride, size_t offset);

static inline void
wheel_node_init(struct wheel_node *n)
{
	n->prev = WHEEL_UNARMED;
}

static inline bool
wheel_node_armed(const struct wheel_node *n)
{
	return n->prev != WHEEL_UNARMED;
}

/* Moves it if it was armed; a past due means now.  Returns the tick whose slot holds it: due, now or the horizon. */
uint32_t wheel_arm(struct wheel *, uint32_t index, uint32_t due);

/* No harm if it was not armed. */
void wheel_disarm(struct wheel *, uint32_t index);

/* One node whose slot is at or before `now`, disarmed; WHEEL_NONE if none is left.  Call until then, or until the
 * caller's budget is spent: the wheel does not advance past a slot that is still occupied. */
uint32_t wheel_expire(struct wheel *, uint32_t now);

/* False: wheel_expire has been here in this tick, and nothing has been armed for it since. */
static inline bool
wheel_may_expire(const struct wheel *w, uint32_t now)
{
	uint32_t slot = now % WHEEL_SLOTS;

	return now != w->now || (w->bits[slot / 64] >> slot % 64 & 1) != 0;
}

/* The tick of the next occupied slot; false if nothing is armed. */
bool wheel_next(const struct wheel *, uint32_t *tick);

#endif
