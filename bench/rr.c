/* rr: requests and answers on connections that stay: each sends a request when it has the answer to its last.  The answer
 * is the request, also from somebody else's server: it is one of echo (RFC 862). */
#include <stdlib.h>

#include "work.h"

/* What the client knows of a connection. */
struct asker {
	uint64_t since_ns;
	uint64_t sent, checked; /* octets; a request begins at a multiple of --bytes */
};

static void *
asker_of(struct end *e, uint64_t number)
{
	struct asker *a = (struct asker *)e->visits + number;

	a->sent = a->checked = number * 7 * e->plan->bytes; /* each has octets of its own */
	return a;
}

/* What is left of the request. */
static void
ask(struct end *e, struct fns_conn *c, struct asker *a)
{
	uint64_t left;

	while ((left = (a->sent / e->plan->bytes + 1) * e->plan->bytes - a->sent) > 0) {
		ptrdiff_t taken = octets_send(e, c, a->sent, left < OCTETS_RUN ? left : OCTETS_RUN);

		if (taken <= 0)
			return; /* FNS_WRITABLE comes */
		a->sent += (uint64_t)taken;
		if (a->sent % e->plan->bytes == 0)
			return;
	}
}

static void
ask_first(struct end *e, struct fns_conn *c, struct asker *a)
{
	a->since_ns = e->now_ns;
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
		if (a->checked == a->sent && a->sent % e->plan->bytes == 0 && e->account.over_ns == 0) {
			e->account.requests++;
			histogram_add(&e->account.latency, e->now_ns - a->since_ns);
			ask_first(e, c, a);
		} else if (a->checked == a->sent && a->sent % e->plan->bytes == 0 && !(reports & FNS_CLOSED))
			fns_close(c);
	}
	if ((reports & FNS_WRITABLE) && a->sent % e->plan->bytes != 0)
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
		ask_first(e, e->conn[e->called], fns_user(e->conn[e->called]));
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
