/* What SIGHUP may change. */
#ifndef FINESSED_REREAD_H
#define FINESSED_REREAD_H

#include "settings.h"

struct names {
	char text[1024]; /* " section.name section.name" */
	size_t len;
};

struct changes {
	struct names taken, refused;
};

/* The setting may change while connections live. */
bool reread_live(const struct setting *);

/* Takes over from `from` what differs and may change; names that, and what differs and may not. */
void reread_compare(struct conf *to, const struct conf *from, struct changes *);

#endif
