/* The TCB: a connection in SYN-SENT to LAST-ACK.  Fields bear the RFC's names (§3.3.1). */
#ifndef FNS_CONN_H
#define FNS_CONN_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/finesse.h>

#include "classes.h"
#include "cold.h"
#include "ip6.h"
#include "key.h"
#include "ranges.h"
#include "ring.h"
#include "seq.h"
#include "state.h"
#include "tcp.h"
#include "wheel.h"

enum conn_flag {
	C_PASSIVE = 1 << 0,    /* began at a listener (MUST-11) */
	C_ORPHAN = 1 << 1,     /* the application has called close */
	C_SYN_ACKED = 1 << 2,  /* SND.UNA has passed our SYN; until then SND.UNA is ISS */
	C_FIN_QUEUED = 1 << 3, /* CLOSE was called before ESTABLISHED: FIN-WAIT-1 follows (§3.10.4) */
	C_ACK_NOW = 1 << 4,    /* an ACK is owed in this turn */
	C_ACK_LATER = 1 << 5, /* an ACK is owed when DELAYED_ACK is due, unless something carries it before */
	C_RST_DUE = 1 << 6,   /* entered CLOSED; a reset tells the peer */
	C_TS = 1 << 7,        /* timestamps on */
	C_SACK = 1 << 8,      /* both sides permit SACK */
	C_TIMING = 1 << 9,    /* rtt_seq is being timed */
	C_RECOVERY = 1 << 10, /* fast recovery, until SND.UNA reaches `recover` */
	C_REXMIT = 1 << 11,   /* the segment at SND.UNA goes out again, once */
	C_FORCE = 1 << 12,    /* the override timeout of sender SWS avoidance has passed (§3.8.6.2.1) */
	C_PROBE = 1 << 13,    /* a probe goes out: an old octet's place, no text */
	C_WANT_ROOM = 1 << 14, /* fns_send took less than it was given */
	C_RCV_SHUT = 1 << 15,  /* shutdown(RD) */
};

enum conn_mark {
	M_DIRTY = 1 << 0,       /* on the dirty list or on that of those who wait for a neighbour */
	M_REPORT = 1 << 1,      /* on the list of reports */
	M_KNOWN = 1 << 2,       /* the application has seen it: FNS_CLOSED is owed */
	M_CLOSED = 1 << 3,      /* FNS_CLOSED has been delivered, or is not owed */
	M_HELD = 1 << 4,        /* fns_hold: stays until fns_close */
	M_REAP = 1 << 5,        /* on the list of those to be freed */
	M_ERROR_TAKEN = 1 << 6, /* fns_send has returned the error */
	M_GONE = 1 << 7,        /* fns_close or the end: no call may follow */
};

/* What can become due.  RETRANSMIT and PERSIST never run both (SHLD-29), so they share a place.  KEEPALIVE: of
 * open_ms until ESTABLISHED.  ORPHAN_LIMIT: of linger until our FIN is acknowledged, of FIN-WAIT-2 from then on. */
enum deadline { RETRANSMIT, PERSIST, DELAYED_ACK, KEEPALIVE, USER_TIMEOUT, ORPHAN_LIMIT, DEADLINES };

#define QUICK_ACKS 15 /* segments of text that are acknowledged at once, at the beginning */

/* What RETRANSMIT runs for, and the tail loss probe (RFC 8985 §7): due, out with new octets, out with old ones. */
enum tail { TAIL_RTO, TAIL_PROBE_TIMER, TAIL_REORDER_TIMER, TAIL_PROBE_DUE, TAIL_PROBED, TAIL_PROBED_AGAIN };

