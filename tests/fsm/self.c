/* Connections with ourselves: T-40 to T-46, and to a listener of our own.  No frame leaves: all of it is in the loop. */
#include "scripts.h"

#include <string.h>

/* Static where it is used: what a script leaves open is aborted, and reports, when the script has returned. */
struct caller {
	struct peer *p;
	struct fns_conn *conn;
	unsigned reports, opened, closed;
	bool reads;
	struct fns_status end;
};

static void
handler(struct fns_conn *c, unsigned reports, void *user)
{
	struct caller *me = user;

	me->reports |= reports;
	me->opened += (reports & FNS_OPENED) != 0;
	if (me->reads)
		fns_consume(c, fns_readable(c));
	if (reports & FNS_CLOSED) {
		me->closed++;
		fns_status(c, &me->end);
		me->conn = NULL;
	}
}

static struct fns_addr
own(const struct peer *p, uint16_t port)
{
	struct fns_addr a = {.port = port};
	uint8_t theirs[16];

	peer_addresses(p, a.ip, theirs);
	return a;
}

/* Opens to a port of our own, from `local` (0: the shard chooses), and turns until it is quiet. */
static bool
opens(struct peer *p, struct caller *me, uint16_t local, uint16_t remote)
{
	struct fns_addr from = own(p, local), to = own(p, remote);

	peer_start(p, true);
	memset(me, 0, sizeof(*me));
	me->p = p;
	me->conn = fns_open(p->shard, local == 0 ? NULL : &from, &to, &p->options, handler, me);
	if (me->conn == NULL)
		return false;
	later(p, 10);
	expect_nothing(p);
	return true;
}

static void
self(struct peer *p, struct caller *me)
{
	p->config.self_connect = FNS_SELF_ALLOW;
	expect_true(p, opens(p, me, 6666, 6666));
}

static int64_t
segments(struct peer *p)
{
	return peer_stat(p, "frames_looped");
}

static struct fns_status
status(struct caller *me)
{
	struct fns_status s;

	fns_status(me->conn, &s);
	return s;
}

static void
T_40__self_connect__three_segments(struct peer *p)
{
	static struct caller me;
	struct fns_status now;
	const void *run;

	self(p, &me);
	expect_equal(p, segments(p), 3);
	expect_equal(p, me.reports, FNS_OPENED | FNS_SELF);
	expect_true(p, status(&me).self && strcmp(status(&me).state, "ESTABLISHED") == 0);
	now = status(&me);
	expect_true(p, memcmp(&now.local, &now.remote, sizeof(now.local)) == 0);
	expect_equal(p, peer_stat(p, "conns"), 1);
	expect_equal(p, peer_stat(p, "self_connects"), 1);
	expect_equal(p, fns_send(me.conn, "0123456789", 10), 10);
	later(p, 100);
	expect_true(p, fns_peek(me.conn, &run) == 10 && memcmp(run, "0123456789", 10) == 0);
	fns_abort(me.conn);
	later(p, 10);
}

static void
T_41__self_connect__closes_in_two(struct peer *p)
{
	static struct caller me;

	self(p, &me);
	fns_close(me.conn);
	later(p, 100);
	expect_equal(p, segments(p), 3 + 2);
	expect_true(p, strcmp(me.end.state, "TIME-WAIT") == 0 && strcmp(me.end.close_class, "self_2") == 0);
	expect_equal(p, peer_stat(p, "time_waits"), 1);
	expect_equal(p, me.closed, 1);
	later(p, 61000);
	expect_equal(p, peer_stat(p, "time_waits"), 0);
}

static void
T_42__self_connect__unread__reset_to_nobody(struct peer *p)
{
	static struct caller me;
	int64_t before;

	self(p, &me);
	expect_equal(p, fns_send(me.conn, "x", 1), 1);
	later(p, 100);
	before = segments(p);
	fns_close(me.conn);
	later(p, 100);
	expect_equal(p, segments(p), before + 1);
	expect_true(p, strcmp(me.end.close_class, "reset_unread") == 0);
	expect_equal(p, peer_stat(p, "conns") + peer_stat(p, "time_waits"), 0);
}

static void
T_43__self_connect__shutdown__time_wait(struct peer *p)
{
	static struct caller me;

	self(p, &me);
	expect_equal(p, fns_shutdown(me.conn, FNS_SHUT_WR), 0);
	expect_equal(p, fns_send(me.conn, "x", 1), -EPIPE);
	later(p, 100);
	expect_equal(p, segments(p), 3 + 2);
	expect_true(p, (me.reports & FNS_PEER_FIN) && strcmp(me.end.state, "TIME-WAIT") == 0);
	expect_equal(p, me.end.unread, 0);
}

