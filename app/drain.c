/* How serving ends (drain.h). */
#include "drain.h"

#include <inttypes.h>
#include <string.h>

#include <finesse/shard.h>

#include "log.h"
#include "worker.h"
#include "workers.h"

#define LOOK_US      100000  /* between two looks at all connections */
#define FORCED_US    2000000 /* for the last resets to leave */
#define ANSWER_US    500000 /* a peer that missed octets asks back before it believes a reset (RFC 5961 3.2) */
#define PIECE        1024   /* connections that are looked at in one turn */
#define IDLE_PART    4      /* idle connections are closed within this part of the deadline, ... */
#define IDLE_MOST_US 10000000
#define SHARE_LEAST  64 /* ... but not fewer than so many between two looks */

/* Connections that have not ended: TIME-WAIT entries are not among them. */
static uint64_t
live(const struct worker *w)
{
	struct fns_stat row[256];
	size_t n = fns_shard_stats(w->shard, row, 256);

	for (size_t i = 0; i < n && i < 256; i++) {
		if (strcmp(row[i].name, "conns") == 0)
			return row[i].value;
	}
	return 0;
}

bool
drain_begun(const struct workers *all)
{
	return atomic_load_explicit(all->order.signals, memory_order_relaxed) > 0 ||
	       atomic_load_explicit(&all->order.given, memory_order_relaxed) > 0;
}

/* A thousand closed within one turn would be a thousand answers within one round trip. */
static uint32_t
share_of(uint64_t connections, uint64_t patience_us)
{
	uint64_t within = patience_us / IDLE_PART < IDLE_MOST_US ? patience_us / IDLE_PART : IDLE_MOST_US;
	uint64_t looks = within / LOOK_US + 1, share = connections / looks + 1;

	return (uint32_t)(share < SHARE_LEAST ? SHARE_LEAST : share);
}

static void
begin(struct drain *d, struct worker *w)
{
	d->phase = DRAIN_DRAINING;
	d->next_us = w->now_us;
	services_unlisten(&w->services);
	fns_shard_ignore_opens(w->shard, atomic_load_explicit(&w->all->order.ignore, memory_order_relaxed));
}

/* The later order counts; a first signal after an order only brings the deadline nearer. */
bool
drain_until(struct drain_until *u, const struct drain_order *o, uint64_t now_us)
{
	unsigned signals = atomic_load_explicit(o->signals, memory_order_relaxed);
	unsigned given = atomic_load_explicit(&o->given, memory_order_acquire);
	uint64_t by_signal;

	if (signals == u->signals && given == u->given)
		return false;
	by_signal = now_us + atomic_load_explicit(&o->signal_ms, memory_order_relaxed) * 1000;
	if (given != u->given)
		u->us = now_us + atomic_load_explicit(&o->deadline_ms, memory_order_relaxed) * 1000;
	if (signals != u->signals && (given == 0 || by_signal < u->us))
		u->us = by_signal;
	u->signals = signals;
	u->given = given;
	return true;
}

static void
plan(struct drain *d, struct worker *w)
{
	uint64_t left_us = d->until.us > w->now_us ? d->until.us - w->now_us : 0;

	w->services.quiet_us = services_quiet_us(left_us);
	d->share = share_of(live(w), left_us);
	say("draining shard %u: %" PRIu64 " connections, %.1f s at the most", w->index, live(w),
	    (double)left_us / 1e6);
}

static void
look_at_one(struct fns_conn *c, void *arg)
{
	struct worker *w = arg;
	struct drain *d = &w->drain;

	if (d->left > 0 && services_drain_one(&w->services, c)) {
		d->left--;
		counter_add(&d->closed, 1);
	}
}

static void
abort_one(struct fns_conn *c, void *arg)
{
	struct worker *w = arg;

	counter_add(&w->drain.aborted, 1);
	fns_abort(c);
}

/* A piece of the look under way, or of the next once it is time for that. */
static void
look(struct drain *d, struct worker *w)
{
	if (!d->looking && w->now_us < d->next_us)
		return;
	if (!d->looking) {
		d->left = d->share;
		d->next_us = w->now_us + LOOK_US;
	}
	d->at = fns_shard_some(w->shard, d->at, PIECE, look_at_one, w);
	d->looking = d->at != 0 && d->left > 0; /* who is not reached now is the first next time */
}

static void
force(struct drain *d, struct worker *w, const char *why)
{
	say("%s: the %" PRIu64 " connections left in shard %u are aborted", why, live(w), w->index);
	d->phase = DRAIN_FORCED;
	d->until.us = w->now_us + FORCED_US;
	d->at = 0;
}

bool
drain_done(struct drain *d, struct worker *w)
{
	bool news = d->phase != DRAIN_FORCED && drain_until(&d->until, &w->all->order, w->now_us);

	if (d->phase == DRAIN_SERVING) {
		if (!news && !w->virtual.over)
			return false;
		begin(d, w);
		news = true;
	}
	if (news)
		plan(d, w);
	if (d->phase == DRAIN_DRAINING)
		look(d, w);
	if (live(w) == 0 && (d->phase != DRAIN_FORCED || w->now_us + FORCED_US - ANSWER_US >= d->until.us))
		return io_waiting(&w->io) + io_lent(&w->io) == 0 || w->now_us >= d->until.us;
	if (d->phase == DRAIN_DRAINING && d->until.signals > 1)
		force(d, w, "asked again");
	else if (d->phase == DRAIN_DRAINING && w->now_us >= d->until.us)
		force(d, w, "the deadline has passed");
	if (d->phase == DRAIN_FORCED)
		d->at = fns_shard_some(w->shard, d->at, PIECE, abort_one, w);
	return d->phase == DRAIN_FORCED && w->now_us >= d->until.us;
}
