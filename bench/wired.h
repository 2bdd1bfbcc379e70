/* An end over ports of DPDK, through lib/io: EAL, ports, buffers and a worker core, all from a configuration of
 * finessed.  One in a process. */
#ifndef BENCH_WIRED_H
#define BENCH_WIRED_H

#include <sys/types.h>

#include "config.h"
#include "end.h"

/* EAL's arguments for memory: hugepages where there are as many as two ends need.  Static. */
const char *wired_memory(void);

/* What finessed would read from a file, for one end with this port; false after a complaint. */
bool wired_conf(struct conf *, const struct plan *, enum side, const char *device, const char *vdev);

/* Runs this side in the calling process until it is over: EAL begins and ends here.  The exit status, after
 * end_fail. */
int wired_run(const struct run *, enum side, const struct conf *, const char *file);

/* Until both processes have ended, the client's and the server's; if one does not end well, the other is told to. */
void wired_wait(const struct run *, const pid_t pid[2]);

#endif
