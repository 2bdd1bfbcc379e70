/* What is said of a run: nothing but the reason if it does not add up. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "end.h"

/* False after the complaint: something does not add up, and there is no figure. */
bool report(const struct run *);

#endif
