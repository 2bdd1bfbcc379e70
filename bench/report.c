/* The figures of a run (report.h). */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

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

static void
set_text(json_t *o, const char *name, const char *value)
{
	json_object_set_new(o, name, json_string(value));
}

static json_t *
classes(const struct account *a)
{
	json_t *o = json_object();

	for (size_t i = 0; i < ACCOUNT_CLASSES; i++) {
		if (a->class[i] > 0)
			set(o, account_class_name(a, i), a->class[i]);
	}
	return o;
}

static void
set_latency(json_t *o, const struct account *a)
{
	const struct histogram *h = &a->latency;

	if (h->count == 0)
		return;
	set_real(o, "p50_us", (double)histogram_quantile(h, 500) / 1e3);
	set_real(o, "p99_us", (double)histogram_quantile(h, 990) / 1e3);
	set_real(o, "p999_us", (double)histogram_quantile(h, 999) / 1e3);
	set_real(o, "max_us", (double)h->max / 1e3);
}

static json_t *
settings(const struct run *run)
{
	const struct plan *p = &run->plan;
	json_t *o = json_object();

	set(o, "window", p->window);
	set(o, "mtu", p->kernel ? 65536 : p->mtu);
	set(o, "ip", p->ip);
	for (unsigned i = 0; i < KERNEL_SETTINGS && run->shared->setting[i][0][0] != '\0'; i++)
		set_text(o, run->shared->setting[i][0], run->shared->setting[i][1]);
	if (p->kernel)
		return o;
	set(o, "burst", p->burst);
	set_text(o, "order", p->shuffled ? "random" : "opened");
	set_text(o, "checksums", p->offload ? "by the link" : "computed and verified in software");
#ifdef NDEBUG
	json_object_set_new(o, "asserts", json_false());
#else
	json_object_set_new(o, "asserts", json_true());
#endif
	return o;
}

/* What the clock ran for, and how much was done meanwhile. */
static void
set_rate(json_t *o, const struct plan *p, const struct account *c, const struct account *s)
{
	uint64_t begun = c->begun_ns, over = c->over_ns, done = c->requests;
	double seconds;

	switch (p->command) {
	case COMMAND_STREAM:
		if (p->file == NULL)
			begun = s->begun_ns, over = s->over_ns, done = s->requests;
		set(o, "bytes", done);
		break;
	case COMMAND_RR:
		set(o, "bytes", p->bytes);
		set(o, "requests", done);
		break;
	case COMMAND_CHURN:
		set(o, "bytes", p->bytes);
		break;
	default:
		done = p->conns;
		if (p->close != CLOSE_FIN_WAIT_2 && p->close != CLOSE_TIME_WAIT && s->over_ns > over)
			over = s->over_ns;
		break;
	}
	seconds = (double)(over - begun) / 1e9;
	set_real(o, "seconds", seconds);
	set_real(o, "per_second", (double)done / seconds);
	if (p->command == COMMAND_STREAM)
		set_real(o, "gbit_per_second", (double)done * 8e-9 / seconds);
}

static void
set_memory(json_t *o, const struct run *run, const struct account *c, const struct account *s)
{
	const struct plan *p = &run->plan;
	json_t *m = json_object();
	uint64_t before = c->rss_before < s->rss_before ? c->rss_before : s->rss_before;
	uint64_t open = c->rss_open > s->rss_open ? c->rss_open : s->rss_open;

	if (c->conn_bytes > 0)
		set(o, "bytes_per_conn", c->conn_bytes);
	if (c->tw_bytes > 0)
		set(o, "bytes_per_time_wait", c->tw_bytes);
	if (p->command == COMMAND_HOLD && open > before) /* both ends; less the list of them that we keep */
		set_real(o, "os_bytes_per_conn",
		         (double)(open - before) / 2.0 / (double)p->conns -
		                 (p->kernel ? 0.0 : (double)sizeof(void *)));
	set(m, "reserved_bytes", c->shard_bytes + s->shard_bytes);
	set(m, "before_bytes", before);
	set(m, "open_bytes", open);
	set(m, "after_bytes", c->rss_after < s->rss_after ? c->rss_after : s->rss_after);
	json_object_set_new(o, "memory", m);
}

static json_t *
figures(const struct run *run)
{
	const struct plan *p = &run->plan;
	const struct account *c = &run->shared->half[CLIENT].account, *s = &run->shared->half[SERVER].account;
	const double *apart = run->shared->handoff_ns;
	json_t *o = json_object();
	uint64_t frames;

	set_text(o, "command", plan_command(p));
	set_text(o, "ends",
	         p->kernel                                ? "kernel"
	         : p->file == NULL && p->link == LINK_TAP ? "finesse and the kernel"
	         : p->file != NULL                        ? "finesse and a peer"
	                                                  : "finesse");
	set_text(o, "link", plan_link(p));
	set(o, "conns", p->conns);
	set_text(o, "close", plan_close(p));
	set(o, "opened", c->opened);
	set(o, "ended", c->ended);
	json_object_set_new(o, "classes", classes(c));
	if (p->file == NULL) {
		set(o, "peer_opened", s->opened);
		set(o, "peer_ended", s->ended);
		json_object_set_new(o, "peer_classes", classes(s));
	}
	set_rate(o, p, c, s);
	set_latency(o, c);
	if (c->longest_turn_ns > 0)
		set_real(o, "longest_turn_us", (double)c->longest_turn_ns / 1e3);
	frames = c->frames_out +
	         (s->frames_out > 0 ? s->frames_out : c->frames_in); /* a peer does not count its own */
	if (frames > 0) {
		set(o, "frames", frames);
		set_real(o, "frames_per_conn", (double)frames / (double)c->opened);
	}
	set(o, "retransmits", c->retransmits + s->retransmits);
	if (p->command == COMMAND_CHURN) {
		set(o, "time_wait_reopens", c->time_wait_reopens + s->time_wait_reopens);
		set(o, "time_wait_overflows", c->time_wait_overflows + s->time_wait_overflows);
	}
	set_memory(o, run, c, s);
	set(o, "seed", p->seed);
	json_object_set_new(o, "settings", settings(run));
	json_object_set_new(o, "machine", machine());
	if (apart[0] > 0 && apart[1] > 0)
		json_object_set_new(json_object_get(o, "machine"), "core_to_core_ns",
		                    json_pack("[f, f]", apart[0], apart[1]));
	return o;
}

json_t *
report(const struct run *run)
{
	const struct half *half = run->shared->half;
	char why[256];

	for (unsigned i = 0; i < (run->plan.file == NULL ? 2 : 1); i++) {
		if (atomic_load_explicit(&half[i].failed, memory_order_acquire)) {
			fprintf(stderr, "finesse-bench: %s: %s\n", i == CLIENT ? "client" : "server",
			        half[i].why);
			return NULL;
		}
	}
	if (run->plan.file != NULL
	            ? !account_sound(&half[CLIENT].account, "client", why, sizeof(why))
	            : !account_agree(&half[CLIENT].account, &half[SERVER].account, why, sizeof(why))) {
		fprintf(stderr, "finesse-bench: no figure: %s\n", why);
		return NULL;
	}
	return figures(run);
}
