/* A script library: one endpoint (a shard with one port), and a peer on its link that says what the script says.
 *
 * Time is virtual.  Sequence numbers are relative: after a handshake both sides stand at 1.  Every script is run at
 * three pairs of initial sequence numbers, two of which wrap, over IPv4 and IPv6.  What goes out is verified as it
 * is collected (checksums, padding, options, octets, windows that never shrink); what remains for the script to say
 * is which segment comes next. */
#ifndef FNS_TEST_PEER_H
#define FNS_TEST_PEER_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/finesse.h>
#include <finesse/shard.h>

#include "drop.h"
#include "seg.h"

/* Values of optional fields below: not looked at; must not be there; filled in by the library. */
enum { ANY = -1, NONE = -2, AUTO = -3 };

enum { ISN_PAIRS = 3, SENT_ROOM = 2048, OUTBOX_ROOM = 256, LADDER = 1 << 14, FATES_ROOM = 128 };

/* A segment from the peer.  All zero but: a window of p->wnd, and what was negotiated. */
struct arrival {
	unsigned flags;         /* of enum seg_flags */
	uint32_t seq;           /* from the peer's ISN */
	uint32_t ack;           /* from the endpoint's ISS */
	int64_t wnd;            /* as on the wire; AUTO: p->wnd */
	uint32_t len;           /* octets of text: the pattern of their place in the stream ... */
	uint8_t garble;         /* ... xor this */
	uint16_t up;            /* urgent pointer */
	int64_t mss, ws;        /* NONE; AUTO: on a SYN, as p->offer says */
	int64_t sack_ok;        /* AUTO, NONE or true */
	int64_t ts_val, ts_ecr; /* AUTO: as negotiated; NONE: no option */
	uint32_t sack[4][2];    /* left and right edges from ISS; ends at an empty one */
	const void *raw;        /* octets of further options, padded here */
	size_t raw_len;
	uint8_t reserved; /* the four bits behind the data offset; AE is the lowest */
	uint8_t tos;      /* or traffic class: 3 is the mark of congestion experienced */
	bool bad_cksum;
	uint16_t port; /* the peer's port if not p->rport */
};

/* A segment that must go out. */
struct expected {
	unsigned flags;
	uint32_t seq;             /* from ISS */
	uint32_t ack;             /* from the peer's ISN; a segment without ACK must have 0 on the wire */
	uint32_t len;             /* octets of text */
	int64_t wnd;              /* as on the wire */
	int64_t mss, ws, sack_ok; /* ANY, NONE or the value */
	int64_t ts_val, ts_ecr;
	uint32_t sack[4][2]; /* from the peer's ISN, in this order; ends at an empty one */
	bool no_sack;        /* there are no blocks */
	bool zero_seq;       /* the sequence number on the wire is 0 (a reset without a connection) */
	int64_t tos, ttl;
	uint16_t port; /* to the peer's port if not p->rport */
};

#define ARRIVAL(...)                                                                                         \
	(&(struct arrival){.wnd = AUTO,                                                                      \
	                   .mss = AUTO,                                                                      \
	                   .ws = AUTO,                                                                       \
	                   .sack_ok = AUTO,                                                                  \
	                   .ts_val = AUTO,                                                                   \
	                   .ts_ecr = AUTO,                                                                   \
	                   .flags = __VA_ARGS__})
#define EXPECTED(...)                                                                                        \
	(&(struct expected){.wnd = ANY,                                                                      \
	                    .mss = ANY,                                                                      \
	                    .ws = ANY,                                                                       \
	                    .sack_ok = ANY,                                                                  \
	                    .ts_val = ANY,                                                                   \
	                    .ts_ecr = ANY,                                                                   \
	                    .tos = ANY,                                                                      \
	                    .ttl = ANY,                                                                      \
	                    .flags = __VA_ARGS__})

/* A frame that went out, verified. */
struct sent {
	uint64_t at_us;
	struct seg seg; /* text is NULL: it was compared with the pattern when it was collected */
	uint16_t rport;
	uint8_t tos, ttl;
};

/* What the application does from inside its handler. */
struct app {
	unsigned close_on, abort_on, shutdown_on; /* sets of reports */
	uint32_t send_on_open;                    /* octets */
	bool read_all;                            /* whatever is readable, at once */
	bool hold;                                /* fns_hold in FNS_CLOSED */
};

struct peer {
	/* the run */
	bool v6;
	unsigned pair; /* of initial sequence numbers */
	const char *name;

	/* before the first use a script may change these */
	struct fns_config config;
	struct fns_options options;
	struct app app;
	struct {
		int64_t mss, ws; /* NONE or the value of the option on the peer's SYN */
		bool ts, sack;
	} offer;
	uint16_t wnd; /* the window of what the peer sends */
	uint16_t lport, rport;
	bool deaf;             /* the peer answers no ARP and no neighbour solicitation */
	bool second;           /* the endpoint's second address is the one in play */
	const uint8_t *secret; /* 32 octets; NULL: always the same */
	uint16_t outbox;       /* room of the outbox of each turn */

