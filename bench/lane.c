/* Rings of frames in memory (lane.h). */
#include "lane.h"

#include <string.h>

static void
receive(struct link_end *base, unsigned most)
{
	struct lane_end *e = (struct lane_end *)base;
	uint32_t waits = 0, room = LANE_FRAMES - (e->sent - e->room_seen);

	if (room < LANE_FRAMES / 2) {
		e->room_seen = atomic_load_explicit(&e->to->read, memory_order_acquire);
		room = LANE_FRAMES - (e->sent - e->room_seen);
	}
	if (most > room)
		most = room; /* each may call for an answer that has nowhere to wait */
	if (most > 0)
		waits = atomic_load_explicit(&e->from->written, memory_order_acquire) - e->taken;
	base->received = waits < most ? waits : most;
	base->rx = &e->in[e->taken % LANE_FRAMES];
	for (unsigned i = 0; i < base->received; i++) {
		struct fns_frame *f = &base->rx[i];

		f->len = e->from->frame[(e->taken + i) % LANE_FRAMES].len;
		f->room = f->len;
		__builtin_prefetch(f->data + 64); /* `len` brings the first line */
	}
	base->tx = (struct fns_outbox){&e->out[e->sent % LANE_FRAMES], (uint16_t)room, 0};
}

static void
transmit(struct link_end *base)
{
	struct lane_end *e = (struct lane_end *)base;

	for (unsigned i = 0; i < base->tx.used; i++)
		e->to->frame[(e->sent + i) % LANE_FRAMES].len = base->tx.slot[i].len;
	if (base->tx.used > 0) {
		e->sent += base->tx.used;
		atomic_store_explicit(&e->to->written, e->sent, memory_order_release);
	}
	if (base->received > 0) {
		e->taken += base->received;
		atomic_store_explicit(&e->from->read, e->taken, memory_order_release);
	}
	base->received = 0;
}

void
lane_end_init(struct lane_end *e, struct lane *to, struct lane *from, bool offload)
{
	memset(e, 0, sizeof(*e));
	e->base.receive = receive;
	e->base.transmit = transmit;
	e->to = to;
	e->from = from;
	for (unsigned i = 0; i < 2 * LANE_FRAMES; i++) {
		e->in[i].data = from->frame[i % LANE_FRAMES].octets;
		e->in[i].flags = offload ? FNS_FRAME_IP_CKSUM_GOOD | FNS_FRAME_L4_CKSUM_GOOD : 0;
		e->out[i].data = to->frame[i % LANE_FRAMES].octets;
		e->out[i].room = LANE_ROOM;
	}
}
