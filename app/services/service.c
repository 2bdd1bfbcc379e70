/* What services share: listening, visits, closing, draining (service.h). */
#include <errno.h>
#include <string.h>

#include <finesse/shard.h>

#include "service.h"

#define QUIET_PART     8 /* of a drain's deadline: so long nothing moves on an idle connection, ... */
#define QUIET_LEAST_US 1000000
#define QUIET_MOST_US  5000000 /* ... which outlasts several losses in a row on one at work */

struct service *
services_add(struct services *all, const struct service_kind *kind, uint16_t port)
{
	struct service *s = &all->each[all->count++];

	*s = (struct service){.kind = kind, .all = all, .port = port};
	return s;
}

static size_t
stride(const struct services *all)
{
	size_t most = sizeof(struct visit);

	for (unsigned i = 0; i < all->count; i++) {
		if (all->each[i].kind->visit_bytes > most)
			most = all->each[i].kind->visit_bytes;
	}
	return (most + 63) / 64 * 64;
}

size_t
services_bytes(const struct services *all, uint32_t connections)
{
	return stride(all) * connections;
}

void
visit_swallow(struct fns_conn *c)
{
	const void *run;
	size_t len;

	while ((len = fns_peek(c, &run)) > 0)
		fns_consume(c, len);
}

void
visit_close(struct fns_conn *c, struct visit *v)
{
	visit_swallow(c);
	v->closed = true;
	fns_close(c);
}

void
visit_drain_quiet(struct fns_conn *c, struct visit *v, bool quiet)
{
	if (!quiet)
		return;
	if (v->peer_fin || fns_shutdown(c, FNS_SHUT_WR) != 0)
		visit_close(c, v);
	else
		v->ending = true;
}

/* Until the peer has seen our FIN it may send: closed, we would answer that with a reset. */
static void
discard(struct fns_conn *c, struct visit *v)
{
	counter_add(&v->service->all->discarded, fns_readable(c));
	if (v->peer_fin)
		visit_close(c, v);
	else
		visit_swallow(c);
}

void
visit_drain_now(struct fns_conn *c, struct visit *v, bool quiet)
{
	(void)quiet;
	visit_close(c, v);
}

struct visit *
visit_take(struct service *service)
{
	struct services *all = service->all;
	uint32_t index = pool_take(&all->visits);
	struct visit *v;

	if (index == POOL_NONE) {
		all->refused++;
		return NULL;
	}
	v = pool_at(&all->visits, index);
	memset(v, 0, service->kind->visit_bytes);
	v->service = service;
	v->index = index;
	return v;
}

void
visit_give(struct visit *v)
{
	pool_give(&v->service->all->visits, v->index);
}

void
visit_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct visit *v = user;
	struct service *service = v->service;

	v->touched_us = service->all->now_us;
	if (reports & FNS_PEER_FIN)
		v->peer_fin = true;
	/* also with the last report: what came together with the end can still be received */
	if (v->ending && !v->closed)
		discard(c, v);
	else if (!v->closed)
		service->kind->serve(c, reports, v);
	if ((reports & FNS_CLOSED) && service->kind->ended != NULL)
		service->kind->ended(c, v);
	if (reports & FNS_CLOSED)
		visit_give(v);
}

/* The first report of a connection: `user` is still the listener's. */
static void
on_arrival(struct fns_conn *c, unsigned reports, void *user)
{
	struct visit *v;

	if (reports & FNS_CLOSED)
		return;
	v = visit_take(user);
	if (v == NULL) {
		fns_abort(c);
		return;
	}
	fns_attach(c, visit_report, v);
	visit_report(c, reports, v);
}

/* A named port has one home: the shard that owns the connection makes it. */
static void
start_client(struct service *s, const struct fns_shard *shard)
{
	const struct fns_addr local = {.port = s->client.local_port};

	s->client.start_us += s->all->now_us;
	s->client.next_ns = s->client.start_us * 1000;
	if (!fns_shard_owns(shard, &local, &s->client.target))
		s->client.total = 0;
}

int
services_start(struct services *all, struct fns_shard *shard, void *memory, uint32_t connections,
               uint16_t *port)
{
	pool_init(&all->visits, memory, stride(all), connections);
	for (unsigned i = 0; i < all->count; i++) {
		struct service *s = &all->each[i];
		const struct fns_addr any = {.port = s->port};

		if (s->kind->turn != NULL) {
			start_client(s, shard);
			continue;
		}
		s->listener = fns_listen(shard, &any, &s->options, on_arrival, s);
		if (s->listener == NULL) {
			*port = s->port;
			return -errno;
		}
	}
	return 0;
}

void
services_turn(struct services *all, struct fns_shard *shard)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (all->each[i].kind->turn != NULL)
			all->each[i].kind->turn(&all->each[i], shard);
	}
}

uint64_t
services_due(const struct services *all)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < all->count; i++) {
		if (all->each[i].kind->turn != NULL && client_due(&all->each[i]) < due)
			due = client_due(&all->each[i]);
	}
	return due;
}

void
services_unlisten(struct services *all)
{
	all->draining = true;
	for (unsigned i = 0; i < all->count; i++) {
		if (all->each[i].listener != NULL)
			fns_unlisten(all->each[i].listener);
		all->each[i].listener = NULL;
	}
}

/* We have half-closed, and the peer has not: its answer is what the connection is there for. */
static bool
awaits_answer(const struct fns_conn *c)
{
	struct fns_status s;

	fns_status(c, &s);
	return s.number == FNS_STATE_FIN_WAIT_1 || s.number == FNS_STATE_FIN_WAIT_2;
}

struct visit *
services_visit(struct services *all, const struct fns_conn *c)
{
	char *user = fns_user(c);

	/* not yet opened: `user` is the service */
	if (user >= (char *)all->each && user < (char *)(all->each + SERVICES_MAX))
		return NULL;
	return (struct visit *)(void *)user;
}

uint64_t
services_quiet_us(uint64_t deadline_us)
{
	uint64_t quiet = deadline_us / QUIET_PART;

	return quiet < QUIET_LEAST_US ? QUIET_LEAST_US : quiet < QUIET_MOST_US ? quiet : QUIET_MOST_US;
}

bool
services_asked(const struct visit *v)
{
	return v->service->kind->asked != NULL && v->service->kind->asked(v);
}

bool
services_quiet(const struct services *all, const struct fns_conn *c, const struct visit *v, uint64_t quiet_us)
{
	return all->now_us - v->touched_us >= quiet_us && fns_readable(c) == 0 && fns_unacked(c) == 0 &&
	       !services_asked(v);
}

bool
services_drain_one(struct services *all, struct fns_conn *c)
{
	struct visit *v = services_visit(all, c);

	if (v == NULL || v->closed || awaits_answer(c))
		return false;
	v->service->kind->drain(c, v, services_quiet(all, c, v, all->quiet_us));
	return v->closed || v->ending;
}
