/* What became of every connection of a run, at each of its two ends; without it there is no figure. */
#ifndef BENCH_ACCOUNT_H
#define BENCH_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/shard.h>

#include "histogram.h"

#define ACCOUNT_CLASSES 64

/* clang-format off */
/* How a connection of kernel sockets ended, as far as the socket interface tells. */
#define SOCKET_CLASSES(X)                                                                                     \
	X(closed_first,   "we closed, or shut down, first")                                                   \
	X(closed_second,  "the peer closed first: end of file, then we closed")                               \
	X(reset_sent,     "closed with linger 0")                                                             \
	X(reset_received, "ECONNRESET")                                                                       \
	X(failed,         "any other error")
/* clang-format on */
enum socket_class {
#define X(name, help) SOCKET_##name,
	SOCKET_CLASSES(X)
#undef X
};

struct account {
	/* the shard's own books */
	uint64_t opened, ended, live;
	bool sockets;                    /* the kernel's: classes are those above */
	uint64_t class[ACCOUNT_CLASSES]; /* in the order of fns_class_name */
	/* the application's: connections that it was told are open, and over */
	uint64_t seen_open, seen_over;
	uint64_t wrong_octets, unanswered;
	uint64_t requests;                     /* done while it was measured; of stream, octets received */
	uint64_t octets_sent, octets_received; /* of text, by the application */

	/* what was measured: times of CLOCK_MONOTONIC, frames from begin to end */
	uint64_t begun_ns, over_ns, longest_turn_ns;
	uint64_t frames_in, frames_out;
	uint64_t retransmits, time_waits_most, time_wait_overflows, time_wait_reopens;
	struct histogram latency; /* nanoseconds */

	/* memory: of the shard by its own account, of the process by the system's */
	uint64_t conn_bytes, tw_bytes; /* each, with its share of the table */
	uint64_t shard_bytes, rss_before, rss_open, rss_after;
	char unsound[128]; /* what fns_shard_check said at the end, or empty */
};

const char *account_class_name(const struct account *, size_t close_class); /* static */

/* Reads the shard's books. */
void account_close(struct account *, const struct fns_shard *);

/* The counter or gauge of this name. */
uint64_t account_stat(const struct fns_shard *, const char *name);

/* True if this end's books are right: opens are ends, the classes sum to them, the application saw as many, no octet was
 * wrong.  Otherwise one line in `why`. */
bool account_sound(const struct account *, const char *end, char *why, size_t room);

/* True if both are, and agree with each other: what one end opened the other accepted, what one sent the other
 * received. */
bool account_agree(const struct account *client, const struct account *server, char *why, size_t room);

#endif
