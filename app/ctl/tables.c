/* Tables that a person likes to read, of what the daemon answers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

const char *
text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text == NULL ? "?" : text;
}

long long
number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

double
real_of(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

void
print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2));
	fputc('\n', stdout);
	json_decref(o);
}

char *
duration(double us, char text[32])
{
	static const struct {
		double us;
		const char *unit;
	} units[] = {{86400e6, "d"}, {3600e6, "h"}, {60e6, "min"}, {1e6, "s"}, {1e3, "ms"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (us >= units[i].us) {
			double n = us / units[i].us;

			snprintf(text, 32, "%.*f %s", n < 10 ? 1 : 0, n, units[i].unit);
			return text;
		}
	}
	snprintf(text, 32, "%.0f us", us);
	return text;
}

static json_t *
asked(const struct wish *w)
{
	return link_ask(w, json_object()) ? link_answer() : NULL;
}

/* Nothing where there is one worker. */
static void
show_steering(const json_t *s)
{
	json_t *each, *to;
	size_t i, k;

	if (!json_is_object(s))
		return;
	printf("\n%5s %12s %12s %12s %12s %12s  %s\n", "shard", "handed over", "taken over", "no room",
	       "lent", "sent for", "reaches");
	json_array_foreach(json_object_get(s, "workers"), i, each)
	{
		printf("%5lld %12lld %12lld %12lld %12lld %12lld ", number_of(each, "shard"),
		       number_of(each, "handed_over"), number_of(each, "taken_over"),
		       number_of(each, "no_room"), number_of(each, "lent"),
		       number_of(each, "sent_for_others"));
		json_array_foreach(json_object_get(each, "reaches"), k, to)
		{
			printf(" %lld", (long long)json_integer_value(to));
		}
		printf("\n");
	}
	json_array_foreach(json_object_get(s, "ports"), i, each)
	{
		printf("port %s: %lld queues, frames are brought to their shard by %s\n",
		       text_of(each, "device"), number_of(each, "queues"), text_of(each, "by"));
	}
}

int
show_status(const struct wish *w)
{
	json_t *a = asked(w), *each;
	char up[32];
	size_t i;

	if (a == NULL)
		return 1;
	tell_stalled(a);
	if (w->json) {
		print_json(a);
		return 0;
	}
	printf("finessed %s, %s, up %s, configuration %s (version %lld)\n", text_of(a, "version"),
	       text_of(a, "phase"), duration(real_of(a, "uptime_s") * 1e6, up), text_of(a, "configuration"),
	       number_of(a, "configuration_version"));
	printf("%lld connections (%lld orphans), %lld in TIME-WAIT, %lld listeners\n\n",
	       number_of(a, "connections"), number_of(a, "orphans"), number_of(a, "time_wait"),
	       number_of(a, "listeners"));
	printf("%5s %5s %6s %6s %10s %12s %14s %14s\n", "shard", "core", "load", "asleep", "turns/s",
	       "connections", "frames in", "frames out");
	json_array_foreach(json_object_get(a, "workers"), i, each)
	{
		printf("%5lld %5lld %5.1f%% %5.1f%% %10.0f %12lld %14lld %14lld%s\n",
		       number_of(each, "shard"), number_of(each, "core"), 100 * real_of(each, "load"),
		       100 * real_of(each, "asleep"), real_of(each, "turns_per_second"),
		       number_of(each, "connections"), number_of(each, "frames_in"),
		       number_of(each, "frames_out"),
		       json_is_true(json_object_get(each, "answers")) ? "" : "  does not answer");
	}
	show_steering(json_object_get(a, "steering"));
	json_decref(a);
	return 0;
}

/* {"ESTABLISHED": 12, ...} */
static json_t *
by_name(const json_t *rows, const char *name, const char *value)
{
	json_t *o = json_object(), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		json_object_set(o, text_of(row, name), json_object_get(row, value));
	}
	return o;
}

static void
print_state(const json_t *row, size_t shards)
{
	const json_t *each = json_object_get(row, "shards");
	char p50[32], p99[32], max[32];
	size_t i;

	printf("%-13s %10lld", text_of(row, "state"), number_of(row, "count"));
	for (i = 0; shards > 1 && i < shards; i++)
		printf(" %9lld", (long long)json_integer_value(json_array_get(each, i)));
	if (number_of(row, "count") > 0 && number_of(row, "max_us") > 0)
		printf(" %9s %9s %9s  %s - %s", duration(real_of(row, "p50_us"), p50),
		       duration(real_of(row, "p99_us"), p99), duration(real_of(row, "max_us"), max),
		       text_of(row, "local"), text_of(row, "remote"));
	putchar('\n');
}

int
show_states(const struct wish *w)
{
	json_t *a = asked(w), *row;
	const json_t *rows = json_object_get(a, "rows");
	size_t i, shards = json_array_size(json_object_get(json_array_get(rows, 0), "shards"));

	if (a == NULL)
		return 1;
	tell_stalled(a);
	if (w->json) {
		print_json(w->ages ? json_incref(a) : by_name(rows, "state", "count"));
		json_decref(a);
		return 0;
	}
	printf("%-13s %10s", "state", "count");
	for (i = 0; shards > 1 && i < shards; i++)
		printf("  shard %2zu", i);
	printf(" %9s %9s %9s  %s\n", "age: p50", "p99", "max", "the oldest");
	json_array_foreach(rows, i, row)
	{
		print_state(row, shards);
	}
	json_decref(a);
	return 0;
}

