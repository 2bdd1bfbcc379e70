/* What the workers say at the end: what came of every frame, every connection and every mbuf (workers.h). */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clients.h"
#include "log.h"
#include "worker.h"
#include "workers.h"

#define ROWS 256

typedef size_t rows_of(const struct fns_shard *, struct fns_stat *row, size_t room);

/* Every row of all shards, summed; the names and their order are those of any. */
static size_t
sum_rows(const struct workers *all, rows_of *rows, struct fns_stat sum[ROWS])
{
	struct fns_stat row[ROWS];
	size_t n = 0;

	for (unsigned i = 0; i < all->count; i++) {
		n = rows(all->each[i]->shard, i == 0 ? sum : row, ROWS);
		n = n > ROWS ? ROWS : n;
		for (size_t k = 0; i > 0 && k < n; k++)
			sum[k].value += row[k].value;
	}
	return n;
}

/* "NAME VALUE" of each row that is not zero, one line. */
static uint64_t
say_rows(const struct workers *all, rows_of *rows, const char *begin, const char *each)
{
	struct fns_stat row[ROWS];
	size_t n = sum_rows(all, rows, row), len = 0;
	char text[2048] = "";
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += row[i].value;
		if (row[i].value != 0 && len < sizeof(text))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s%s %" PRIu64,
			                        len == 0 ? "" : ", ", each, row[i].name, row[i].value);
	}
	if (len > 0)
		say("%s%s", begin, text);
	return sum;
}

static uint64_t
value_of(const struct workers *all, const char *name)
{
	struct fns_stat row[ROWS];
	size_t n = sum_rows(all, fns_shard_stats, row);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(row[i].name, name) == 0)
			return row[i].value;
	}
	return 0;
}

static void
say_lost(const struct workers *all)
{
	uint64_t unacked = value_of(all, "lost_unacked"), unread = value_of(all, "lost_unread");

	if (unacked != 0 || unread != 0)
		say("lost_unacked %" PRIu64 ", lost_unread %" PRIu64, unacked, unread);
}

/* What one worker knows of itself: its shard, and that it was given what its io received. */
static bool
worker_sound(const struct worker *w)
{
	const char *broken = fns_shard_check(w->shard);
	uint64_t received = counter_read(&w->io.count.rx_frames);
	struct fns_stat row[ROWS];
	uint64_t frames = 0;

	for (size_t i = 0, n = fns_shard_stats(w->shard, row, ROWS); i < n && i < ROWS; i++) {
		if (strcmp(row[i].name, "frames_in") == 0)
			frames = row[i].value;
	}
	if (broken != NULL)
		say("shard %u does not add up: %s", w->index, broken);
	if (received != frames)
		say("shard %u: %" PRIu64 " frames were received, %" PRIu64 " arrived", w->index, received,
		    frames);
	return broken == NULL && received == frames;
}

static uint64_t
io_sum(const struct workers *all, size_t at)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < all->count; i++)
		sum += counter_read((const void *)((const char *)&all->each[i]->io.count + at));
	return sum;
}
#define IO_SUM(all, name) io_sum(all, offsetof(struct io_counters, name))

/* How connections and frames were spread, and that no frame was lost between workers. */
static bool
say_steered(const struct workers *all, const struct leavings *left)
{
	uint64_t steered = IO_SUM(all, steered), here = IO_SUM(all, steered_here);
	uint64_t lent = IO_SUM(all, tx_lent), borrowed = IO_SUM(all, tx_borrowed);
	uint64_t wrong = value_of(all, "wrong_shard");
	char text[2048] = "";
	size_t len = 0;

	if (all->count == 1)
		return true;
	for (unsigned i = 0; i < all->count && len < sizeof(text); i++) {
		const struct workers one = {.count = 1, .each = {all->each[i]}};

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%" PRIu64, i == 0 ? "" : ", ",
		                        value_of(&one, "opens_passive") + value_of(&one, "opens_active"));
	}
	say("opened by shard: %s; wrong_shard %" PRIu64, text, wrong);
	say("steered %" PRIu64 " = taken over %" PRIu64 " and left %" PRIu64 ", %" PRIu64
	    " of them copies; no room for %" PRIu64 "; lent %" PRIu64 " = sent for others %" PRIu64
	    " and left %" PRIu64,
	    steered, here, left->steered[STEER_RECEIVED], IO_SUM(all, steer_copies), IO_SUM(all, steer_full),
	    lent, borrowed, left->steered[STEER_TO_SEND]);
	return wrong == 0 && steered == here + left->steered[STEER_RECEIVED] &&
	       lent == borrowed + left->steered[STEER_TO_SEND];
}

bool
workers_last_words(const struct workers *all, const struct leavings *left)
{
	uint64_t frames = value_of(all, "frames_in"), fates;
	bool sound = true;

	fates = say_rows(all, fns_shard_fates, "", "fate ");
	say_rows(all, fns_shard_closes, "closes ", "");
	say_lost(all);
	for (unsigned i = 0; i < all->count; i++)
		sound = worker_sound(all->each[i]) && sound;
	sound = say_steered(all, left) && sound;
	clients_say(all, true);
	sound = clients_sound(all) && sound;
	fates -= value_of(all, "frames_looped"); /* between our own addresses: through no port */
	say("frames_in %" PRIu64 " = fates %" PRIu64 "; mbufs %" PRIu64 " of %" PRIu64
	    " back; opened %" PRIu64 ", ended %" PRIu64 ", aborted %" PRIu64 "; frames sent %" PRIu64
	    ", given up %" PRIu64 "; too long to receive %" PRIu64,
	    frames, fates, left->mbufs_back, left->mbufs,
	    value_of(all, "opens_passive") + value_of(all, "opens_active"), value_of(all, "ended"),
	    workers_aborted(all), IO_SUM(all, tx_frames), IO_SUM(all, tx_dropped), IO_SUM(all, rx_oversize));
	if (left->mbufs_back != left->mbufs)
		say("%" PRIu64 " mbufs did not come back%s", left->mbufs - left->mbufs_back,
		    left->forgetful ? ": the PMD keeps them" : "");
	return sound && fates == frames && (left->forgetful || left->mbufs_back == left->mbufs);
}
