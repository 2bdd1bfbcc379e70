/* What a cycle of the soak does: one connection, from open to its end on both sides, by one of these plans. */
#ifndef SOAK_PLANS_H
#define SOAK_PLANS_H

#include <stdbool.h>
#include <stdint.h>

#include <finesse/finesse.h>

/* What an end does when something happens to it, in this order. */
enum act {
	READ = 1 << 0,
	LOSE = 1 << 1, /* from now on all frames of this connection are lost */
	SEND = 1 << 2,
	SHUT = 1 << 3,
	CLOSE = 1 << 4,
	ABORT = 1 << 5,
	FIND = 1 << 6,   /* frames arrive again */
	REOPEN = 1 << 7, /* the same ports, anew */
};

enum to { TO_LISTENER, TO_NOBODY, TO_BRIEF_LISTENER, TO_OPENER, TO_ITSELF, TO_NO_NEIGHBOUR };

/* Rounds after the open at which LATER, NEXT (the round after that), LATE and LAST happen. */
enum { AT_LATER = 20, AT_NEXT = 21, AT_LATE = 120, AT_LAST = 220 };

struct doings {
	uint8_t start, open, fin, later, next, late, last; /* sets of enum act */
};

struct plan {
	const char *name;
	const char *want[2]; /* the class in which the opening, the other end must end; NULL: any */
	uint8_t to;          /* enum to */
	uint8_t lose;        /* from the start: 1 what the opener sends, 2 what comes back */
	bool dirty;          /* something may be left at the other side for a while: let the port rest */
	struct doings does[2];
	struct fns_options options; /* of the open */
};

extern const struct plan plans[];
extern const unsigned plan_count;
extern const struct plan plan_orphans; /* for more at once than there may be orphans */

#endif
