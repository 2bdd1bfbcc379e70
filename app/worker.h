/* A worker: the thread that turns one shard, from the first frame to the last. */
#ifndef FINESSED_WORKER_H
#define FINESSED_WORKER_H

#include <stdatomic.h>

#include "drain.h"
#include "io.h"
#include "service.h"
#include "settings.h"
#include "sleeper.h"

/* virtual.c: where workers.clock is "virtual". */
struct virtual
{
	bool held;  /* a frame waits for its time */
	bool begun; /* the first was seen */
	bool over;  /* no frame will come and nothing is due: to stop is all that is left */
	uint64_t begun_us, at_us;
	struct fns_frame frame;
	uint8_t octets[UINT16_MAX];
};

struct workers;

struct worker {
	/* set by worker_new, read by the worker */
	struct workers *all;
	unsigned index; /* of its shard, and of its queue of each port */
	const struct conf *conf;
	struct io io;
	struct sleeper sleeper; /* any thread that has something for the worker rings it */
	struct fns_shard *shard;
	struct services services;
	void *visits;
	size_t visits_bytes;

	/* the worker's own */
	uint64_t now_us, wall_due_us;
	uint64_t busy_at_us; /* the last turn with something to do */
	unsigned quiet;      /* turns in a row without, as far as they matter */
	bool drained;        /* counted in all->drained */
	bool was_busy;       /* the last turn had something to do */
	bool was_asleep;     /* after the last turn */
	struct drain drain;
	struct capture *capture; /* NULL: none */
	struct virtual virtual;

	/* written by the worker, read by the main thread */
	counter turns, busy_us;   /* microseconds that went into turns with something to do */
	counter sleeps, slept_us; /* from a turn with nothing to do to the one after the sleep */

	/* written last by the worker; then the starter may read everything */
	atomic_bool ended;
};

/* The worker of that index, with its share of what conf->limits allows.  NULL after a complaint. */
struct worker *worker_new(struct workers *, unsigned index);

/* Serves until asked to stop and everything has ended, in all workers; gives its mbufs back.  For
 * rte_eal_remote_launch. */
int worker_run(void *worker);

/* One turn with these frames, and what came of it into the ports.  True if there was anything to do. */
bool worker_turn(struct worker *, uint64_t now_us, const struct fns_frame *rx, unsigned n);

/* One turn at the time of the next frame or deadline. */
void virtual_turn(struct worker *);

void worker_free(struct worker *);

/* Octets of memory for what the services of one worker keep of connections. */
uint64_t worker_visit_bytes(const struct conf *);

#endif
