/* The same work on sockets of the host kernel, in a network namespace of their own, over its loopback device.
 *
 * A pair of processes for as many connections as the limit of open files allows: one opens, one accepts; each waits with
 * epoll, edge-triggered.  The namespace goes with its processes. */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

#include "end.h"

#define KERNEL_PAIRS_MAX 64
#define KERNEL_FDS_MAX   65536

/* What two processes share, and the whole run adds up. */
struct kernel_pair {
	struct half half[2];
	uint64_t called_ns[65536]; /* by the client's port: when it was told to end */
};

struct kernel_stage {
	_Atomic unsigned arrived[PHASE_OVER + 1]; /* processes that came to each phase */
	_Atomic unsigned failed;
	_Atomic uint64_t begun_ns;
	unsigned pairs;
	uint64_t slab_before, slab_open, slab_after;
	char setting[KERNEL_SETTINGS][2][KERNEL_SETTING]; /* name, value */
	struct kernel_pair pair[];
};

/* One of the processes. */
struct kernel_end {
	const struct plan *plan;
	struct kernel_stage *stage;
	struct kernel_pair *pair;
	struct half *own;
	struct account account;
	enum side side;
	unsigned number; /* of the pair */
	uint64_t conns, begun, open, called, gone, answered;
	uint64_t now_ns, stop_ns;
	int epoll, listener;
	bool outward; /* its peer is not of the kernel, and comes from other addresses than its own */
	bool over;    /* the time is: no more is begun */
	struct socket_state *at; /* by descriptor */
};

/* Runs plan->command; the halves of `run` get the sums.  False after a complaint. */
link_drive kernel_drive;

/* The kernel's sockets at one end of a net_tap, ours at the other. */
link_drive tap_drive;

/* One process, until it is done; kernel_end.c. */
void kernel_work(struct kernel_end *);

/* The same of a server whose client is ours, in another process: the phases are those of end.h. */
void kernel_serve(struct kernel_end *, const struct half *client);

/* As many connections as descriptors allow, for each process. */
uint64_t kernel_descriptors(void);

/* The settings of the namespace that we are in; what they are is noted. */
void kernel_set_up(struct kernel_stage *);

/* Comes to a phase, and waits until all have; false if one has failed. */
bool kernel_meet(struct kernel_end *, enum phase);
void kernel_fail(struct kernel_end *, const char *what);

#endif
