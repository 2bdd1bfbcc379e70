/* How far apart the cores of two ends are: a line of memory, thrown from one to the other and back.
 *
 * A virtual machine's cores may share a cache now and not a second later, and everything that two cores do together costs
 * by this. */
#ifndef BENCH_HANDOFF_H
#define BENCH_HANDOFF_H

#include <stdalign.h>
#include <stdatomic.h>

struct ball {
	alignas(128) _Atomic unsigned turn; /* odd: the other's to return; OVER */
};

/* Each end calls one of the two, on its core, and waits until the other does or *stop is not 0.  Nanoseconds until a line
 * that one has written is read by the other; 0: it took too long to tell. */
double handoff_throw(struct ball *, const _Atomic unsigned *stop);
void handoff_return(struct ball *, const _Atomic unsigned *stop);

/* The same between the cores that two ends would have, by a thread of its own; 0: there is one core. */
double handoff_alone(void);

#endif
