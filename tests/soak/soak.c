/* The soak: opens and closes connections by the million, all close classes mixed, between two shards in virtual time.
 * At the end opens are the sum of classes, nothing is left, and no class is empty (issue 3).
 *
 * soak [cycles]: 200,000 unless said otherwise. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pair.h"
#include "plans.h"

enum { PORT = 7, PORT_BRIEF = 8, PORT_NOBODY = 9, PORT_FIRST = 10000, SLOTS = 24000 };
enum { AT_ONCE = 6000, ORPHANS = 7000, CROWD = 8000, REST = 500, CLASSES = 64, PATIENCE = 5000 };

struct end {
	struct fns_conn *conn;
	uint32_t slot;
	uint8_t side;
};

/* A local port of side 0, and the cycle that uses it. */
struct slot {
	const struct plan *plan;
	uint64_t began; /* round */
	uint64_t rests; /* until this round */
	uint32_t next;  /* of those who rest, or are free */
	uint8_t lose, live;
	struct end end[2];
};

struct line {
	uint32_t head, tail;
};

static struct {
	struct pair pair;
	struct slot slot[SLOTS];
	uint32_t active[SLOTS], actives;
	struct line vacant, resting;
	uint64_t round, cycles, begun, wrong;
	struct fns_listener *brief;
} w;

static void handler(struct fns_conn *, unsigned reports, void *user);

static void
put(struct line *l, uint32_t i)
{
	w.slot[i].next = SLOTS;
	if (l->head == SLOTS)
		l->head = i;
	else
		w.slot[l->tail].next = i;
	l->tail = i;
}

static uint32_t
take(struct line *l)
{
	uint32_t i = l->head;

	if (i != SLOTS)
		l->head = w.slot[i].next;
	return i;
}

static bool
lost(unsigned from, uint16_t sport, uint16_t dport)
{
	uint32_t i = (uint32_t)(from == 0 ? sport : dport) - PORT_FIRST;

	return i < SLOTS && (w.slot[i].lose & (from == 0 ? 1 : 2));
}

static struct fns_conn *
open_end(struct slot *s, unsigned side)
{
	uint32_t i = (uint32_t)(s - w.slot);
	uint16_t port = (uint16_t)(PORT_FIRST + i);
	struct fns_addr from = pair_addr(side, port), to = pair_addr(!side, port);
	struct end *e = &s->end[side];

	switch ((enum to)s->plan->to) {
	case TO_LISTENER:
		to.port = PORT;
		break;
	case TO_NOBODY:
		to.port = PORT_NOBODY;
		break;
	case TO_BRIEF_LISTENER:
		to.port = PORT_BRIEF;
		break;
	case TO_ITSELF:
		to = from;
		break;
	case TO_NO_NEIGHBOUR:
		to = pair_addr(98, port);
		break;
	case TO_OPENER:
		break;
	}
	*e = (struct end){NULL, i, (uint8_t)side};
	e->conn = fns_open(w.pair.shard[side], &from, &to, &s->plan->options, handler, e);
	s->live += e->conn != NULL;
	return e->conn;
}

static void
act(struct slot *s, unsigned side, unsigned acts)
{
	static const uint8_t octets[100];
	struct end *e = &s->end[side];
	const void *run;
	size_t n;

	if (acts & (LOSE | FIND))
		s->lose = (acts & LOSE) ? 3 : 0;
	if ((acts & REOPEN) && e->conn == NULL)
		open_end(s, side);
	if (e->conn == NULL)
		return;
	while ((acts & READ) && (n = fns_peek(e->conn, &run)) > 0)
		fns_consume(e->conn, n);
	if (acts & SEND)
		fns_send(e->conn, octets, sizeof(octets));
	if (acts & SHUT)
		fns_shutdown(e->conn, FNS_SHUT_WR);
	if (acts & ABORT) {
		fns_abort(e->conn);
	} else if (acts & CLOSE) {
		struct fns_conn *c = e->conn;

		e->conn = NULL; /* its last report still comes, with e */
		fns_close(c);
	}
}

static void
ended(struct end *e, struct fns_conn *c)
{
	struct slot *s = &w.slot[e->slot];
	struct fns_status status;
	const char *want = s->plan->want[e->side];

	fns_status(c, &status);
	e->conn = NULL;
	s->live--;
	if (want == NULL || strcmp(want, status.close_class) == 0)
		return;
	if (w.wrong++ < 20)
		fprintf(stderr, "soak: %s: side %u ended in %s, not %s\n", s->plan->name, e->side,
		        status.close_class, want);
}

