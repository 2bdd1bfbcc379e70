/* The commands that answer in one piece: status, states, stats, drops, closes, resets. */
#include <stdlib.h>
#include <string.h>

#include "control_parts.h"
#include "drain.h"
#include "flow_text.h"
#include "worker.h"

#define ROWS 256

size_t
control_rows(const struct control *control, rows_of *rows, struct fns_stat *row, size_t room)
{
	struct fns_stat one[ROWS];
	size_t n = 0;

	for (unsigned i = 0; i < control->workers->count; i++) {
		n = rows(control->workers->each[i]->shard, i == 0 ? row : one, i == 0 ? room : ROWS);
		n = n < room ? n : room;
		for (size_t k = 0; i > 0 && k < n; k++)
			row[k].value += one[k].value;
	}
	return n;
}

static uint64_t
row_value(const struct fns_stat *row, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(row[i].name, name) == 0)
			return row[i].value;
	}
	return 0;
}

uint64_t
control_value(const struct control *control, const char *stat)
{
	struct fns_stat row[ROWS];

	return row_value(row, control_rows(control, fns_shard_stats, row, ROWS), stat);
}

const char *
control_phase(const struct control *control)
{
	if (workers_ended(control->workers))
		return "drained";
	return drain_begun(control->workers) ? "draining" : "serving";
}

json_t *
flow_end_json(const struct fns_addr *a)
{
	char text[FLOW_END_TEXT];

	return json_string(flow_end_text(a, text));
}

/* Counters of all shards, as they were between two turns of each; of those that did not answer as they are. */
static struct fns_counters *
merged(struct ask *a)
{
	struct fns_counters *sum = calloc(1, sizeof(*sum));

	for (unsigned i = 0; sum != NULL && i < ask_count(a); i++) {
		struct fns_counters late, *c = ask_part(a, i);

		if (!ask_answered(a, i)) {
			const struct fns_shard *s = ask_control(a)->workers->each[i]->shard;

			late.stats = fns_shard_stats(s, late.stat, 128);
			late.fates = fns_shard_fates(s, late.fate, 128);
			late.closes = fns_shard_closes(s, late.close, 64);
			c = &late;
		}
		sum->stats = c->stats;
		sum->fates = c->fates;
		sum->closes = c->closes;
		for (size_t k = 0; k < 128; k++) {
			uint64_t stat = sum->stat[k].value, fate = sum->fate[k].value;

			if (k < c->stats)
				sum->stat[k] = c->stat[k];
			if (k < c->fates)
				sum->fate[k] = c->fate[k];
			sum->stat[k].value += stat;
			sum->fate[k].value += fate;
		}
		for (size_t k = 0; k < c->closes; k++) {
			uint64_t closes = sum->close[k].value;

			sum->close[k] = c->close[k];
			sum->close[k].value += closes;
		}
	}
	return sum;
}

static json_t *
rows_json(const struct fns_stat *row, size_t n)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, json_pack("{s:s, s:I, s:s, s:s}", "name", row[i].name, "value",
		                                      (json_int_t)row[i].value, "kind",
		                                      row[i].kind == FNS_STAT_GAUGE ? "gauge" : "counter",
		                                      "help", row[i].help));
	return rows;
}

static json_t *
workers_json(struct ask *a)
{
	const struct control *control = ask_control(a);
	json_t *workers = json_array();

	for (unsigned i = 0; i < ask_count(a); i++) {
		const struct worker *w = control->workers->each[i];
		struct fns_stat row[ROWS];
		size_t n = fns_shard_stats(w->shard, row, ROWS);

		json_array_append_new(
			workers,
			json_pack("{s:i, s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "shard",
		                  (int)i, "core", (json_int_t)control->conf->workers.cores.at[i], "load",
		                  control->load[i].share, "asleep", control->load[i].asleep,
		                  "turns_per_second", control->load[i].turns_s, "turns",
		                  (json_int_t)counter_read(&w->turns), "sleeps",
		                  (json_int_t)counter_read(&w->sleeps), "slept_us",
		                  (json_int_t)counter_read(&w->slept_us), "connections",
		                  (json_int_t)row_value(row, n, "conns"), "frames_in",
		                  (json_int_t)row_value(row, n, "frames_in"), "frames_out",
		                  (json_int_t)row_value(row, n, "frames_out"), "answers",
		                  (int)ask_answered(a, i)));
	}
	return workers;
}

