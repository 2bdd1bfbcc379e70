/* The figures of a run (report.h). */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

static bool
complain(const char *why)
{
	fprintf(stderr, "finesse-bench: %s\n", why);
	return false;
}

static json_t *
classes(const struct account *a)
{
	json_t *o = json_object();

	for (size_t i = 0; i < fns_class_count() && i < ACCOUNT_CLASSES; i++) {
		if (a->class[i] > 0)
			json_object_set_new(o, fns_class_name(i), json_integer((json_int_t)a->class[i]));
	}
	return o;
}

static double
us(const struct account *a, unsigned permille)
{
	return (double)histogram_quantile(&a->latency, permille) / 1e3;
}

static void
set(json_t *o, const char *name, uint64_t value)
{
	json_object_set_new(o, name, json_integer((json_int_t)value));
}

static void
set_real(json_t *o, const char *name, double value)
{
	json_object_set_new(o, name, json_real(value));
}

static json_t *
figures(const struct run *run)
{
	const struct plan *p = &run->plan;
	const struct account *c = &run->shared->half[CLIENT].account, *s = &run->shared->half[SERVER].account;
	uint64_t begun = c->begun_ns, over = c->over_ns > s->over_ns ? c->over_ns : s->over_ns;
	double seconds = (double)(over - begun) / 1e9;
	json_t *o = json_object();

	json_object_set_new(o, "command", json_string(plan_command(p)));
	set(o, "conns", p->conns);
	json_object_set_new(o, "close", json_string(plan_close(p)));
	json_object_set_new(o, "link", json_string(plan_link(p)));
	set(o, "opened", c->opened);
	set(o, "ended", c->ended);
	json_object_set_new(o, "classes", classes(c));
	set(o, "peer_opened", s->opened);
	set(o, "peer_ended", s->ended);
	json_object_set_new(o, "peer_classes", classes(s));
	set_real(o, "seconds", seconds);
	set_real(o, "per_second", (double)p->conns / seconds);
	set_real(o, "p50_us", us(c, 500));
	set_real(o, "p99_us", us(c, 990));
	set_real(o, "p999_us", us(c, 999));
	set_real(o, "max_us", (double)c->latency.max / 1e3);
	set_real(o, "frames_per_conn", (double)(c->frames_out + s->frames_out) / (double)p->conns);
	set(o, "retransmits", c->retransmits + s->retransmits);
	set(o, "bytes_per_conn", c->conn_bytes);
	set(o, "bytes_per_time_wait", c->tw_bytes);
	set(o, "seed", p->seed);
	return o;
}

bool
report(const struct run *run)
{
	char why[256];
	json_t *o;

	for (unsigned i = 0; i < 2; i++) {
		if (atomic_load(&run->shared->half[i].failed))
			return complain(run->shared->half[i].why);
	}
	if (!account_agree(&run->shared->half[CLIENT].account, &run->shared->half[SERVER].account, why,
	                   sizeof(why)))
		return complain(why);
	o = figures(run);
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	printf("\n");
	json_decref(o);
	return true;
}
