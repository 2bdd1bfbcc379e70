/* The differential run: the same script is played to our core, in virtual time, and to the host kernel, over a tap in
 * a network namespace of its own.  What comes out of both is brought into one form and compared, step by step. */
#ifndef FNS_TEST_DIFF_H
#define FNS_TEST_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "seg.h"

enum {
	NAME_ROOM = 64,
	TEXT_ROOM = 96,
	STEPS_MAX = 48,
	SENDS_MAX = 24, /* segments that one step can bring out */
	SCRIPTS_MAX = 256,
	PORT_LOCAL = 8080,
	PORT_REMOTE = 40000,
	PORTS = 4,     /* of the peer, from PORT_REMOTE on */
	SETTLE_MS = 70 /* after each step: longer than a delayed ACK, shorter than any retransmission */
};

/* Scripts (script.c) */

enum verb {
	ARRIVE,
	LISTEN,
	UNLISTEN,
	SHUT_LISTEN,
	CONNECT,
	CONNECTED,
	ACCEPT,
	SEND,
	RECV,
	SHUTDOWN,
	CLOSE,
	WAIT
};

struct arrival {
	unsigned flags;
	uint32_t seq, len, ack; /* from the peer's ISN and the endpoint's ISS */
	int64_t wnd;            /* -1: the script's */
	uint32_t up;
	int32_t ts_off;   /* added to the value that the peer's clock has */
	bool no_ts;       /* left out though it was negotiated */
	uint32_t sack[2]; /* edges from ISS; none where equal */
	uint32_t rebase;  /* the peer's ISN moves so far first: the next incarnation */
	uint16_t port;    /* 0: the script's */
};

struct step {
	enum verb verb;
	struct arrival a;
	uint32_t n;           /* octets, or milliseconds, or enum fns_how */
	bool at_once;         /* the next step follows without a pause */
	char text[TEXT_ROOM]; /* as it was written */
};

/* What both sides are set to.  -1 where a number is left as it is by default. */
struct settings {
	bool v6, linger0, nodelay, offer_ts, offer_sack, offer_ws, probes, linear, limits;
	bool stranger; /* the peer does not make itself known on the link first */
	bool rfc1337, tw_reuse;
	int linger2_s, fin_timeout_s, orphan_retries, retries, syn_retries, rto_min_ms;
	int window, mss; /* of what the peer sends */
	bool slow;       /* played with --slow alone */
};

struct script {
	char name[NAME_ROOM];
	struct settings set;
	struct step step[STEPS_MAX];
	unsigned steps;
};

/* Reads all scripts of the file; exits with one line that names what it does not understand. */
unsigned scripts_read(const char *file, struct script *, unsigned room);

/* One script with one side (play.c) */

struct outcome {
	char result
		[TEXT_ROOM]; /* of a call; "" where there is none, "?" where this side has no such answer */
	char sent[SENDS_MAX][TEXT_ROOM];
	unsigned sends;
	const char *state; /* as RFC 9293 spells it */
};

struct play;

struct side {
	const char *name;
	void (*start)(struct play *);
	void (*arrive)(struct play *, const uint8_t *octets, size_t len);
	void (*pass)(struct play *, unsigned ms); /* hands what comes out to play_frame */
	void (*call)(struct play *, const struct step *, char result[TEXT_ROOM]);
	const char *(*state)(struct play *);
	void (*end)(struct play *);
};

extern const struct side core_side, kernel_side;

struct play {
	const struct script *script;
	const struct side *side;
	void *own; /* the side's */
	uint8_t ours[16], theirs[16];
	uint32_t iss[PORTS], isn; /* iss: by the remote port, from PORT_REMOTE on */
	bool iss_known[PORTS], ts_in, ts_out;
	uint32_t ts_seen;       /* newest TSval of the endpoint */
	uint64_t passed_ms;     /* the peer's clock */
	uint32_t written, read; /* octets of both streams */
	struct outcome *now;    /* of the step that is being played */
	struct outcome outcome[STEPS_MAX];
};

extern const uint8_t mac_ours[6], mac_theirs[6];

void play(struct play *, const struct script *, const struct side *);
void play_frame(struct play *, const uint8_t *octets, size_t len);
uint8_t play_pattern(bool from_peer, uint32_t place); /* of the octet there in its stream, counted from 0 */
const char *errno_name(int error);

/* Comparison and ledger (ledger.c) */

struct counts {
	unsigned steps, segments, results, states, skipped;
};

/* Writes one line "STEP what" for each difference; adds to counts. */
void compare(const struct play *ours, const struct play *kernel, FILE *differences, struct counts *);
void ladder(const struct play *ours, const struct play *kernel, FILE *to);

enum { LINES_MAX = 512 };

struct line {
	char *script, *what, *class, *reason;
	unsigned number;
	bool seen;
};

struct ledger {
	struct line line[LINES_MAX];
	unsigned lines;
};

void ledger_read(struct ledger *, const char *file);
struct line *ledger_find(struct ledger *, const char *script, const char *what);

#endif
