/* finesse: the User/TCP interface of RFC 9293 §3.9.1.
 *
 * Conventions of all headers here: host byte order and octets unless a name says otherwise.  Every call is made from
 * the thread that turns the shard (shard.h), outside of a turn or inside a handler, unless it says "any thread".
 * Nothing blocks.  What a peer does is never an assertion failure; misuse of this interface by the caller may be. */
#ifndef FINESSE_H
#define FINESSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fns_shard;    /* one core's connections, listeners, timers and buffers */
struct fns_listener; /* a passive OPEN: the LISTEN state */
struct fns_conn;     /* a TCB: SYN-SENT to LAST-ACK */

struct fns_addr {
	uint8_t ip
		[16]; /* network order; IPv4 as ::ffff:a.b.c.d; 0.0.0.0 or ::: any address (listen), or choose (open) */
	uint16_t port; /* 0: choose one (open) */
};

/* Reads "198.51.100.1", "2001:db8::1" or "::".  0, or -EINVAL and *addr unchanged.  Any thread. */
int fns_addr_parse(struct fns_addr *addr, const char *ip, uint16_t port);

/* The asynchronous reports of §3.9.1.8.  A handler receives a set of them between arrivals and output of a turn,
 * never from inside another call. */
enum fns_report {
	/* reached ESTABLISHED (also for a child of a listener) */
	FNS_OPENED = 1 << 0,
	/* octets wait to be received */
	FNS_READABLE = 1 << 1,
	/* fns_send took less than it was given, and there is room again */
	FNS_WRITABLE = 1 << 2,
	/* the peer will send no more: nothing will follow what can be received now */
	FNS_PEER_FIN = 1 << 3,
	/* retransmissions pass R1, or ICMP says unreachable (§3.9.1.8, MUST-47); it may still heal */
	FNS_SOFT_ERROR = 1 << 4,
	/* the last report, exactly once, also after fns_close.  The connection is over; fns_status still answers how
	 * and why, and octets received before the end can still be received until the handler returns, or until
	 * fns_close if the handler called fns_hold */
	FNS_CLOSED = 1 << 5,
	/* comes with FNS_OPENED: the connection is with itself */
	FNS_SELF = 1 << 6,
	/* after fns_close with linger_ms: the FIN is acknowledged, the connection is over, or the time is */
	FNS_LINGERED = 1 << 7,
};
typedef void fns_handler(struct fns_conn *, unsigned reports, void *user);

enum fns_profile { FNS_PROFILE_DEFAULT, FNS_LINUX, FNS_BSD, FNS_RFC9293 };
enum fns_switch { FNS_DEFAULT, FNS_OFF, FNS_ON };

/* What to do about a connection whose two ends would be one and the same: an active open to an address and port of our
 * own meets itself when nothing listens there and the local port comes out equal (T-40). */
enum fns_self_connect {
	FNS_SELF_DEFAULT,
	FNS_SELF_ALLOW, /* as TCP has it; FNS_SELF is reported */
	FNS_SELF_AVOID, /* a port chosen by the shard is never the destination's */
	FNS_SELF_DETECT, /* chosen blindly; if it met itself, another port, twice at the most, as Go's dialer does */
	FNS_SELF_REFUSE, /* avoided, and an open that names both ends equal fails with EADDRINUSE */
};

/* Congestion control (RFC 5681, RFC 9438). */
enum fns_congestion { FNS_CC_DEFAULT, FNS_CC_NEWRENO, FNS_CC_CUBIC };

/* Per listener or connection; all zero means the shard's configuration. */
struct fns_options {
	uint8_t profile;      /* enum fns_profile */
	uint8_t self_connect; /* enum fns_self_connect */
	uint8_t no_delay;     /* enum fns_switch: ON turns Nagle's algorithm off (MUST-17) */
	uint8_t keepalive;    /* enum fns_switch (MUST-24); off by default (MUST-25) */
	uint8_t dscp;         /* differentiated services field of what is sent, 0 to 63 (MUST-48) */
	uint8_t ttl;          /* or hop limit; 0: 64 (MUST-49) */
	uint8_t linger; /* enum fns_switch (SO_LINGER): ON with linger_ms 0 resets the connection on close */
	uint32_t
		linger_ms; /* with linger ON, above 0: close reports FNS_LINGERED when done or due; never resets */
	int32_t fin_wait_2_ms; /* limit of an orphan in FIN-WAIT-2; negative: reset instead; 0: configured */
	uint32_t user_timeout_ms; /* R2 as a time (RFC 5482); 0: configured */
	uint32_t open_ms;      /* an active open that is not ESTABLISHED by then is given up; 0: configured */
	uint32_t keepalive_ms; /* idle time before the first probe; 0: configured (2 hours unless changed) */
	uint8_t congestion;    /* enum fns_congestion */
	uint8_t record;        /* enum fns_switch: the flight recorder (shard.h); DEFAULT: as it is sampled */
	uint8_t cork; /* enum fns_switch: ON holds back what does not fill a segment, for an RTO at most */
	uint8_t syn_retries;      /* of the SYN; 0: configured */
	uint8_t keepalive_probes; /* without an answer; 0: configured */
	uint16_t mss;             /* of segments, both ways, at most; 0: as the path and the peer allow */
	uint32_t keepalive_interval_ms; /* between probes; 0: configured */
	uint32_t rcv_buf; /* octets the receive window never exceeds; 0: configured, and it grows with use */
	uint32_t snd_buf; /* octets queued and unacknowledged at most; 0: configured */

