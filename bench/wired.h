/* An end over ports of DPDK, through lib/io: EAL, ports, buffers and a worker core, all from a configuration of
 * finessed.  One in a process. */
#ifndef BENCH_WIRED_H
#define BENCH_WIRED_H

#include "config.h"
#include "end.h"

/* Runs this side in the calling process until it is over: EAL begins and ends here.  The exit status, after
 * end_fail. */
int wired_run(const struct run *, enum side, const struct conf *, const char *file);

#endif
