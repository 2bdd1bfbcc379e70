/* DPDK's environment: arguments, cores, hugepages, start and end. */
#ifndef FINESSED_EAL_H
#define FINESSED_EAL_H

#include <stddef.h>

#include "config.h"

#define EAL_ARGS_MAX        64

/* Worker i runs as this lcore; lcore 0 is the main thread, which floats over all CPUs and waits. */
#define EAL_WORKER_LCORE(i) ((i) + 1)

/* What only this machine can say of a configuration: cores that are there, hugepages that are free.  0, or the exit
 * status after the complaint: 2 for the file's fault, 1 for the machine's. */
int eal_check(const struct conf *, const char *file);

/* Starts EAL.  0, or the exit status after the complaint.  Signals that are blocked in the caller are blocked in EAL's threads. */
int eal_start(const struct conf *, const char *file);

void eal_stop(void);

#endif
