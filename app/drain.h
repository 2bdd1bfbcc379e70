/* How serving ends: listeners first, idle connections, then those that finish, at the deadline what is left. */
#ifndef FINESSED_DRAIN_H
#define FINESSED_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

struct worker;

enum drain_phase { DRAIN_SERVING, DRAIN_DRAINING, DRAIN_FORCED };

struct drain {
	uint8_t phase;        /* enum drain_phase */
	uint64_t deadline_us; /* draining: then connections are aborted; forced: then nothing is waited for */
	uint64_t next_us;     /* when connections are looked at again */
};

/* After every turn: goes on with the drain, if somebody asked for one.  True when there is nothing left to wait for. */
bool drain_done(struct drain *, struct worker *);

#endif
