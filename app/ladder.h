/* Ladders: what the flight recorder kept of a connection, drawn as the figures of RFC 9293 §3.5 and §3.6 are.  Pure
 * functions of one record, or of two if both ends were recorded. */
#ifndef APP_LADDER_H
#define APP_LADDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <finesse/shard.h>

#define LADDER_ROWS (2 * FNS_RECORD_EVENTS + 2)
#define LADDER_TEXT 112 /* all flags and five numbers of ten digits */

enum ladder_kind {
	LADDER_STATES,  /* where both stand */
	LADDER_NOTE,    /* a call or a timeout, at `side` */
	LADDER_SEGMENT, /* from `side` to the other */
	LADDER_DEPARTS, /* from `side`; while it travels something happens at the other, and later it ... */
	LADDER_ARRIVES, /* ... arrives there: `other` is the one row of the other */
};

struct ladder_row {
	uint64_t after_us; /* the first event */
	uint8_t kind, side;
	uint8_t resets, closes; /* the segment has RST; has FIN */
	uint16_t other;
	char cell[2][LADDER_TEXT]; /* left and right: state, call */
	char label[LADDER_TEXT];   /* of a segment */
};

struct ladder {
	const struct fns_record *record[2]; /* the second NULL: only one end was recorded */
	bool self;                          /* both ends are one */
	uint32_t lost;                      /* older events that are not there any more */
	unsigned rows;
	struct ladder_row row[LADDER_ROWS];
};

/* Lays out one record, or (b not NULL) both ends of one connection, with clocks that agree. */
void ladder_lay(struct ladder *, const struct fns_record *a, const struct fns_record *b);

/* 92 columns.  `ascii`: no character above 126. */
void ladder_print(const struct ladder *, const char *title, bool ascii, FILE *);

/* A whole SVG document. */
void ladder_svg(const struct ladder *, const char *title, FILE *);

/* Both: who stands at the head of a column, and how it ended ("198.51.100.1:40000", "ended as active_4"). */
void ladder_head(const struct ladder *, unsigned side, char *text, size_t room);
void ladder_end(const struct ladder *, unsigned side, char *text, size_t room);

#endif