struct fns_conn {
	/* Line 0: what demultiplexing and the sequence and ACK checks read. */
	struct key key;
	uint16_t state;
	uint16_t flags;        /* enum conn_flag */
	uint16_t options : 10; /* index into tcp->option */
	uint16_t ecn : 1;      /* both sides use ECN (RFC 3168) */
	uint16_t ece : 1;      /* congestion was experienced: every ACK says so, until the peer's CWR */
	uint16_t cwr_due : 1;  /* the next new text says that the window has been reduced */
	uint16_t cwr : 1;      /* reduced for an ECE: not again before SND.UNA passes `recover` */
	uint16_t more : 1; /* the last octets were fns_send_more's: what does not fill a segment waits ... */
	uint16_t unpushed : 1; /* ... and, if an ACK or fns_push let it go, goes without PSH */
	struct {
		uint32_t nxt;
		uint32_t adv; /* right edge offered to the peer */
		uint32_t wnd; /* octets we would like to hold; grows with use */
	} rcv;
	struct {
		uint32_t una, nxt, wnd; /* wnd in octets, scaled */
		uint32_t max;           /* highest SND.NXT ever: SND.NXT goes back at a timeout */
		uint32_t
			wl1; /* RFC 9293 has a WL2 too: it is at most SND.UNA, and no older ACK moves the window */
		uint32_t max_wnd; /* MAX.SND.WND (RFC 5961 §5) */
	} snd;

	/* Line 1: what most segments read and write besides. */
	int32_t home;    /* lines from here to what is in front of all: see tcp_of, conn_index */
	uint32_t queues; /* index of struct queues, or POOL_NONE */
	uint32_t deadline[DEADLINES - 1]; /* ticks, 0 = not running: see conn_deadline */
	struct wheel_node timer;          /* due no later than the earliest deadline ... */
	uint16_t timer_due; /* ... at the tick, no further than the wheel reaches, that ends so */
	uint16_t handler;   /* index into tcp->handler */
	uint8_t snd_scale : 4, rcv_scale : 4;
	uint8_t dupacks : 3;  /* 7: at least */
	uint8_t redials : 2;  /* the shard chose the port: how often it may choose again (self-connect) */
	uint8_t troubled : 1; /* it has a struct recovery */
	union {
		uint8_t backoff;
		uint8_t close_class; /* ended: enum close_class */
	};
	uint8_t marks;          /* enum conn_mark */
	uint8_t reports;        /* owed to the handler */
	uint8_t error;          /* errno of its end, or of a soft error */
	uint8_t challenges : 4; /* challenge ACKs in this period */
	uint8_t quick : 4;      /* segments still to be acknowledged at once */
	uint8_t challenge_period : 3;
	uint8_t half : 1;      /* text went one way after the FIN of the other */
	uint8_t three : 1;     /* a FIN carried the ACK of the other's */
	uint8_t recorded : 1;  /* recorder.h */
	uint8_t short_out : 1; /* a segment short of a full one has been sent since nothing was outstanding */
	uint8_t lingering : 1; /* FNS_LINGERED is owed */
	uint32_t ts_recent;    /* TS.Recent (RFC 7323 §4.3) */
	uint32_t ts_offset;    /* added to the clock: per connection (RFC 7323 §7.1) */
	uint32_t last_ack_sent; /* Last.ACK.sent */
	uint16_t ts_recent_age; /* tick >> 16 when ts_recent was set: about 67 s a step */
	uint16_t mss;           /* payload and options of a segment at most, by path and peer */

	/* Line 2 */
	void *user;
	uint32_t dirty_next, report_next;
	union {
		uint32_t cwnd;         /* octets */
		uint32_t lost_unacked; /* ended: accepted from the application, never acknowledged */
	};
	uint32_t ssthresh;
	uint32_t cc_acked; /* the algorithm's own */
	uint32_t recover;  /* RFC 6582; highest SND.NXT when the recovery began */
	/* RFC 6298; srtt 0: no sample yet, and rttvar, if set, the RTO to start with */
	uint32_t srtt_us, rttvar_us;
	/* with C_TIMING: an ACK of rtt_seq ends what began at rtt_us (low 32 bits) */
	uint32_t rtt_seq, rtt_us;
	union {
		uint32_t listener;  /* SYN-RECEIVED of a passive open: index; else POOL_NONE */
		uint32_t epoch_seq; /* later: when RCV.NXT passes it, one window has been received ... */
	};
	uint32_t epoch;       /* ... since this tick */
	uint32_t opened;      /* tick of OPEN, or of the SYN */
	uint16_t peer_mss;    /* by peer alone */
	uint8_t tail : 3;     /* enum tail */
	uint8_t persists : 1; /* the place that RETRANSMIT and PERSIST share is PERSIST's */
};
_Static_assert(sizeof(struct fns_conn) == 192, "three cache lines");
_Static_assert(offsetof(struct fns_conn, home) == 64 && offsetof(struct fns_conn, user) == 128,
               "the lines begin where they should");

