/* All workers, from the first to the last (workers.h). */
#include "workers.h"

#include <string.h>
#include <time.h>

#include <rte_launch.h>

#include "eal.h"
#include "log.h"
#include "worker.h"

#define PROOF_MS 10000 /* for the start-up test of the steering, on a machine with other things to do */

bool
workers_new(struct workers *all, const struct conf *conf, const struct port *port, struct rte_mempool *pool,
            struct steer *steer, const atomic_uint *stop)
{
	memset(all, 0, sizeof(*all));
	all->conf = conf;
	all->port = port;
	all->pool = pool;
	all->steer = steer;
	all->order.signals = stop;
	atomic_store(&all->order.signal_ms, conf->drain.deadline_s * 1000);
	atomic_store(&all->order.ignore, conf->drain.new_connections == CONF_DRAIN_IGNORE);
	for (unsigned i = 0; i < conf->workers.cores.count; i++) {
		all->each[i] = worker_new(all, i);
		if (all->each[i] == NULL)
			return false;
		all->count++;
		if (steer != NULL)
			steer->sleeper[i] = &all->each[i]->sleeper;
	}
	return true;
}

bool
workers_launch(struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (rte_eal_remote_launch(worker_run, all->each[i], EAL_WORKER_LCORE(i)) == 0)
			continue;
		say("worker %u does not start", i);
		/* nobody may wait for those that never ran */
		atomic_fetch_add_explicit(&all->drained, all->count - i, memory_order_relaxed);
		for (unsigned k = i; k < all->count; k++)
			atomic_store_explicit(&all->each[k]->ended, true, memory_order_release);
		return false;
	}
	return true;
}

bool
workers_ended(const struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (!atomic_load_explicit(&all->each[i]->ended, memory_order_acquire))
			return false;
	}
	return true;
}

bool
workers_prove(const struct workers *all)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	for (unsigned ms = 0; all->steer != NULL && !steer_proven(all->steer); ms++) {
		if (ms == PROOF_MS || workers_ended(all)) {
			say("steering: frames of each worker should reach each shard, and do not");
			return false;
		}
		nanosleep(&moment, NULL);
	}
	return true;
}

void
workers_join(struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++)
		rte_eal_wait_lcore(EAL_WORKER_LCORE(i));
}

uint64_t
workers_aborted(const struct workers *all)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < all->count; i++)
		sum += counter_read(&all->each[i]->drain.aborted);
	return sum;
}

void
workers_free(struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++)
		worker_free(all->each[i]);
	all->count = 0;
}
