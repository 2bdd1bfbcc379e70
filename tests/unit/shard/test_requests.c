/* What a shard answers: states and ages, pages of connections while others come and go, resets, counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <finesse/request.h>

#include "wire.h"

enum { PORT = 7, LIVE = 3000, PAGE = 64 };

struct pair {
	struct wire wire;
	struct fns_conn *last; /* opened by the left, that has not ended */
};

static void
reads(struct fns_conn *c, unsigned reports, void *user)
{
	(void)user;
	if (reports & FNS_PEER_FIN)
		fns_close(c);
}

static void
forgets(struct fns_conn *c, unsigned reports, void *user)
{
	(void)c;
	(void)reports;
	(void)user;
}

static void
begin(struct pair *p)
{
	struct fns_addr at = wire_addr(1, PORT);
	struct fns_config cf;

	memset(p, 0, sizeof(*p));
	fns_config_default(&cf);
	cf.check = true;
	cf.connections = 8192;
	cf.time_wait = 8192;
	cf.buffer_bytes = 64u << 20;
	cf.recorders = 4;
	assert_true(wire_begin(&p->wire, &cf, 1000));
	assert_non_null(fns_listen(p->wire.shard[1], &at, NULL, reads, NULL));
}

static void
end(struct pair *p)
{
	wire_end(&p->wire);
}

static struct fns_conn *
opened(struct pair *p, uint16_t port)
{
	struct fns_addr from = wire_addr(0, port), at = wire_addr(1, PORT);
	struct fns_conn *c = fns_open(p->wire.shard[0], &from, &at, NULL, forgets, NULL);

	assert_non_null(c);
	return c;
}

static void
open_many(struct pair *p, struct fns_conn **conn, unsigned n, uint16_t first_port)
{
	for (unsigned i = 0; i < n; i++) {
		conn[i] = opened(p, (uint16_t)(first_port + i));
		if (i % 50 == 49 || i == n - 1)
			wire_run(&p->wire, 10000);
	}
}

/* Turns until it is done; the pieces that took. */
static unsigned
serve(struct pair *p, unsigned side, struct fns_request *r)
{
	struct fns_outbox none = {NULL, 0, 0};
	unsigned turns = 0;

	assert_true(fns_shard_post(p->wire.shard[side], r));
	assert_false(fns_request_done(r));
	while (!fns_request_done(r)) {
		/* who has something to serve wants to be turned at once */
		assert_true(fns_shard_due(p->wire.shard[side]) <= p->wire.now_us);
		fns_shard_turn(p->wire.shard[side], p->wire.now_us, NULL, 0, &none);
		assert_in_range(++turns, 1, 100);
	}
	return turns;
}

static size_t
state_number(const char *name)
{
	for (size_t i = 0; i < FNS_STATES; i++) {
		if (strcmp(fns_state_name(i), name) == 0)
			return i;
	}
	fail();
	return 0;
}

static void
states__counts_and_ages_of_each_state(void **none)
{
	static struct fns_conn *old[100], *young[100];
	static struct fns_states states, both;
	struct fns_ages *ages = &states.state[state_number("ESTABLISHED")];
	struct pair p;

	(void)none;
	begin(&p);
	open_many(&p, old, 100, 10000);
	wire_run(&p.wire, 60000000);
	open_many(&p, young, 100, 20000);
	for (unsigned i = 50; i < 100; i++)
		fns_close(young[i]);
	wire_run(&p.wire, 100000);
	fns_ask_states(&states);
	serve(&p, 0, &states.request);
	assert_int_equal(ages->count, 150);
	assert_in_range(ages->max_us, 60000000, 61000000);
	assert_in_range(fns_ages_quantile(ages, 500), 60000000, 61000000);
	assert_in_range(fns_ages_quantile(ages, 300), 50000, 200000);
	assert_int_equal(ages->local.port, 10000);
	assert_int_equal(ages->remote.port, PORT);
	assert_int_equal(states.state[state_number("TIME-WAIT")].count, 50);
	assert_in_range(states.state[state_number("TIME-WAIT")].max_us, 80000, 110000);
	assert_int_equal(states.state[state_number("LISTEN")].count, 0);
	fns_ask_states(&both);
	serve(&p, 1, &both.request);
	assert_int_equal(both.state[state_number("LISTEN")].count, 1);
	fns_ages_merge(ages, &both.state[state_number("ESTABLISHED")]);
	assert_int_equal(ages->count, 300);
	end(&p);
}

