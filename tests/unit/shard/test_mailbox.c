/* The mailbox: order, bounds, and two threads, of which one turns shards full of traffic while the other asks. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <finesse/request.h>

#include "wire.h"

enum { PORT = 7, ASKED = 400 };

static unsigned served;

struct ask {
	struct fns_request request;
	unsigned pieces, order;
};

static bool
serve_ask(struct fns_shard *s, struct fns_request *request)
{
	struct ask *a = (struct ask *)request;

	(void)s;
	if (--a->pieces > 0)
		return false;
	a->order = served++;
	return true;
}

static void
closes(struct fns_conn *c, unsigned reports, void *user)
{
	(void)user;
	if (reports & (FNS_OPENED | FNS_PEER_FIN))
		fns_close(c);
}

static void
begin(struct wire *w)
{
	struct fns_addr at = wire_addr(1, PORT);
	struct fns_config cf;

	fns_config_default(&cf);
	cf.check = true;
	cf.connections = 4096;
	cf.time_wait = 4096;
	cf.buffer_bytes = 16u << 20;
	cf.time_wait_ms = 10;
	assert_true(wire_begin(w, &cf, 100));
	assert_non_null(fns_listen(w->shard[1], &at, NULL, closes, NULL));
}

static void
turn(struct wire *w)
{
	struct fns_outbox none = {NULL, 0, 0};

	fns_shard_turn(w->shard[0], w->now_us, NULL, 0, &none);
}

static void
full__refused_until_one_is_done(void **none)
{
	struct ask ask[FNS_MAILBOX + 1];
	struct wire w;

	(void)none;
	begin(&w);
	served = 0;
	for (unsigned i = 0; i <= FNS_MAILBOX; i++)
		ask[i] = (struct ask){.request.serve = serve_ask, .pieces = i == 0 ? 3 : 1};
	for (unsigned i = 0; i < FNS_MAILBOX; i++)
		assert_true(fns_shard_post(w.shard[0], &ask[i].request));
	assert_false(fns_shard_post(w.shard[0], &ask[FNS_MAILBOX].request));
	turn(&w);
	turn(&w);
	assert_false(fns_request_done(&ask[0].request)); /* two pieces of three */
	while (!fns_request_done(&ask[0].request))
		turn(&w);
	assert_true(fns_shard_post(w.shard[0], &ask[FNS_MAILBOX].request));
	while (!fns_request_done(&ask[FNS_MAILBOX].request))
		turn(&w);
	for (unsigned i = 0; i <= FNS_MAILBOX; i++) {
		assert_true(fns_request_done(&ask[i].request));
		assert_int_equal(ask[i].order, i);
	}
	wire_end(&w);
}

static void
not_turned__not_done(void **none)
{
	static struct fns_counters ask;
	struct wire w;

	(void)none;
	begin(&w);
	fns_ask_counters(&ask);
	assert_true(fns_shard_post(w.shard[0], &ask.request));
	assert_false(fns_request_done(&ask.request));
	assert_false(fns_request_done(&ask.request));
	turn(&w);
	assert_true(fns_request_done(&ask.request));
	wire_end(&w);
}

static atomic_bool stop;

/* Opens and closes as fast as the wire goes. */
static void *
turn_on(void *arg)
{
	struct wire *w = arg;
	struct fns_addr at = wire_addr(1, PORT);

	while (!atomic_load(&stop)) {
		for (unsigned i = 0; i < 8; i++)
			fns_open(w->shard[0], NULL, &at, NULL, closes, NULL);
		wire_run(w, 1000);
	}
	return NULL;
}

static uint64_t
value(const struct fns_counters *c, const char *name)
{
	for (size_t i = 0; i < c->stats; i++) {
		if (strcmp(c->stat[i].name, name) == 0)
			return c->stat[i].value;
	}
	fail();
	return 0;
}

/* Between two turns opens are the live ones and those that ended, frames are their fates. */
static void
check_sums(const struct fns_counters *c)
{
	uint64_t ended = 0, fates = 0;

	for (size_t i = 0; i < c->closes; i++)
		ended += c->close[i].value;
	for (size_t i = 0; i < c->fates; i++)
		fates += c->fate[i].value;
	assert_int_equal(value(c, "opens_active") + value(c, "opens_passive"), value(c, "conns") + ended);
	assert_int_equal(fates, value(c, "frames_in") + value(c, "frames_looped"));
}

static void
two_threads__every_answer_adds_up(void **none)
{
	static struct fns_counters counters[2];
	static struct fns_states states;
	static struct fns_status row[64];
	static struct fns_resets resets;
	struct fns_stat relaxed[128];
	struct wire w;
	pthread_t thread;

	(void)none;
	begin(&w);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, turn_on, &w), 0);
	for (unsigned n = 0; n < ASKED; n++) {
		struct fns_conns conns = {.row = row, .room = 64};

		for (unsigned side = 0; side < 2; side++) {
			fns_ask_counters(&counters[side]);
			assert_true(fns_shard_post(w.shard[side], &counters[side].request));
		}
		fns_ask_states(&states);
		fns_ask_conns(&conns);
		fns_ask_resets(&resets);
		assert_true(fns_shard_post(w.shard[1], &states.request));
		assert_true(fns_shard_post(w.shard[1], &conns.request));
		assert_true(fns_shard_post(w.shard[1], &resets.request));
		while (!fns_request_done(&resets.request))
			fns_shard_stats(w.shard[1], relaxed, 128);
		for (unsigned side = 0; side < 2; side++) {
			while (!fns_request_done(&counters[side].request))
				;
			check_sums(&counters[side]);
		}
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	assert_true(value(&counters[0], "ended") > 100);
	wire_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full__refused_until_one_is_done),
		cmocka_unit_test(not_turned__not_done),
		cmocka_unit_test(two_threads__every_answer_adds_up),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
