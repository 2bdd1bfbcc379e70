/* What other threads ask of a shard.  A request is lent to it by fns_shard_post, served a bounded piece at a time at the
 * beginning of its turns, between the sums that hold then, and given back when it is done.
 *
 * One thread posts to a shard, the control thread.  It sets up a request with the fns_ask_ functions, posts it, and
 * touches it again when fns_request_done says so and not before: a shard that is not turned keeps it for ever, and then
 * the memory must stay. */
#ifndef FINESSE_REQUEST_H
#define FINESSE_REQUEST_H

#include "shard.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FNS_MAILBOX 64 /* requests that a shard can hold */
#define FNS_STATES  11
#define FNS_RESETS  64 /* of each kind that are remembered */

struct fns_request {
	/* A piece of it, on the shard's thread: microseconds, not more.  True: done.  A driver may bring functions of its
	 * own; they may make every call that a handler may. */
	bool (*serve)(struct fns_shard *, struct fns_request *);
	unsigned done; /* read by fns_request_done alone */
};

/* The posting thread: lends the request.  False: the mailbox is full, the request was not lent. */
bool fns_shard_post(struct fns_shard *, struct fns_request *);
bool fns_request_done(const struct fns_request *);

/* "CLOSED" ... "TIME-WAIT", in the order of RFC 9293 §3.3.2; static. */
const char *fns_state_name(size_t number);

/* Counters between two turns: their sums hold. */
struct fns_counters {
	struct fns_request request;
	struct fns_stat stat[128], fate[128], close[64];
	size_t stats, fates, closes;
};
void fns_ask_counters(struct fns_counters *);

/* How many connections are in a state and how old they are: since OPEN, or the SYN that began them; TIME-WAIT entries since
 * they entered it.  A walk: each connection is looked at once, those that come or go meanwhile once or not at all. */
struct fns_ages {
	struct fns_addr local, remote; /* of the oldest */
	uint64_t count, sum_us, max_us;
	uint64_t bucket[976]; /* fns_ages_quantile knows */
};
struct fns_states {
	struct fns_request request;
	struct fns_ages state[FNS_STATES]; /* listeners: their number alone */
	uint32_t at[2];
};
void fns_ask_states(struct fns_states *);
/* At least `permille` of a thousand are not older, right within 1/16; 0: there are none. */
uint64_t fns_ages_quantile(const struct fns_ages *, unsigned permille);
void fns_ages_merge(struct fns_ages *to, const struct fns_ages *from); /* of another shard */

/* A page of the connections, TIME-WAIT entries included, that pass a filter.  Pages go by place in the shard's memory, which
 * a connection keeps all its life: one that lives from the first page to the last is in one of them. */
struct fns_conns {
	struct fns_request request;
	/* the filter: all zero takes every one */
	uint32_t states;               /* 1 << place in fns_state_name's order */
	struct fns_addr local, remote; /* address zero: any; port 0: any */
	uint64_t older_us;
	/* where to go on: zero at first, then as the page before left it */
	uint32_t at[2];
	bool end; /* there are no more */
	/* what passed */
	struct fns_status *row; /* the asker's */
	size_t room, rows;
};
void fns_ask_conns(struct fns_conns *); /* leaves filter, at, row and room as they are */

/* The last resets sent and received: of connections, and those that answered a segment without one.  Two lists, so that
 * whoever provokes the second kind cannot push out the first. */
struct fns_reset {
	uint64_t at_us;
	struct fns_addr local, remote;
	const char *state;        /* that it ended, or met; static */
	const char *why;          /* close class, or fate of the segment that provoked it; static */
	uint32_t unread, unacked; /* octets that were lost with it */
	bool sent;                /* by us */
};
struct fns_resets {
	struct fns_request request;
	struct fns_reset conn[FNS_RESETS], stray[FNS_RESETS]; /* oldest first */
	size_t conns, strays;
	uint64_t now_us;
};
void fns_ask_resets(struct fns_resets *);

/* A page of fns_shard_records. */
struct fns_records {
	struct fns_request request;
	uint32_t at; /* zero at first */
	bool end;
	struct fns_record_row *row; /* the asker's */
	size_t room, rows;
};
void fns_ask_records(struct fns_records *); /* leaves at, row and room */

struct fns_record_copy {
	struct fns_request request;
	uint64_t id;
	uint32_t at;
	int error; /* 0, or -ENOENT: it has been given up for a newer one */
	struct fns_record record;
};
void fns_ask_record(struct fns_record_copy *, uint64_t id);

/* Takes over what may change while it runs (fns_config_adopt). */
struct fns_reconfigure {
	struct fns_request request;
	struct fns_config config; /* passes fns_config_check */
};
void fns_ask_reconfigure(struct fns_reconfigure *, const struct fns_config *);

#ifdef __cplusplus
}
#endif
#endif
