/* A link in memory that costs as little as a link can: frames each way, written by one thread in the place from which the
 * other reads.  No frame is copied or allocated; nothing is lost.
 *
 * Frames go out in the order of their notes, a ring, but stand where there was a blank: the one given back last is the
 * first to be written again, so that a link touches only as much memory as there is under way on it. */
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "link.h"

#define LANE_FRAMES 1024 /* in flight at once, one way */
#define LANE_AHEAD  512  /* under way, both ways together: beyond this an end only answers */
#define LANE_BURST  128  /* taken at once */
#define LANE_ROOM                                                                                            \
	1598 /* octets of a frame; with the gap an odd number of cache lines, so that they spread over the sets */

struct lane_frame {
	uint8_t gap[2]; /* aligns the IP header */
	uint8_t octets[LANE_ROOM];
};

struct lane_note {
	uint16_t line; /* where the frame is, in cache lines from the first */
	uint16_t len;
};

/* One end writes all of this, the other reads it. */
struct lane {
	alignas(128) _Atomic uint32_t sent; /* frames of this lane, ever */
	_Atomic uint32_t taken;             /* frames of the other lane, ever */
	alignas(128) struct lane_note note[LANE_FRAMES];
	alignas(128) struct lane_frame frame[LANE_FRAMES];
};

struct lane_end {
	struct link_end base;
	struct lane *to, *from;
	uint32_t sent, taken; /* to->sent, to->taken */
	uint32_t given_back;  /* from->taken as last looked at */
	uint32_t in_flight;   /* how many are not in `out`, of which the blanks are the last */
	struct fns_frame in[LANE_BURST], out[LANE_FRAMES];
};

/* Two lanes make a link: an end sends `to` and receives `from`.  With `offload`, frames are marked as a network card
 * marks them whose checksums it has found good. */
void lane_end_init(struct lane_end *, struct lane *to, struct lane *from, bool offload);

#endif
