/* client: opens connections, sends, and closes them in one of several ways. */
#include <errno.h>

#include "pattern.h"
#include "service.h"

#define OPENS_A_TURN 64

struct client {
	struct visit visit;
	uint64_t sent;
};

/* True when all is taken that is to be sent. */
static bool
send_rest(struct fns_conn *c, struct client *k)
{
	const struct client_plan *plan = &k->visit.service->client;
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
		if ((uint64_t)taken < len)
			return false;
	}
	return true;
}

/* Who does not read leaves it unread: then close resets, and that is what was asked for. */
static void
close_it(struct fns_conn *c, struct visit *v)
{
	if (v->service->client.read)
		visit_swallow(c);
	v->closed = true;
	fns_close(c);
}

static void
serve(struct fns_conn *c, unsigned reports, struct visit *v)
{
	const struct client_plan *plan = &v->service->client;

	(void)reports;
	if (plan->read)
		visit_swallow(c);
	if (!send_rest(c, (struct client *)v))
		return;
	switch (plan->close) {
	case CLIENT_FIN:
		close_it(c, v);
		break;
	case CLIENT_RST:
		v->closed = true;
		fns_abort(c);
		break;
	case CLIENT_HALF:
		fns_shutdown(c, FNS_SHUT_WR);
		if (v->peer_fin)
			close_it(c, v);
		break;
	case CLIENT_PEER:
		if (v->peer_fin)
			close_it(c, v);
		break;
	case CLIENT_NEVER:
		break;
	}
}

static void
open_one(struct service *s, struct fns_shard *shard)
{
	struct client_plan *plan = &s->client;
	const struct fns_addr local = {.port = plan->local_port};
	struct visit *v = visit_take(s);

	plan->begun++;
	if (v == NULL)
		errno = ENOBUFS;
	else if (fns_open(shard, &local, &plan->target, &s->options, visit_report, v) != NULL)
		return;
	plan->failed++;
	plan->why = errno;
	if (v != NULL)
		visit_give(v);
}

static void
turn(struct service *s, struct fns_shard *shard)
{
	for (unsigned i = 0; i < OPENS_A_TURN && client_due(s) <= s->all->now_us; i++)
		open_one(s, shard);
}

uint64_t
client_due(const struct service *s)
{
	return s->client.begun < s->client.connections && !s->all->draining ? s->client.start_us : UINT64_MAX;
}

const struct service_kind client_kind = {"client", sizeof(struct client), serve, visit_drain_quiet, turn};
