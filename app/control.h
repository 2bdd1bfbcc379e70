/* The control plane: one thread, the main one, with libevent.  It shares two things with a worker: counters, and requests that
 * it lends to the worker's shard (finesse/request.h).  It waits for nobody: a worker that does not answer within a second is
 * left out of the answer, which then says so. */
#ifndef FINESSED_CONTROL_H
#define FINESSED_CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>

#include "settings.h"

struct control;
struct workers;

/* Opens control.socket and control.metrics, before any port is touched.  What the file does not name and cannot be opened is
 * left out with a line.  NULL after a complaint. */
struct control *control_new(const struct conf *, const char *file);

/* Serves until the workers have ended, and the clients that wait for the end of a drain know it.  `reread` counts SIGHUPs. */
void control_run(struct control *, struct workers *, const atomic_uint *reread);

/* Removes the socket's file. */
void control_free(struct control *);

#endif
