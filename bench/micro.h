/* micro: the pieces of a turn, each alone. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <jansson.h>

#include "plan.h"

/* The figures; NULL after the complaint.  The caller's. */
json_t *micro(const struct plan *);

#endif
