/* How a worker without work sleeps, and what wakes it: frames, where its ports can say that one has come; others' threads,
 * by its bell. */
#ifndef FNS_IO_SLEEPER_H
#define FNS_IO_SLEEPER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "port.h"

struct sleeper {
	int bell, set;    /* eventfd; the epoll set that holds it, and the queues that interrupt */
	bool interrupted; /* by every port that it has a queue of: it need not look for itself */
	const struct port *port;
	uint16_t ports, queue;
	atomic_bool asleep; /* written by the sleeper, read by who may have to ring */
};

/* For a worker and its queue of each port that has so many, all started: it can be rung from now on.  0, or -errno. */
int sleeper_init(struct sleeper *, const struct port *, uint16_t ports, uint16_t queue);

/* In the worker's thread, before its first sleep. */
void sleeper_begin(const struct sleeper *);

/* Announces sleep, and then: was there really nothing to do?  What others hand over before they see `asleep` is found by
 * looking again; what comes later, they ring for. */
void sleeper_nod(struct sleeper *);

/* Sleeps so many microseconds, or until a frame, the bell or a signal.  With 0, or without a sleep: only wakes up. */
void sleeper_sleep(struct sleeper *, uint64_t us);

/* After something was handed over, by any thread: wakes the worker if it sleeps. */
void sleeper_ring(struct sleeper *);

void sleeper_end(struct sleeper *);

#endif
