/* What a worker says at the end: what came of every frame, every connection and every mbuf (worker.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "worker.h"

/* The value of one row by its name. */
static uint64_t
value_of(const struct fns_shard *shard, const char *name)
{
	struct fns_stat row[256];
	size_t n = fns_shard_stats(shard, row, 256);

	for (size_t i = 0; i < n && i < 256; i++) {
		if (strcmp(row[i].name, name) == 0)
			return row[i].value;
	}
	return 0;
}

/* How connections ended, one line, and what was lost with them. */
static void
say_closes(const struct fns_shard *shard)
{
	uint64_t unacked = value_of(shard, "lost_unacked"), unread = value_of(shard, "lost_unread");
	struct fns_stat row[64];
	size_t n = fns_shard_closes(shard, row, 64), len = 0;
	char text[2048] = "";

	for (size_t i = 0; i < n && i < 64; i++) {
		if (row[i].value != 0 && len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %" PRIu64,
			                        len == 0 ? "" : ", ", row[i].name, row[i].value);
	}
	if (len > 0)
		say("closes %s", text);
	if (unacked != 0 || unread != 0)
		say("lost_unacked %" PRIu64 ", lost_unread %" PRIu64, unacked, unread);
}

static void
say_clients(const struct services *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct client_plan *plan = &all->each[i].client;

		if (plan->failed > 0)
			say("client of port %u: %u of %u opens failed, the last: %s", all->each[i].port,
			    plan->failed, plan->connections, strerror(plan->why));
	}
}

bool
worker_last_words(const struct worker *w, uint64_t mbufs_back, uint64_t mbufs, bool forgetful)
{
	uint64_t frames = value_of(w->shard, "frames_in"), sum = 0,
		 received = counter_read(&w->io.count.rx_frames);
	const char *broken = fns_shard_check(w->shard);
	char fates[2048] = "";
	struct fns_stat row[256];
	size_t n = fns_shard_fates(w->shard, row, 256), len = 0;

	for (size_t i = 0; i < n && i < 256; i++) {
		sum += row[i].value;
		if (row[i].value != 0 && len < sizeof(fates))
			len += (size_t)snprintf(fates + len, sizeof(fates) - len, "%sfate %s %" PRIu64,
			                        len == 0 ? "" : ", ", row[i].name, row[i].value);
	}
	if (len > 0)
		say("%s", fates);
	say_closes(w->shard);
	say_clients(&w->services);
	sum -= value_of(w->shard, "frames_looped"); /* between our own addresses: through no port */
	say("frames_in %" PRIu64 " = fates %" PRIu64 "; mbufs %" PRIu64 " of %" PRIu64
	    " back; opened %" PRIu64 ", ended %" PRIu64 ", aborted %" PRIu64 "; frames sent %" PRIu64
	    ", given up %" PRIu64 "; too long to receive %" PRIu64,
	    frames, sum, mbufs_back, mbufs,
	    value_of(w->shard, "opens_passive") + value_of(w->shard, "opens_active"),
	    value_of(w->shard, "ended"), w->aborted, counter_read(&w->io.count.tx_frames),
	    counter_read(&w->io.count.tx_dropped), counter_read(&w->io.count.rx_oversize));
	if (broken != NULL)
		say("the shard does not add up: %s", broken);
	if (received != frames)
		say("%" PRIu64 " frames were received, %" PRIu64 " arrived at the shard", received, frames);
	if (mbufs_back != mbufs)
		say("%" PRIu64 " mbufs did not come back%s", mbufs - mbufs_back,
		    forgetful ? ": the PMD keeps them" : "");
	return broken == NULL && sum == frames && received == frames && (forgetful || mbufs_back == mbufs);
}
