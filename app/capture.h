/* Frames for a capture: a ring of slots that a worker fills and the main thread reads.  Of one flow as they pass; or of all, and
 * when a connection has ended in a class what the ring still holds of it. */
#ifndef FINESSED_CAPTURE_H
#define FINESSED_CAPTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <finesse/shard.h>

#include "flow_text.h"

#define CAPTURE_SNAP  2000 /* octets of a frame that are kept */
#define CAPTURE_SLOTS 8192

struct capture_slot {
	uint64_t at_us; /* the worker's clock */
	struct fns_addr local, remote;
	uint16_t len, kept;
	bool sent;
	uint8_t octets[CAPTURE_SNAP];
};

struct worker;

struct capture {
	/* set by the main thread before the worker has it */
	struct flow_text flow;
	int close_class; /* -1: frames of `flow` as they pass; else of all, until a connection has ended so */

	/* written by the worker */
	_Atomic uint64_t filled; /* slots, ever */
	_Atomic uint64_t missed; /* frames that found the ring full */
	_Atomic bool ended;      /* a connection has: `local` and `remote` are its ends, the ring rests */
	struct fns_addr local, remote;
	uint64_t ends_us; /* when it will rest: what follows the end belongs to it too */

	/* written by the main thread */
	_Atomic uint64_t taken; /* slots, ever; not with a class: then old ones are overwritten */

	struct capture_slot slot[CAPTURE_SLOTS];
};

/* In the worker, before and after each turn of its shard. */
void capture_frames(struct worker *, const struct fns_frame *frame, unsigned n, bool sent);
void capture_turned(struct worker *);

/* In the worker, at the request of the main thread: NULL ends it. */
void capture_begin(struct worker *, struct capture *);

#endif
