/* client: opens connections, sends, waits for what comes, and closes them in one of several ways; again and again. */
#include <errno.h>
#include <string.h>

#include <finesse/shard.h>

#include "pattern.h"
#include "service.h"

#define OPENS_A_TURN 64
#define WAIT_NS      UINT64_C(10000000) /* for a free port, or room for a connection */
#define CATCH_UP_NS  UINT64_C(10000000) /* of opens that are late: beyond, they are left out */

struct client {
	struct visit visit;
	uint64_t sent, received;
	bool opened, wrong;
};

/* True when all is taken that is to be sent. */
static bool
send_rest(struct fns_conn *c, struct client *k)
{
	struct client_plan *plan = &k->visit.service->client;
	uint8_t *piece = k->visit.service->all->scratch;

	while (k->sent < plan->send_bytes) {
		uint64_t len = plan->send_bytes - k->sent;
		ptrdiff_t taken;

		/* no more than is taken, but for the one octet that FNS_WRITABLE will answer */
		if (len > fns_writable(c) + 1)
			len = fns_writable(c) + 1;
		if (len > SCRATCH_BYTES)
			len = SCRATCH_BYTES;
		pattern_fill(piece, k->sent, (size_t)len);
		taken = fns_send(c, piece, (size_t)len);
		if (taken < 0)
			return false; /* it is over: FNS_CLOSED comes */
		k->sent += (uint64_t)taken;
		counter_add(&plan->count.octets_sent, (uint64_t)taken);
		if ((uint64_t)taken < len)
			return false;
	}
	return true;
}

/* An echo of something else, or of more than was sent. */
static bool
is_wrong(struct client *k, const void *run, size_t len)
{
	uint8_t *piece = k->visit.service->all->scratch;

	if (k->received + len > k->sent)
		return true;
	pattern_fill(piece, k->received, len);
	return memcmp(piece, run, len) != 0;
}

static void
receive_all(struct fns_conn *c, struct client *k)
{
	struct client_plan *plan = &k->visit.service->client;
	const void *run;
	size_t len;

	while ((len = fns_peek(c, &run)) > 0) {
		if (len > SCRATCH_BYTES)
			len = SCRATCH_BYTES;
		if (plan->check && !k->wrong && is_wrong(k, run, len)) {
			k->wrong = true;
			counter_add(&plan->count.wrong, 1);
		}
		k->received += len;
		counter_add(&plan->count.octets_received, len);
		fns_consume(c, len);
	}
}

/* Who does not read leaves it unread: then close resets, and that is what was asked for. */
static void
close_it(struct fns_conn *c, struct client *k)
{
	if (k->visit.service->client.read)
		receive_all(c, k);
	k->visit.closed = true;
	fns_close(c);
}

static void
serve(struct fns_conn *c, unsigned reports, struct visit *v)
{
	struct client *k = (struct client *)v;
	struct client_plan *plan = &v->service->client;

	if (reports & FNS_OPENED) {
		k->opened = true;
		counter_add(&plan->count.established, 1);
	}
	if (!k->opened)
		return;
	if (plan->read)
		receive_all(c, k);
	if (!send_rest(c, k) || (k->received < plan->receive_bytes && !v->peer_fin))
		return;
	switch (plan->close) {
	case CLIENT_FIN:
		close_it(c, k);
		break;
	case CLIENT_RST:
		v->closed = true;
		fns_abort(c);
		break;
	case CLIENT_HALF:
		fns_shutdown(c, FNS_SHUT_WR);
		if (v->peer_fin)
			close_it(c, k);
		break;
	case CLIENT_PEER:
		if (v->peer_fin)
			close_it(c, k);
		break;
	case CLIENT_NEVER:
		break;
	}
}

static void
count_failure(struct client_counts *count, int error)
{
	static const int errors[] = {
#define X(error) error,
		CLIENT_ERRORS(X)
#undef X
	};
	unsigned i = 0;

	while (i < CLIENT_OTHER && errors[i] != error)
		i++;
	counter_add(&count->failed[i], 1);
}