_Static_assert(TCP_OPTION_SETS <= 1 << 10, "an index of an option set has 10 bits");

/* In front of the conns: what they all belong to.  Each knows how far that is, and so its own index too. */
#define CONN_HEAD  64
#define CONN_LINES 3
_Static_assert(sizeof(struct fns_conn) == 64 * CONN_LINES, "they stand line by line");

/* What a connection has while octets are queued, or something is out of order or lost. */
struct queues {
	struct ring rx, tx; /* received and unread; unsent and unacknowledged */
	uint32_t recovery;  /* of a troubled connection: index of struct recovery */
	uint32_t last;      /* where the latest new segment with text or FIN began */
};

/* Needed only while something is out of order or lost. */
struct recovery {
	struct ranges held;   /* received beyond RCV.NXT */
	struct ranges sacked; /* what the peer holds beyond SND.UNA */
	struct range
		twice; /* with has_twice: octets that came again, to be told in the next ACK (RFC 2883) */
	uint32_t recent[3]; /* left edges in `held`, latest first: the order of SACK blocks (RFC 2018 §4) */
	uint32_t fin;       /* with has_fin: the peer's FIN, beyond RCV.NXT */
	uint32_t
		rexmitted; /* retransmitted in this recovery up to here (HighRxt, RFC 6675), and in [again, high) */
	uint32_t again,
		high; /* equal unless retransmissions were lost, and what is before `again` goes once more */
	uint32_t rexmit_us;                          /* when the latest of them went out */
	uint32_t prr_delivered, prr_out, prr_flight; /* RFC 9937; prr_flight 0: not in use */
	uint32_t probe_end;                          /* TLP.end_seq, RFC 8985 §7.4 */
	bool has_fin, has_twice;
	uint8_t recents;
};

static inline uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t
max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline bool
in(const struct fns_conn *c, unsigned states)
{
	return (c->state & states) != 0;
}

#define SYNCHRONIZED (ESTABLISHED | FIN_WAIT_1 | FIN_WAIT_2 | CLOSE_WAIT | CLOSING | LAST_ACK | TIME_WAIT)
#define ENDED        (CLOSED | TIME_WAIT)

static inline bool
flagged(const struct fns_conn *c, unsigned flags)
{
	return (c->flags & flags) != 0;
}

static inline void
flag(struct fns_conn *c, unsigned flags)
{
	c->flags = (uint16_t)(c->flags | flags);
}

static inline void
unflag(struct fns_conn *c, unsigned flags)
{
	c->flags = (uint16_t)(c->flags & ~flags);
}

static inline struct tcp *
tcp_of(const struct fns_conn *c)
{
	return *(struct tcp *const *)(const void *)((const uint8_t *)c + (ptrdiff_t)c->home * CONN_HEAD);
}

static inline uint32_t
conn_index(const struct fns_conn *c)
{
	return (uint32_t)-c->home / CONN_LINES;
}

/* Of a connection that has them; and of any. */
static inline struct queues *
conn_its_queues(const struct fns_conn *c)
{
	return pool_at_by(&tcp_of(c)->queues, c->queues, sizeof(struct queues));
}

static inline struct queues *
conn_queues(const struct fns_conn *c)
{
	return c->queues == POOL_NONE ? NULL : conn_its_queues(c);
}

