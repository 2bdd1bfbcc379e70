/* What of a configuration may change while connections live. */
#ifndef FINESSED_CHANGES_H
#define FINESSED_CHANGES_H

#include "settings.h"

struct names {
	char text[1024]; /* " section.name section.name" */
	size_t len;
};

struct changes {
	struct names taken, refused;
};

/* The setting may change while connections live. */
bool changes_allowed(const struct setting *);

/* Takes over from `from` what differs and may change; names that, and what differs and may not. */
void changes_take(struct conf *to, const struct conf *from, struct changes *);

#endif
