/* What is said of a run: nothing but the reason if it does not add up. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <jansson.h>

#include "end.h"

/* The figures; NULL after the complaint: something does not add up, and there is no figure.  The caller's. */
json_t *report(const struct run *);

/* On standard output: as it is, or for a person to read. */
void report_print(const struct plan *, const json_t *);

#endif
