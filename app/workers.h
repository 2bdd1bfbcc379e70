/* All workers: made, started, waited for and accounted for together.  The main thread's; a worker only reads it, but for
 * `drained`. */
#ifndef FINESSED_WORKERS_H
#define FINESSED_WORKERS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "drain.h"
#include "port.h"
#include "settings.h"

struct rte_mempool;
struct steer;
struct worker;

struct workers {
	const struct conf *conf;
	const struct port *port; /* open and started, conf->ports of them */
	struct rte_mempool *pool;
	struct steer *steer; /* NULL: there is one worker */
	struct drain_order order;
	struct worker *each[CONF_CORES_MAX];
	unsigned count;
	/* a worker counts itself when it has nothing left, and all go on until all have: each may be the way of
	 * others' frames */
	atomic_uint drained;
};

/* One worker for each core, with its shard and its services; what is lent lives longer than they do.  False after a
 * complaint: workers_free what there is. */
bool workers_new(struct workers *, const struct conf *, const struct port *, struct rte_mempool *,
                 struct steer *, const atomic_uint *stop);

/* Each on its lcore, until all have ended.  False: one did not start (those that did are asked to stop). */
bool workers_launch(struct workers *);
bool workers_ended(const struct workers *);

/* After the launch: waits until each worker has reached each shard.  False after a complaint. */
bool workers_prove(const struct workers *);
void workers_join(struct workers *); /* blocks; after workers_ended, not for long */

uint64_t workers_aborted(const struct workers *);

/* What came back or was left when everything was closed. */
struct leavings {
	uint64_t mbufs_back, mbufs;
	uint64_t steered[2]; /* by enum steer_way: frames that lay between workers */
	bool forgetful;      /* a PMD keeps mbufs, a fault of its own */
};

/* After the run: says what came of every frame.  False if something does not add up; mbufs that a forgetful PMD keeps are
 * told and forgiven. */
bool workers_last_words(const struct workers *, const struct leavings *);

void workers_free(struct workers *);

#endif
