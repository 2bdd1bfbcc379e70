/* Our side: a shard with one port, turned in virtual time.  Calls are mapped to what a socket would answer by the
 * public interface alone; where that has no such answer, the result is "?" and not compared. */
#include "diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <finesse/finesse.h>
#include <finesse/shard.h>

enum { OUTBOX = 64, BURST = 16, FRAME = 1514 };

struct core {
	struct fns_shard *shard;
	struct fns_listener *listener;
	struct fns_conn *conn;
	struct fns_options options;
	bool born, opened, closed, given_up; /* given up: our application has called close */
	bool peer_fin, read_shut;
	int error;
	uint64_t now_us;
	struct fns_frame burst[BURST];
	unsigned bursts;
};

static void
on_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct core *k = user;
	struct fns_status status;

	fns_status(c, &status);
	if (status.passive && reports & FNS_OPENED)
		k->conn = c;
	if (c != k->conn)
		return;
	k->opened |= (reports & FNS_OPENED) != 0;
	k->peer_fin |= (reports & FNS_PEER_FIN) != 0;
	if (!(reports & FNS_CLOSED))
		return;
	k->closed = true;
	k->error = status.error;
	if (k->given_up)
		k->conn = NULL;
	else
		fns_hold(c);
}

static void
take_out(struct play *p, const struct fns_outbox *tx)
{
	for (unsigned i = 0; i < tx->used; i++) {
		uint8_t *exact = malloc(tx->slot[i].len);

		memcpy(exact, tx->slot[i].data, tx->slot[i].len);
		play_frame(p, exact, tx->slot[i].len);
		free(exact);
	}
}

static void
turn(struct play *p)
{
	static uint8_t blank[OUTBOX][FRAME];
	struct core *k = p->own;

	do {
		struct fns_frame slot[OUTBOX] = {0}, rx[BURST];
		struct fns_outbox tx = {.slot = slot, .room = OUTBOX};
		unsigned n = k->bursts;
		const char *wrong;

		for (unsigned i = 0; i < OUTBOX; i++) {
			slot[i].data = blank[i];
			slot[i].room = FRAME;
		}
		memcpy(rx, k->burst, sizeof(rx));
		k->bursts = 0;
		fns_shard_turn(k->shard, k->now_us, rx, n, &tx);
		for (unsigned i = 0; i < n; i++)
			free(rx[i].data);
		take_out(p, &tx);
		wrong = fns_shard_check(k->shard);
		if (wrong) {
			fprintf(stderr, "%s: fns_shard_check: %s\n", p->script->name, wrong);
			abort();
		}
	} while (k->bursts > 0); /* answers of the neighbour */
}

static void
core_arrive(struct play *p, const uint8_t *octets, size_t len)
{
	struct core *k = p->own;
	uint8_t *exact = malloc(len);

	memcpy(exact, octets, len);
	if (k->bursts < BURST)
		k->burst[k->bursts++] = (struct fns_frame){.data = exact, .len = (uint16_t)len};
	else
		free(exact);
}

static void
core_pass(struct play *p, unsigned ms)
{
	struct core *k = p->own;
	uint64_t until_us = k->now_us + (uint64_t)ms * 1000;

	turn(p);
	for (;;) {
		uint64_t due = fns_shard_due(k->shard);

		if (due > until_us)
			break;
		if (due > k->now_us)
			k->now_us = due;
		turn(p);
		if (due <= k->now_us && fns_shard_due(k->shard) <= k->now_us)
			k->now_us++; /* due at once again: let time go on, or this never ends */
	}
	k->now_us = until_us > k->now_us ? until_us : k->now_us;
	turn(p); /* calls count from the time of the last turn */
}

static void
configure(struct fns_config *c, const struct play *p)
{
	const struct settings *set = &p->script->set;

	fns_config_default(c);
	c->check = true;
	c->connections = c->time_wait = c->orphans = 64;
	c->syn_backlog = c->neighbours = 16;
	c->listeners = 4;
	c->buffer_bytes = 4 << 20;
	c->profile = FNS_LINUX;
	c->port_count = 1;
	memcpy(c->port[0].mac, mac_ours, 6);
	c->port[0].mtu = 1500;
	c->port[0].address_count = 1;
	memcpy(c->port[0].address[0].ip, p->ours, 16);
	c->port[0].address[0].bits = set->v6 ? 64 : 24;
	if (!set->limits)
		c->challenge_acks = 15;
	c->rfc1337 = set->rfc1337;
	c->rto_min_ms = (uint32_t)set->rto_min_ms;
	if (set->fin_timeout_s >= 0)
		c->fin_wait_2_ms = (uint32_t)set->fin_timeout_s * 1000;
	if (set->orphan_retries >= 0)
		c->orphan_retries = (uint32_t)set->orphan_retries;
	if (set->retries >= 0)
		c->retries = (uint32_t)set->retries;
	if (set->syn_retries >= 0)
		c->syn_retries = (uint32_t)set->syn_retries;
}

static void
core_start(struct play *p)
{
	static const uint8_t secret[32] = "thirty-two octets for this test.";
	const struct settings *set = &p->script->set;
	struct core *k = p->own = calloc(1, sizeof(*k));
	struct fns_config c;
	char why[160] = "";

	configure(&c, p);
	k->now_us = 1000000;
	k->options.linger = set->linger0 ? FNS_ON : FNS_DEFAULT;
	k->options.no_delay = set->nodelay ? FNS_ON : FNS_DEFAULT;
	k->options.fin_wait_2_ms = set->linger2_s < 0 ? -1 : set->linger2_s * 1000;
	if (fns_config_check(&c, why, sizeof(why)) == 0)
		k->shard = fns_shard_new(&c, secret, k->now_us);
	if (!k->shard) {
		fprintf(stderr, "%s: no shard: %s\n", p->script->name, why);
		exit(2);
	}
	turn(p);
}

