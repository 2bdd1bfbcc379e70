/* What clients did, in all workers together; for people. */
#ifndef FINESSED_CLIENTS_H
#define FINESSED_CLIENTS_H

#include <stdbool.h>

struct workers;

/* Says what came of each client that has done what it was to do and was not said yet; `all`: of every client.  The main
 * thread. */
void clients_say(const struct workers *, bool all);

/* No client got anything but what it sent, of those that look. */
bool clients_sound(const struct workers *);

#endif
