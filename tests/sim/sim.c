/* Two endpoints over a bad wire, seed by seed: what an application reads is always a prefix of what its peer wrote,
 * an end of stream means all of it, every connection ends, nothing is left (P2, P5, B5, S4, S5, S7, V1, V3).
 *
 * sim [first seed [count [shards]]]: a failure names its seed; the same seed is the same run.  With several shards each seed
 * is run twice, by one shard a side and by so many: both deliver the same octets, whatever the wire did to each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

#define CONNS 24
#define PORT  7000
#define NAMED 40000 /* first of the clients' ports, where both runs must have the same */

enum way { BY_CLOSE, BY_SHUTDOWN, BY_ABORT, WAYS };

/* One end of one connection. */
struct end {
	struct net *net;
	struct fns_conn *c;
	uint32_t id; /* the client's port: what both ends know */
	bool client, opened, done_writing, saw_fin, let_go, closed;
	enum way way;
	uint32_t total, peer_total, written, read,
		pace; /* octets; pace: read at most so many a call, 0: all */
};

static struct end ends[2 * CONNS + 2 * CONNS];
static unsigned ends_used;
static bool named; /* the clients' ports */
static uint64_t seed, total_octets, total_frames, total_lost, total_finished, total_compared;

#define CHECK(what)                                                                                          \
	do {                                                                                                 \
		if (!(what)) {                                                                               \
			fprintf(stderr, "seed %llu: %s:%d: %s\n", (unsigned long long)seed, __FILE__,        \
			        __LINE__, #what);                                                            \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

static uint8_t
octet(uint32_t id, bool from_client, uint32_t at)
{
	return (uint8_t)(id * 7 + from_client * 101 + at + (at >> 8) * 31 + (at >> 16) * 17);
}

/* What both ends of a connection mean to do follows from the seed and its id. */
static void
plan(struct end *e)
{
	struct net mine = {.rng = seed * 1000003 + e->id};

	for (unsigned side = 0; side < 2; side++) {
		uint32_t total =
			net_chance(&mine, 200000) ? 0 : net_below(&mine, 1u << (4 + net_below(&mine, 15)));
		uint32_t way = net_below(&mine, 100),
			 pace = net_chance(&mine, 300000) ? 1 + net_below(&mine, 3000) : 0;

		if (side != !e->client) {
			e->peer_total = total;
			continue;
		}
		e->total = total;
		e->pace = pace;
		e->way = way < 55 ? BY_SHUTDOWN : way < 90 ? BY_CLOSE : BY_ABORT;
	}
}

static void
write_more(struct end *e)
{
	while (!e->done_writing && e->written < e->total) {
		uint8_t piece[1500];
		uint32_t n = e->total - e->written < sizeof(piece) ? e->total - e->written
		                                                   : (uint32_t)sizeof(piece);
		ptrdiff_t took;

		for (uint32_t i = 0; i < n; i++)
			piece[i] = octet(e->id, e->client, e->written + i);
		took = fns_send(e->c, piece, n);
		CHECK(took >= 0);
		e->written += (uint32_t)took;
		if ((uint32_t)took < n)
			return;
	}
	if (e->done_writing)
		return;
	e->done_writing = true;
	if (e->way == BY_SHUTDOWN)
		CHECK(fns_shutdown(e->c, FNS_SHUT_WR) == 0);
	else if (e->way == BY_ABORT)
		fns_abort(e->c);
}

static void
close_if_done(struct end *e)
{
	bool read_all = e->saw_fin && fns_readable(e->c) == 0;

	if (e->way == BY_CLOSE)
		read_all = e->read == e->peer_total; /* the peer may still have to send its FIN */
	if (e->let_go || !e->done_writing || !read_all || e->way == BY_ABORT)
		return;
	e->let_go = true;
	fns_close(e->c);
}

static void
read_more(struct end *e, bool all)
{
	const void *run;
	size_t n, left = e->pace;

	while ((n = fns_peek(e->c, &run)) > 0) {
		const uint8_t *p = run;

		if (e->pace != 0 && !all && n > left)
			n = left;
		left -= n;
		for (size_t i = 0; i < n; i++)
			CHECK(p[i] == octet(e->id, !e->client, e->read + (uint32_t)i));
		e->read += (uint32_t)n;
		fns_consume(e->c, n);
		if (e->pace != 0 && !all && left == 0)
			break;
	}
}

static void
ended(struct end *e)
{
	struct fns_status s;

	fns_status(e->c, &s);
	CHECK(!e->closed);
	e->closed = true;
	if (e->saw_fin) { /* an end of stream means that all of it came (P2) */
		read_more(e, true);
		CHECK(e->read == e->peer_total);
	}
	e->c = NULL;
}

static void
handler(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = user;

	if (e == NULL || e->c != c) { /* a child: no end yet */
		struct end *child;
		struct fns_status s;

		if (reports & FNS_CLOSED)
			return;
		CHECK(ends_used < sizeof(ends) / sizeof(ends[0]));
		child = &ends[ends_used++];
		fns_status(c, &s);
		memset(child, 0, sizeof(*child));
		child->net = e->net;
		child->c = c;
		child->id = s.remote.port;
		plan(child);
		fns_attach(c, handler, child);
		e = child;
	}
	e->opened |= (reports & FNS_OPENED) != 0;
	if (reports & FNS_PEER_FIN)
		e->saw_fin = true;
	if (reports & FNS_CLOSED) {
		ended(e);
		return;
	}
	if (!e->opened || e->let_go)
		return; /* a soft error before, or a nudge after */
	read_more(e, false);
	write_more(e);
	close_if_done(e);
}

static void
faults_of(struct net *n)
{
	struct faults *f = &n->faults;

	f->delay_us = 1u << net_below(n, 17);
	f->late_us = 1 + 8 * f->delay_us;
	f->lose = net_chance(n, 600000) ? net_below(n, 150000) : 0;
	f->twice = net_chance(n, 400000) ? net_below(n, 100000) : 0;
	f->late = net_chance(n, 400000) ? net_below(n, 300000) : 0;
	f->flip = net_chance(n, 300000) ? net_below(n, 30000) : 0;
}

static void
open_one(struct net *n, unsigned i)
{
	struct fns_addr to, from = {.port = (uint16_t)(named ? NAMED + i : 0)};
	struct end *e = &ends[ends_used];
	struct fns_status s;
	unsigned k = i % n->shards;

	fns_addr_parse(&to, i & 1 ? "2001:db8:1::2" : "198.51.100.2", PORT);
	while (!fns_shard_owns(n->shard[0][k], &from, &to))
		k = (k + 1) % n->shards;
	memset(e, 0, sizeof(*e));
	e->net = n;
	e->client = true;
	e->c = fns_open(n->shard[0][k], &from, &to, NULL, handler, e);
	CHECK(e->c != NULL);
	fns_status(e->c, &s);
	e->id = s.local.port;
	plan(e);
	ends_used++;
}

/* Slow readers read on: a handler is only called when something happens. */
static void
nudge(void)
{
	for (unsigned i = 0; i < ends_used; i++) {
		struct end *e = &ends[i];

		if (e->c != NULL && e->opened && e->pace != 0)
			handler(e->c, 0, e);
	}
}

/* Without keep-alive an idle end never learns that the reset of the other was lost. */
static void
settings(struct net *n, struct fns_config *cf)
{
	(void)n;
	cf->keepalive = true;
	cf->keepalive_ms = 60000;
	cf->keepalive_interval_ms = 10000;
}

static void
tell(struct fns_conn *c, void *arg)
{
	struct fns_status s;

	(void)arg;
	fns_status(c, &s);
	fprintf(stderr, "live: port %u to %u %s unacked %u unread %u wnd %u cwnd %u rto %u%s\n", s.local.port,
	        s.remote.port, s.state, s.unacked, s.unread, s.snd_wnd, s.cwnd, s.rto_us,
	        s.orphan ? " orphan" : "");
}

/* Every end is closed; what its peer meant to say to it has come, all of it, if neither of them meant to reset. */
struct outcome {
	uint32_t read[2]; /* by the client; by the other */
	bool abrupt;
};

static void
note_ends(struct outcome *out)
{
	for (unsigned i = 0; i < ends_used; i++) {
		const struct end *e = &ends[i];
		struct outcome *o = named ? &out[e->id - NAMED] : NULL;

		CHECK(e->closed);
		total_octets += e->read;
		total_finished += e->saw_fin;
		if (o == NULL)
			continue;
		o->read[!e->client] = e->read;
		o->abrupt |= e->way == BY_ABORT;
	}
}

static void
check_sides(const struct net *n)
{
	for (unsigned side = 0; side < 2; side++) {
		CHECK(net_check(n, side) == NULL);
		CHECK(net_stat(n, side, "time_waits") == 0 && net_stat(n, side, "dead") == 0);
		CHECK(net_stat(n, side, "wrong_shard") == 0);
	}
}

static void
run_seed(unsigned shards, struct outcome *out)
{
	struct net n;
	struct end listening = {.net = &n};
	struct fns_addr any = {.port = PORT};
	uint64_t stop;

	ends_used = 0;
	net_begin(&n, seed, shards, settings);
	listening.net = &n;
	for (unsigned k = 0; k < shards; k++)
		CHECK(fns_listen(n.shard[1][k], &any, NULL, handler, &listening) != NULL);
	faults_of(&n);
	for (unsigned i = 0; i < CONNS; i++) {
		open_one(&n, i);
		net_run(&n, n.now_us + net_below(&n, 200000));
		nudge();
	}
	stop = n.now_us + 30000000;
	while (n.now_us < stop) {
		net_run(&n, n.now_us + 50000);
		nudge();
	}
	n.faults.lose = n.faults.twice = n.faults.late = n.faults.flip = 0; /* heal (V3) */
	stop = n.now_us + UINT64_C(900000000);
	while (n.now_us < stop && net_stat(&n, 0, "conns") + net_stat(&n, 1, "conns") > 0) {
		net_run(&n, n.now_us + 50000);
		nudge();
	}
	for (unsigned i = 0; i < 2 * shards; i++)
		fns_shard_each(n.shard[i / shards][i % shards], tell, NULL);
	CHECK(net_stat(&n, 0, "conns") == 0 && net_stat(&n, 1, "conns") == 0);
	net_run(&n, n.now_us + 70000000);
	check_sides(&n);
	note_ends(out);
	total_frames += n.sent;
	total_lost += n.lost;
	net_end(&n);
}

/* One shard and several: every connection that nobody meant to reset delivers the same octets, both ways. */
static void
compare_shards(unsigned shards)
{
	struct outcome one[CONNS] = {0}, several[CONNS] = {0};

	named = true;
	run_seed(1, one);
	run_seed(shards, several);
	for (unsigned i = 0; i < CONNS; i++) {
		if (one[i].abrupt || several[i].abrupt)
			continue;
		CHECK(one[i].read[0] == several[i].read[0] && one[i].read[1] == several[i].read[1]);
		total_compared++;
	}
}

int
main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1,
		 count = argc > 2 ? strtoull(argv[2], NULL, 0) : 40;
	unsigned shards = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : 1;

	if (shards < 1 || shards > NET_SHARDS)
		return 2;
	for (seed = first; seed < first + count; seed++) {
		if (shards > 1)
			compare_shards(shards);
		else
			run_seed(1, NULL);
	}
	printf("%llu seeds: %llu frames, %llu lost, %llu octets read, %llu ends of stream, %llu compared\n",
	       (unsigned long long)count, (unsigned long long)total_frames, (unsigned long long)total_lost,
	       (unsigned long long)total_octets, (unsigned long long)total_finished,
	       (unsigned long long)total_compared);
	if (total_octets == 0 || total_finished == 0 || (shards > 1 && total_compared == 0))
		return 1; /* a run in which nothing happened proves nothing */
	return 0;
}
