/* Figure 5 of RFC 9293 as data: the eleven states, and every arrow between them.
 *
 * States are bits, so that the RFC's "in states A, B" reads in(c, A | B).  Three of them are never the state of a
 * connection that a segment can meet: CLOSED is absence, LISTEN a listener, TIME-WAIT a tw. */
#ifndef FNS_STATE_H
#define FNS_STATE_H

#include <stdint.h>

/* May output, in this state: */
enum { SEND_NOTHING = 0, SEND_SYN = 1, SEND_ACK = 2, SEND_TEXT = 4, SEND_FIN = 8 };

/* clang-format off */
/*        name          the RFC's spelling  what output may send in it                */
#define STATE_LIST(X)                                                              \
	X(CLOSED,       "CLOSED",           SEND_NOTHING)                          \
	X(LISTEN,       "LISTEN",           SEND_NOTHING)                          \
	X(SYN_SENT,     "SYN-SENT",         SEND_SYN)                              \
	X(SYN_RECEIVED, "SYN-RECEIVED",     SEND_SYN | SEND_ACK)                   \
	X(ESTABLISHED,  "ESTABLISHED",      SEND_ACK | SEND_TEXT)                  \
	X(FIN_WAIT_1,   "FIN-WAIT-1",       SEND_SYN | SEND_ACK | SEND_TEXT | SEND_FIN) \
	X(FIN_WAIT_2,   "FIN-WAIT-2",       SEND_ACK)                              \
	X(CLOSE_WAIT,   "CLOSE-WAIT",       SEND_ACK | SEND_TEXT)                  \
	X(CLOSING,      "CLOSING",          SEND_ACK | SEND_TEXT | SEND_FIN)       \
	X(LAST_ACK,     "LAST-ACK",         SEND_ACK | SEND_TEXT | SEND_FIN)       \
	X(TIME_WAIT,    "TIME-WAIT",        SEND_ACK)

enum state_number {
#define X(name, text, send) STATE_##name,
	STATE_LIST(X)
#undef X
	STATE_COUNT
};
/* clang-format on */

enum state {
#define X(name, text, send) name = 1 << STATE_##name,
	STATE_LIST(X)
#undef X
};

/* The arrows of the figure with its notes, and those to CLOSED that §3.10 adds in prose.  Two of the figure are not
 * here: LISTEN to SYN-SENT, by a SEND on a listener, for which the socket interface has no call; and FIN-WAIT-1 to
 * TIME-WAIT (note 2), which §3.10.7.4 takes as two within one segment, by way of FIN-WAIT-2: its fifth check enters
 * that state before its eighth looks at the FIN. */
/* clang-format off */
#define ARROW_LIST(X)                                                                     \
	X(CLOSED,       LISTEN,       "passive OPEN")                                     \
	X(CLOSED,       SYN_SENT,     "active OPEN")                                      \
	X(LISTEN,       CLOSED,       "CLOSE")                                            \
	X(LISTEN,       SYN_RECEIVED, "SYN")                                              \
	X(SYN_SENT,     SYN_RECEIVED, "SYN: simultaneous open (MUST-10)")                 \
	X(SYN_SENT,     ESTABLISHED,  "SYN and ACK of ours")                              \
	X(SYN_SENT,     CLOSED,       "CLOSE, ABORT, reset, timeout")                     \
	X(SYN_RECEIVED, ESTABLISHED,  "ACK of our SYN")                                   \
	X(SYN_RECEIVED, FIN_WAIT_1,   "CLOSE")                                            \
	X(SYN_RECEIVED, LISTEN,       "reset or timeout of a passive open (note 1)")      \
	X(SYN_RECEIVED, CLOSED,       "ABORT; reset or timeout of an active open")        \
	X(ESTABLISHED,  FIN_WAIT_1,   "CLOSE")                                            \
	X(ESTABLISHED,  CLOSE_WAIT,   "FIN")                                              \
	X(ESTABLISHED,  CLOSED,       "ABORT, reset, timeout")                            \
	X(FIN_WAIT_1,   FIN_WAIT_2,   "ACK of our FIN")                                   \
	X(FIN_WAIT_1,   CLOSING,      "FIN")                                              \
	X(FIN_WAIT_1,   CLOSED,       "ABORT, reset, timeout")                            \
	X(FIN_WAIT_2,   TIME_WAIT,    "FIN")                                              \
	X(FIN_WAIT_2,   CLOSED,       "ABORT, reset, an orphan's time is over")           \
	X(CLOSE_WAIT,   LAST_ACK,     "CLOSE")                                            \
	X(CLOSE_WAIT,   CLOSED,       "ABORT, reset, timeout")                            \
	X(CLOSING,      TIME_WAIT,    "ACK of our FIN")                                   \
	X(CLOSING,      CLOSED,       "ABORT, reset, timeout")                            \
	X(LAST_ACK,     CLOSED,       "ACK of our FIN; ABORT, reset, timeout")            \
	X(TIME_WAIT,    CLOSED,       "2 MSL")                                            \
	X(TIME_WAIT,    SYN_RECEIVED, "SYN of a new incarnation (MAY-2)")

enum arrow {
#define X(from, to, why) ARROW_##from##_##to,
	ARROW_LIST(X)
#undef X
	ARROW_COUNT
};
/* clang-format on */

struct tcp;

const char *state_name(uint16_t state); /* "FIN-WAIT-1" */
void state_arrow(struct tcp *, uint16_t from,
                 uint16_t to); /* remembers that it was taken; asserts that it is in the list */

#endif