static void
states__a_piece_a_turn(void **none)
{
	static struct fns_conn *conn[LIVE];
	static struct fns_states states;
	struct pair p;

	(void)none;
	begin(&p);
	open_many(&p, conn, LIVE, 10000);
	fns_ask_states(&states);
	assert_int_equal(serve(&p, 0, &states.request), (LIVE + 1023) / 1024);
	assert_int_equal(states.state[state_number("ESTABLISHED")].count, LIVE);
	end(&p);
}

static void
count_rows(const struct fns_conns *page, unsigned *seen)
{
	for (size_t i = 0; i < page->rows; i++) {
		unsigned n = page->row[i].local.port - 10000u;

		if (n < LIVE)
			seen[n]++;
	}
}

/* Others come before, between and behind those that live throughout, and take the places of those that went. */
static void
conns__pages_while_others_come_and_go__nobody_who_stays_is_missed(void **none)
{
	static struct fns_conn *conn[LIVE], *other[40];
	static unsigned seen[LIVE];
	struct fns_status row[PAGE];
	struct fns_conns page = {.row = row, .room = PAGE};
	unsigned pages = 0, stayed = 0;
	uint16_t port = 20000;
	struct pair p;

	(void)none;
	memset(seen, 0, sizeof(seen));
	begin(&p);
	open_many(&p, conn, LIVE, 10000);
	for (unsigned i = 0; i < LIVE; i += 3) { /* every third goes before the first page */
		fns_abort(conn[i]);
		conn[i] = NULL;
		if (i % 150 == 0)
			wire_run(&p.wire, 10000);
	}
	do {
		fns_ask_conns(&page);
		serve(&p, 0, &page.request);
		count_rows(&page, seen);
		open_many(&p, other, 40, port);
		for (unsigned i = 0; i < 40; i += 2)
			fns_abort(other[i]);
		wire_run(&p.wire, 10000);
		port = (uint16_t)(port + 40);
		assert_in_range(++pages, 1, 1000);
	} while (!page.end);
	for (unsigned i = 0; i < LIVE; i++) {
		if (conn[i] != NULL) {
			assert_int_equal(seen[i], 1);
			stayed++;
		}
	}
	assert_int_equal(stayed, LIVE * 2 / 3);
	assert_true(pages > stayed / PAGE);
	assert_null(fns_shard_check(p.wire.shard[0]));
	end(&p);
}

static size_t
filtered(struct pair *p, unsigned side, struct fns_conns *page)
{
	fns_ask_conns(page);
	page->at[0] = page->at[1] = 0;
	serve(p, side, &page->request);
	assert_true(page->end);
	return page->rows;
}

static void
conns__filters(void **none)
{
	static struct fns_conn *conn[10];
	struct fns_status row[32];
	struct fns_conns page = {.row = row, .room = 32};
	struct pair p;

	(void)none;
	begin(&p);
	open_many(&p, conn, 5, 10000);
	wire_run(&p.wire, 5000000);
	open_many(&p, conn + 5, 5, 10005);
	fns_close(conn[7]);
	wire_run(&p.wire, 100000);
	assert_int_equal(filtered(&p, 0, &page), 10);
	page.states = 1u << state_number("TIME-WAIT");
	assert_int_equal(filtered(&p, 0, &page), 1);
	assert_int_equal(row[0].local.port, 10007);
	assert_string_equal(row[0].state, "TIME-WAIT");
	page.states |= 1u << state_number("ESTABLISHED");
	assert_int_equal(filtered(&p, 0, &page), 10);
	page.states = 0;
	page.older_us = 5000000;
	assert_int_equal(filtered(&p, 0, &page), 5);
	page.older_us = 0;
	page.local.port = 10003;
	assert_int_equal(filtered(&p, 0, &page), 1);
	page.local.port = 0;
	page.remote = wire_addr(1, PORT);
	assert_int_equal(filtered(&p, 0, &page), 10);
	page.remote = wire_addr(0, PORT);
	assert_int_equal(filtered(&p, 0, &page), 0);
	end(&p);
}

