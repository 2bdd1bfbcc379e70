/* The loop: packets between addresses of our own. */
#include "loop.h"

#include "eth.h"

struct fns_frame *
loop_blank(struct loop *l)
{
	uint32_t tail = (l->head + l->used) % LOOP_FRAMES;

	if (l->used == LOOP_FRAMES)
		return NULL;
	l->blank.data = l->octets + (size_t)tail * LOOP_ROOM;
	l->blank.room = LOOP_ROOM;
	return &l->blank;
}

void
loop_put(struct loop *l, uint16_t len)
{
	l->len[(l->head + l->used) % LOOP_FRAMES] = len;
	l->used++;
}

const uint8_t *
loop_head(const struct loop *l, uint16_t *len)
{
	if (l->used == 0)
		return NULL;
	*len = l->len[l->head];
	return l->octets + (size_t)l->head * LOOP_ROOM + ETH_HEADER;
}

void
loop_drop(struct loop *l)
{
	l->head = (l->head + 1) % LOOP_FRAMES;
	l->used--;
}
