/* What works share (work.h). */
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define PERIOD 8191 /* a prime: no power of two of octets looks like the next */

static uint8_t octets[PERIOD + OCTETS_RUN];

bool
work_listen(struct end *e, fns_handler *handler)
{
	if (e->side == CLIENT)
		return true;
	for (unsigned i = 0; i < flow_server_ports(e->plan); i++) {
		const struct fns_addr any = {.port = flow_server_port(e->plan, i)};

		if (fns_listen(e->shard, &any, NULL, handler, NULL) == NULL) {
			end_fail(e, "no listener on port %u: %s", any.port, strerror(errno));
			return false;
		}
	}
	return true;
}

static void
open_some(struct end *e, fns_handler *handler, void *(*user_of)(struct end *, uint64_t))
{
	while (e->begun < e->plan->conns && e->begun - e->open < e->plan->window) {
		struct fns_addr local, remote;
		void *user = user_of == NULL ? NULL : user_of(e, e->begun);

		flow_of(e->plan, e->begun, &local, &remote);
		e->conn[e->begun] = fns_open(e->shard, &local, &remote, NULL, handler, user);
		if (e->conn[e->begun] == NULL) {
			end_fail(e, "connection %" PRIu64 " cannot be opened: %s", e->begun, strerror(errno));
			return;
		}
		e->account.seen_open++;
		e->begun++;
	}
}

bool
work_open(struct end *e, fns_handler *handler, void *(*user_of)(struct end *, uint64_t))
{
	if (end_phase(e) >= PHASE_OPEN)
		return end_other(e) >= PHASE_OPEN;
	if (e->side == CLIENT && end_other(e) >= PHASE_READY)
		open_some(e, handler, user_of);
	if (e->gone > 0)
		end_fail(e, "%" PRIu64 " connections ended before they were told to", e->gone);
	if (e->open == e->plan->conns)
		end_enter(e, PHASE_OPEN);
	return false;
}

uint64_t
work_accept(struct end *e, struct fns_conn *c)
{
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
	return number;
}

void
work_over(struct end *e)
{
	bool planted = e->plan->plant != NULL && strcmp(e->plan->plant, "end") == 0 && e->gone == 0;

	e->account.seen_over += !planted;
	e->gone++;
}

void
work_stays(struct end *e, unsigned reports)
{
	if ((reports & (FNS_PEER_FIN | FNS_CLOSED)) && e->account.over_ns == 0)
		end_fail(e, "the peer ended a connection that was to stay");
}

void
work_gone(struct end *e)
{
	if (end_phase(e) < PHASE_GONE)
		end_enter(e, PHASE_GONE);
	if (end_other(e) < PHASE_GONE)
		return;
	end_measured(e);
	end_enter(e, PHASE_OVER);
}

void
octets_begin(const struct plan *p)
{
	uint64_t x = p->seed | 1;

	for (unsigned i = 0; i < PERIOD; i++) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		octets[i] = (uint8_t)(x >> 32);
	}
	for (unsigned i = PERIOD; i < sizeof(octets); i++)
		octets[i] = octets[i - PERIOD];
}

ptrdiff_t
octets_send(struct end *e, struct fns_conn *c, uint64_t at, size_t len)
{
	bool planted =
		e->plan->plant != NULL && strcmp(e->plan->plant, "octet") == 0 && e->account.octets_sent == 0;
	/* one octet later in the pattern: every octet is wrong, and nearly all of them look so */
	ptrdiff_t sent = fns_send(c, octets_at(at + planted), len);

	if (sent > 0)
		e->account.octets_sent += (uint64_t)sent;
	return sent;
}

const uint8_t *
octets_at(uint64_t at)
{
	return octets + at % PERIOD;
}

void
octets_check(struct end *e, struct fns_conn *c, uint64_t *at)
{
	const void *run;
	size_t len;

	while ((len = fns_peek(c, &run)) > 0) {
		if (len > OCTETS_RUN)
			len = OCTETS_RUN;
		if (memcmp(run, octets_at(*at), len) != 0)
			e->account.wrong_octets += len;
		*at += len;
		e->account.octets_received += len;
		fns_consume(c, len);
	}
}

void
octets_pass(struct end *e, struct fns_conn *c)
{
	const void *run;
	size_t len;

	while ((len = fns_peek(c, &run)) > 0) {
		e->account.octets_received += len;
		fns_consume(c, len);
	}
}
