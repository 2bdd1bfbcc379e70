/* Floor 4: everything that one core owns. */
#ifndef FNS_SHARD_H
#define FNS_SHARD_H

#include <finesse/shard.h>

#include "conn.h"
#include "ip.h"
#include "mailbox.h"
#include "recorder.h"
#include "tcp.h"

struct fns_shard {
	struct mailbox mailbox;
	struct fns_config config;
	struct ip ip;
	struct tcp tcp;
	counter frames_in, frames_out, frames_looped;
	counter fate[DROP_COUNT]; /* their sum is frames_in and frames_looped */
	void *ip_memory, *memory[PART_COUNT];
};

/* The cheap part of fns_shard_check: sums, no walk.  NULL or what does not hold. */
const char *shard_sums(const struct fns_shard *);

#endif
