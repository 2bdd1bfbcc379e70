/* The scripts by theme; each list ends with an empty name. */
#ifndef FNS_TEST_SCRIPTS_H
#define FNS_TEST_SCRIPTS_H

#include "peer.h"

/* clang-format off */
#define THEMES(X)                                                     \
	X(open) X(close) X(orphan) X(reset) X(text) X(timers) X(send) \
	X(recovery) X(timewait) X(icmp) X(matrix) X(hostile) X(self) X(linger)  \
	X(shortage) X(classes) X(guess) X(recorder) X(wire) X(bsd) X(congestion) X(loss)
/* clang-format on */

#define X(theme) extern const struct script theme##_scripts[];
THEMES(X)
#undef X

/* One cell of the matrix of states and flags (matrix.c), which hostile.c holds all flag octets against. */
struct cell {
	unsigned flags;    /* of FIN, SYN, RST, ACK */
	const char *after; /* the state after */
	char sends;        /* see matrix.c */
	uint32_t seq, ack;
	enum drop fate;
};

enum { MATRIX_STATES = 11, MATRIX_FLAGS = 16 };

struct row {
	const char *state;
	void (*reach)(struct peer *);
	uint32_t rcv_nxt, snd_nxt; /* relative, in that state */
	struct cell cell[MATRIX_FLAGS];
};

/* clang-format off */
#define MATRIX_LIST(X)                                              \
	X(0, closed) X(1, listen) X(2, syn_sent) X(3, syn_received) \
	X(4, established) X(5, fin_wait_1) X(6, fin_wait_2)         \
	X(7, close_wait) X(8, closing) X(9, last_ack) X(10, time_wait)
/* clang-format on */

extern const struct row matrix[MATRIX_STATES];

/* Sends the segment of this cell, with these further flags, reserved bits and octets of text. */
void matrix_arrive(struct peer *, const struct row *, const struct cell *, unsigned flags, uint8_t reserved,
                   uint32_t len);
void matrix_expect(struct peer *, const struct row *, const struct cell *);

#endif
