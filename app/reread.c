/* SIGHUP: reads the configuration again.  A file with a mistake changes nothing; of a good one is taken over what may change
 * while connections live, and the rest is named (control_parts.h). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "config.h"
#include "control_parts.h"
#include "log.h"

static void
told(struct ask *a, void *arg)
{
	struct control *control = arg;

	for (unsigned i = 0; i < ask_count(a); i++) {
		if (!ask_answered(a, i))
			say("SIGHUP: shard %u does not answer; it takes the settings over when it does", i);
	}
	control->config_version++;
}

static void
apply(struct control *control)
{
	struct drain_order *order = &control->workers->order;
	struct fns_config config;
	struct ask *a = ask_new(control, sizeof(struct fns_reconfigure), 0, control->workers->count);

	atomic_store_explicit(&order->signal_ms, control->now.drain.deadline_s * 1000, memory_order_relaxed);
	atomic_store_explicit(&order->ignore, control->now.drain.new_connections == CONF_DRAIN_IGNORE,
	                      memory_order_relaxed);
	if (a == NULL) {
		say("SIGHUP: no memory to tell the shards");
		return;
	}
	conf_shard(&control->now, &config);
	for (unsigned i = 0; i < control->workers->count; i++)
		fns_ask_reconfigure(ask_part(a, i), &config);
	ask_post(a, told, control);
}

/* Each complaint a line of ours. */
static void
say_faults(char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		say("SIGHUP: %s", line);
	say("SIGHUP: everything stays as it is");
}

void
reread(struct control *control)
{
	static struct conf fresh;
	struct conf_report report = {.file = control->file};
	struct changes changes;
	char *text = NULL;
	size_t len;
	int result;

	report.out = open_memstream(&text, &len);
	if (report.out == NULL)
		return;
	result = conf_load(&fresh, control->file, &report);
	fclose(report.out);
	if (result != 0) {
		say_faults(text);
		free(text);
		return;
	}
	free(text);
	changes_take(&control->now, &fresh, &changes);
	if (changes.refused.len > 0)
		say("SIGHUP: not without a restart:%s", changes.refused.text);
	if (changes.taken.len == 0) {
		say("SIGHUP: nothing else has changed in %s", control->file);
		return;
	}
	say("SIGHUP: changed:%s", changes.taken.text);
	apply(control);
}