	/* the endpoint */
	struct fns_shard *shard;
	struct fns_listener *listener;
	struct fns_conn *conn; /* opened, or the newest child that reported */
	uint64_t start_us, now_us;
	unsigned idle;  /* turns in a row that were due at once */
	uint64_t taken; /* octets from the allocator */
	bool started;   /* fns_shard_new returned: no allocation from here */

	/* what the application saw */
	unsigned reports; /* since expect_reports */
	unsigned opened, closed, born;
	struct fns_status end;  /* in the last FNS_CLOSED */
	uint32_t written, read; /* octets of both streams */

	/* the wire */
	uint32_t iss, isn; /* the endpoint's, the peer's */
	bool iss_known, ts_in, ts_out;
	uint8_t scale; /* of the endpoint's windows */
	bool scaled;
	uint32_t ts_seen; /* newest TSval of the endpoint */
	uint32_t edge;    /* right edge of the endpoint's window */
	bool edge_known;
	uint32_t mss_limit;    /* most octets of text in one segment, of what the peer announced */
	uint64_t frames;       /* that were given to the endpoint */
	uint64_t text_out;     /* octets of text in all segments that went out, and ... */
	uint64_t segments_out; /* ... segments */
	struct sent sent[SENT_ROOM];
	unsigned head, tail;
	struct fns_frame burst[64];
	unsigned bursts;
	uint64_t fates[FATES_ROOM]; /* before the last turn that had arrivals */
	unsigned arrived;           /* in that turn */

	char ladder[LADDER]; /* what happened, for a person to read when it fails */
	size_t ladder_len;
};

#define HERE __FILE__, __LINE__

/* Life */
void peer_init(struct peer *, bool v6, unsigned pair);
void peer_end(struct peer *);                /* aborts what is left and holds the sums against each other */
void peer_free(struct peer *);               /* whatever happened */
extern uint64_t peer_arrows;                 /* of Figure 5, that all endpoints took so far */
void peer_start(struct peer *, bool active); /* done by the first call or arrival */
uint32_t peer_mss(const struct peer *);      /* most text of one segment without options: 1460 or 1440 */
uint32_t peer_full(const struct peer *);     /* a full segment of the endpoint's as negotiated */

/* Arrivals.  Each is a turn of its own; arrive_more waits for the next one to come in the same burst. */
#define arrive(p, ...)      peer_arrive((p), HERE, false, ARRIVAL(__VA_ARGS__))
#define arrive_more(p, ...) peer_arrive((p), HERE, true, ARRIVAL(__VA_ARGS__))
void peer_arrive(struct peer *, const char *file, int line, bool more, const struct arrival *);

enum icmp_error {
	NET_UNREACHABLE,
	HOST_UNREACHABLE,
	PROTO_UNREACHABLE,
	PORT_UNREACHABLE,
	PROHIBITED,
	TIME_EXCEEDED,
	PARAMETER_PROBLEM,
	TOO_BIG,
	SOURCE_QUENCH
};
/* An ICMP or ICMPv6 error that quotes the endpoint's segment at seq; a parameter problem and a source quench exist
 * as the family has them. */
#define arrive_icmp(p, kind, seq, mtu) peer_arrive_icmp((p), HERE, (kind), (seq), (mtu))
void peer_arrive_icmp(struct peer *, const char *file, int line, enum icmp_error, uint32_t seq, uint32_t mtu);

/* Expectations.  expect: the next segment is exactly this, and nothing else was sent; expect_more: something follows;
 * expect_at: silence for so many milliseconds, then this; expect_within: this at any time from now until then. */
#define expect(p, ...)            peer_expect((p), HERE, true, EXPECTED(__VA_ARGS__))
#define expect_more(p, ...)       peer_expect((p), HERE, false, EXPECTED(__VA_ARGS__))
#define expect_at(p, ms, ...)     peer_expect_at((p), HERE, (ms), (ms), EXPECTED(__VA_ARGS__))
#define expect_within(p, ms, ...) peer_expect_at((p), HERE, 0, (ms), EXPECTED(__VA_ARGS__))
#define expect_nothing(p)         peer_expect_nothing((p), HERE)
#define expect_silence(p, ms)     (later((p), (ms)), peer_expect_nothing((p), HERE))
#define expect_in(p, state)       peer_expect_in((p), HERE, (state))
#define expect_fate(p, drop)      peer_expect_fate((p), HERE, (drop))
#define expect_reports(p, set)    peer_expect_reports((p), HERE, (set))
#define expect_closed(p, error)                                                                              \
	peer_expect_closed((p), HERE, (error))                   /* reported, and nothing is left of it */
