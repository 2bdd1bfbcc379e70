/* teardown: N connections are opened, held, and ended all in one way.  hold: the same, for what they cost meanwhile. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "end.h"

#define PIECE 64 /* octets that a half-closed connection still carries */

static const uint8_t piece[PIECE] = "These octets follow the peer's FIN, and come before ours: text";

/* The call of this end that ends a connection; its time is what the connection knows of us from here on. */
static void
call(struct end *e, struct fns_conn *c)
{
	fns_attach(c, NULL, (void *)(uintptr_t)e->now_ns);
	if (e->plan->close == CLOSE_RST)
		fns_abort(c);
	else if (e->plan->close == CLOSE_HALF)
		fns_shutdown(c, FNS_SHUT_WR);
	else
		fns_close(c);
}

static void
over(struct end *e, const void *user)
{
	uint64_t since = (uintptr_t)user;

	if (e->gone + 1 < e->plan->conns || e->plan->plant == NULL || strcmp(e->plan->plant, "end") != 0)
		e->account.seen_over++;
	e->gone++;
	if (since != 0)
		histogram_add(&e->account.latency, e->now_ns - since);
}

static void
check_piece(struct end *e, struct fns_conn *c)
{
	const void *run;
	size_t len;

	while ((len = fns_peek(c, &run)) > 0) {
		if (len != PIECE || memcmp(run, piece, PIECE) != 0)
			e->account.wrong_octets += len;
		e->account.octets_received += len;
		fns_consume(c, len);
	}
}

static void
client_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = end_now;

	if (reports & FNS_OPENED) {
		e->open++;
		e->account.seen_open++;
	}
	if (reports & FNS_READABLE)
		check_piece(e, c);
	if (reports & FNS_CLOSED)
		over(e, user);
}

/* The peer's FIN has come. */
static void
follow(struct end *e, struct fns_conn *c)
{
	switch (e->plan->close) {
	case CLOSE_HALF:
		if (fns_send(c, piece, PIECE) != PIECE)
			end_fail(e, "no room for %u octets in a connection that has sent nothing", PIECE);
		e->account.octets_sent += PIECE;
		fns_close(c);
		break;
	case CLOSE_FIN:
	case CLOSE_TIME_WAIT:
		fns_close(c);
		break;
	default:
		break;
	}
}

static void
server_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = end_now;

	if (reports & FNS_OPENED) {
		struct fns_status s;
		uint64_t number;

		fns_status(c, &s);
		number = flow_number(e->plan, &s.remote, s.local.port);
		if (number >= e->plan->conns || e->conn[number] != NULL)
			end_fail(e, "a connection came that nobody opened: number %" PRIu64, number);
		else
			e->conn[number] = c;
		e->open++;
		e->account.seen_open++;
	}
	if ((reports & FNS_PEER_FIN) && !(reports & FNS_CLOSED))
		follow(e, c);
	if (reports & FNS_CLOSED)
		over(e, user);
}

static bool
begin(struct end *e)
{
	for (unsigned i = 0; e->side == SERVER && i < flow_server_ports(e->plan); i++) {
		const struct fns_addr any = {.port = flow_server_port(i)};

		if (fns_listen(e->shard, &any, NULL, server_report, NULL) == NULL) {
			end_fail(e, "no listener on port %u", any.port);
			return false;
		}
	}
	return true;
}

static void
open_some(struct end *e)
{
	uint64_t room = e->plan->window;

	while (e->begun < e->plan->conns && e->begun - e->open < room) {
		struct fns_addr local, remote;

		flow_of(e->plan, e->begun, &local, &remote);
		e->conn[e->begun] = fns_open(e->shard, &local, &remote, NULL, client_report, NULL);
		if (e->conn[e->begun] == NULL) {
			end_fail(e, "connection %" PRIu64 " cannot be opened", e->begun);
			return;
		}
		e->begun++;
	}
	if (e->gone > 0)
		end_fail(e, "%" PRIu64 " connections ended before they were told to", e->gone);
}

static void
call_some(struct end *e)
{
	uint64_t gone = atomic_load_explicit(&e->other->gone, memory_order_relaxed);
	unsigned room = e->link->tx.room - e->link->received;

	if (e->gone < gone)
		gone = e->gone;
	while (e->called < e->plan->conns && e->called - gone < e->plan->window && room-- > 0)
		call(e, e->conn[e->called++]);
}

static void
act(struct end *e)
{
	uint64_t all = e->plan->conns;

	switch (end_phase(e)) {
	case PHASE_READY:
		if (e->side == CLIENT && end_other(e) >= PHASE_READY)
			open_some(e);
		if (e->open == all)
			end_enter(e, PHASE_OPEN);
		break;
	case PHASE_OPEN:
		if (end_other(e) < PHASE_OPEN)
			break;
		if (e->account.begun_ns == 0)
			end_measure(e);
		if (e->side == CLIENT)
			call_some(e);
		atomic_store_explicit(&e->own->gone, e->gone, memory_order_relaxed);
		if (e->gone == all) {
			e->account.over_ns = e->now_ns;
			end_enter(e, PHASE_GONE);
		}
		break;
	case PHASE_GONE:
		if (end_other(e) < PHASE_GONE)
			break;
		end_measured(e);
		end_enter(e, PHASE_OVER);
		break;
	default:
		break;
	}
}

const struct work teardown_work = {begin, act, NULL};
