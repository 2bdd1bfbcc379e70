/* The states and the calls of the table. */
#ifndef SOCK_TABLE_H
#define SOCK_TABLE_H

#include "sides.h"

enum { CELL = 64 };

struct case_state {
	const char *name;
	void (*make)(void);
	bool ours_alone; /* the kernel has no clock to turn */
};
struct case_call {
	const char *name;
	void (*make)(char cell[CELL]);
};
extern const struct case_state state[];
extern const struct case_call call[];
extern const unsigned states, calls;

extern int fd, peer, passive,
	spare;        /* under test on NEAR; its peer and the listener on FAR; another of NEAR */
extern uint16_t port; /* the listener's */
extern char octets[1 << 16];

#endif