#define expect_open(p)        peer_expect_open((p), HERE)        /* no FNS_CLOSED so far */
#define expect_stream(p, n)   peer_expect_stream((p), HERE, (n)) /* n octets wait; reads them */
#define expect_equal(p, a, b) peer_expect_equal((p), HERE, #a " == " #b, (a), (b))
#define expect_true(p, what)  peer_expect_equal((p), HERE, #what, (what) ? 1 : 0, 1)
void peer_expect(struct peer *, const char *file, int line, bool last, const struct expected *);
void peer_expect_at(struct peer *, const char *file, int line, uint64_t from_ms, uint64_t to_ms,
                    const struct expected *);
void peer_expect_nothing(struct peer *, const char *file, int line);
void peer_expect_in(struct peer *, const char *file, int line, const char *state);
void peer_expect_fate(struct peer *, const char *file, int line, enum drop);
void peer_expect_reports(struct peer *, const char *file, int line, unsigned set);
void peer_expect_closed(struct peer *, const char *file, int line, int error);
void peer_expect_open(struct peer *, const char *file, int line);
void peer_expect_stream(struct peer *, const char *file, int line, uint32_t len);
void peer_expect_equal(struct peer *, const char *file, int line, const char *what, int64_t a, int64_t b);
const struct sent *peer_next(struct peer *); /* takes the next frame out; NULL: there is none */
unsigned peer_pending(const struct peer *);  /* frames out that nobody took */
void peer_forget(struct peer *);             /* takes all */
const char *peer_state(struct peer *);
struct fns_status peer_status(struct peer *);       /* of the connection there is, also an orphan */
uint32_t peer_rto(struct peer *);                   /* its retransmission timeout in ms */
int64_t peer_stat(struct peer *, const char *name); /* a counter or gauge; -1: there is none of that name */

/* Time and calls.  A call is followed by a turn, as a handler's would be. */
void turn(struct peer *);
void later(struct peer *, uint64_t ms); /* turns whenever the shard says that it is due */
void call_listen(struct peer *);
void call_open(struct peer *);
void call_send(struct peer *, uint32_t len);           /* the next octets of the pattern; all must be taken */
ptrdiff_t call_send_some(struct peer *, uint32_t len); /* what fns_send returned */
void call_receive(struct peer *, uint32_t len);
void call_shutdown(struct peer *, enum fns_how);
void call_close(struct peer *);
void call_abort(struct peer *);
void call_set_options(struct peer *); /* p->options, as they are now */

/* Ways into each state, by script: passive unless the name says otherwise.  FIN-WAIT and later ones keep their
 * application (shutdown, not close). */
void in_closed(struct peer *);
void in_listen(struct peer *);
void in_syn_sent(struct peer *);
void in_syn_received(struct peer *);
void in_syn_received_active(struct peer *); /* by simultaneous open */
void in_established(struct peer *);
void in_established_active(struct peer *);
void in_fin_wait_1(struct peer *);
void in_fin_wait_2(struct peer *);
void in_close_wait(struct peer *);
void in_closing(struct peer *);
void in_last_ack(struct peer *);
void in_time_wait(struct peer *);
void orphan_in_fin_wait_1(struct peer *); /* by close: the application is gone */
void orphan_in_fin_wait_2(struct peer *);

/* The next incarnation of the connection: the peer starts again `above` its old ISN. */
void renumber(struct peer *, uint32_t above);

/* Inside of the library */
struct written {
	uint8_t *octets;
	size_t len;
};
uint8_t peer_pattern(bool from_peer, uint32_t seq); /* of the octet at this place, counted from the ISN */
struct written frame_segment(struct peer *, const struct arrival *);
struct written frame_icmp(struct peer *, enum icmp_error, uint32_t seq, uint32_t mtu);
struct written frame_hello(struct peer *); /* ARP request or neighbour solicitation: teaches our address */
struct written frame_neighbour_answer(struct peer *, const uint8_t *octets,
                                      size_t len); /* octets NULL: no question */
/* Verifies one frame; false: it was not TCP. */
bool frame_read(struct peer *, const uint8_t *octets, size_t len, struct sent *);
/* One turn at the time the shard is due, at the latest until_us; false: it was not due before. */
bool peer_step(struct peer *, uint64_t until_us);
void peer_note(struct peer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void peer_fail(struct peer *, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5), noreturn));
void peer_addresses(const struct peer *, uint8_t ours[16], uint8_t theirs[16]);
extern const uint8_t mac_ours[6], mac_theirs[6];

/* Scripts */
struct script {
	const char *name;
	void (*run)(struct peer *);
};
#define SCRIPT(name)                                                                                         \
	{                                                                                                    \
#name, name                                                                                  \
	}

#endif