static void
told_status(struct ask *a, void *arg)
{
	struct fns_counters *c = merged(a);
	const struct control *control = ask_control(a);
	json_t *stalled = ask_stalled(a);

	if (c == NULL) {
		json_decref(stalled);
		client_send(arg, NULL, true);
		return;
	}
	client_send(arg,
	            json_pack("{s:s, s:f, s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:o, s:o, s:b, s:o}", "version",
	                      FINESSE_VERSION, "uptime_s",
	                      (double)(control_now_us() - control->begun_us) / 1e6, "phase",
	                      control_phase(control), "configuration", control->file, "configuration_version",
	                      (int)control->config_version, "connections",
	                      (json_int_t)row_value(c->stat, c->stats, "conns"), "time_wait",
	                      (json_int_t)row_value(c->stat, c->stats, "time_waits"), "orphans",
	                      (json_int_t)row_value(c->stat, c->stats, "orphans"), "listeners",
	                      (json_int_t)row_value(c->stat, c->stats, "state_LISTEN"), "workers",
	                      workers_json(a), "steering", steering_json(control->workers), "degraded",
	                      (int)(json_array_size(stalled) > 0), "stalled", stalled),
	            true);
	free(c);
}

static void
told_rows(struct ask *a, void *arg, bool fates)
{
	struct fns_counters *c = merged(a);

	if (c == NULL) {
		client_send(arg, NULL, true);
		return;
	}
	client_send(arg,
	            json_pack("{s:o, s:I, s:o}", "rows",
	                      fates ? rows_json(c->fate, c->fates) : rows_json(c->stat, c->stats), "frames",
	                      (json_int_t)(row_value(c->stat, c->stats, "frames_in") +
	                                   row_value(c->stat, c->stats, "frames_looped")),
	                      "stalled", ask_stalled(a)),
	            true);
	free(c);
}

static void
told_stats(struct ask *a, void *arg)
{
	told_rows(a, arg, false);
}

static void
told_drops(struct ask *a, void *arg)
{
	told_rows(a, arg, true);
}

static void
told_closes(struct ask *a, void *arg)
{
	struct fns_counters *c = merged(a);

	if (c == NULL) {
		client_send(arg, NULL, true);
		return;
	}
	client_send(arg,
	            json_pack("{s:I, s:I, s:o, s:I, s:I, s:o}", "opened",
	                      (json_int_t)(row_value(c->stat, c->stats, "opens_active") +
	                                   row_value(c->stat, c->stats, "opens_passive")),
	                      "live", (json_int_t)row_value(c->stat, c->stats, "conns"), "rows",
	                      rows_json(c->close, c->closes), "lost_unacked",
	                      (json_int_t)row_value(c->stat, c->stats, "lost_unacked"), "lost_unread",
	                      (json_int_t)row_value(c->stat, c->stats, "lost_unread"), "stalled",
	                      ask_stalled(a)),
	            true);
	free(c);
}

static void
told_states(struct ask *a, void *arg)
{
	struct fns_ages *sum = calloc(FNS_STATES, sizeof(*sum));
	json_t *rows = json_array();

	for (size_t s = 0; sum != NULL && s < FNS_STATES; s++) {
		json_t *shards = json_array();

		for (unsigned i = 0; i < ask_count(a); i++) {
			const struct fns_states *part = ask_part(a, i);

			if (ask_answered(a, i))
				fns_ages_merge(&sum[s], &part->state[s]);
			json_array_append_new(shards, ask_answered(a, i)
			                                      ? json_integer((json_int_t)part->state[s].count)
			                                      : json_null());
		}
		json_array_append_new(rows, json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "state",
		                                      fns_state_name(s), "count", (json_int_t)sum[s].count,
		                                      "p50_us", (json_int_t)fns_ages_quantile(&sum[s], 500),
		                                      "p99_us", (json_int_t)fns_ages_quantile(&sum[s], 990),
		                                      "max_us", (json_int_t)sum[s].max_us, "local",
		                                      flow_end_json(&sum[s].local), "remote",
		                                      flow_end_json(&sum[s].remote), "shards", shards));
	}
	free(sum);
	client_send(arg, json_pack("{s:o, s:o}", "rows", rows, "stalled", ask_stalled(a)), true);
}

struct told_reset {
	uint64_t ago_us;
	const struct fns_reset *reset;
};

static int
older_first(const void *a, const void *b)
{
	const struct told_reset *x = a, *y = b;

	return (x->ago_us < y->ago_us) - (x->ago_us > y->ago_us);
}

