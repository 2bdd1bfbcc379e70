/* Frames in memory (lane.h). */
#include "lane.h"

#include <string.h>

#define LINE 64u
_Static_assert(LANE_FRAMES * sizeof(struct lane_frame) / LINE <= UINT16_MAX, "a note says where a frame is");

static uint8_t *
frame_at(struct lane *l, unsigned line)
{
	return (uint8_t *)l->frame + (size_t)line * LINE + offsetof(struct lane_frame, octets);
}

static unsigned
line_of(const struct lane *l, const uint8_t *octets)
{
	return (unsigned)((size_t)(octets - l->frame[0].octets) / LINE);
}

static struct lane_note *
note_at(struct lane *l, uint32_t n)
{
	return &l->note[n % LANE_FRAMES];
}

/* What the other end has taken is blank again. */
static void
reclaim(struct lane_end *e)
{
	uint32_t taken = atomic_load_explicit(&e->from->taken, memory_order_acquire), n = e->given_back;
	struct fns_frame *blank = &e->out[e->in_flight];
	struct lane *to = e->to;

	e->in_flight -= taken - n;
	e->given_back = taken;
	for (; n != taken; n++)
		(--blank)->data = frame_at(to, note_at(to, n)->line);
}

/* All lines of short frames, and the last ones of their answers (the shard asks for the others), are under way before the
 * first frame is looked at. */
static void
take(struct lane_end *e, unsigned n)
{
	struct lane *from = e->from;
	uint32_t taken = e->taken;

	for (unsigned i = 0; i < n; i++) {
		struct lane_note note = *note_at(from, taken + i);
		struct fns_frame *f = &e->in[i];

		f->data = frame_at(from, note.line);
		f->len = note.len;
		__builtin_prefetch(f->data);
		__builtin_prefetch(f->data + LINE);
		__builtin_prefetch(f->data + 2 * LINE);
		__builtin_prefetch(e->base.tx.slot[i].data + 2 * LINE, 1);
	}
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void
receive(struct link_end *base, unsigned most)
{
	struct lane_end *e = (struct lane_end *)base;
	unsigned waits = atomic_load_explicit(&e->from->sent, memory_order_acquire) - e->taken, room = 0;

	reclaim(e);
	/* Each may call for an answer that has nowhere to wait; what else there is to say can, and does if too much is
	 * under way: two ends that filled the lanes would only wait for each other. */
	most = least(most, least(LANE_BURST, LANE_FRAMES - e->in_flight));
	base->received = least(waits, most);
	if (e->in_flight + waits < LANE_AHEAD)
		room = LANE_AHEAD - e->in_flight - waits;
	if (room < base->received)
		room = base->received;
	base->tx = (struct fns_outbox){&e->out[e->in_flight], (uint16_t)room, 0};
	take(e, base->received);
}

static void
transmit(struct link_end *base)
{
	struct lane_end *e = (struct lane_end *)base;
	const struct fns_frame *f = base->tx.slot;
	struct lane *to = e->to;

	for (uint32_t n = e->sent, end = n + base->tx.used; n != end; n++, f++)
		*note_at(to, n) = (struct lane_note){(uint16_t)line_of(to, f->data), f->len};
	if (base->tx.used > 0) {
		e->in_flight += base->tx.used;
		e->sent += base->tx.used;
		atomic_store_explicit(&e->to->sent, e->sent, memory_order_release);
	}
	if (base->received > 0) {
		e->taken += base->received;
		atomic_store_explicit(&e->to->taken, e->taken, memory_order_release);
	}
	base->received = 0;
}

void
lane_end_init(struct lane_end *e, struct lane *to, struct lane *from, bool offload)
{
	memset(e, 0, sizeof(*e));
	e->base.rx = e->in;
	e->base.receive = receive;
	e->base.transmit = transmit;
	e->to = to;
	e->from = from;
	for (unsigned i = 0; i < LANE_BURST; i++)
		e->in[i].flags = offload ? FNS_FRAME_IP_CKSUM_GOOD | FNS_FRAME_L4_CKSUM_GOOD : 0;
	for (unsigned i = 0; i < LANE_FRAMES; i++) {
		e->out[i].data = to->frame[i].octets;
		e->out[i].room = LANE_ROOM;
	}
}
