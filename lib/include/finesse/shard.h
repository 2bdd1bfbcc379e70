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

/* For drivers of several shards: whose a received frame is.  The owner of its TCP flow, or of the flow that an ICMP error
 * quotes; FNS_STEER_ANY: one of them, no matter which (echo, a request for our link address, what will be dropped);
 * FNS_STEER_ALL: each needs it (what says where a neighbour is).  Any thread. */
enum { FNS_STEER_ANY = 256, FNS_STEER_ALL };
unsigned fns_steer_frame(const struct fns_steer *, const void *octets, size_t len);

/* Between whom it is, received or sent.  False: not a TCP segment.  Any thread. */
bool fns_frame_ends(const void *octets, size_t len, struct fns_addr *from, struct fns_addr *to);

/* An open with these (as fns_open takes them) would be of this shard; false: it must be made in the one that owns the
 * four-tuple.  Always true if a port is to be chosen. */
bool fns_shard_owns(const struct fns_shard *, const struct fns_addr *local, const struct fns_addr *remote);

/* The time of the last turn. */
uint64_t fns_shard_now(const struct fns_shard *);

/* The configuration that it was made with. */
const struct fns_config *fns_shard_config(const struct fns_shard *);

/* Is it one of the shard's own addresses? */
bool fns_shard_has(const struct fns_shard *, const uint8_t ip[16]);

/* A port of the configured range, another for each `tries` (RFC 6056): whether it is free, the caller looks. */
uint16_t fns_shard_port(struct fns_shard *, unsigned tries);

/* Has a connection, also in TIME-WAIT, this local port and address (any address, if zero)?  A walk over all of them. */
bool fns_port_in_use(const struct fns_shard *, const struct fns_addr *local);

/* Calls fn for each connection (live ones: not TIME-WAIT entries), which may close or abort it. */
void fns_shard_each(struct fns_shard *, void (*fn)(struct fns_conn *, void *arg), void *arg);

/* The same for a part of them: `count` places from `from` on.  Where to go on; 0: that was the last part. */
uint32_t fns_shard_some(struct fns_shard *, uint32_t from, uint32_t count,
                        void (*fn)(struct fns_conn *, void *arg), void *arg);

/* From now on a SYN that nobody listens for is dropped without an answer, or, as at first, reset. */
void fns_shard_ignore_opens(struct fns_shard *, bool);

/* Remembers the next connection that ends in this class; a negative one: none.  And which it was, once: true. */
void fns_shard_watch(struct fns_shard *, int close_class);
bool fns_shard_watched(struct fns_shard *, struct fns_addr *local, struct fns_addr *remote);

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

/* The flight recorder: the last events of connections whose options say so, or that were sampled
 * (fns_config.record_sample), and of the last 256 of them that ended abnormally and the last 32 that did not. */
#define FNS_RECORD_EVENTS 32

enum fns_event_kind {
	FNS_EVENT_SENT,    /* a segment */
	FNS_EVENT_ARRIVED, /* a segment, before it was looked at */
	FNS_EVENT_STATE,
	FNS_EVENT_CALL,
	FNS_EVENT_TIMEOUT,
	FNS_EVENT_REPORTS, /* delivered to the handler */
};
enum fns_call {
	FNS_CALL_OPEN,
	FNS_CALL_SEND, /* several in a row are one, and so are several of the next */
	FNS_CALL_CONSUME,
	FNS_CALL_SHUT_RD, /* in the order of enum fns_how */
	FNS_CALL_SHUT_WR,
	FNS_CALL_SHUT_RDWR,
	FNS_CALL_CLOSE,
	FNS_CALL_ABORT,
};
struct fns_event {
	uint64_t at_us;
	uint32_t seq, ack; /* as on the wire: see iss and irs of the record */
	uint32_t wnd;      /* octets: scaled */
	uint32_t len;      /* octets of text; of a SEND or RECEIVE */
	uint8_t kind;      /* enum fns_event_kind */
	uint8_t flags;     /* of the TCP header; a set of enum fns_report */
	uint8_t what;      /* a call (enum fns_call); by fns_event_name: a timeout, the state after */
	uint8_t from;      /* by fns_event_from: the state before */
	uint8_t again;     /* a retransmission */
};
const char *fns_event_name(const struct fns_event *); /* "close", "FIN-WAIT-1", "persist timeout"; static */
const char *fns_event_from(const struct fns_event *); /* the state before; static */

struct fns_record_row {
	uint64_t id; /* ascends as recordings begin */
	uint64_t begun_us;
	struct fns_addr local, remote;
	const char *state;       /* static */
	const char *close_class; /* NULL: it has not ended; static */
	bool passive, abnormal;
	uint32_t events; /* there are */
	uint32_t lost;   /* older ones, since only the last FNS_RECORD_EVENTS are kept */
};
struct fns_record {
	struct fns_record_row row;
	uint32_t iss, irs;                         /* initial sequence numbers: ours, the peer's */
	struct fns_event event[FNS_RECORD_EVENTS]; /* oldest first */
};

/* Recordings there are, in no order; `row` gets as many as fit. */
size_t fns_shard_records(const struct fns_shard *, struct fns_record_row *row, size_t room);

/* 0, or -ENOENT: it has been given up for a newer one. */
int fns_shard_record(const struct fns_shard *, uint64_t id, struct fns_record *);

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
