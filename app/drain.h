/* How serving ends: listeners first, idle connections a few at a time, then those that finish, at the deadline what is left.
 * Nothing here takes longer than a piece of a turn, however many connections there are. */
#ifndef FINESSED_DRAIN_H
#define FINESSED_DRAIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "counter.h"

struct worker;
struct workers;

enum drain_phase { DRAIN_SERVING, DRAIN_DRAINING, DRAIN_FORCED };

/* What is asked of all workers; written by the main thread and its signal handler, read by workers. */
struct drain_order {
	const atomic_uint *signals; /* how often somebody asked to stop: once drains, twice ends now */
	atomic_uint given;          /* by the control plane, how many; the last one counts */
	atomic_ullong deadline_ms;  /* of the last one, from when it is seen */
	atomic_ullong signal_ms;    /* drain.deadline_s, for signals */
	atomic_bool ignore;         /* new SYNs: dropped without an answer, not reset */
};

/* Until when a drain lasts, and the orders that say so. */
struct drain_until {
	unsigned signals, given; /* seen */
	uint64_t us;
};

/* A worker's own. */
struct drain {
	uint8_t phase;            /* enum drain_phase */
	struct drain_until until; /* then: draining, connections are aborted; forced, nothing is waited for */
	uint64_t next_us;         /* when connections are looked at again */
	uint32_t at;              /* the look under way goes on here */
	bool looking;
	uint32_t share, left; /* idle connections that may be closed between two looks; of those, now */
	counter closed;       /* told to close because they were idle; read by the main thread */
	counter aborted;      /* not given the time to end; read by the main thread */
};

/* Somebody asked for one. */
bool drain_begun(const struct workers *);

/* Takes in what has been ordered since.  True: there was something. */
bool drain_until(struct drain_until *, const struct drain_order *, uint64_t now_us);

/* After every turn: goes on with the drain, if somebody asked for one.  True when there is nothing left to wait for. */
bool drain_done(struct drain *, struct worker *);

#endif