	/* of listeners alone */
	uint8_t share; /* enum fns_switch: ON lets others that share listen there too; a SYN's flow says whose it is */
	uint8_t v6_only; /* enum fns_switch: ON makes :: be of IPv6 alone */
};

/* OPEN, passive (§3.10.1).  `local` one of the shard's own addresses, or any: 0.0.0.0 of IPv4, :: of both families unless
 * v6_only.  Children start with `handler` and `user` and report FNS_OPENED first.  NULL with errno: EADDRINUSE, EADDRNOTAVAIL, ENOBUFS, EINVAL. */
struct fns_listener *fns_listen(struct fns_shard *, const struct fns_addr *local, const struct fns_options *,
                                fns_handler *, void *user);

/* At most so many children that are ESTABLISHED and not yet accepted (0: any number): the ACK of a further one is ignored,
 * and so are SYNs meanwhile, until fns_listener_accepted has been called for one of them (T-23). */
void fns_listener_limit(struct fns_listener *, uint32_t waiting);
void fns_listener_accepted(struct fns_listener *);

/* Other options for the children to come.  0, -EINVAL, -ENOBUFS. */
int fns_listener_options(struct fns_listener *, const struct fns_options *);

/* Ends LISTEN: new SYNs are refused, children that have not reached ESTABLISHED are reset, others live on. */
void fns_unlisten(struct fns_listener *);

/* OPEN, active.  `local` NULL: source address by route, port by RFC 6056.  NULL with errno: EADDRNOTAVAIL (no such
 * local address, no free port, or a four-tuple that is another shard's: fns_shard_owns), EADDRINUSE (the four-tuple is taken), ENETUNREACH, EINVAL (remote is not a unicast
 * address with a port: MUST-46), ENOBUFS. */
struct fns_conn *fns_open(struct fns_shard *, const struct fns_addr *local, const struct fns_addr *remote,
                          const struct fns_options *, fns_handler *, void *user);

/* SEND (§3.10.2): copies; returns octets taken, maybe fewer than len, maybe 0 (then FNS_WRITABLE will come), or
 * -ENOTCONN (not synchronized yet is fine: octets wait for ESTABLISHED), -EPIPE after shutdown or close, or the error
 * that ended the connection, once: -ECONNRESET, -ETIMEDOUT. */
ptrdiff_t fns_send(struct fns_conn *, const void *octets, size_t len);

/* The same, of octets that more will follow at once: what does not fill a segment waits for them, for an RTO at most. */
ptrdiff_t fns_send_more(struct fns_conn *, const void *octets, size_t len);

/* What is queued goes now, though it does not fill a segment: past fns_send_more, a cork, and Nagle's algorithm. */
void fns_push(struct fns_conn *);

/* FNS_WRITABLE comes when the next octets are acknowledged, as if fns_send had found too little room. */
void fns_want_room(struct fns_conn *);

/* RECEIVE (§3.10.3) in two halves: look at the first contiguous run of what is there (0: nothing now) ... */
size_t fns_peek(const struct fns_conn *, const void **run);
/* ... or from octet `at` of what is there on ... */
size_t fns_peek_at(const struct fns_conn *, size_t at, const void **run);
/* ... and take: at most as much as is there.  This opens the window. */
void fns_consume(struct fns_conn *, size_t len);

/* Octets that can be received; octets that fns_send would take now; octets sent or queued and not acknowledged. */
size_t fns_readable(const struct fns_conn *);
size_t fns_writable(const struct fns_conn *);
size_t fns_unacked(const struct fns_conn *);
/* Of those, octets that have never been sent. */
size_t fns_unsent(const struct fns_conn *);

/* What bounds a sender, in octets. */
struct fns_sending {
	uint32_t segment; /* of text, in a full segment */
	uint32_t now; /* in full segments, that both windows let out: the peer's and congestion control's */
	uint32_t wnd_max; /* the largest window that the peer has offered */
};
void fns_sending(const struct fns_conn *, struct fns_sending *);

enum fns_how { FNS_SHUT_RD, FNS_SHUT_WR, FNS_SHUT_RDWR };

/* Half-close; the connection stays the caller's.  WR is RFC 9293's CLOSE (§3.10.4): FIN follows what is queued.
 * 0, also when repeated; -ENOTCONN before ESTABLISHED or after the end. */
int fns_shutdown(struct fns_conn *, enum fns_how);

/* POSIX close: the caller is gone.  FIN follows what is queued; unread octets turn it into a reset (SHLD-3).
 * Of the reports only FNS_LINGERED (see linger_ms) and FNS_CLOSED still come.  On a held connection: releases it. */