static void
handler(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = user;
	const struct doings *does;

	if (e == NULL) { /* a child: the port tells whose */
		struct fns_status status;

		fns_status(c, &status);
		e = &w.slot[status.remote.port - PORT_FIRST].end[1];
		*e = (struct end){c, (uint32_t)status.remote.port - PORT_FIRST, 1};
		w.slot[e->slot].live++;
		fns_attach(c, NULL, e);
	}
	does = &w.slot[e->slot].plan->does[e->side];
	if (reports & FNS_OPENED)
		act(&w.slot[e->slot], e->side, does->open);
	if ((reports & FNS_PEER_FIN) && !(reports & FNS_CLOSED))
		act(&w.slot[e->slot], e->side, does->fin);
	if (reports & FNS_CLOSED)
		ended(e, c);
}

/* False: the port is still in TIME-WAIT. */
static bool
begin(const struct plan *plan)
{
	uint32_t i = take(&w.vacant);
	struct slot *s = &w.slot[i];

	if (i == SLOTS) {
		fprintf(stderr, "soak: no port is free\n");
		abort();
	}
	*s = (struct slot){.plan = plan, .began = w.round, .lose = plan->lose};
	if (open_end(s, 0) == NULL || (plan->to == TO_OPENER && open_end(s, 1) == NULL)) {
		if (s->end[0].conn != NULL || errno != EADDRINUSE) {
			perror("soak: open");
			abort();
		}
		put(&w.vacant, i);
		return false;
	}
	w.active[w.actives++] = i;
	w.begun++;
	act(s, 0, plan->does[0].start);
	return true;
}

static void
look(struct slot *s)
{
	uint64_t age = w.round - s->began;

	for (unsigned side = 0; side < 2; side++) {
		const struct doings *does = &s->plan->does[side];

		if (age == AT_LATER && does->later)
			act(s, side, does->later);
		if (age == AT_NEXT && does->next)
			act(s, side, does->next);
		if (age == AT_LATE && does->late)
			act(s, side, does->late);
		if (age == AT_LAST && does->last)
			act(s, side, does->last);
	}
}

/* Nothing lives, and nothing is going to. */
static bool
over(const struct slot *s)
{
	return s->live == 0 && (!(s->plan->does[0].next & REOPEN) || w.round > s->began + AT_NEXT);
}

static void
play_round(void)
{
	const struct fns_options none = {0};
	struct fns_addr brief = pair_addr(1, PORT_BRIEF);

	w.round++;
	for (uint32_t n = 0; n < w.actives; n++) {
		struct slot *s = &w.slot[w.active[n]];

		look(s);
		if (!over(s))
			continue;
		s->rests = w.round + REST;
		put(s->plan->dirty ? &w.resting : &w.vacant, w.active[n]);
		w.active[n--] = w.active[--w.actives];
	}
	while (w.resting.head != SLOTS && w.slot[w.resting.head].rests <= w.round)
		put(&w.vacant, take(&w.resting));
	if (w.round % 40 == 0) {
		fns_unlisten(w.brief);
		w.brief = fns_listen(w.pair.shard[1], &brief, &none, handler, NULL);
	}
	pair_round(&w.pair);
	if (w.round % 4096 == 0)
		pair_check(&w.pair);
}

/* Everything ends by then, whatever is lost. */
static void
patience(uint64_t last)
{
	if (w.round < last)
		return;
	for (uint32_t i = 0; i < w.actives && i < 20; i++)
		fprintf(stderr, "soak: %s: %u ends live for ever\n", w.slot[w.active[i]].plan->name,
		        w.slot[w.active[i]].live);
	abort();
}

/* More at once than there may be orphans. */
static void
play_crowd(void)
{
	for (unsigned i = 0; i < CROWD; i++)
		begin(&plan_orphans);
	for (uint64_t last = w.round + PATIENCE; w.actives > 0; play_round())
		patience(last);
}

static void
settings(struct fns_config *cf)
{
	fns_config_default(cf);
	cf->check = true;
	cf->connections = 16000; /* some have ended, and wait three seconds for a neighbour */
	cf->time_wait = 10000;
	cf->orphans = ORPHANS;
	cf->syn_backlog = 10000;
	cf->buffer_bytes = 64u << 20;
	cf->resets_per_second = 1000000000;
	cf->time_wait_ms = 20;
	cf->fin_wait_2_ms = 60;
	cf->rto_initial_ms = 20;
	cf->rto_min_ms = 10;
	cf->delayed_ack_ms = 5;
	cf->syn_retries = cf->retries = cf->orphan_retries = 2;
	cf->keepalive_interval_ms = 10;
	cf->keepalive_probes = 2;
	cf->record_sample = 1000;
}

