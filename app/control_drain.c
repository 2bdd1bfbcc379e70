/* drain: gives the order, shows who would stay, tells those who wait how it goes and what was lost (control_parts.h). */
#include <stdlib.h>
#include <string.h>

#include "control_parts.h"
#include "drain.h"
#include "survey.h"
#include "worker.h"

#define PROGRESS_US 1000000
#define SAMPLES     6 /* of progress: what the forecast looks back on */

struct totals {
	uint64_t live, ended, closed, aborted, lost_unacked, lost_unread, discarded;
};

struct drain_watch {
	struct control *control;
	uint64_t begun_us, next_us;
	struct drain_until until;
	bool over;
	struct totals before;
	uint64_t sample[SAMPLES];
	unsigned samples;
	struct client *waiting[CLIENTS_MAX];
};

static struct totals
totals(const struct control *control)
{
	struct totals t = {.live = control_value(control, "conns"),
	                   .ended = control_value(control, "ended"),
	                   .lost_unacked = control_value(control, "lost_unacked"),
	                   .lost_unread = control_value(control, "lost_unread"),
	                   .aborted = workers_aborted(control->workers)};

	for (unsigned i = 0; i < control->workers->count; i++) {
		t.closed += counter_read(&control->workers->each[i]->drain.closed);
		t.discarded += counter_read(&control->workers->each[i]->services.discarded);
	}
	return t;
}

/* Begun with what the ledger counts from: NULL, no memory. */
static struct drain_watch *
watch(struct control *control)
{
	struct drain_watch *w = control->watch;

	if (w != NULL)
		return w;
	w = control->watch = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	w->control = control;
	w->begun_us = w->next_us = control_now_us();
	w->before = totals(control);
	return w;
}

static uint64_t
ms_of_signal(const struct control *control)
{
	return atomic_load_explicit(&control->workers->order.signal_ms, memory_order_relaxed);
}

/* Seconds until all have ended if it goes on like this, and how many would be left at the deadline. */
static json_t *
forecast(const struct drain_watch *w, uint64_t live, double left_s)
{
	unsigned span = w->samples < SAMPLES ? w->samples : SAMPLES;
	uint64_t then = w->sample[(w->samples - span) % SAMPLES];
	bool stuck = span > 2 && w->sample[(w->samples - 3) % SAMPLES] == live; /* for two seconds */
	double rate = span > 1 && then > live && !stuck ? (double)(then - live) / (span - 1) : 0;
	double remain = (double)live - rate * left_s;

	if (live == 0)
		return json_pack("{s:f, s:i}", "ends_in_s", 0.0, "would_be_aborted", 0);
	if (span <= 1)
		return json_pack("{s:n, s:n}", "ends_in_s", "would_be_aborted");
	if (rate <= 0)
		return json_pack("{s:n, s:I}", "ends_in_s", "would_be_aborted", (json_int_t)live);
	return json_pack("{s:f, s:I}", "ends_in_s", (double)live / rate, "would_be_aborted",
	                 (json_int_t)(remain > 0 ? remain : 0));
}

static json_t *
progress(struct drain_watch *w)
{
	struct totals t = totals(w->control);
	uint64_t now = control_now_us();
	double left_s = now < w->until.us ? (double)(w->until.us - now) / 1e6 : 0;

	return json_pack("{s:{s:f, s:f, s:I, s:I, s:I, s:I, s:o}}", "progress", "elapsed_s",
	                 (double)(now - w->begun_us) / 1e6, "left_s", left_s, "connections",
	                 (json_int_t)t.live, "ended", (json_int_t)(t.ended - w->before.ended), "idle_closed",
	                 (json_int_t)t.closed, "aborted", (json_int_t)t.aborted, "forecast",
	                 forecast(w, t.live, left_s));
}

static json_t *
ledger(const struct drain_watch *w)
{
	struct totals t = totals(w->control);

	return json_pack("{s:s, s:{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "phase", "drained", "ledger",
	                 "elapsed_s", (double)(control_now_us() - w->begun_us) / 1e6, "connections",
	                 (json_int_t)w->before.live, "ended", (json_int_t)(t.ended - w->before.ended),
	                 "idle_closed", (json_int_t)t.closed, "aborted", (json_int_t)t.aborted,
	                 "lost_unacked", (json_int_t)(t.lost_unacked - w->before.lost_unacked), "lost_unread",
	                 (json_int_t)(t.lost_unread - w->before.lost_unread), "discarded",
	                 (json_int_t)t.discarded);
}

