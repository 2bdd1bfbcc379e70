/* stream: octets one way, as fast as they go, on all connections at once.  Those that arrived are the result; one end
 * alone knows of those that were acknowledged. */
#include <stdlib.h>

#include "work.h"

/* A connection: how many of its octets the client has sent, the server checked. */
static void *
position_of(struct end *e, uint64_t number)
{
	uint64_t *at = (uint64_t *)e->visits + number;

	*at = number * 7;
	return at;
}

static void
push(struct end *e, struct fns_conn *c, uint64_t *at)
{
	ptrdiff_t taken;

	while ((taken = octets_send(e, c, *at, OCTETS_RUN)) > 0) {
		*at += (uint64_t)taken;
		if (taken < OCTETS_RUN)
			break; /* FNS_WRITABLE comes */
	}
}

static void
client_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = end_now;

	if (reports & FNS_OPENED)
		e->open++;
	if (reports & FNS_READABLE)
		octets_pass(e, c); /* of somebody else's server: what it says is its own */
	work_stays(e, reports);
	if (reports & FNS_CLOSED)
		work_over(e);
	else if ((reports & FNS_WRITABLE) && e->account.over_ns == 0)
		push(e, c, user);
}

static void
server_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = end_now;

	if (reports & FNS_OPENED)
		fns_attach(c, NULL, user = position_of(e, work_accept(e, c)));
	if (reports & FNS_READABLE)
		octets_check(e, c, user);
	if (reports & FNS_CLOSED)
		work_over(e);
	else if (reports & FNS_PEER_FIN)
		fns_close(c);
}

static bool
begin(struct end *e)
{
	e->visits = calloc(e->plan->conns, sizeof(uint64_t));
	if (e->visits == NULL)
		end_fail(e, "no memory");
	return e->visits != NULL && work_listen(e, server_report);
}

static void
client_act(struct end *e)
{
	if (e->called == 0) {
		end_measure(e);
		while (e->called < e->plan->conns) {
			push(e, e->conn[e->called], fns_user(e->conn[e->called]));
			e->called++;
		}
	}
	if (e->account.over_ns == 0 && e->now_ns - e->account.begun_ns >= e->plan->seconds * 1000000000) {
		e->account.over_ns = e->now_ns;
		e->account.requests = e->account.octets_sent;
		end_enter(e, PHASE_DUE);
		for (uint64_t i = 0; i < e->plan->conns; i++) {
			e->account.requests -= fns_unacked(e->conn[i]);
			fns_close(e->conn[i]);
		}
	}
	if (e->gone == e->plan->conns)
		work_gone(e);
}

/* What has arrived when the time is over is the result. */
static void
server_act(struct end *e)
{
	if (e->account.begun_ns == 0) {
		end_measure(e);
		e->octets_before = e->account.octets_received;
	}
	if (e->account.over_ns == 0 && end_other(e) >= PHASE_DUE) {
		e->account.over_ns = e->now_ns;
		e->account.requests = e->account.octets_received - e->octets_before;
	}
	if (e->gone == e->plan->conns)
		work_gone(e);
}

static void
act(struct end *e)
{
	if (!work_open(e, client_report, position_of))
		return;
	if (e->side == CLIENT)
		client_act(e);
	else
		server_act(e);
}

const struct work bulk_work = {begin, act, NULL};
