/* A worker whose time is a capture's: it goes on to the next frame or deadline, whichever comes first, and waits for
 * nothing.  The same capture and configuration then give the same frames, whenever and wherever they are turned. */
#include <string.h>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include <finesse/shard.h>

#include "log.h"
#include "worker.h"

#define NEVER   UINT64_MAX
#define STEP_US 100000 /* when all is over, and something still looks at the time: a drain */

/* When net_pcap says that the frame was captured; the present, if the port says nothing. */
static uint64_t
captured_us(const struct worker *w, const struct rte_mbuf *m)
{
	int at = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
	int bit = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);

	if (at < 0 || bit < 0 || !(m->ol_flags & UINT64_C(1) << bit))
		return w->now_us;
	return *RTE_MBUF_DYNFIELD(m, at, const rte_mbuf_timestamp_t *);
}

/* The next frame of the capture, out of its mbuf: that goes back with this turn, the frame may be for a later one. */
static void
look_ahead(struct worker *w)
{
	struct virtual *v = &w->virtual;
	const struct fns_frame *f = w->io.rx;
	uint64_t at;

	w->io.burst = v->held ? 0 : 1;
	if (io_rx(&w->io) == 0)
		return;
	at = captured_us(w, f->token);
	if (!v->begun) {
		v->begun = true;
		v->begun_us = at;
	}
	memcpy(v->octets, f->data, f->len);
	v->frame = *f;
	v->frame.data = v->octets;
	v->frame.token = NULL;
	v->at_us = at > v->begun_us ? at - v->begun_us : 0;
	v->held = true;
}

void
virtual_turn(struct worker *w)
{
	struct virtual *v = &w->virtual;
	uint64_t due = fns_shard_due(w->shard), opens = services_due(&w->services);

	look_ahead(w);
	due = opens < due ? opens : due;
	if (v->held && v->at_us <= due) {
		v->held = false;
		worker_turn(w, v->at_us, &v->frame, 1);
		return;
	}
	if (due == NEVER && !v->over) {
		v->over = true;
		say("the capture is at its end, and nothing is due");
	}
	if (due == NEVER)
		due = w->now_us + STEP_US;
	worker_turn(w, due, NULL, 0);
}
