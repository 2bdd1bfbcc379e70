/* How far apart the cores of the two ends are. */
#ifndef BENCH_HANDOFF_H
#define BENCH_HANDOFF_H

/* Nanoseconds until a line that one core has written is read by the other; 0: there is one core, or it took too long to
 * tell.  A virtual machine's cores may share a cache now and not a second later: everything that two cores do together
 * costs by this. */
double handoff_ns(void);

#endif
