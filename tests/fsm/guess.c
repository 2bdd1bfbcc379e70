/* What nobody off the path may guess: initial sequence numbers (RFC 6528), local ports (RFC 6056), timestamps. */
#include "scripts.h"

#include <stdlib.h>

static void
quiet(struct fns_conn *c, unsigned reports, void *user)
{
	(void)c;
	(void)reports;
	(void)user;
}

static void
MUST_8__isn__moves_every_4_us(struct peer *p)
{
	uint32_t first, ticks;
	uint64_t began;

	in_syn_sent(p);
	first = p->iss;
	began = p->now_us;
	call_abort(p);
	peer_forget(p);
	later(p, 12345);
	renumber(p, 100000);
	call_open(p);
	expect(p, SYN, .seq = 0);
	ticks = (uint32_t)((p->now_us - began) / 4);
	expect_equal(p, p->iss - first, ticks);
}

/* And the secret: not a clock alone. */
static void
MUST_9__isn__differs_by_flow(struct peer *p)
{
	uint32_t iss[8];

	in_listen(p);
	for (unsigned i = 0; i < 8; i++) {
		p->iss_known = false;
		p->rport = (uint16_t)(50000 + i);
		arrive(p, SYN);
		expect(p, SYN | ACK, .ack = 1);
		iss[i] = p->iss;
		for (unsigned j = 0; j < i; j++)
			expect_true(p, abs((int)(iss[i] - iss[j])) > 1000);
	}
}

/* Another secret at the same time: another ISS, another timestamp, and another port to begin with. */
static void
MUST_9__isn__differs_by_secret(struct peer *p)
{
	static const uint8_t secrets[2][32] = {{1}, {2}};
	struct fns_addr remote = {.port = 80};
	struct fns_status status;
	uint32_t iss[2], ts[2];
	uint16_t port[2];
	bool v6 = p->v6;

	for (unsigned i = 0; i < 2; i++) {
		uint8_t ours[16];

		peer_end(p);
		peer_free(p);
		peer_init(p, v6, 0);
		p->secret = secrets[i];
		p->start_us = 1000000000;
		call_open(p);
		ts[i] = peer_next(p)->seg.opt.ts_val;
		iss[i] = p->iss;
		peer_addresses(p, ours, remote.ip);
		fns_status(fns_open(p->shard, NULL, &remote, NULL, quiet, NULL), &status);
		port[i] = status.local.port;
	}
	expect_true(p, iss[0] != iss[1] && ts[0] != ts[1] && port[0] != port[1]);
	p->outbox = 0;
}

/* K02, RFC 6056: the next choice is another, though the last one is free again. */
static void
K02__ports__move_on(struct peer *p)
{
	struct fns_addr remote = {.port = 80};
	uint16_t last[20];
	uint8_t ours[16];

	peer_start(p, true);
	peer_addresses(p, ours, remote.ip);
	for (unsigned i = 0; i < 20; i++) {
		struct fns_conn *c = fns_open(p->shard, NULL, &remote, NULL, quiet, NULL);
		struct fns_status status;

		expect_true(p, c != NULL);
		fns_status(c, &status);
		last[i] = status.local.port;
		for (unsigned j = 0; j < i; j++)
			expect_true(p, last[j] != last[i]);
		fns_abort(c);
		p->outbox = 0;
		turn(p);
	}
}

const struct script guess_scripts[] = {
	SCRIPT(MUST_8__isn__moves_every_4_us),
	SCRIPT(MUST_9__isn__differs_by_flow),
	SCRIPT(MUST_9__isn__differs_by_secret),
	SCRIPT(K02__ports__move_on),
	{NULL, NULL},
};
