/* conns: page after page, shard after shard, each page asked for when the client has taken the one before. */
#include <stdlib.h>
#include <string.h>

#include "control_parts.h"
#include "flow_text.h"

#define PAGE 128

struct page {
	struct fns_conns conns;
	struct fns_status row[PAGE];
};

struct listing {
	struct client *client;
	struct ask *ask; /* the page under way */
	struct fns_conns filter;
	unsigned shard;
	uint64_t left; /* rows that are still wanted */
	bool cut;      /* there are, or may be, others */
	json_t *stalled;
};

static json_t *
conn_json(const struct fns_status *s)
{
	return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "state",
	                 s->state, "local", flow_end_json(&s->local), "remote", flow_end_json(&s->remote),
	                 "unread", (json_int_t)s->unread, "unacked", (json_int_t)s->unacked, "age_us",
	                 (json_int_t)s->age_us, "srtt_us", (json_int_t)s->srtt_us, "rto_us",
	                 (json_int_t)s->rto_us, "cwnd", (json_int_t)s->cwnd, "snd_wnd",
	                 (json_int_t)s->snd_wnd, "rcv_wnd", (json_int_t)s->rcv_wnd, "passive",
	                 (int)s->passive, "orphan", (int)s->orphan);
}

static void next_page(struct client *, void *listing);

static void
told_page(struct ask *a, void *arg)
{
	struct listing *l = arg;
	struct page *page = ask_part(a, l->shard);
	json_t *rows;
	size_t n;

	l->ask = NULL;
	if (!ask_answered(a, l->shard)) {
		json_array_append_new(l->stalled, json_integer(l->shard++));
		l->filter.at[0] = l->filter.at[1] = 0;
		next_page(l->client, l);
		return;
	}
	rows = json_array();
	n = page->conns.rows < l->left ? page->conns.rows : (size_t)l->left;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, conn_json(&page->row[i]));
	l->left -= n;
	l->cut = l->cut || n < page->conns.rows;
	memcpy(l->filter.at, page->conns.at, sizeof(l->filter.at));
	if (page->conns.end) {
		l->shard++;
		l->filter.at[0] = l->filter.at[1] = 0;
	}
	client_send(l->client, json_pack("{s:o}", "rows", rows), false);
}

static void
next_page(struct client *c, void *listing)
{
	struct listing *l = listing;
	struct page *page;

	if (l->ask != NULL)
		return;
	if (l->left == 0 || l->shard >= client_control(c)->workers->count) {
		client_send(c,
		            json_pack("{s:b, s:O}", "cut",
		                      (int)(l->cut || l->shard < client_control(c)->workers->count),
		                      "stalled", l->stalled),
		            true);
		return;
	}
	l->ask = ask_new(client_control(c), sizeof(struct page), l->shard, 1);
	if (l->ask == NULL) {
		client_send(c, NULL, true);
		return;
	}
	page = ask_part(l->ask, l->shard);
	page->conns = l->filter;
	page->conns.row = page->row;
	page->conns.room = PAGE;
	fns_ask_conns(&page->conns);
	ask_post(l->ask, told_page, l);
}

static void
end_listing(void *listing)
{
	struct listing *l = listing;

	if (l->ask != NULL)
		ask_forget(l->ask);
	json_decref(l->stalled);
	free(l);
}

/* False: the client was told why. */
static bool
read_filter(struct client *c, const json_t *request, struct fns_conns *to)
{
	const char *state = json_string_value(json_object_get(request, "state"));
	const char *local = json_string_value(json_object_get(request, "local"));
	const char *remote = json_string_value(json_object_get(request, "remote"));
	double older_s = json_number_value(json_object_get(request, "older_s"));

	for (size_t i = 0; state != NULL && i < FNS_STATES; i++) {
		if (strcmp(state, fns_state_name(i)) == 0)
			to->states = 1u << i;
	}
	if (state != NULL && to->states == 0) {
		client_fail(c, "there is no state \"%.*s\": they are spelled as in RFC 9293, FIN-WAIT-1",
		            text_whole(state, 32), state);
		return false;
	}
	if ((local != NULL && !flow_end_parse(local, &to->local)) ||
	    (remote != NULL && !flow_end_parse(remote, &to->remote))) {
		client_fail(
			c, "an end of a connection is 198.51.100.1:80, [2001:db8::1]:80, an address, or :80");
		return false;
	}
	if (older_s < 0 || older_s > 1e12) {
		client_fail(c, "older than what?");
		return false;
	}
	to->older_us = (uint64_t)(older_s * 1e6);
	return true;
}

void
command_conns(struct client *c, const json_t *request)
{
	const json_t *limit = json_object_get(request, "limit");
	struct fns_conns filter = {0};
	struct listing *l;

	if (!read_filter(c, request, &filter))
		return;
	l = calloc(1, sizeof(*l));
	if (l == NULL) {
		client_send(c, NULL, true);
		return;
	}
	l->client = c;
	l->filter = filter;
	l->left = limit == NULL ? UINT64_MAX : (uint64_t)json_integer_value(limit);
	l->stalled = json_array();
	client_job(c, l, next_page, end_listing);
	next_page(c, l);
}
