/* SIGHUP: reads the configuration again.  A file with a mistake changes nothing; of a good one is taken over what may change
 * while connections live, and the rest is named (control_parts.h). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "control_parts.h"
#include "log.h"
#include "reread.h"

static const char *const live[] = {
	"limits.orphans",
	"limits.syn_backlog",
	"limits.challenge_acks_per_5s",
	"limits.icmp_per_s",
	"limits.resets_per_s",
	"timeouts.orphan_retries",
	"timeouts.syn_retries",
	"timeouts.retries",
	"timeouts.r1_retries",
	"timeouts.keepalive_interval_s",
	"timeouts.keepalive_probes",
	"timeouts.rto_initial_ms",
	"timeouts.rto_min_ms",
	"timeouts.rto_max_ms",
	"timeouts.delayed_ack_ms",
	"policy.backlog_overflow",
	"policy.rfc1337",
	"policy.record_sample",
	"drain.deadline_s",
	"drain.new_connections",
};

bool
reread_live(const struct setting *row)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", row->section, row->name);
	for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
		if (strcmp(live[i], name) == 0)
			return true;
	}
	return false;
}

static size_t
size_of(const struct setting *row)
{
	switch ((enum conf_type)row->type) {
	case CONF_TEXT:
		return (size_t)row->max + 1;
	case CONF_NUMBERS:
		return sizeof(struct conf_numbers);
	case CONF_TEXTS:
		return sizeof(struct conf_texts);
	default:
		return sizeof(uint64_t);
	}
}

/* Names of what differs, and takes over what may. */
static void
take_over(struct conf *to, const struct conf *from, struct changes *changes)
{
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);
		char *old = (char *)to + row->at;
		const char *now = (const char *)from + row->at;
		struct names *names;

		if (settings_is_list(row->section) || memcmp(old, now, size_of(row)) == 0)
			continue;
		names = reread_live(row) ? &changes->taken : &changes->refused;
		if (reread_live(row))
			memcpy(old, now, size_of(row));
		if (names->len < sizeof(names->text))
			names->len +=
				(size_t)snprintf(names->text + names->len, sizeof(names->text) - names->len,
			                         " %s.%s", row->section, row->name);
	}
}

void
reread_compare(struct conf *to, const struct conf *from, struct changes *changes)
{
	static const char *const lists[] = {"ports", "services"};
	bool differ[] = {to->ports != from->ports || memcmp(to->port, from->port, sizeof(to->port)) != 0,
	                 to->services != from->services ||
	                         memcmp(to->service, from->service, sizeof(to->service)) != 0};

	memset(changes, 0, sizeof(*changes));
	take_over(to, from, changes);
	for (size_t i = 0; i < 2; i++) {
		struct names *names = &changes->refused;

		if (differ[i] && names->len < sizeof(names->text))
			names->len += (size_t)snprintf(names->text + names->len,
			                               sizeof(names->text) - names->len, " %s", lists[i]);
	}
}

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
	reread_compare(&control->now, &fresh, &changes);
	if (changes.refused.len > 0)
		say("SIGHUP: not without a restart:%s", changes.refused.text);
	if (changes.taken.len == 0) {
		say("SIGHUP: nothing else has changed in %s", control->file);
		return;
	}
	say("SIGHUP: changed:%s", changes.taken.text);
	apply(control);
}
