/* Rate and latency against the number of connections, drawn by gnuplot: ours, the host kernel's in the same run, and what
 * others were measured to do. */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <jansson.h>

#include "plan.h"

/* One run; NULL after the complaint.  The caller's. */
typedef json_t *plot_measure(const struct plan *);

/* Measures `plan` with 1,000 connections (teardown, hold; else with 1), with ten times as many, and so on up to --conns,
 * and the kernel beside it if we are root; draws plan->plot.  The last run's report, with the others in "series" and the
 * kernel's in "kernel".  NULL after the complaint. */
json_t *plot(const struct plan *, plot_measure *);

#endif
