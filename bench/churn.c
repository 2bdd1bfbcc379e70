/* churn: connections that open, ask, are answered and end, as many a second as there can be.
 *
 * fin: the server closes with its answer, the client follows: six frames, the least there can be.
 * rst: the client aborts when it has the answer.
 * half-close: the client's FIN goes with its request, the server answers and closes.
 *
 * To somebody else's server the request is a GET, and any answer will do. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

/* What the client knows of a connection under way. */
struct visit {
	uint64_t since_ns, number;
	uint32_t next; /* of those that are free */
	bool answered;
};

/* A message says whose it is; the rest can be told by that. */
static size_t
head_of(size_t bytes)
{
	return bytes < sizeof(uint64_t) ? bytes : sizeof(uint64_t);
}

static void
compose(uint8_t *to, uint64_t number, size_t bytes)
{
	memcpy(to, octets_at(number), bytes);
	memcpy(to, &number, head_of(bytes));
}

static bool
is_right(const uint8_t *message, uint64_t number, size_t bytes)
{
	size_t head = head_of(bytes);

	return memcmp(message, &number, head) == 0 &&
	       memcmp(message + head, octets_at(number) + head, bytes - head) == 0;
}

/* One whole message, taken; false: it is not there yet. */
static bool
take(struct end *e, struct fns_conn *c, uint8_t *to)
{
	size_t got = 0, len;
	const void *run;

	if (fns_readable(c) < e->plan->bytes)
		return false;
	while ((len = fns_peek(c, &run)) > 0) {
		if (got + len > e->plan->bytes) {
			e->account.wrong_octets += len;
			len = (size_t)e->plan->bytes - got;
		}
		memcpy(to + got, run, len);
		fns_consume(c, len);
		got += len;
	}
	e->account.octets_received += got;
	return true;
}

static void
say(struct end *e, struct fns_conn *c, uint64_t number)
{
	static _Thread_local uint8_t message[CHURN_BYTES_MOST];
	size_t bytes = (size_t)e->plan->bytes;

	compose(message, number, bytes);
	if (e->plan->plant != NULL && strcmp(e->plan->plant, "octet") == 0 && number == 1)
		message[bytes - 1] ^= 1;
	if (fns_send(c, message, bytes) != (ptrdiff_t)bytes)
		end_fail(e, "no room for %zu octets in a connection that has sent nothing", bytes);
	e->account.octets_sent += bytes;
}

/* `number` is expected, or any if it is UINT64_MAX; which it was. */
static uint64_t
check(struct end *e, const uint8_t *message, uint64_t number)
{
	size_t bytes = (size_t)e->plan->bytes;

	if (number == UINT64_MAX) {
		number = 0;
		memcpy(&number, message, head_of(bytes));
	}
	if (!is_right(message, number, bytes))
		e->account.wrong_octets += bytes;
	return number;
}

static void
server_report(struct fns_conn *c, unsigned reports, void *user)
{
	uint8_t message[CHURN_BYTES_MOST];
	struct end *e = end_now;

	(void)user;
	if (reports & FNS_OPENED) {
		e->open++;
		e->account.seen_open++;
	}
	if ((reports & FNS_READABLE) && take(e, c, message)) {
		say(e, c, ~check(e, message, UINT64_MAX));
		if (e->plan->close != CLOSE_RST)
			fns_close(c);
	}
	if (reports & FNS_CLOSED)
		work_over(e);
}

/* Of somebody else's server: what it says to this is its own. */
static void
request(struct end *e, struct fns_conn *c)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: finesse\r\nConnection: close\r\n\r\n";

	if (fns_send(c, get, sizeof(get) - 1) != sizeof(get) - 1)
		end_fail(e, "no room for a request in a connection that has sent nothing");
	e->account.octets_sent += sizeof(get) - 1;
}

static void
answered_anyhow(struct end *e, struct fns_conn *c, struct visit *v)
{
	octets_pass(e, c);
	v->answered = true;
	if (e->plan->close == CLOSE_RST)
		fns_abort(c);
}

static void
answered(struct end *e, struct fns_conn *c, struct visit *v, const uint8_t *message)
{
	/* a socket of the kernel does not know which octets come: it echoes */
	check(e, message, e->plan->link == LINK_TAP ? v->number : ~v->number);
	v->answered = true;
	if (e->plan->close == CLOSE_RST)
		fns_abort(c);
}

static void
client_over(struct end *e, struct visit *v)
{
	work_over(e);
	if (!v->answered)
		e->account.unanswered++;
	else if (e->account.over_ns == 0) {
		e->account.requests++;
		histogram_add(&e->account.latency, e->now_ns - v->since_ns);
	}
	v->next = e->visit_free;
	e->visit_free = (uint32_t)(v - (struct visit *)e->visits);
}

static void
client_report(struct fns_conn *c, unsigned reports, void *user)
{
	uint8_t message[CHURN_BYTES_MOST];
	struct end *e = end_now;
	struct visit *v = user;

	if (reports & FNS_OPENED) {
		e->open++;
		if (e->plan->file != NULL)
			request(e, c);
		else
			say(e, c, v->number);
		if (e->plan->close == CLOSE_HALF)
			fns_shutdown(c, FNS_SHUT_WR);
	}
	if ((reports & FNS_READABLE) && e->plan->file != NULL)
		answered_anyhow(e, c, v);
	else if ((reports & FNS_READABLE) && !v->answered && take(e, c, message))
		answered(e, c, v, message);
	if (reports & FNS_CLOSED)
		client_over(e, v);
	else if ((reports & FNS_PEER_FIN) && e->plan->close == CLOSE_FIN)
		fns_close(c);
}

static bool
begin(struct end *e)
{
	struct visit *v;

	if (e->side == SERVER)
		return work_listen(e, server_report);
	e->visits = v = calloc(e->plan->conns, sizeof(*v));
	if (v == NULL) {
		end_fail(e, "no memory");
		return false;
	}
	for (uint32_t i = 0; i < e->plan->conns; i++)
		v[i].next = i + 1;
	return true;
}

static void
open_some(struct end *e)
{
	unsigned room = e->link->tx.room - e->link->received;

	while (e->visit_free < e->plan->conns && room-- > 0) {
		struct visit *v = (struct visit *)e->visits + e->visit_free;
		struct fns_addr local, remote;

		flow_of(e->plan, e->begun % e->plan->flows, &local, &remote);
		*v = (struct visit){.since_ns = e->now_ns, .number = e->begun, .next = v->next};
		if (fns_open(e->shard, &local, &remote, NULL, client_report, v) == NULL) {
			if (errno != EADDRINUSE)
				end_fail(e, "no connection: %s", strerror(errno));
			return; /* its last one waits in TIME-WAIT: later */
		}
		e->visit_free = v->next;
		e->account.seen_open++;
		e->begun++;
	}
}

static void
client_act(struct end *e)
{
	if (end_other(e) < PHASE_READY)
		return;
	if (end_phase(e) < PHASE_OPEN) {
		end_measure(e);
		end_enter(e, PHASE_OPEN);
	}
	if (e->account.over_ns == 0 && e->now_ns - e->account.begun_ns >= e->plan->seconds * 1000000000)
		e->account.over_ns = e->now_ns;
	if (e->account.over_ns == 0)
		open_some(e);
	else if (e->gone == e->begun)
		work_gone(e);
}

static void
act(struct end *e)
{
	if (e->side == CLIENT)
		client_act(e);
	else if (end_other(e) >= PHASE_GONE && e->gone == e->open)
		work_gone(e);
}

const struct work churn_work = {begin, act, NULL};