static void
T_44__refuse__no_segment(struct peer *p)
{
	static struct caller me;

	p->config.self_connect = FNS_SELF_REFUSE;
	expect_true(p, !opens(p, &me, 6666, 6666) && errno == EADDRINUSE);
	later(p, 10);
	expect_equal(p, segments(p), 0);
	expect_equal(p, peer_stat(p, "self_refused"), 1);
	expect_true(p, opens(p, &me, 6667, 6666)); /* nobody listens there */
	expect_equal(p, me.end.error, ECONNREFUSED);
}

/* A million in one of the six runs, turned without the library's looking at each turn. */
static void
T_45__avoid__never_meets_itself(struct peer *p)
{
	unsigned opens = !p->v6 && p->pair == 0 ? 1000000 : 1000;
	static uint8_t blank[2048];
	struct fns_frame slot = {.data = blank, .room = sizeof(blank)};
	struct fns_outbox tx = {&slot, 1, 0};
	struct fns_addr to = own(p, 40003);
	static struct caller me;

	p->config.self_connect = FNS_SELF_AVOID;
	p->config.local_port_first = 40000;
	p->config.local_port_last = 40007;
	p->config.resets_per_second = 1000000000;
	peer_start(p, true);
	for (unsigned i = 0; i < opens; i++) {
		memset(&me, 0, sizeof(me));
		me.conn = fns_open(p->shard, NULL, &to, NULL, handler, &me);
		expect_true(p, me.conn != NULL);
		for (unsigned turns = 0; turns < 4 && me.closed == 0; turns++)
			fns_shard_turn(p->shard, p->now_us, NULL, 0, &tx);
		if (me.opened != 0 || me.closed != 1 || me.end.error != ECONNREFUSED)
			expect_true(p, false);
	}
	expect_equal(p, tx.used, 0);
	expect_equal(p, peer_stat(p, "self_connects") + peer_stat(p, "established"), 0);
	expect_equal(p, peer_stat(p, "opens_active"), opens);
}

static void
T_46__detect__another_port(struct peer *p)
{
	static struct caller me;

	expect_equal(p, p->config.self_connect, FNS_SELF_DETECT); /* our default */
	p->config.local_port_first = 40000;
	p->config.local_port_last = 40001;
	for (unsigned i = 0; i < 200; i++) {
		expect_true(p, opens(p, &me, 0, 40000));
		expect_equal(p, me.end.error, ECONNREFUSED);
		expect_equal(p, me.opened, 0);
	}
	expect_true(p, peer_stat(p, "self_redials") > 20); /* every second choice is blind */
	expect_equal(p, peer_stat(p, "self_connects"), 0);
}

/* As with Go's dialer: what cannot be helped is returned, and said. */
static void
T_46__detect__nothing_else_free__said(struct peer *p)
{
	static struct caller me;

	p->config.local_port_first = p->config.local_port_last = 40000;
	expect_true(p, opens(p, &me, 0, 40000));
	expect_equal(p, me.reports, FNS_OPENED | FNS_SELF);
	expect_equal(p, peer_stat(p, "self_connects"), 1);
	fns_abort(me.conn);
	later(p, 10);
}

/* The caller named the port: it is what the caller wants (Go: only if the caller left it to the stack). */
static void
T_46__detect__named_port__kept(struct peer *p)
{
	static struct caller me;

	expect_true(p, opens(p, &me, 6666, 6666));
	expect_equal(p, me.reports, FNS_OPENED | FNS_SELF);
	expect_equal(p, peer_stat(p, "self_redials"), 0);
	fns_abort(me.conn);
	later(p, 10);
}

/* A client and a service of one shard: two connections, one loop. */
static void
loop__own_listener__both_ends_here(struct peer *p)
{
	static struct caller client, service;
	struct fns_addr at = own(p, 80);
	struct fns_listener *l;
	static uint8_t octets[100000];

	memset(&service, 0, sizeof(service));
	service.reads = true;
	peer_start(p, true);
	l = fns_listen(p->shard, &at, NULL, handler, &service);
	expect_true(p, l != NULL && opens(p, &client, 0, 80));
	expect_equal(p, client.opened + service.opened, 2);
	expect_true(p, !status(&client).self);
	expect_equal(p, fns_send(client.conn, octets, sizeof(octets)), sizeof(octets));
	later(p, 1000);
	fns_close(client.conn);
	later(p, 1000);
	expect_equal(p, peer_stat(p, "octets_received"), sizeof(octets));
	expect_nothing(p);
	fns_unlisten(l);
}

const struct script self_scripts[] = {
	SCRIPT(T_40__self_connect__three_segments),
	SCRIPT(T_41__self_connect__closes_in_two),
	SCRIPT(T_42__self_connect__unread__reset_to_nobody),
	SCRIPT(T_43__self_connect__shutdown__time_wait),
	SCRIPT(T_44__refuse__no_segment),
	SCRIPT(T_45__avoid__never_meets_itself),
	SCRIPT(T_46__detect__another_port),
	SCRIPT(T_46__detect__nothing_else_free__said),
	SCRIPT(T_46__detect__named_port__kept),
	SCRIPT(loop__own_listener__both_ends_here),
	{NULL, NULL},
};