void fns_close(struct fns_conn *);

/* ABORT (§3.10.5): RST now, both rings dropped; FNS_CLOSED still comes. */
void fns_abort(struct fns_conn *);

/* In the handler of FNS_CLOSED only: keep the dead connection, for its unread octets and status, until fns_close. */
void fns_hold(struct fns_conn *);

/* The states as RFC 9293 lists them (§3.3.2). */
enum fns_state {
	FNS_STATE_CLOSED,
	FNS_STATE_LISTEN,
	FNS_STATE_SYN_SENT,
	FNS_STATE_SYN_RECEIVED,
	FNS_STATE_ESTABLISHED,
	FNS_STATE_FIN_WAIT_1,
	FNS_STATE_FIN_WAIT_2,
	FNS_STATE_CLOSE_WAIT,
	FNS_STATE_CLOSING,
	FNS_STATE_LAST_ACK,
	FNS_STATE_TIME_WAIT,
};

/* STATUS (§3.10.6). */
struct fns_status {
	struct fns_addr local, remote;
	const char *state; /* "ESTABLISHED" ... as the RFC spells it; static */
	uint8_t number;    /* the same as enum fns_state */
	int error; /* why it ended: 0, ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT, ECONNABORTED; or pending soft error */
	uint32_t unread;  /* octets received and not consumed */
	uint32_t unacked; /* octets accepted by fns_send and not acknowledged */
	uint32_t snd_wnd, cwnd, ssthresh, rcv_wnd, mss;
	uint32_t srtt_us, rttvar_us, rto_us;
	uint64_t age_us;         /* since OPEN, or the SYN that began it */
	const char *close_class; /* how it ended (fns_class_name), NULL before; static */
	bool passive, orphan, peer_fin;
	bool self; /* both ends are this one */
};
void fns_status(const struct fns_conn *, struct fns_status *);

/* What a recorded connection has counted since its recording began (fns_options.record). */
struct fns_tally {
	uint32_t segments_sent, segments_received;                /* all */
	uint32_t texts_sent, texts_received;                      /* those with octets, repetitions too */
	uint64_t octets_sent, octets_rexmitted;                   /* repetitions are in both */
	uint32_t rexmits;                                         /* segments sent again, SYN and FIN too */
	uint32_t timeouts;                                        /* RETRANSMIT was due */
	uint32_t out_of_order;                                    /* segments received beyond RCV.NXT */
	uint32_t min_rtt_us;                                      /* 0: no sample */
	uint32_t text_received_max;                               /* octets of the longest */
	uint64_t text_sent_us, text_received_us, ack_received_us; /* the last; 0: none */
	/* for how long octets were queued or unacknowledged; of that, held back by the peer's window alone; and by a
	 * send buffer that was too small for what the application had to send */
	uint64_t busy_us, rcv_wnd_limited_us, snd_buf_limited_us;
};

enum fns_loss {
	FNS_LOSS_NONE,
	FNS_LOSS_DISORDER, /* duplicate acknowledgments, not enough of them */
	FNS_LOSS_REDUCED,  /* for an ECE (RFC 3168) */
	FNS_LOSS_RECOVERY, /* fast recovery */
	FNS_LOSS_TIMEOUT,  /* what was out at a timeout is not acknowledged yet */
};

struct fns_measure {
	bool timestamps, sack, scaled, ecn; /* agreed with the peer */
	uint8_t snd_scale, rcv_scale;
	uint8_t loss;                        /* enum fns_loss */
	uint8_t timeouts, probes, backoff;   /* without an answer */
	uint32_t flight;                     /* octets sent and not acknowledged; of those ... */
	uint32_t sacked, lost, rexmitted;    /* ... held by the peer, thought lost, and of those sent again */
	uint32_t snd_text_max, rcv_text_max; /* octets of text a segment may have, beside its options */
	uint32_t mtu;
	uint32_t delayed_ack_us;
	bool tallied; /* the connection is recorded: */
	struct fns_tally tally;
};
void fns_measure(const struct fns_conn *, struct fns_measure *);

/* Other options from now on, in whole; zero means the configuration as at OPEN.  `profile`, `self_connect` and `record`
 * stay as they were.  0, -EINVAL, -ENOBUFS (1,024 different sets are in use). */
int fns_set_options(struct fns_conn *, const struct fns_options *);

/* Acknowledge the next segments at once, and what is owed now; or not, and then the delay of an ACK is only what the
 * second segment and the timeout end (TCP_QUICKACK: no promise, the connection moves on by itself). */
void fns_quick_ack(struct fns_conn *, bool);
bool fns_is_quick(const struct fns_conn *);

/* Of a held connection that ended in TIME-WAIT: its entry is still there. */
bool fns_waits(const struct fns_conn *);

/* From now on `handler` with `user`; NULL keeps the handler.  A shard knows at most 1,023 different functions. */
void fns_attach(struct fns_conn *, fns_handler *handler, void *user);
void *fns_user(const struct fns_conn *);

#ifdef __cplusplus
}
#endif
#endif