/* The wire's two ends met each other before, and each sent the other a reset. */
static void
resets__flow_state_and_what_was_lost(void **none)
{
	struct fns_addr nobody = wire_addr(1, 9), from = wire_addr(0, 11111);
	static struct fns_resets resets;
	const struct fns_reset *r = resets.conn + 1;
	struct pair p;
	struct fns_conn *c;

	(void)none;
	begin(&p);
	c = opened(&p, 10000);
	wire_run(&p.wire, 100000);
	fns_send(c, "hello", 5);
	fns_abort(c);
	assert_non_null(fns_open(p.wire.shard[0], &from, &nobody, NULL, forgets, NULL));
	wire_run(&p.wire, 100000);
	fns_ask_resets(&resets);
	serve(&p, 0, &resets.request);
	assert_int_equal(resets.conns, 3);
	assert_true(r[0].sent);
	assert_string_equal(r[0].why, "reset_abort");
	assert_string_equal(r[0].state, "ESTABLISHED");
	assert_int_equal(r[0].unacked, 5);
	assert_int_equal(r[0].local.port, 10000);
	assert_false(r[1].sent);
	assert_string_equal(r[1].why, "peer_reset_syn_sent");
	assert_int_equal(resets.strays, 1);
	fns_ask_resets(&resets);
	serve(&p, 1, &resets.request);
	assert_int_equal(resets.conns, 2);
	assert_string_equal(r[0].why, "peer_reset_established");
	assert_int_equal(resets.strays, 2);
	assert_string_equal(resets.stray[1].why, "closed_no_conn");
	assert_string_equal(resets.stray[1].state, "CLOSED");
	assert_int_equal(resets.stray[1].remote.port, 11111);
	end(&p);
}

static void
resets__the_last_64(void **none)
{
	static struct fns_conn *conn[100];
	static struct fns_resets resets;
	struct pair p;

	(void)none;
	begin(&p);
	open_many(&p, conn, 100, 10000);
	for (unsigned i = 0; i < 100; i++)
		fns_abort(conn[i]);
	wire_run(&p.wire, 100000);
	fns_ask_resets(&resets);
	serve(&p, 0, &resets.request);
	assert_int_equal(resets.conns, 64);
	assert_int_equal(resets.conn[0].local.port, 10036);
	assert_int_equal(resets.conn[63].local.port, 10099);
	end(&p);
}

static void
ignore_opens__a_syn_that_nobody_listens_for__meets_silence(void **none)
{
	struct fns_addr nobody = wire_addr(1, 9), from = wire_addr(0, 11111);
	static struct fns_counters counters;
	struct fns_status status;
	struct fns_conn *c;
	struct pair p;

	(void)none;
	begin(&p);
	fns_shard_ignore_opens(p.wire.shard[1], true);
	c = fns_open(p.wire.shard[0], &from, &nobody, NULL, forgets, NULL);
	wire_run(&p.wire, 500000);
	fns_status(c, &status);
	assert_string_equal(status.state, "SYN-SENT");
	fns_ask_counters(&counters);
	serve(&p, 1, &counters.request);
	for (size_t i = 0; i < counters.fates; i++) {
		if (strcmp(counters.fate[i].name, "closed_ignored") == 0)
			assert_int_equal(counters.fate[i].value, 1);
	}
	fns_shard_ignore_opens(p.wire.shard[1], false);
	fns_abort(c);
	wire_run(&p.wire, 1000);
	end(&p);
}

static void
records__pages_and_copies(void **none)
{
	struct fns_options record = {.record = FNS_ON};
	struct fns_addr from = wire_addr(0, 10000), at = wire_addr(1, PORT);
	struct fns_record_row row[2];
	struct fns_records page = {.row = row, .room = 2};
	static struct fns_record_copy copy;
	struct pair p;
	size_t n = 0;

	(void)none;
	begin(&p);
	for (unsigned i = 0; i < 3; i++, from.port++)
		assert_non_null(fns_open(p.wire.shard[0], &from, &at, &record, forgets, NULL));
	wire_run(&p.wire, 100000);
	do {
		fns_ask_records(&page);
		serve(&p, 0, &page.request);
		n += page.rows;
	} while (!page.end);
	assert_int_equal(n, 3);
	fns_ask_record(&copy, row[0].id);
	serve(&p, 0, &copy.request);
	assert_int_equal(copy.error, 0);
	assert_int_equal(copy.record.row.id, row[0].id);
	assert_string_equal(copy.record.row.state, "ESTABLISHED");
	assert_true(copy.record.row.events > 3);
	fns_ask_record(&copy, 999);
	serve(&p, 0, &copy.request);
	assert_true(copy.error < 0);
	end(&p);
}