static void
core_end(struct play *p)
{
	struct core *k = p->own;

	fns_shard_free(k->shard);
	for (unsigned i = 0; i < k->bursts; i++)
		free(k->burst[i].data);
	free(k);
	p->own = NULL;
}

/* State */

struct found {
	const char *state;
};

static void
look(struct fns_conn *c, void *arg)
{
	struct found *f = arg;
	struct fns_status status;

	fns_status(c, &status);
	if (strcmp(status.state, "CLOSED") != 0 && status.remote.port == PORT_REMOTE)
		f->state = status.state;
}

static const char *
core_state(struct play *p)
{
	struct core *k = p->own;
	struct found f = {0};
	struct fns_stat row[256];
	size_t rows;

	fns_shard_each(k->shard, look, &f);
	if (f.state)
		return f.state;
	rows = fns_shard_stats(k->shard, row, 256);
	for (size_t i = 0; i < rows && i < 256; i++)
		if (!strcmp(row[i].name, "time_waits") && row[i].value > 0)
			return "TIME-WAIT";
	return "CLOSED";
}

/* Calls */

static const char *
core_open(struct play *p, struct core *k)
{
	struct fns_addr local = {.port = PORT_LOCAL}, remote = {.port = PORT_REMOTE};

	memcpy(local.ip, p->ours, 16);
	memcpy(remote.ip, p->theirs, 16);
	k->conn = fns_open(k->shard, &local, &remote, &k->options, on_report, k);
	k->born = k->conn != NULL;
	k->opened = k->closed = k->given_up = k->peer_fin = k->read_shut = false;
	p->written = p->read = 0;
	return k->conn ? "EINPROGRESS" : errno_name(errno);
}

static const char *
core_connected(const struct core *k)
{
	if (k->closed)
		return errno_name(k->error);
	return k->opened ? "0" : "EINPROGRESS";
}

static void
core_send(struct play *p, struct core *k, uint32_t len, char *result)
{
	uint8_t *octets = malloc(len + 1);
	ptrdiff_t taken;

	for (uint32_t i = 0; i < len; i++)
		octets[i] = play_pattern(false, p->written + i);
	taken = fns_send(k->conn, octets, len);
	free(octets);
	if (taken < 0) {
		snprintf(result, TEXT_ROOM, "%s", errno_name((int)-taken));
		return;
	}
	p->written += (uint32_t)taken;
	snprintf(result, TEXT_ROOM, "%td", taken);
}

/* recv: octets, then the end of the stream, then the error, which the interface gives once, by fns_send. */
static void
core_recv(struct play *p, struct core *k, uint32_t len, char *result)
{
	uint32_t got = 0;
	const void *run;
	size_t n;
	bool right = true;

	while (got < len && (n = fns_peek(k->conn, &run)) > 0) {
		n = n > len - got ? len - got : n;
		for (size_t i = 0; i < n; i++)
			right &= ((const uint8_t *)run)[i] == play_pattern(true, p->read++);
		fns_consume(k->conn, n);
		got += (uint32_t)n;
	}
	if (got > 0) {
		snprintf(result, TEXT_ROOM, "%u%s", got, right ? "" : " WRONG OCTETS");
	} else if (k->peer_fin || (k->read_shut && !k->closed)) {
		strcpy(result, "0");
	} else if (k->closed) {
		ptrdiff_t end = fns_send(k->conn, "", 0);

		strcpy(result, end == -EPIPE || end == 0 ? "0" : errno_name((int)-end));
	} else {
		strcpy(result, "EAGAIN");
	}
}

static void
core_close(struct core *k)
{
	k->given_up = true;
	fns_close(k->conn);
	if (k->closed)
		k->conn = NULL;
}

static void
on_listener(struct core *k, const struct step *s, char *result)
{
	struct fns_addr any = {.port = PORT_LOCAL};

	strcpy(result, "?");
	if (s->verb == LISTEN) {
		k->listener = fns_listen(k->shard, &any, &k->options, on_report, k);
		strcpy(result, k->listener ? "0" : errno_name(errno));
	} else if (s->verb == UNLISTEN || s->n != FNS_SHUT_WR) {
		fns_unlisten(k->listener);
	}
}

static void
core_call(struct play *p, const struct step *s, char result[TEXT_ROOM])
{
	struct core *k = p->own;

	if (s->verb == LISTEN || s->verb == UNLISTEN || s->verb == SHUT_LISTEN) {
		on_listener(k, s, result);
	} else if (s->verb == CONNECT) {
		strcpy(result, core_open(p, k));
	} else if (s->verb == ACCEPT) {
		strcpy(result, k->conn ? "0" : "EAGAIN");
	} else if (s->verb == CONNECTED) {
		strcpy(result, core_connected(k));
	} else if (!k->conn) {
		strcpy(result, "?"); /* a socket that is not there has no counterpart */
	} else if (s->verb == SEND) {
		core_send(p, k, s->n, result);
	} else if (s->verb == RECV) {
		core_recv(p, k, s->n, result);
	} else if (s->verb == SHUTDOWN) {
		strcpy(result, errno_name(-fns_shutdown(k->conn, (enum fns_how)s->n)));
		k->read_shut |= s->n != FNS_SHUT_WR && !strcmp(result, "0");
	} else {
		core_close(k);
		strcpy(result, "?"); /* fns_close returns nothing */
	}
}

const struct side core_side = {
	.name = "ours",
	.start = core_start,
	.arrive = core_arrive,
	.pass = core_pass,
	.call = core_call,
	.state = core_state,
	.end = core_end,
};