/* Its recovery block; NULL, as of most: it has none. */
static inline struct recovery *
conn_has_recovery(const struct fns_conn *c)
{
	return c->troubled ? pool_at(&tcp_of(c)->recoveries, conn_its_queues(c)->recovery) : NULL;
}

/* Octets received in order and not yet read; octets sent or queued and not acknowledged. */
static inline uint32_t
conn_unread(const struct fns_conn *c)
{
	return c->queues == POOL_NONE ? 0 : conn_its_queues(c)->rx.len;
}

static inline uint32_t
conn_unacked(const struct fns_conn *c)
{
	return c->queues == POOL_NONE ? 0 : conn_its_queues(c)->tx.len;
}

/* The tick at which d is due; 0: it does not run. */
static inline uint32_t
conn_deadline(const struct fns_conn *c, enum deadline d)
{
	if (d > PERSIST)
		return c->deadline[d - 1];
	return c->persists == (d == PERSIST) ? c->deadline[0] : 0;
}

/* The tick whose slot of the wheel holds its timer, which is armed. */
static inline uint32_t
conn_timer_due(const struct tcp *t, const struct fns_conn *c)
{
	return t->wheel.now + (uint16_t)(c->timer_due - t->wheel.now);
}

/* Where the first octet of the send ring stands in sequence space. */
static inline uint32_t
conn_text_seq(const struct fns_conn *c)
{
	return c->snd.una + !flagged(c, C_SYN_ACKED);
}

/* Our FIN's place; in FIN-WAIT-1, CLOSING and LAST-ACK. */
static inline uint32_t
conn_fin_seq(const struct fns_conn *c)
{
	return conn_text_seq(c) + conn_unacked(c);
}

static inline bool
conn_to_itself(const struct fns_conn *c)
{
	return c->key.lport == c->key.rport && addr_equal(tcp_local(tcp_of(c), &c->key), c->key.remote);
}

/* Nothing has been sent: the first octet will be this. */
static inline void
conn_set_iss(struct fns_conn *c, uint32_t iss)
{
	c->snd.una = c->snd.nxt = c->snd.max = c->recover = iss;
}

/* Octets of IP and TCP header, without options, in front of its text. */
static inline uint32_t
conn_headers(const struct fns_conn *c)
{
	return (c->key.ip6 ? IP6_HEADER : IP4_HEADER) + SEG_HEADER;
}

/* Octets that the peer may still send into the window offered. */
static inline uint32_t
conn_rcv_window(const struct fns_conn *c)
{
	return c->rcv.adv - c->rcv.nxt;
}

static inline struct fns_conn *
conn_at(const struct tcp *t, uint32_t index)
{
	return pool_at_by(&t->conns, index, sizeof(struct fns_conn));
}

/* All of it, to be written. */
static inline void
conn_prefetch(const struct tcp *t, uint32_t index)
{
	const uint8_t *c = pool_at_by(&t->conns, index, sizeof(struct fns_conn));

	__builtin_prefetch(c, 1);
	__builtin_prefetch(c + 64, 1);
	__builtin_prefetch(c + 128, 1);
}

static inline uint64_t
conn_hash(const struct fns_conn *c)
{
	const struct tcp *t = tcp_of(c);

	return t->arriving == conn_index(c) ? t->arriving_hash : tcp_hash(t, &c->key);
}

static inline const struct fns_options *
conn_options(const struct fns_conn *c)
{
	return &tcp_of(c)->option[c->options].value;
}

/* A conn in CLOSED, in the table; NULL: pool or table full.  Not yet anybody's. */
struct fns_conn *conn_new(struct tcp *, const struct key *, uint64_t hash, uint16_t options);

/* The only writer of state.  Entering CLOSED or TIME-WAIT ends the connection: it leaves the table (a tw takes its
 * place), its deadlines stop, FNS_CLOSED is owed, and the end of the turn frees it. */
void conn_enter(struct fns_conn *, uint16_t state);

/* An open that met itself begins anew, from SYN-RECEIVED to SYN-SENT by way of CLOSED, with another flow. */
void conn_again(struct fns_conn *, const struct key *);