void
drain_watch_tick(struct control *control)
{
	struct drain_watch *w = control->watch;
	uint64_t now = control_now_us();
	bool over = workers_ended(control->workers);

	if (w == NULL && drain_begun(control->workers))
		w = watch(control);
	if (w != NULL)
		drain_until(&w->until, &control->workers->order, now);
	if (w == NULL || w->over || (now < w->next_us && !over))
		return;
	w->over = over;
	w->next_us = now + PROGRESS_US;
	w->sample[w->samples++ % SAMPLES] = control_value(control, "conns");
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		if (w->waiting[i] != NULL) /* the last one takes it off this list */
			client_send(w->waiting[i], over ? ledger(w) : progress(w), over);
	}
}

void
drain_watch_free(struct control *control)
{
	free(control->watch);
	control->watch = NULL;
}

static void
wait_no_more(void *place)
{
	*(struct client **)place = NULL;
}

static void
give_order(struct client *c, double deadline_s, bool wait)
{
	struct control *control = client_control(c);
	struct drain_order *order = &control->workers->order;
	struct drain_watch *w = watch(control);

	if (w == NULL) {
		client_send(c, NULL, true);
		return;
	}
	atomic_store_explicit(&order->deadline_ms, (unsigned long long)(deadline_s * 1000),
	                      memory_order_relaxed);
	atomic_fetch_add_explicit(&order->given, 1, memory_order_release);
	drain_until(&w->until, order, control_now_us());
	if (!wait) {
		client_send(c,
		            json_pack("{s:s, s:I, s:f}", "phase", "draining", "connections",
		                      (json_int_t)control_value(control, "conns"), "deadline_s", deadline_s),
		            true);
		return;
	}
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		if (w->waiting[i] == NULL) { /* there are as many places as clients */
			w->waiting[i] = c;
			client_job(c, &w->waiting[i], NULL, wait_no_more);
			client_send(c, progress(w), false);
			w->next_us = control_now_us() + PROGRESS_US;
			return;
		}
	}
}

static json_t *
survey_rows(const struct survey *s)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < s->rows; i++) {
		const struct fns_status *st = &s->row[i].status;

		json_array_append_new(rows,
		                      json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I}", "why",
		                                survey_name(s->row[i].why), "state", st->state, "local",
		                                flow_end_json(&st->local), "remote",
		                                flow_end_json(&st->remote), "unread", (json_int_t)st->unread,
		                                "unacked", (json_int_t)st->unacked, "left",
		                                (json_int_t)s->row[i].left));
	}
	return rows;
}

static void
told_survey(struct ask *a, void *arg)
{
	uint64_t count[SURVEY_REASONS] = {0}, late[SURVEY_REASONS] = {0}, connections = 0, open = 0;
	json_t *reasons = json_array(), *rows = json_array(), *more;

	for (unsigned i = 0; i < ask_count(a); i++) {
		const struct survey *s = ask_part(a, i);

		if (!ask_answered(a, i))
			continue;
		for (unsigned r = 0; r < SURVEY_REASONS; r++) {
			count[r] += s->count[r];
			late[r] += s->late[r];
			connections += s->count[r];
			open += s->late[r];
		}
		json_array_extend(rows, more = survey_rows(s));
		json_decref(more);
	}
	for (unsigned r = 0; r < SURVEY_REASONS; r++)
		json_array_append_new(reasons,
		                      json_pack("{s:s, s:s, s:I, s:I}", "why", survey_name(r), "help",
		                                survey_help(r), "connections", (json_int_t)count[r],
		                                "would_stay", (json_int_t)late[r]));
	client_send(arg,
	            json_pack("{s:I, s:I, s:o, s:o, s:o}", "connections", (json_int_t)connections,
	                      "would_stay", (json_int_t)open, "reasons", reasons, "stay", rows, "stalled",
	                      ask_stalled(a)),
	            true);
}

static void
forget(void *ask)
{
	ask_forget(ask);
}

static void
dry_run(struct client *c, double deadline_s)
{
	struct control *control = client_control(c);
	struct ask *a = ask_new(control, sizeof(struct survey), 0, control->workers->count);

	if (a == NULL) {
		client_send(c, NULL, true);
		return;
	}
	for (unsigned i = 0; i < control->workers->count; i++)
		survey_ask(ask_part(a, i), control->workers->each[i], deadline_s);
	client_job(c, a, NULL, forget);
	ask_post(a, told_survey, c);
}

void
command_drain(struct client *c, const json_t *request)
{
	const json_t *given = json_object_get(request, "deadline_s");
	double deadline_s =
		given == NULL ? (double)ms_of_signal(client_control(c)) / 1000 : json_number_value(given);

	if (given != NULL && (!json_is_number(given) || !(deadline_s >= 0 && deadline_s <= 86400)))
		client_fail(c, "deadline_s: 0 to 86400 seconds");
	else if (json_is_true(json_object_get(request, "dry_run")))
		dry_run(c, deadline_s);
	else
		give_order(c, deadline_s, json_is_true(json_object_get(request, "wait")));
}
