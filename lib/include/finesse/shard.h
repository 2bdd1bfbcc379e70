/* The machine that moves only when turned.  Who drives it brings the clock, the randomness and the frames: a worker on
 * a core, a test, a simulator. */
#ifndef FINESSE_SHARD_H
#define FINESSE_SHARD_H

#include "config.h"
#include "finesse.h"

#ifdef __cplusplus
extern "C" {
#endif

enum fns_frame_flag {
	/* in: the driver's verdict; neither set: unknown, verified by the shard */
	FNS_FRAME_IP_CKSUM_GOOD = 1 << 0,
	FNS_FRAME_L4_CKSUM_GOOD = 1 << 1,
	FNS_FRAME_CKSUM_BAD = 1 << 2,
	/* out: the port is asked for the TCP checksum; the field holds the pseudo header's sum */
	FNS_FRAME_TCP_CKSUM = 1 << 3,
	FNS_FRAME_IP6 = 1 << 4,
};

struct fns_frame {
	uint8_t *data;          /* first octet of the Ethernet header */
	uint16_t len;           /* octets present (in), filled (out) */
	uint16_t room;          /* out: octets that fit */
	uint16_t flags;         /* enum fns_frame_flag */
	uint8_t l2_len, l3_len; /* out, with FNS_FRAME_TCP_CKSUM */
	uint8_t port;           /* which port it came from or goes to */
	void *token;            /* the driver's; never looked at here */
};

/* Blank frames lent for one turn, each with data, room and token set; slot[0..used) come back filled, in order. */
struct fns_outbox {
	struct fns_frame *slot;
	uint16_t room, used;
};

/* `secret` keys ISNs, ports, timestamps and the table; 32 octets from a good source, another for each start.
 * NULL with errno: EINVAL (fns_config_check says what), ENOMEM. */
struct fns_shard *fns_shard_new(const struct fns_config *, const uint8_t secret[32], uint64_t now_us);

/* Frees everything at once; sends nothing and reports nothing. */
void fns_shard_free(struct fns_shard *);

/* One turn: requests, arrivals, timeouts, reports, output, reaping, in that order.  now_us never goes back (it is held
 * if it does).  Frames of rx are borrowed: on return no pointer into them is held. */
void fns_shard_turn(struct fns_shard *, uint64_t now_us, const struct fns_frame *rx, unsigned n,
                    struct fns_outbox *tx);

/* When the next turn is due if nothing arrives and nothing is called; a past time: now; UINT64_MAX: never. */
uint64_t fns_shard_due(const struct fns_shard *);

/* Calls fn for each connection (live ones: not TIME-WAIT entries), which may close or abort it. */
void fns_shard_each(struct fns_shard *, void (*fn)(struct fns_conn *, void *arg), void *arg);

/* Counters.  Any thread: single writer, relaxed; each is exact, together they are no snapshot. */
enum fns_stat_kind { FNS_STAT_COUNTER, FNS_STAT_GAUGE };
struct fns_stat {
	const char *name, *help; /* static */
	uint8_t kind;            /* enum fns_stat_kind */
	uint64_t value;
};

/* Protocol counters and gauges ("frames_in", "conns", "segments_sent"), gauges per state ("state_ESTABLISHED"), and,
 * each in a call of its own, the fates of frames (their sum is frames_in and frames_looped).  Return the number of rows there are;
 * `row` gets as many as fit. */
size_t fns_shard_stats(const struct fns_shard *, struct fns_stat *row, size_t room);
size_t fns_shard_fates(const struct fns_shard *, struct fns_stat *row, size_t room);

/* Connections that ended, by the way in which they did, in the order of fns_class_name: the sum is the counter
 * "ended", and with the gauge "conns" it is what was ever opened.  Any thread. */
size_t fns_shard_closes(const struct fns_shard *, struct fns_stat *row, size_t room);
size_t fns_class_count(void);
const char *fns_class_name(size_t close_class); /* "active_4"; static */
const char *fns_class_help(size_t close_class);

/* Checks what must hold between turns: the sums of fates and of connections, pools, queues.  NULL, or a static
 * string that says what does not.  Costs a walk over all connections: for tests and debugging. */
const char *fns_shard_check(const struct fns_shard *);

/* Arrows of Figure 5 taken so far, one bit each in the order of the list in lib/tcp/state.h; for the tests' coverage. */
size_t fns_arrow_count(void);
const char *fns_arrow_name(size_t arrow);
uint64_t fns_shard_arrows(const struct fns_shard *);

#ifdef __cplusplus
}
#endif
#endif
