/* What of a configuration may change while connections live, and taking it over (changes.h). */
#include "changes.h"

#include <stdio.h>
#include <string.h>

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
changes_allowed(const struct setting *row)
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
		names = changes_allowed(row) ? &changes->taken : &changes->refused;
		if (changes_allowed(row))
			memcpy(old, now, size_of(row));
		if (names->len < sizeof(names->text))
			names->len +=
				(size_t)snprintf(names->text + names->len, sizeof(names->text) - names->len,
			                         " %s.%s", row->section, row->name);
	}
}

void
changes_take(struct conf *to, const struct conf *from, struct changes *changes)
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