/* Ends it now: CLOSED, in this class, with errno, and with a reset to the peer if `reset`.  Graceful ends are
 * conn_enter's, which knows their class. */
void conn_end(struct fns_conn *, enum close_class, int error, bool reset);

/* class + how far the state is from SYN-SENT: for the classes that come in one for each state. */
enum close_class conn_class_by_state(const struct fns_conn *, enum close_class of_syn_sent);

__attribute__((noinline)) void conn_timer_move(struct tcp *, struct fns_conn *, uint32_t due);

/* The wheel looks at it by that tick.  Mostly it does so already: a node that comes out early is armed again from there. */
static inline void
conn_timer(struct tcp *t, struct fns_conn *c, uint32_t due)
{
	if (!wheel_node_armed(&c->timer) || seq_lt(due, conn_timer_due(t, c)))
		conn_timer_move(t, c, due);
}

static inline void
conn_arm(struct fns_conn *c, enum deadline d, uint64_t after_us)
{
	struct tcp *t = tcp_of(c);
	uint32_t due = tcp_tick_after(t, after_us);

	due += due == 0; /* 0: it does not run */
	if (d <= PERSIST)
		c->persists = d == PERSIST;
	c->deadline[d <= PERSIST ? 0 : d - 1] = due;
	conn_timer(t, c, due);
}

static inline void
conn_stop(struct fns_conn *c, enum deadline d)
{
	if (d > PERSIST)
		c->deadline[d - 1] = 0;
	else if (c->persists == (d == PERSIST))
		c->deadline[0] = 0;
}

/* Of RETRANSMIT and PERSIST the one that runs. */
static inline void
conn_stop_either(struct fns_conn *c)
{
	c->deadline[0] = 0;
}

/* FNS_LINGERED, if it is owed. */
void conn_lingered(struct fns_conn *);

/* Behind the others of a list of this link; a connection is on one list of each link at the most. */
enum conn_link { BY_DIRTY, BY_REPORT };
void conn_list_add(struct conn_list *, struct fns_conn *, enum conn_link);

/* Its option set is another one: what runs by the old one is set anew. */
void conn_options_changed(struct fns_conn *);

/* Output has something to look at. */
void conn_dirty(struct fns_conn *);
void conn_report(struct fns_conn *, unsigned reports);

/* Attached if they were not; NULL if none are free.  Who then puts nothing in calls conn_tidy. */
struct queues *conn_attach_queues(struct fns_conn *);
static inline struct queues *
conn_attach(struct fns_conn *c)
{
	return c->queues != POOL_NONE ? conn_its_queues(c) : conn_attach_queues(c);
}

/* What is held beyond RCV.NXT leaves the ring. */
void conn_forget_islands(struct fns_conn *);

/* The recovery block, attached if it was not; NULL if none is free. */
struct recovery *conn_recovery(struct fns_conn *);
void conn_drop_recovery(struct fns_conn *);
void conn_tidy_queues(struct fns_conn *);

/* Gives back what holds nothing: recovery block, queues.  Of a connection that has these queues; and of any. */
static inline void
conn_tidy_its(struct fns_conn *c, const struct queues *q)
{
	if ((q->rx.reach | q->tx.reach) == 0 || c->troubled)
		conn_tidy_queues(c);
}

static inline void
conn_tidy(struct fns_conn *c)
{
	if (c->queues != POOL_NONE)
		conn_tidy_its(c, conn_its_queues(c));
}

/* An ACK in this turn, at most config->challenge_acks in 5 s (RFC 5961 §7). */
COLD void conn_challenge(struct fns_conn *);

/* The path takes segments of `mtu` octets of IP. */
void conn_set_mtu(struct fns_conn *, uint32_t mtu);

/* Frees it; the end of the turn only. */
void conn_free(struct fns_conn *);

/* The application lets go of a held connection: the end of this turn, or of the next, frees it. */
void conn_release(struct fns_conn *);

#endif
