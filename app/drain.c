/* How serving ends (drain.h). */
#include <inttypes.h>
#include <string.h>

#include <finesse/shard.h>

#include "drain.h"
#include "log.h"
#include "worker.h"

#define LOOK_US   100000  /* between two looks at all connections */
#define FORCED_US 2000000 /* for the last resets to leave */

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

static void
begin(struct drain *d, struct worker *w)
{
	d->phase = DRAIN_DRAINING;
	d->deadline_us = w->now_us + w->conf->drain.deadline_s * 1000000;
	d->next_us = w->now_us;
	say("draining: %" PRIu64 " connections, %" PRIu64 " s at the most", live(w),
	    w->conf->drain.deadline_s);
	services_unlisten(&w->services);
}

static void
abort_one(struct fns_conn *c, void *arg)
{
	struct worker *w = arg;

	w->aborted++;
	fns_abort(c);
}

static void
force(struct drain *d, struct worker *w, const char *why)
{
	d->phase = DRAIN_FORCED;
	d->deadline_us = w->now_us + FORCED_US;
	fns_shard_each(w->shard, abort_one, w);
	say("%s: %" PRIu64 " connections are aborted", why, w->aborted);
}

bool
drain_done(struct drain *d, struct worker *w)
{
	unsigned asked = atomic_load_explicit(w->stop, memory_order_relaxed);

	if (asked == 0 && !w->virtual.over)
		return false;
	if (d->phase == DRAIN_SERVING)
		begin(d, w);
	if (d->phase == DRAIN_DRAINING && w->now_us >= d->next_us) {
		fns_shard_each(w->shard, services_drain_one, &w->services);
		d->next_us = w->now_us + LOOK_US;
	}
	if (live(w) == 0)
		return io_waiting(&w->io) + io_lent(&w->io) == 0 || w->now_us >= d->deadline_us;
	if (d->phase == DRAIN_DRAINING && asked > 1)
		force(d, w, "asked again");
	else if (d->phase == DRAIN_DRAINING && w->now_us >= d->deadline_us)
		force(d, w, "the deadline has passed");
	return d->phase == DRAIN_FORCED && w->now_us >= d->deadline_us;
}
