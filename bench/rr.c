/* rr: requests and answers on connections that stay: each sends a request when it has the answer to its last.  The answer
 * is the request, also from somebody else's server: it is one of echo (RFC 862). */
#include <stdlib.h>

#include "work.h"

/* What the client knows of a connection. */
struct asker {
	uint64_t since_ns;
	uint64_t sent, checked; /* octets: where they are ... */
	uint64_t asked;         /* ... and where the request ends */
};

static void *
asker_of(struct end *e, uint64_t number)
{
	struct asker *a = (struct asker *)e->visits + number;

	a->sent = a->checked = a->asked = number * 7 * e->plan->bytes; /* each has octets of its own */
	return a;
}

/* What is left of the request. */
static void
ask(struct end *e, struct fns_conn *c, struct asker *a)
{
	while (a->sent != a->asked) {
		uint64_t left = a->asked - a->sent;
		ptrdiff_t taken = octets_send(e, c, a->sent, left < OCTETS_RUN ? left : OCTETS_RUN);

		if (taken <= 0)
			return; /* FNS_WRITABLE comes */
		a->sent += (uint64_t)taken;
	}
}

static void
ask_next(struct end *e, struct fns_conn *c, struct asker *a)
{
	a->since_ns = e->now_ns;
	a->asked += e->plan->bytes;
	ask(e, c, a);
}

static void
client_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = end_now;
	struct asker *a = user;

	if (reports & FNS_OPENED)
		e->open++;
	work_stays(e, reports);
	if (reports & FNS_READABLE) {
		octets_check(e, c, &a->checked);
		if (a->checked == a->asked && e->account.over_ns == 0) {
			e->account.requests++;
			histogram_add(&e->account.latency, e->now_ns - a->since_ns);
			ask_next(e, c, a);
		} else if (a->checked == a->asked && !(reports & FNS_CLOSED))
			fns_close(c);
	}
	if (reports & FNS_WRITABLE)
		ask(e, c, a);
	if (reports & FNS_CLOSED)
		work_over(e);
}

/* Echoes; what it could not send waits to be read. */
static void
server_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = end_now;
	const void *run;
	ptrdiff_t sent;
	size_t len;

	(void)user;
	if (reports & FNS_OPENED)
		work_accept(e, c);
	if (reports & FNS_CLOSED) {
		work_over(e);
		return;
	}
	while ((len = fns_peek(c, &run)) > 0 && (sent = fns_send(c, run, len)) > 0) {
		fns_consume(c, (size_t)sent);
		e->account.octets_received += (uint64_t)sent;
		e->account.octets_sent += (uint64_t)sent;
	}
	if (reports & FNS_PEER_FIN)
		fns_close(c);
}

static bool
begin(struct end *e)
{
	e->visits = calloc(e->plan->conns, sizeof(struct asker));
	if (e->visits == NULL)
		end_fail(e, "no memory");
	return e->visits != NULL && work_listen(e, server_report);
}

static void
client_act(struct end *e)
{
	unsigned room = e->link->tx.room - e->link->received;

	if (e->called == 0)
		end_measure(e);
	while (e->called < e->plan->conns && room-- > 0) {
		ask_next(e, e->conn[e->called], fns_user(e->conn[e->called]));
		e->called++;
	}
	if (e->account.over_ns == 0 && e->now_ns - e->account.begun_ns >= e->plan->seconds * 1000000000)
		e->account.over_ns = e->now_ns; /* whoever has an answer from now on closes */
	if (e->gone == e->plan->conns)
		work_gone(e);
}

static void
act(struct end *e)
{
	if (!work_open(e, client_report, asker_of))
		return;
	if (e->side == CLIENT)
		client_act(e);
	else if (e->gone == e->plan->conns)
		work_gone(e);
}

const struct work rr_work = {begin, act, NULL};
