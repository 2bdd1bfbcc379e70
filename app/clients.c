/* The results of clients (clients.h). */
#include "clients.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <finesse/shard.h>

#include "log.h"
#include "worker.h"
#include "workers.h"

static const struct client_counts *
counts(const struct workers *all, unsigned worker, unsigned service)
{
	return &all->each[worker]->services.each[service].client.count;
}

static uint64_t
sum_at(const struct workers *all, unsigned service, size_t at)
{
	uint64_t sum = 0;

	for (unsigned w = 0; w < all->count; w++)
		sum += counter_read((const void *)((const char *)counts(all, w, service) + at));
	return sum;
}
#define SUM(all, service, field) sum_at(all, service, offsetof(struct client_counts, field))

/* From the first open to the last end, in whichever worker. */
static uint64_t
took_us(const struct workers *all, unsigned service)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (unsigned w = 0; w < all->count; w++) {
		uint64_t begun = counter_read(&counts(all, w, service)->first_us);
		uint64_t ended = counter_read(&counts(all, w, service)->last_us);

		first = begun != 0 && begun < first ? begun : first;
		last = ended > last ? ended : last;
	}
	return last > first ? last - first : 0;
}

static void
add(char *text, size_t room, const char *name, uint64_t value)
{
	size_t len = strlen(text);

	if (value > 0)
		snprintf(text + len, room - len, "%s%s %" PRIu64, len == 0 ? "" : ", ", name, value);
}

static void
say_one(const struct workers *all, unsigned service)
{
	static const char *const errors[] = {
#define X(error) #error,
		CLIENT_ERRORS(X)
#undef X
			"other",
	};
	unsigned port = all->each[0]->services.each[service].port;
	uint64_t us = took_us(all, service), opened = SUM(all, service, opened);
	uint64_t wrong = SUM(all, service, wrong);
	char failed[512] = "", closed[2048] = "";

	for (unsigned i = 0; i < CLIENT_ERROR_COUNT; i++)
		add(failed, sizeof(failed), errors[i],
		    sum_at(all, service, offsetof(struct client_counts, failed) + i * sizeof(counter)));
	for (size_t i = 0; i < fns_class_count() && i < CLIENT_CLASSES; i++)
		add(closed, sizeof(closed), fns_class_name(i),
		    sum_at(all, service, offsetof(struct client_counts, closed) + i * sizeof(counter)));
	say("client of port %u: opened %" PRIu64 ", established %" PRIu64 ", still live %" PRIu64
	    "; octets sent %" PRIu64 ", received %" PRIu64 "; %" PRIu64 " ms, %" PRIu64 " a second",
	    port, opened, SUM(all, service, established), SUM(all, service, live),
	    SUM(all, service, octets_sent), SUM(all, service, octets_received), us / 1000,
	    us == 0 ? 0 : opened * 1000000 / us);
	if (closed[0] != '\0')
		say("client of port %u: closed %s", port, closed);
	if (failed[0] != '\0')
		say("client of port %u: failed %s", port, failed);
	if (SUM(all, service, late) > 0)
		say("client of port %u: left out %" PRIu64 " opens that were late", port,
		    SUM(all, service, late));
	if (SUM(all, service, waits) > 0)
		say("client of port %u: waited %" PRIu64 " times for a free port or connection", port,
		    SUM(all, service, waits));
	if (wrong > 0)
		say("client of port %u: %" PRIu64 " connections were not echoed what they sent", port, wrong);
}

static bool
is_done(const struct workers *all, unsigned service)
{
	for (unsigned w = 0; w < all->count; w++) {
		if (!atomic_load_explicit(&counts(all, w, service)->done, memory_order_acquire))
			return false;
	}
	return true;
}

void
clients_say(const struct workers *all, bool each)
{
	static bool said[SERVICES_MAX];

	for (unsigned i = 0; i < all->each[0]->services.count; i++) {
		if (all->each[0]->services.each[i].kind != &client_kind || said[i])
			continue;
		if (each || is_done(all, i)) {
			say_one(all, i);
			said[i] = true;
		}
	}
}

bool
clients_sound(const struct workers *all)
{
	uint64_t wrong = 0;

	for (unsigned i = 0; i < all->each[0]->services.count; i++)
		wrong += SUM(all, i, wrong);
	return wrong == 0;
}
