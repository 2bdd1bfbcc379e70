/* What lies between the two ends of a run, and how a run is driven over it. */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <stdbool.h>

#include <finesse/shard.h>

struct run;

/* One end of a link: frames for the shard that this end turns, and from it.  Calls are made from the thread that turns
 * the end. */
struct link_end {
	struct fns_frame *rx; /* what came, borrowed until transmit */
	unsigned received;
	struct fns_outbox tx; /* blank frames until transmit, at least as many as were received */

	/* Fills in rx, received and tx; takes at most `most` frames. */
	void (*receive)(struct link_end *, unsigned most);
	/* Sends tx and gives rx back. */
	void (*transmit)(struct link_end *);
};

/* Makes both ends (end.h), turns them until the run is over or has failed, and takes them down: in a thread, in two, or
 * in two processes.  False after a complaint; what each end made of it is in run->shared. */
typedef bool link_drive(struct run *);

link_drive direct_drive, ring_drive, memif_drive;

/* One end alone, configured by plan->file, against a peer that is somebody else's. */
link_drive alone_drive;

#endif