/* All of stats; of drops those that are not zero. */
int
show_rows(const struct wish *w)
{
	bool drops = strcmp(w->command, "drops") == 0;
	json_t *a = asked(w), *row;
	const json_t *rows = json_object_get(a, "rows");
	long long sum = 0;
	size_t i;

	if (a == NULL)
		return 1;
	tell_stalled(a);
	if (w->json) {
		print_json(by_name(rows, "name", "value"));
		json_decref(a);
		return 0;
	}
	json_array_foreach(rows, i, row)
	{
		sum += number_of(row, "value");
		if (!drops || number_of(row, "value") != 0)
			printf("%-22s %14lld  %s\n", text_of(row, "name"), number_of(row, "value"),
			       text_of(row, "help"));
	}
	if (drops)
		printf("%-22s %14lld  of %lld frames that came\n", "in all", sum, number_of(a, "frames"));
	json_decref(a);
	return 0;
}

int
show_closes(const struct wish *w)
{
	json_t *a = asked(w), *row;
	const json_t *rows = json_object_get(a, "rows");
	long long opened = number_of(a, "opened"), live = number_of(a, "live"), ended = 0;
	size_t i;

	if (a == NULL)
		return 1;
	tell_stalled(a);
	json_array_foreach(rows, i, row)
	{
		ended += number_of(row, "value");
		if (!w->json && number_of(row, "value") != 0)
			printf("%-24s %12lld  %s\n", text_of(row, "name"), number_of(row, "value"),
			       text_of(row, "help"));
	}
	if (w->json)
		print_json(json_pack("{s:I, s:I, s:I, s:o, s:I, s:I}", "opened", (json_int_t)opened, "live",
		                     (json_int_t)live, "ended", (json_int_t)ended, "classes",
		                     by_name(rows, "name", "value"), "lost_unacked",
		                     (json_int_t)number_of(a, "lost_unacked"), "lost_unread",
		                     (json_int_t)number_of(a, "lost_unread")));
	else
		printf("%-24s %12lld  = %lld opened - %lld live; lost: %lld octets unacknowledged, %lld unread\n",
		       "in all", ended, opened, live, number_of(a, "lost_unacked"),
		       number_of(a, "lost_unread"));
	json_decref(a);
	if (opened == live + ended)
		return 0;
	return complain("closes: %lld opened are not %lld live and %lld ended", opened, live, ended);
}

static void
print_resets(const json_t *rows)
{
	const json_t *row;
	char ago[32];
	size_t i;

	json_array_foreach(rows, i, row)
	{
		printf("%10s ago  %-8s  %-24s %-13s %8lld %8lld  %s - %s\n",
		       duration(real_of(row, "ago_us"), ago), text_of(row, "way"), text_of(row, "why"),
		       text_of(row, "state"), number_of(row, "unread"), number_of(row, "unacked"),
		       text_of(row, "local"), text_of(row, "remote"));
	}
}

/* Of the rows those whose names begin like this, or are in the list. */
static json_t *
reasons(const json_t *answer)
{
	static const char *const fates[] = {"closed_no_conn", "listen_ack", "listen_backlog"};
	json_t *o = json_object(), *row;
	size_t i;

	json_array_foreach(json_object_get(answer, "closes"), i, row)
	{
		const char *name = text_of(row, "name");

		if (strncmp(name, "reset_", 6) == 0 || strncmp(name, "peer_reset_", 11) == 0)
			json_object_set(o, name, json_object_get(row, "value"));
	}
	json_array_foreach(json_object_get(answer, "fates"), i, row)
	{
		for (size_t k = 0; k < sizeof(fates) / sizeof(fates[0]); k++) {
			if (strcmp(text_of(row, "name"), fates[k]) == 0)
				json_object_set(o, fates[k], json_object_get(row, "value"));
		}
	}
	return o;
}

int
show_resets(const struct wish *w)
{
	json_t *a = asked(w), *by, *n;
	const char *name;

	if (a == NULL)
		return 1;
	tell_stalled(a);
	by = reasons(a);
	if (w->json) {
		json_object_del(a, "closes");
		json_object_del(a, "fates");
		json_object_set_new(a, "reasons", by);
		print_json(a);
		return 0;
	}
	printf("%lld resets sent, %lld received, %lld not sent because of the rate limit\n\n",
	       number_of(a, "sent"), number_of(a, "received"), number_of(a, "limited"));
	json_object_foreach(by, name, n)
	{
		if (json_integer_value(n) != 0)
			printf("%-24s %12lld\n", name, (long long)json_integer_value(n));
	}
	printf("\n%14s  %-8s  %-24s %-13s %8s %8s  %s\n", "when", "", "why", "state", "unread", "unacked",
	       "connection");
	print_resets(json_object_get(a, "last"));
	if (json_array_size(json_object_get(a, "strays")) > 0)
		printf("without a connection:\n");
	print_resets(json_object_get(a, "strays"));
	json_decref(by);
	json_decref(a);
	return 0;
}
