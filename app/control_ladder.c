/* ladder: which recordings there are, then the events of those that are wanted; finessectl draws them. */
#include <stdlib.h>
#include <string.h>

#include "control_parts.h"
#include "flow_text.h"

#define PAGE 64
#define MOST 64 /* recordings in one answer */

struct page {
	struct fns_records records;
	struct fns_record_row row[PAGE];
};

struct wanted {
	uint64_t id, begun_us;
	unsigned shard;
};

struct drawing {
	struct client *client;
	struct ask *ask; /* under way */
	bool filtered;
	struct flow_text flow;
	unsigned shard; /* being looked through */
	uint32_t at;
	struct wanted wanted[MOST]; /* the latest first */
	unsigned found, most, sent;
	json_t *stalled;
};

static void
keep(struct drawing *d, const struct fns_record_row *row)
{
	unsigned i;

	if (d->filtered && !flow_matches(&d->flow, &row->local, &row->remote))
		return;
	if (d->found == d->most && row->begun_us <= d->wanted[d->found - 1].begun_us)
		return;
	for (i = d->found < d->most ? d->found++ : d->most - 1;
	     i > 0 && d->wanted[i - 1].begun_us < row->begun_us; i--)
		d->wanted[i] = d->wanted[i - 1];
	d->wanted[i] = (struct wanted){row->id, row->begun_us, d->shard};
}

static json_t *
event_json(const struct fns_event *e)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:i}", "at_us", (json_int_t)e->at_us,
	                 "seq", (json_int_t)e->seq, "ack", (json_int_t)e->ack, "wnd", (json_int_t)e->wnd,
	                 "len", (json_int_t)e->len, "kind", e->kind, "flags", e->flags, "what", e->what,
	                 "from", e->from, "again", e->again);
}

static json_t *
record_json(const struct fns_record *r)
{
	json_t *events = json_array();

	for (uint32_t i = 0; i < r->row.events; i++)
		json_array_append_new(events, event_json(&r->event[i]));
	return json_pack("{s:I, s:I, s:o, s:o, s:s, s:s?, s:b, s:b, s:I, s:I, s:I, s:o}", "id",
	                 (json_int_t)r->row.id, "begun_us", (json_int_t)r->row.begun_us, "local",
	                 flow_end_json(&r->row.local), "remote", flow_end_json(&r->row.remote), "state",
	                 r->row.state, "close_class", r->row.close_class, "passive", (int)r->row.passive,
	                 "abnormal", (int)r->row.abnormal, "lost", (json_int_t)r->row.lost, "iss",
	                 (json_int_t)r->iss, "irs", (json_int_t)r->irs, "events", events);
}

static void send_next(struct client *, void *drawing);

static void
told_record(struct ask *a, void *arg)
{
	struct drawing *d = arg;
	const struct fns_record_copy *copy = ask_part(a, ask_first(a));

	d->ask = NULL;
	d->sent++;
	if (ask_answered(a, ask_first(a)) && copy->error == 0)
		client_send(d->client, json_pack("{s:o}", "record", record_json(&copy->record)), false);
	else
		send_next(d->client, d);
}

static void
send_next(struct client *c, void *drawing)
{
	struct drawing *d = drawing;
	const struct wanted *w = &d->wanted[d->sent];

	if (d->ask != NULL)
		return;
	if (d->sent == d->found) {
		client_send(c, json_pack("{s:i, s:O}", "found", (int)d->found, "stalled", d->stalled), true);
		return;
	}
	d->ask = ask_new(client_control(c), sizeof(struct fns_record_copy), w->shard, 1);
	if (d->ask == NULL) {
		client_send(c, NULL, true);
		return;
	}
	fns_ask_record(ask_part(d->ask, w->shard), w->id);
	ask_post(d->ask, told_record, d);
}

static void look_on(struct drawing *);

static void
told_page(struct ask *a, void *arg)
{
	struct drawing *d = arg;
	const struct page *page = ask_part(a, d->shard);

	d->ask = NULL;
	if (!ask_answered(a, d->shard)) {
		json_array_append_new(d->stalled, json_integer(d->shard++));
		d->at = 0;
		look_on(d);
		return;
	}
	for (size_t i = 0; i < page->records.rows; i++)
		keep(d, &page->row[i]);
	d->at = page->records.at;
	if (page->records.end) {
		d->shard++;
		d->at = 0;
	}
	look_on(d);
}

static void
look_on(struct drawing *d)
{
	struct control *control = client_control(d->client);
	struct page *page;

	if (d->shard >= control->workers->count) {
		send_next(d->client, d);
		return;
	}
	d->ask = ask_new(control, sizeof(struct page), d->shard, 1);
	if (d->ask == NULL) {
		client_send(d->client, NULL, true);
		return;
	}
	page = ask_part(d->ask, d->shard);
	page->records = (struct fns_records){.at = d->at, .row = page->row, .room = PAGE};
	fns_ask_records(&page->records);
	ask_post(d->ask, told_page, d);
}

static void
end_drawing(void *drawing)
{
	struct drawing *d = drawing;

	if (d->ask != NULL)
		ask_forget(d->ask);
	json_decref(d->stalled);
	free(d);
}

void
command_ladder(struct client *c, const json_t *request)
{
	const char *flow = json_string_value(json_object_get(request, "conn"));
	const json_t *last = json_object_get(request, "last");
	struct drawing *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		client_send(c, NULL, true);
		return;
	}
	d->client = c;
	d->stalled = json_array();
	d->filtered = flow != NULL;
	d->most = last == NULL ? 1 : (unsigned)json_integer_value(last);
	client_job(c, d, NULL, end_drawing);
	if (flow != NULL && !flow_parse(flow, &d->flow)) {
		client_fail(c, "a connection is 198.51.100.1:80-198.51.100.2:40000, or one end of it");
		return;
	}
	if (last != NULL && (json_integer_value(last) < 1 || json_integer_value(last) > MOST)) {
		client_fail(c, "the last 1 to %d recordings", MOST);
		return;
	}
	client_job(c, d, send_next, end_drawing);
	look_on(d);
}