static json_t *
reset_json(const struct told_reset *t)
{
	const struct fns_reset *r = t->reset;

	return json_pack("{s:I, s:s, s:o, s:o, s:s, s:s, s:I, s:I}", "ago_us", (json_int_t)t->ago_us, "way",
	                 r->sent ? "sent" : "received", "local", flow_end_json(&r->local), "remote",
	                 flow_end_json(&r->remote), "state", r->state, "why", r->why, "unread",
	                 (json_int_t)r->unread, "unacked", (json_int_t)r->unacked);
}

/* Of all shards together the last ones, as many as one shard keeps. */
static json_t *
resets_json(struct ask *a, bool strays)
{
	struct told_reset *told = calloc(ask_count(a), FNS_RESETS * sizeof(*told));
	json_t *rows = json_array();
	size_t n = 0;

	for (unsigned i = 0; told != NULL && i < ask_count(a); i++) {
		const struct fns_resets *of = ask_part(a, i);
		const struct fns_reset *r = strays ? of->stray : of->conn;

		for (size_t k = 0; ask_answered(a, i) && k < (strays ? of->strays : of->conns); k++)
			told[n++] = (struct told_reset){of->now_us - r[k].at_us, &r[k]};
	}
	if (n > 0)
		qsort(told, n, sizeof(*told), older_first);
	for (size_t k = n > FNS_RESETS ? n - FNS_RESETS : 0; k < n; k++)
		json_array_append_new(rows, reset_json(&told[k]));
	free(told);
	return rows;
}

static void
told_resets(struct ask *a, void *arg)
{
	const struct control *control = ask_control(a);
	struct fns_stat close[64], fate[ROWS];

	client_send(arg,
	            json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "sent",
	                      (json_int_t)control_value(control, "resets_sent"), "received",
	                      (json_int_t)control_value(control, "resets_received"), "limited",
	                      (json_int_t)control_value(control, "resets_limited"), "closes",
	                      rows_json(close, control_rows(control, fns_shard_closes, close, 64)), "fates",
	                      rows_json(fate, control_rows(control, fns_shard_fates, fate, ROWS)), "last",
	                      resets_json(a, false), "strays", resets_json(a, true), "stalled",
	                      ask_stalled(a)),
	            true);
}

/* Commands that ask every shard one question. */
#define ASKS(X)                                                                                              \
	X(status, counters)                                                                                  \
	X(states, states)                                                                                    \
	X(stats, counters)                                                                                   \
	X(drops, counters)                                                                                   \
	X(closes, counters)                                                                                  \
	X(resets, resets)

static struct ask *
ask_all(struct control *control, const char *command)
{
	struct ask *a = NULL;

#define X(name, question)                                                                                    \
	if (strcmp(command, #name) == 0) {                                                                   \
		a = ask_new(control, sizeof(struct fns_##question), 0, control->workers->count);             \
		for (unsigned i = 0; a != NULL && i < control->workers->count; i++)                          \
			fns_ask_##question(ask_part(a, i));                                                  \
	}
	ASKS(X)
#undef X
	return a;
}

/* A client that goes away takes its question along. */
static void
forget(void *ask)
{
	ask_forget(ask);
}

static bool
run_ask(struct client *c, const char *command)
{
	answered *told = NULL;
	struct ask *a;

#define X(name, question)                                                                                    \
	if (strcmp(command, #name) == 0)                                                                     \
		told = told_##name;
	ASKS(X)
#undef X
	if (told == NULL)
		return false;
	a = ask_all(client_control(c), command);
	if (a == NULL) {
		client_send(c, NULL, true);
		return true;
	}
	client_job(c, a, NULL, forget);
	ask_post(a, told, c);
	return true;
}

void
command_run(struct client *c, const json_t *request)
{
	static const struct {
		const char *name;
		void (*run)(struct client *, const json_t *);
	} others[] = {
		{"conns", command_conns},
		{"ladder", command_ladder},
		{"drain", command_drain},
		{"capture", command_capture},
	};
	const char *command = json_string_value(json_object_get(request, "command"));
	const json_t *version = json_object_get(request, "version");

	if (version == NULL || json_integer_value(version) != 1) {
		client_fail(c, "this daemon speaks version 1");
		return;
	}
	if (command == NULL) {
		client_fail(c, "no command");
		return;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(command, others[i].name) == 0) {
			others[i].run(c, request);
			return;
		}
	}
	if (!run_ask(c, command))
		client_fail(c, "there is no command \"%.*s\"", text_whole(command, 32), command);
}
