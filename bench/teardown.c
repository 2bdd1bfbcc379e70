/* teardown: N connections are opened, held, and ended all in one way.  hold: the same, for what they cost meanwhile. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "work.h"

#define PIECE      64 /* octets that a half-closed connection still carries */

/* simultaneous: so many at a time are called by both ends, and may be under way */
#define BATCH      64
#define BATCH_MOST 128

static uint64_t
load(const _Atomic uint64_t *of)
{
	return atomic_load_explicit(of, memory_order_acquire);
}

static void
store(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, value, memory_order_release);
}

/* The call that ends a connection; the time of the call is what the connection knows of us from here on. */
static void
call(struct end *e)
{
	struct fns_conn *c = e->conn[e->called++];

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

	work_over(e);
	if (e->ahead_us > 0)
		since = e->account.begun_ns; /* when its time was over */
	if (since != 0 && e->plan->close != CLOSE_TIME_WAIT)
		histogram_add(&e->account.latency, e->now_ns - since);
}

static void
client_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct end *e = end_now;
	uint64_t at = 0;

	if (reports & FNS_OPENED)
		e->open++;
	if (reports & FNS_READABLE)
		octets_check(e, c, &at);
	if (reports & FNS_CLOSED)
		over(e, user);
}

/* The peer's FIN has come. */
static void
follow(struct end *e, struct fns_conn *c)
{
	switch (e->plan->close) {
	case CLOSE_HALF:
		if (octets_send(e, c, 0, PIECE) != PIECE)
			end_fail(e, "no room for %u octets in a connection that has sent nothing", PIECE);
		fns_close(c);
		break;
	case CLOSE_FIN_WAIT_2:
		e->followed++;
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

	if (reports & FNS_OPENED)
		work_accept(e, c);
	if ((reports & FNS_PEER_FIN) && !(reports & FNS_CLOSED))
		follow(e, c);
	if (reports & FNS_CLOSED)
		over(e, user);
}

static void
shuffle(struct end *e)
{
	uint64_t x = e->plan->seed | 1;

	for (uint64_t i = e->plan->conns - 1; i > 0; i--) {
		struct fns_conn *c = e->conn[i];
		uint64_t k;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		k = x % (i + 1);
		e->conn[i] = e->conn[k];
		e->conn[k] = c;
	}
}

static bool
begin(struct end *e)
{
	return work_listen(e, server_report);
}

/* As many calls as the window and the link allow; `done`: calls whose work is over. */
static void
call_some(struct end *e, uint64_t done)
{
	unsigned room = e->link->tx.room - e->link->received;

	while (e->called < e->plan->conns && e->called - done < e->plan->window && room-- > 0)
		call(e);
}

/* Both ends call the same connections; which batch may begin is seen by both alike, sooner or later, since what is looked
 * at only grows. */
static void
call_batch(struct end *e)
{
	uint64_t gone = load(&e->other->gone), sent = load(&e->own->sent);

	store(&e->own->gone, e->gone); /* now: whoever is shut does not get to act */
	if (sent > load(&e->other->sent) || sent < e->called)
		return;
	gone = e->gone < gone ? e->gone : gone;
	if (e->called - gone > BATCH_MOST - BATCH)
		return;
	for (unsigned i = 0; i < BATCH && e->called < e->plan->conns; i++)
		call(e);
	e->deaf = false;
	store(&e->own->called, e->called);
}

/* simultaneous: an end that has called waits for the other's call, sends its FINs without a look at what has come, and
 * waits for the other's to be sent, too.  Then both listen. */
static enum gate
gate(struct end *e)
{
	if (e->plan->close != CLOSE_SIMULTANEOUS || e->account.begun_ns == 0)
		return GATE_OPEN;
	call_batch(e);
	if (load(&e->other->called) < e->called)
		return GATE_SHUT;
	if (!e->deaf && load(&e->own->sent) < e->called) {
		e->deaf = true;
		return GATE_DEAF;
	}
	store(&e->own->sent, e->called);
	return load(&e->other->sent) < e->called ? GATE_SHUT : GATE_OPEN;
}

/* Sets the shard's clock forward: all that waits is due at once. */
static void
let_time_pass(struct end *e)
{
	e->ahead_us +=
		(e->plan->close == CLOSE_TIME_WAIT ? e->config.time_wait_ms : e->config.fin_wait_2_ms) *
			UINT64_C(1000) +
		1000000;
	e->account.begun_ns = e->now_ns;
	e->watched = true;
	e->waits = account_stat(e->shard, "time_waits");
	end_enter(e, PHASE_DUE);
}

static void
client_act(struct end *e)
{
	uint64_t gone = load(&e->other->gone);

	if (e->plan->close == CLOSE_FIN_WAIT_2) {
		call_some(e, load(&e->other->sent));
		if (e->called == e->plan->conns && account_stat(e->shard, "state_FIN_WAIT_2") == e->called)
			let_time_pass(e);
		return;
	}
	if (e->plan->close != CLOSE_SIMULTANEOUS)
		call_some(e, e->gone < gone ? e->gone : gone);
	if (e->gone < e->plan->conns)
		return;
	if (e->account.over_ns == 0)
		e->account.over_ns = e->now_ns;
	if (e->plan->close != CLOSE_TIME_WAIT)
		work_gone(e);
	else if (end_other(e) >= PHASE_GONE)
		let_time_pass(e);
}

static void
server_act(struct end *e)
{
	if (e->plan->close == CLOSE_FIN_WAIT_2) {
		store(&e->own->sent, e->followed);
		if (end_other(e) >= PHASE_GONE)
			call_some(e, e->gone);
	}
	if (e->gone < e->plan->conns)
		return;
	if (e->account.over_ns == 0)
		e->account.over_ns = e->now_ns;
	work_gone(e);
}

/* The client, while what was due is reaped. */
static void
reap_act(struct end *e)
{
	if (e->plan->close == CLOSE_TIME_WAIT) {
		uint64_t waits = account_stat(e->shard, "time_waits");

		histogram_add_many(&e->account.latency, e->now_ns - e->account.begun_ns, e->waits - waits);
		e->waits = waits;
	} else {
		e->waits = e->plan->conns - e->gone;
	}
	if (e->waits > 0)
		return;
	e->account.over_ns = e->now_ns;
	e->watched = false;
	end_enter(e, PHASE_GONE);
}

static void
act(struct end *e)
{
	if (!work_open(e, client_report, NULL))
		return;
	if (e->account.begun_ns == 0) {
		end_measure(e);
		if (e->plan->shuffled && e->side == CLIENT)
			shuffle(e);
	}
	store(&e->own->gone, e->gone);
	if (end_phase(e) == PHASE_DUE)
		reap_act(e);
	else if (end_phase(e) == PHASE_GONE)
		work_gone(e);
	else if (e->side == CLIENT)
		client_act(e);
	else
		server_act(e);
}

const struct work teardown_work = {begin, act, gate};