/* They become names of metrics, which must be there once. */
static void
counters__no_name_twice(void **none)
{
	static struct fns_counters c;
	struct pair p;

	(void)none;
	begin(&p);
	fns_ask_counters(&c);
	serve(&p, 0, &c.request);
	assert_in_range(c.stats, 30, 128);
	for (size_t i = 0; i < c.stats; i++) {
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c.stat[i].name, c.stat[k].name);
	}
	assert_in_range(c.fates, 30, 128);
	assert_int_equal(c.closes, fns_class_count());
	assert_in_range(c.closes, 30, 64);
	end(&p);
}

/* What this side does for that time while the other one is gone: the IPv4 packets that it sends. */
static unsigned
alone(struct pair *p, unsigned side, uint64_t for_us)
{
	static uint8_t octets[8][WIRE_ROOM];
	uint64_t end = p->wire.now_us + for_us, due;
	unsigned packets = 0, turns = 0;

	while ((due = fns_shard_due(p->wire.shard[side])) <= end) {
		struct fns_frame slot[8];
		struct fns_outbox tx = {slot, 8, 0};

		for (unsigned i = 0; i < 8; i++)
			slot[i] = (struct fns_frame){.data = octets[i], .room = WIRE_ROOM};
		p->wire.now_us = due > p->wire.now_us ? due : p->wire.now_us;
		fns_shard_turn(p->wire.shard[side], p->wire.now_us, NULL, 0, &tx);
		for (unsigned i = 0; i < tx.used; i++)
			packets += octets[i][12] == 0x08 && octets[i][13] == 0x00;
		assert_in_range(++turns, 1, 10000);
	}
	p->wire.now_us = end;
	return packets;
}

static void
reconfigure(struct pair *p, unsigned side, void (*change)(struct fns_config *))
{
	struct fns_config cf = *fns_shard_config(p->wire.shard[side]);
	static struct fns_reconfigure r;

	change(&cf);
	fns_ask_reconfigure(&r, &cf);
	serve(p, side, &r.request);
}

static void
few_probes(struct fns_config *cf)
{
	cf->keepalive_interval_ms = 200;
	cf->keepalive_probes = 3;
}

static void
few_syns(struct fns_config *cf)
{
	cf->syn_retries = 2;
	cf->rto_initial_ms = cf->rto_min_ms = 20; /* before the neighbour is given up */
}

/* Of a listener that was there before, and of connections that share their options with one: what the configuration
 * says now; but what the options say themselves stays. */
static void
reconfigure__probes_and_syns(void **none)
{
	struct fns_options keep = {.keepalive = FNS_ON, .keepalive_ms = 1000}, own = {.syn_retries = 4};
	struct fns_addr at = wire_addr(1, 8), from = wire_addr(0, 10000), nobody = wire_addr(1, 9);
	struct fns_conn *c;
	struct pair p;

	(void)none;
	begin(&p);
	assert_non_null(fns_listen(p.wire.shard[1], &at, &keep, reads, NULL));
	assert_non_null(fns_open(p.wire.shard[0], &from, &at, NULL, forgets, NULL));
	wire_run(&p.wire, 10000);
	reconfigure(&p, 1, few_probes);
	assert_int_equal(alone(&p, 1, 3000000), 3 + 1); /* and the reset */
	reconfigure(&p, 0, few_syns);
	c = fns_open(p.wire.shard[0], &from, &nobody, NULL, forgets, NULL);
	assert_non_null(c);
	assert_int_equal(alone(&p, 0, 3000000), 1 + 2);
	c = fns_open(p.wire.shard[0], &from, &nobody, &own, forgets, NULL);
	assert_non_null(c);
	assert_int_equal(alone(&p, 0, 3000000), 1 + 4);
	end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states__counts_and_ages_of_each_state),
		cmocka_unit_test(states__a_piece_a_turn),
		cmocka_unit_test(conns__pages_while_others_come_and_go__nobody_who_stays_is_missed),
		cmocka_unit_test(conns__filters),
		cmocka_unit_test(resets__flow_state_and_what_was_lost),
		cmocka_unit_test(resets__the_last_64),
		cmocka_unit_test(ignore_opens__a_syn_that_nobody_listens_for__meets_silence),
		cmocka_unit_test(records__pages_and_copies),
		cmocka_unit_test(counters__no_name_twice),
		cmocka_unit_test(reconfigure__probes_and_syns),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
