/* Opens and ends, by close class (account.h). */
#include "account.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATS_MAX 128

const char *
account_class_name(const struct account *a, size_t class)
{
	static const char *const of_sockets[] = {
#define X(name, help) #name,
		SOCKET_CLASSES(X)
#undef X
	};

	return a->sockets ? of_sockets[class] : fns_class_name(class);
}

uint64_t
account_stat(const struct fns_shard *shard, const char *name)
{
	struct fns_stat row[STATS_MAX];
	size_t n = fns_shard_stats(shard, row, STATS_MAX);

	for (size_t i = 0; i < n && i < STATS_MAX; i++) {
		if (strcmp(row[i].name, name) == 0)
			return row[i].value;
	}
	return 0;
}

void
account_close(struct account *a, const struct fns_shard *shard)
{
	struct fns_stat row[ACCOUNT_CLASSES];
	size_t n = fns_shard_closes(shard, row, ACCOUNT_CLASSES);
	const char *wrong = fns_shard_check(shard);

	a->opened = account_stat(shard, "opens_active") + account_stat(shard, "opens_passive");
	a->ended = account_stat(shard, "ended");
	a->live = account_stat(shard, "conns");
	a->retransmits = account_stat(shard, "retransmits");
	a->time_wait_overflows = account_stat(shard, "time_wait_overflows");
	a->time_wait_reopens = account_stat(shard, "time_wait_reopens");
	for (size_t i = 0; i < n && i < ACCOUNT_CLASSES; i++)
		a->class[i] = row[i].value;
	snprintf(a->unsound, sizeof(a->unsound), "%s", wrong == NULL ? "" : wrong);
}

static bool
differ(char *why, size_t room, const char *end, const char *what, uint64_t a, uint64_t b)
{
	if (a == b)
		return false;
	snprintf(why, room, "%s: %s: %" PRIu64 " and %" PRIu64, end, what, a, b);
	return true;
}

bool
account_sound(const struct account *a, const char *end, char *why, size_t room)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < ACCOUNT_CLASSES; i++)
		sum += a->class[i];
	if (a->unsound[0] != '\0') {
		snprintf(why, room, "%s: %s", end, a->unsound);
		return false;
	}
	return !differ(why, room, end, "opens and ends differ", a->opened, a->ended) &&
	       !differ(why, room, end, "ends and the sum of their classes differ", a->ended, sum) &&
	       !differ(why, room, end, "connections are still there", a->live, 0) &&
	       !differ(why, room, end, "the shard opened, and the application saw", a->opened,
	               a->seen_open) &&
	       !differ(why, room, end, "the shard ended, and the application saw", a->ended, a->seen_over) &&
	       !differ(why, room, end, "octets are wrong", a->wrong_octets, 0) &&
	       !differ(why, room, end, "connections ended without an answer", a->unanswered, 0);
}

bool
account_agree(const struct account *client, const struct account *server, char *why, size_t room)
{
	return account_sound(client, "client", why, room) && account_sound(server, "server", why, room) &&
	       !differ(why, room, "client and server", "connections differ", client->opened,
	               server->opened) &&
	       !differ(why, room, "client to server", "octets sent and received differ", client->octets_sent,
	               server->octets_received) &&
	       !differ(why, room, "server to client", "octets sent and received differ", server->octets_sent,
	               client->octets_received);
}