static void
ended(struct fns_conn *c, struct visit *v)
{
	struct client_counts *count = &v->service->client.count;
	struct fns_status s;
	size_t i = 0;

	fns_status(c, &s);
	if (!((struct client *)v)->opened)
		count_failure(count, s.error);
	while (i < CLIENT_CLASSES - 1 && i < fns_class_count() &&
	       strcmp(fns_class_name(i), s.close_class) != 0)
		i++;
	counter_add(&count->closed[i], 1);
	counter_sub(&count->live, 1);
	counter_add(&count->last_us, v->service->all->now_us - counter_read(&count->last_us));
}

/* Those that were due before then. */
static void
leave_out(struct client_plan *plan, uint64_t until_ns)
{
	uint64_t late = (until_ns - plan->next_ns + plan->interval_ns - 1) / plan->interval_ns;

	counter_add(&plan->count.late, late);
	plan->next_ns += late * plan->interval_ns;
}

static void
open_one(struct service *s, struct fns_shard *shard)
{
	struct client_plan *plan = &s->client;
	const struct fns_addr local = {.port = plan->local_port};
	uint64_t now_ns = s->all->now_us * 1000;
	struct visit *v = visit_take(s);
	int error = 0;

	if (v == NULL)
		error = ENOBUFS;
	else if (fns_open(shard, &local, &plan->target, &s->options, visit_report, v) == NULL)
		error = errno;
	if (error != 0 && v != NULL)
		visit_give(v);
	if (error == ENOBUFS || (error == EADDRNOTAVAIL && plan->local_port == 0)) {
		counter_add(&plan->count.waits, 1);
		plan->next_ns = now_ns + WAIT_NS;
		return;
	}
	if (plan->interval_ns > 0 && plan->next_ns + CATCH_UP_NS < now_ns)
		leave_out(plan, now_ns - CATCH_UP_NS);
	plan->next_ns += plan->interval_ns;
	if (plan->begun++ == 0)
		counter_add(&plan->count.first_us, s->all->now_us);
	if (error != 0) {
		count_failure(&plan->count, error);
		return;
	}
	counter_add(&plan->count.opened, 1);
	counter_add(&plan->count.live, 1);
}

static uint64_t
end_us(const struct client_plan *plan)
{
	return plan->for_us == CLIENT_FOREVER ? CLIENT_FOREVER : plan->start_us + plan->for_us;
}

static bool
is_past(const struct service *s)
{
	return s->all->now_us >= end_us(&s->client);
}

static bool
is_over(const struct service *s)
{
	return s->client.begun >= s->client.total || s->all->draining || is_past(s);
}

static void
turn(struct service *s, struct fns_shard *shard)
{
	struct client_plan *plan = &s->client;
	struct client_counts *count = &plan->count;

	for (unsigned i = 0; i < OPENS_A_TURN && client_due(s) <= s->all->now_us; i++)
		open_one(s, shard);
	if (plan->interval_ns > 0 && plan->begun < plan->total && is_past(s) &&
	    plan->next_ns < end_us(plan) * 1000)
		leave_out(plan, end_us(plan) * 1000);
	if (is_over(s) && counter_read(&count->live) == 0)
		atomic_store_explicit(&count->done, true, memory_order_release);
}

uint64_t
client_due(const struct service *s)
{
	const struct client_plan *plan = &s->client;
	uint64_t next_us = (plan->next_ns + 999) / 1000;

	if (is_over(s) || counter_read(&plan->count.live) >= plan->connections)
		return UINT64_MAX;
	return plan->start_us > next_us ? plan->start_us : next_us;
}

const struct service_kind client_kind = {"client",          sizeof(struct client), serve,
                                         visit_drain_quiet, .turn = turn,          .ended = ended};