static void
play(void)
{
	const struct fns_options none = {0};
	struct fns_addr at = pair_addr(1, PORT), brief = pair_addr(1, PORT_BRIEF);
	struct fns_config cf;

	settings(&cf);
	w.pair.lost = lost;
	pair_begin(&w.pair, &cf);
	w.vacant = w.resting = (struct line){SLOTS, SLOTS};
	for (uint32_t i = 0; i < SLOTS; i++)
		put(&w.vacant, i);
	if (fns_listen(w.pair.shard[1], &at, &none, handler, NULL) == NULL)
		abort();
	w.brief = fns_listen(w.pair.shard[1], &brief, &none, handler, NULL);
	begin(&plans[2]); /* the ends learn each other's link addresses */
	while (w.actives > 0)
		play_round();
	begin(&plans[plan_count - 1]); /* and that one address has nobody: that takes three seconds */
	for (unsigned i = 0; i < 3500; i++)
		play_round();
	play_crowd();
	while (w.begun < w.cycles) {
		/* some a round, so that the link's ring has room for what they send */
		for (unsigned i = 0; i < 500 && w.actives < AT_ONCE && w.begun < w.cycles; i++)
			begin(&plans[w.begun % plan_count]);
		play_round();
	}
	for (uint64_t last = w.round + PATIENCE; w.actives > 0; play_round())
		patience(last);
	for (unsigned i = 0; i < REST; i++) /* TIME-WAIT, and what the dirty plans left */
		play_round();
	/* What waited for the neighbour that does not answer goes when that is certain. */
	for (uint64_t last = w.round + PATIENCE; pair_stat(&w.pair, "dead") > 0 && w.round < last;)
		play_round();
}

/* The table; the number of classes that nothing ended in. */
static unsigned
print_classes(uint64_t *sum)
{
	struct fns_stat row[2][CLASSES];
	unsigned empty = 0;

	*sum = 0;
	printf("%-26s %12s %12s\n", "class", "opening", "other");
	for (unsigned side = 0; side < 2; side++)
		fns_shard_closes(w.pair.shard[side], row[side], CLASSES);
	for (size_t i = 0; i < fns_class_count() && i < CLASSES; i++) {
		uint64_t both = row[0][i].value + row[1][i].value;

		printf("%-26s %12" PRIu64 " %12" PRIu64 "\n", row[0][i].name, row[0][i].value,
		       row[1][i].value);
		*sum += both;
		empty += both == 0;
	}
	return empty;
}

static bool
hold(bool what, const char *otherwise)
{
	if (!what)
		printf("WRONG: %s\n", otherwise);
	return what;
}

int
main(int argc, char **argv)
{
	struct timespec began, now;
	uint64_t sum, opens;
	unsigned empty;
	bool good;

	w.cycles = argc > 1 ? strtoull(argv[1], NULL, 0) : 200000;
	clock_gettime(CLOCK_MONOTONIC, &began);
	play();
	clock_gettime(CLOCK_MONOTONIC, &now);
	empty = print_classes(&sum);
	opens = pair_stat(&w.pair, "opens_active") + pair_stat(&w.pair, "opens_passive");
	printf("%" PRIu64 " cycles, %" PRIu64 " opens, %" PRIu64 " ends, %" PRIu64 " frames, %" PRIu64
	       " s of virtual time in %.1f s\n",
	       w.begun, opens, sum, w.pair.frames, w.pair.now_us / 1000000,
	       (double)(now.tv_sec - began.tv_sec) + 1e-9 * (double)(now.tv_nsec - began.tv_nsec));
	pair_check(&w.pair);
	good = hold(opens == sum, "opens are not the sum of classes");
	good &= hold(empty == 0, "a class is empty");
	good &= hold(w.wrong == 0, "ends in another class than planned");
	good &= hold(pair_stat(&w.pair, "conns") == 0, "live connections");
	good &= hold(pair_stat(&w.pair, "dead") == 0, "connections not freed");
	good &= hold(pair_stat(&w.pair, "orphans") == 0, "orphans");
	good &= hold(pair_stat(&w.pair, "time_waits") == 0, "TIME-WAIT entries");
	pair_end(&w.pair);
	return good ? 0 : 1;
}
