/* ladder: what the flight recorder kept, drawn as finesse-ladders draws (../ladder.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../flow_text.h"
#include "../ladder.h"
#include "ctl.h"

static struct fns_event
event_of(const json_t *o)
{
	return (struct fns_event){
		.at_us = (uint64_t)number_of(o, "at_us"),
		.seq = (uint32_t)number_of(o, "seq"),
		.ack = (uint32_t)number_of(o, "ack"),
		.wnd = (uint32_t)number_of(o, "wnd"),
		.len = (uint32_t)number_of(o, "len"),
		.kind = (uint8_t)number_of(o, "kind"),
		.flags = (uint8_t)number_of(o, "flags"),
		.what = (uint8_t)number_of(o, "what"),
		.from = (uint8_t)number_of(o, "from"),
		.again = (uint8_t)number_of(o, "again"),
	};
}

/* Its texts are the answer's. */
static bool
record_of(const json_t *o, struct fns_record *r)
{
	const json_t *events = json_object_get(o, "events"), *event;
	size_t i;

	memset(r, 0, sizeof(*r));
	r->row.id = (uint64_t)number_of(o, "id");
	r->row.begun_us = (uint64_t)number_of(o, "begun_us");
	r->row.state = text_of(o, "state");
	r->row.close_class = json_string_value(json_object_get(o, "close_class"));
	r->row.passive = json_is_true(json_object_get(o, "passive"));
	r->row.lost = (uint32_t)number_of(o, "lost");
	r->iss = (uint32_t)number_of(o, "iss");
	r->irs = (uint32_t)number_of(o, "irs");
	json_array_foreach(events, i, event)
	{
		if (i < FNS_RECORD_EVENTS)
			r->event[r->row.events++] = event_of(event);
	}
	return r->row.events > 0 && flow_end_parse(text_of(o, "local"), &r->row.local) &&
	       flow_end_parse(text_of(o, "remote"), &r->row.remote);
}

static int
write_svg(const struct ladder *l, const char *title, const char *path)
{
	FILE *out = fopen(path, "w");

	if (out == NULL)
		return complain("%s: %s", path, strerror(errno));
	ladder_svg(l, title, out);
	if (ferror(out) | fclose(out))
		return complain("%s: not written", path);
	return 0;
}

static int
draw(const struct wish *w, const json_t *o, unsigned n)
{
	static struct fns_record record;
	static struct ladder ladder;
	char title[256];

	if (!record_of(o, &record))
		return complain("a recording is not understood");
	snprintf(title, sizeof(title), "%s - %s, %s", text_of(o, "local"), text_of(o, "remote"),
	         record.row.close_class == NULL ? record.row.state : record.row.close_class);
	ladder_lay(&ladder, &record, NULL);
	if (w->svg != NULL)
		return n > 0 ? complain("%s holds one ladder: the latest", w->svg)
		             : write_svg(&ladder, title, w->svg);
	if (n > 0)
		putchar('\n');
	ladder_print(&ladder, title, w->ascii, stdout);
	return 0;
}

int
show_ladder(const struct wish *w)
{
	json_t *m = json_object(), *all, *a;
	unsigned n = 0;
	int status = 0;

	if (w->conn != NULL)
		json_object_set_new(m, "conn", json_string(w->conn));
	if (w->last >= 0)
		json_object_set_new(m, "last", json_integer(w->last));
	if (!link_ask(w, m))
		return 1;
	all = json_array();
	while ((a = link_answer()) != NULL && json_object_get(a, "record") != NULL) {
		json_t *record = json_object_get(a, "record");

		if (w->json)
			json_array_append(all, record);
		else
			status |= draw(w, record, n);
		n++;
		json_decref(a);
	}
	if (a == NULL) {
		json_decref(all);
		return 1;
	}
	tell_stalled(a);
	json_decref(a);
	if (w->json)
		print_json(json_pack("{s:O}", "records", all));
	else if (n == 0)
		status = complain("no recording%s: services[].record or policy.record_sample makes them",
		                  w->conn == NULL ? "" : " of that connection");
	json_decref(all);
	return status;
}
