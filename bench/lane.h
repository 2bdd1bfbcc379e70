/* A link in memory that costs as little as a link can: one ring of frames each way, written by one thread in the place
 * from which the other reads.  No frame is copied, allocated or freed; nothing is lost. */
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "link.h"

#define LANE_FRAMES 512 /* in flight at once, one way */
#define LANE_ROOM                                                                                            \
	1598 /* octets of a frame; with its length an odd number of cache lines, so that they spread over the sets */

struct lane_frame {
	uint16_t len; /* in front of the frame, in its first cache line; also aligns the IP header */
	uint8_t octets[LANE_ROOM];
};

struct lane {
	alignas(64) _Atomic uint32_t written; /* by the sender: frames ever sent */
	alignas(64) _Atomic uint32_t read;    /* by the receiver: frames ever given back */
	alignas(64) struct lane_frame frame[LANE_FRAMES];
};

struct lane_end {
	struct link_end base;
	struct lane *to, *from;
	uint32_t sent, taken,
		room_seen; /* sent: to->written; taken: from->read; room_seen: to->read as last looked at */
	/* every frame twice, so that those which follow each other in the ring follow each other here */
	struct fns_frame in[2 * LANE_FRAMES], out[2 * LANE_FRAMES];
};

/* Two lanes make a link: an end sends `to` and receives `from`.  With `offload`, frames are marked as a network card
 * marks them whose checksums it has found good. */
void lane_end_init(struct lane_end *, struct lane *to, struct lane *from, bool offload);

#endif
