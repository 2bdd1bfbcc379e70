/* drain: the order, or only the thought of it; progress while it runs, and the ledger at its end. */
#include "ctl.h"

static json_t *
members(const struct wish *w)
{
	json_t *m = json_object();

	if (w->deadline_s >= 0)
		json_object_set_new(m, "deadline_s", json_real(w->deadline_s));
	if (w->dry_run)
		json_object_set_new(m, "dry_run", json_true());
	if (w->wait)
		json_object_set_new(m, "wait", json_true());
	return m;
}

static int
show_survey(const struct wish *w, json_t *a)
{
	const json_t *row;
	size_t i;

	tell_stalled(a);
	if (w->json) {
		print_json(a);
		return 0;
	}
	printf("%-11s %12s %11s\n", "why", "connections", "would stay");
	json_array_foreach(json_object_get(a, "reasons"), i, row)
	{
		if (number_of(row, "connections") > 0)
			printf("%-11s %12lld %11lld  %s\n", text_of(row, "why"),
			       number_of(row, "connections"), number_of(row, "would_stay"),
			       text_of(row, "help"));
	}
	printf("%-11s %12lld %11lld\n", "in all", number_of(a, "connections"), number_of(a, "would_stay"));
	if (number_of(a, "would_stay") > 0)
		printf("\nstill open at the deadline%s:\n%-11s %-13s %8s %8s %12s  %s\n",
		       (size_t)number_of(a, "would_stay") > json_array_size(json_object_get(a, "stay"))
		               ? ", some of them"
		               : "",
		       "why", "state", "unread", "unacked", "left to send", "connection");
	json_array_foreach(json_object_get(a, "stay"), i, row)
	{
		printf("%-11s %-13s %8lld %8lld %12lld  %s - %s\n", text_of(row, "why"),
		       text_of(row, "state"), number_of(row, "unread"), number_of(row, "unacked"),
		       number_of(row, "left"), text_of(row, "local"), text_of(row, "remote"));
	}
	json_decref(a);
	return 0;
}

static void
show_progress(const struct wish *w, const json_t *p)
{
	const json_t *f = json_object_get(p, "forecast"), *ends = json_object_get(f, "ends_in_s");

	fprintf(w->json ? stderr : stdout, "%6.1f s  %8lld open, %lld ended, %lld of them idle; %.0f s left",
	        real_of(p, "elapsed_s"), number_of(p, "connections"), number_of(p, "ended"),
	        number_of(p, "idle_closed"), real_of(p, "left_s"));
	if (json_is_number(ends))
		fprintf(w->json ? stderr : stdout, "; at this rate all end in %.0f s",
		        json_number_value(ends));
	if (number_of(f, "would_be_aborted") > 0)
		fprintf(w->json ? stderr : stdout, "; %lld would be aborted",
		        number_of(f, "would_be_aborted"));
	fputc('\n', w->json ? stderr : stdout);
	fflush(stdout);
}

static int
show_ledger(const struct wish *w, json_t *a)
{
	const json_t *l = json_object_get(a, "ledger");
	int status = number_of(l, "aborted") > 0 ? EXIT_FORCED : 0;

	if (w->json) {
		print_json(a);
		return status;
	}
	printf("%s after %.1f s: %lld of %lld connections ended by themselves, %lld had to be aborted\n",
	       text_of(a, "phase"), real_of(l, "elapsed_s"), number_of(l, "ended") - number_of(l, "aborted"),
	       number_of(l, "connections"), number_of(l, "aborted"));
	printf("lost: %lld octets accepted from services and never acknowledged, %lld received and never read\n",
	       number_of(l, "lost_unacked"), number_of(l, "lost_unread"));
	if (number_of(l, "discarded") > 0)
		printf("%lld octets crossed our FIN on idle connections, and were not served\n",
		       number_of(l, "discarded"));
	json_decref(a);
	return status;
}

int
run_drain(const struct wish *w)
{
	json_t *a;

	if (!link_ask(w, members(w)))
		return 1;
	while ((a = link_answer()) != NULL && json_object_get(a, "progress") != NULL) {
		show_progress(w, json_object_get(a, "progress"));
		json_decref(a);
	}
	if (a == NULL)
		return 1;
	if (w->dry_run)
		return show_survey(w, a);
	if (w->wait)
		return show_ledger(w, a);
	if (w->json)
		print_json(json_incref(a));
	else
		printf("draining %lld connections, %.0f s at the most\n", number_of(a, "connections"),
		       real_of(a, "deadline_s"));
	json_decref(a);
	return 0;
}
