/* The plot (plot.h). */
#include "plot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KERNEL_MOST   100000 /* it opens some 15,000 a second */
#define KERNEL_WHILE  2      /* seconds */
#define KERNEL_WINDOW 1024   /* its best; ours is smaller */

/* Others, on this kind of machine but not in this run: over memif in copy mode, a core for each end; the middle of what was
 * measured (a range: its middle).  README.md says where from. */
struct peer {
	uint8_t command;
	const char *name;
	double conns, per_second;
};
static const struct peer peers[] = {
	{COMMAND_TEARDOWN, "dperf", 1e6, 1.26e6}, {COMMAND_CHURN, "dperf", 1e3, 1.40e6},
	{COMMAND_CHURN, "TLDK", 1e3, 240e3},      {COMMAND_CHURN, "F-Stack", 1e3, 98e3},
	{COMMAND_CHURN, "VPP", 1e3, 60e3},        {COMMAND_RR, "dperf", 64, 4.1e6},
	{COMMAND_RR, "dperf", 1024, 3.2e6},       {COMMAND_RR, "TLDK", 64, 1.3e6},
	{COMMAND_RR, "TLDK", 1024, 1.04e6},       {COMMAND_RR, "F-Stack", 64, 588e3},
	{COMMAND_RR, "F-Stack", 1024, 400e3},     {COMMAND_RR, "VPP", 64, 226e3},
	{COMMAND_RR, "VPP", 1024, 188e3},         {COMMAND_STREAM, "dperf", 64, 25e9 / 8},
};

static void
print_points(FILE *out, const json_t *series, const char *column)
{
	const json_t *o;
	size_t i;

	json_array_foreach(series, i, o)
	{
		const json_t *value = json_object_get(o, column);

		if (value != NULL)
			fprintf(out, "%.0f %g\n", json_number_value(json_object_get(o, "conns")),
			        json_number_value(value));
	}
	fprintf(out, "e\n");
}

static void
print_rate(FILE *out, const struct plan *p, const json_t *ours, const json_t *kernel)
{
	static const char *const unit[] = {
		[COMMAND_RR] = "requests a second", [COMMAND_STREAM] = "octets a second"};
	bool named = p->command == COMMAND_RR || p->command == COMMAND_STREAM;

	fprintf(out, "set title 'rate, %s, by number of connections'\n",
	        named ? unit[p->command] : "connections a second");
	fprintf(out, "plot '-' with linespoints ls 1 title 'finesse, %s'", plan_link(p));
	if (json_array_size(kernel) > 0)
		fprintf(out, ", '-' with linespoints ls 2 title 'Linux, the same run'");
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		if (peers[i].command == p->command)
			fprintf(out, ", '-' with points ls %zu title '%s, %.0f connections'", 3 + i % 6,
			        peers[i].name, peers[i].conns);
	}
	fprintf(out, "\n");
	print_points(out, ours, "per_second");
	if (json_array_size(kernel) > 0)
		print_points(out, kernel, "per_second");
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		if (peers[i].command == p->command)
			fprintf(out, "%g %g\ne\n", peers[i].conns, peers[i].per_second);
	}
}

static void
print_latency(FILE *out, const json_t *ours, const json_t *kernel)
{
	const json_t *first = json_array_get(ours, 0);
	bool kernels = json_array_size(kernel) > 0;

	if (json_object_get(first, "p50_us") == NULL)
		return;
	fprintf(out,
	        "set title 'latency, microseconds, by number of connections'\n"
	        "plot '-' with linespoints ls 1 title 'finesse p50', '-' with linespoints ls 1 dt 2 title 'finesse p99'%s\n",
	        kernels ? ", '-' with linespoints ls 2 title 'Linux p50', '-' with linespoints ls 2 dt 2 title 'Linux p99'"
	                : "");
	print_points(out, ours, "p50_us");
	print_points(out, ours, "p99_us");
	if (kernels) {
		print_points(out, kernel, "p50_us");
		print_points(out, kernel, "p99_us");
	}
}

/* 0 if gnuplot took it. */
static int
draw(const struct plan *p, const json_t *ours, const json_t *kernel)
{
	FILE *out = popen("gnuplot", "we");

	if (out == NULL)
		return -1;
	fprintf(out,
	        "set terminal svg size 900,420 font 'sans,11' background 'white'\nset output \"%s\"\n"
	        "set multiplot layout 1,2 title '%s%s%s'\n"
	        "set logscale xy\nset format '%%.0s %%c'\nset grid\nset key below\n"
	        "set style line 1 lw 2 pt 7 lc rgb '#0060ad'\nset style line 2 lw 2 pt 5 lc rgb '#dd181f'\n",
	        p->plot, plan_command(p),
	        p->command == COMMAND_TEARDOWN || p->command == COMMAND_CHURN ? ", " : "",
	        p->command == COMMAND_TEARDOWN || p->command == COMMAND_CHURN ? plan_close(p) : "");
	print_rate(out, p, ours, kernel);
	print_latency(out, ours, kernel);
	fprintf(out, "unset multiplot\n");
	return pclose(out);
}

static uint64_t
least(const struct plan *p)
{
	uint64_t from = p->command == COMMAND_TEARDOWN || p->command == COMMAND_HOLD ? 1000 : 1;

	return from < p->conns ? from : p->conns;
}

static bool
kernel_can(const struct plan *p)
{
	return geteuid() == 0 && p->ip == 4 && p->close != CLOSE_SIMULTANEOUS &&
	       p->close != CLOSE_FIN_WAIT_2 && p->close != CLOSE_TIME_WAIT && p->bytes <= CHURN_BYTES_MOST;
}

/* One more for the series; false after the complaint. */
static bool
one_more(json_t *series, const struct plan *p, plot_measure *measure, uint64_t conns, bool kernel)
{
	struct plan point = *p;
	json_t *o;

	point.conns = conns;
	if (p->command != COMMAND_CHURN)
		point.flows = conns;
	point.kernel = kernel;
	if (kernel && point.window < KERNEL_WINDOW)
		point.window = KERNEL_WINDOW;
	if (kernel && point.seconds > KERNEL_WHILE)
		point.seconds = KERNEL_WHILE;
	fprintf(stderr, "finesse-bench: %s%s of %" PRIu64 "\n", kernel ? "kernel " : "", plan_command(p),
	        conns);
	o = measure(&point);
	return o != NULL && json_array_append_new(series, o) == 0;
}

json_t *
plot(const struct plan *p, plot_measure *measure)
{
	json_t *ours = json_array(), *kernel = json_array(), *last = NULL;
	bool good = true;

	for (uint64_t n = least(p); good; n = n * 10 < p->conns ? n * 10 : p->conns) {
		good = one_more(ours, p, measure, n, p->kernel);
		if (good && !p->kernel && kernel_can(p) && n <= KERNEL_MOST)
			good = one_more(kernel, p, measure, n, true);
		if (n == p->conns)
			break;
	}
	if (good && draw(p, ours, kernel) != 0) {
		fprintf(stderr, "finesse-bench: --plot needs gnuplot (apt-get install gnuplot-nox)\n");
		good = false;
	}
	if (good) {
		last = json_deep_copy(json_array_get(ours, json_array_size(ours) - 1));
		json_object_set(last, "series", ours);
		json_object_set(last, "kernel", kernel);
	}
	json_decref(ours);
	json_decref(kernel);
	return last;
}
