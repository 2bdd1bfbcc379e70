/* Frames for a capture, on the worker's side (capture.h). */
#include "capture.h"

#include <string.h>

#include <finesse/request.h>

#include "worker.h"

#define LINGER_US 100000 /* after its end: last acknowledgments, resets that cross */

enum { TCP_LEAST = 20 };

static unsigned
u16_at(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The port fills in the checksum of such a frame: the copy gets its own. */
static void
finish_cksum(struct capture_slot *s, const struct fns_frame *f)
{
	size_t at = (size_t)f->l2_len + f->l3_len;
	uint32_t sum = 0;

	if (!(f->flags & FNS_FRAME_TCP_CKSUM) || s->kept < s->len || at + TCP_LEAST > s->len)
		return;
	for (size_t i = at; i + 1 < s->len; i += 2) /* the field holds the pseudo header's sum */
		sum += u16_at(s->octets + i);
	if ((s->len - at) % 2 != 0)
		sum += (unsigned)s->octets[s->len - 1] << 8;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	s->octets[at + 16] = (uint8_t)(sum >> 8);
	s->octets[at + 17] = (uint8_t)sum;
}

static void
keep(struct worker *w, const struct fns_frame *f, bool sent)
{
	struct capture *c = w->capture;
	struct fns_addr from = {.port = 0}, to = {.port = 0};
	uint64_t filled = atomic_load_explicit(&c->filled, memory_order_relaxed);
	struct capture_slot *s = &c->slot[filled % CAPTURE_SLOTS];

	if (!fns_frame_ends(f->data, f->len, &from, &to))
		return;
	if (c->close_class < 0 && !flow_matches(&c->flow, sent ? &from : &to, sent ? &to : &from))
		return;
	if (c->close_class < 0 &&
	    filled - atomic_load_explicit(&c->taken, memory_order_acquire) == CAPTURE_SLOTS) {
		counter_add(&c->missed, 1);
		return;
	}
	s->at_us = w->now_us;
	s->local = sent ? from : to;
	s->remote = sent ? to : from;
	s->len = f->len;
	s->kept = f->len < CAPTURE_SNAP ? f->len : CAPTURE_SNAP;
	s->sent = sent;
	memcpy(s->octets, f->data, s->kept);
	finish_cksum(s, f);
	atomic_store_explicit(&c->filled, filled + 1, memory_order_release);
}

void
capture_frames(struct worker *w, const struct fns_frame *frame, unsigned n, bool sent)
{
	if (w->capture == NULL || atomic_load_explicit(&w->capture->ended, memory_order_relaxed))
		return;
	for (unsigned i = 0; i < n; i++)
		keep(w, &frame[i], sent);
}

void
capture_turned(struct worker *w)
{
	struct capture *c = w->capture;

	if (c == NULL || c->close_class < 0 || atomic_load_explicit(&c->ended, memory_order_relaxed))
		return;
	if (c->ends_us == 0 && fns_shard_watched(w->shard, &c->local, &c->remote))
		c->ends_us = w->now_us + LINGER_US;
	if (c->ends_us != 0 && w->now_us >= c->ends_us)
		atomic_store_explicit(&c->ended, true, memory_order_release);
}

void
capture_begin(struct worker *w, struct capture *c)
{
	w->capture = c;
	fns_shard_watch(w->shard, c == NULL ? -1 : c->close_class);
}
