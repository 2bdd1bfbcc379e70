/* conns: row by row as the pages come, however many there are. */
#include <stdlib.h>

#include "ctl.h"

static void
print_conn(const json_t *row)
{
	char age[32], rtt[32];

	printf("%-13s %8lld %8lld  %-24s %-24s %9s %9s%s%s\n", text_of(row, "state"),
	       number_of(row, "unread"), number_of(row, "unacked"), text_of(row, "local"),
	       text_of(row, "remote"), duration(real_of(row, "age_us"), age),
	       number_of(row, "srtt_us") == 0 ? "-" : duration(real_of(row, "srtt_us"), rtt),
	       json_is_true(json_object_get(row, "passive")) ? "  passive" : "",
	       json_is_true(json_object_get(row, "orphan")) ? "  orphan" : "");
}

static json_t *
members(const struct wish *w)
{
	json_t *m = json_object();

	if (w->state != NULL)
		json_object_set_new(m, "state", json_string(w->state));
	if (w->local != NULL)
		json_object_set_new(m, "local", json_string(w->local));
	if (w->remote != NULL)
		json_object_set_new(m, "remote", json_string(w->remote));
	if (w->limit >= 0)
		json_object_set_new(m, "limit", json_integer(w->limit));
	if (w->older_s >= 0)
		json_object_set_new(m, "older_s", json_real(w->older_s));
	return m;
}

/* The rows of a page, printed; the count. */
static size_t
print_page(const struct wish *w, const json_t *rows, size_t before)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (w->json) {
			printf("%s\n    ", before + i == 0 ? "" : ",");
			json_dumpf(row, stdout, JSON_COMPACT);
		} else {
			print_conn(row);
		}
	}
	return i;
}

int
show_conns(const struct wish *w)
{
	size_t n = 0;
	json_t *a;
	bool cut;

	if (!link_ask(w, members(w)))
		return 1;
	a = link_answer();
	if (a == NULL)
		return 1;
	if (w->json)
		printf("{\n  \"conns\": [");
	else
		printf("%-13s %8s %8s  %-24s %-24s %9s %9s\n", "state", "unread", "unacked", "local",
		       "remote", "age", "rtt");
	while (a != NULL && json_object_get(a, "rows") != NULL) {
		n += print_page(w, json_object_get(a, "rows"), n);
		json_decref(a);
		a = link_answer();
	}
	if (a == NULL)
		return 1;
	cut = json_is_true(json_object_get(a, "cut"));
	if (w->json)
		printf("\n  ],\n  \"count\": %zu,\n  \"cut\": %s\n}\n", n, cut ? "true" : "false");
	else if (cut)
		printf("and perhaps others: --limit\n");
	tell_stalled(a);
	json_decref(a);
	return 0;
}
