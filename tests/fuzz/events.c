/* A fuzz target: the octets of the input are events of one endpoint: segments near its window (sequence numbers relative
 * to what it last sent, checksums right unless the input says otherwise), raw frames, calls of the application, time.
 * After each turn the cheap sums hold (an assertion of the turn), at the end all of fns_shard_check, and everything
 * that was opened has ended.  libFuzzer drives it with clang; replay.c feeds it a seeded stream as a test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <finesse/shard.h>

#include "cksum.h"
#include "cursor.h"
#include "eth.h"
#include "ip4.h"
#include "seg.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

#define OUTBOX 32

struct world {
	struct fns_shard *shard;
	struct cursor in;
	uint64_t now_us;
	struct fns_conn *conn[4];
	uint16_t rport, lport;
	uint32_t nxt, ack; /* of what the endpoint last sent: its next octet, and what it expects */
	uint8_t ours[16], theirs[16];
	unsigned opened, closed;
};

static const uint8_t mac_ours[6] = {2, 0, 0, 0, 0, 1}, mac_theirs[6] = {2, 0, 0, 0, 0, 2};
static _Alignas(64) uint8_t arena[24 << 20]; /* one shard at a time: no allocation between inputs */
static size_t arena_used;

static void *
take(size_t bytes, void *arg)
{
	void *p = arena + arena_used;

	(void)arg;
	arena_used += (bytes + 63) & ~(size_t)63;
	if (arena_used > sizeof(arena))
		abort();
	if (bytes < 1 << 19) /* larger parts are buffers, whose content nobody reads before it is written */
		memset(p, 0, bytes);
	return p;
}

static void
give(void *p, size_t bytes, void *arg)
{
	(void)p;
	(void)bytes;
	(void)arg;
}

static uint32_t
next(struct world *w, unsigned octets)
{
	uint32_t v = 0;

	while (octets-- > 0) {
		const uint8_t *p = cursor_take(&w->in, 1);

		v = v << 8 | (p == NULL ? 0 : *p);
	}
	return v;
}

static void
look(struct world *w, const struct fns_frame *f)
{
	struct cursor c = cursor_of(f->data, f->len);
	struct ip_packet p;
	struct eth eth;
	struct seg s;
	uint16_t from, to;

	if (eth_parse(&eth, &c) != DROP_TAKEN || eth.type != ETH_IP4)
		return;
	if (ip4_parse(&p, &c, false) != DROP_TAKEN || p.protocol != PROTO_TCP)
		return;
	if (seg_parse(&s, &from, &to, p.l4, p.l4_len, p.src, p.dst, false) != DROP_TAKEN)
		abort(); /* what we send is well-formed */
	w->nxt = s.seq + s.len;
	if (s.flags & ACK)
		w->ack = s.ack;
	w->lport = from;
	w->rport = to;
}

static void
turn(struct world *w, const struct fns_frame *rx, unsigned n)
{
	static uint8_t blank[OUTBOX][2048];
	struct fns_frame slot[OUTBOX];
	struct fns_outbox tx = {slot, OUTBOX, 0};

	memset(slot, 0, sizeof(slot));
	for (unsigned i = 0; i < OUTBOX; i++) {
		slot[i].data = blank[i];
		slot[i].room = sizeof(blank[i]);
	}
	fns_shard_turn(w->shard, w->now_us, rx, n, &tx);
	for (unsigned i = 0; i < tx.used; i++)
		look(w, &slot[i]);
}

/* A frame in a block of exactly its size, gone right after the turn. */
static void
arrive(struct world *w, const uint8_t *octets, size_t len)
{
	uint8_t *block = malloc(len > 0 ? len : 1);
	struct fns_frame f = {.data = block, .len = (uint16_t)len, .room = (uint16_t)len};

	memcpy(block, octets, len);
	turn(w, &f, 1);
	free(block);
}

static void
segment(struct world *w)
{
	uint8_t frame[ETH_HEADER + IP4_HEADER + 60 + 256], *l4 = frame + ETH_HEADER + IP4_HEADER;
	uint32_t how = next(w, 1);
	struct seg s = {.flags = (uint8_t)next(w, 1), .wnd = (uint16_t)next(w, 2)};
	size_t text = how & 1 ? next(w, 1) : 0, options = how & 2 ? next(w, 1) % 11 * 4 : 0;
	uint8_t raw[40];
	uint16_t sum;

	s.seq = w->ack + (how & 4 ? next(w, 4) : (uint32_t)(int8_t)next(w, 1));
	s.ack = w->nxt + (how & 8 ? next(w, 4) : (uint32_t)(int8_t)next(w, 1));
	for (size_t i = 0; i < options; i++)
		raw[i] = (uint8_t)next(w, 1);
	seg_build(l4, how & 16 ? (uint16_t)next(w, 2) : w->rport, w->lport, &s);
	memcpy(l4 + SEG_HEADER, raw, options);
	l4[12] = (uint8_t)((SEG_HEADER + options) / 4 << 4);
	memset(l4 + SEG_HEADER + options, 0x5a, text);
	text += SEG_HEADER + options;
	sum = cksum_fold(cksum_add(cksum_pseudo(w->theirs, w->ours, PROTO_TCP, text), l4, text));
	put_u16(l4 + 16, how & 32 ? (uint16_t)next(w, 2) : sum);
	eth_build(frame, mac_ours, mac_theirs, ETH_IP4);
	ip4_build(frame + ETH_HEADER, w->theirs, w->ours, PROTO_TCP, 64, 0, text);
	arrive(w, frame, ETH_HEADER + IP4_HEADER + text);
}

static void
raw(struct world *w)
{
	size_t len = next(w, 1);
	const uint8_t *p;

	if (len > cursor_left(&w->in))
		len = cursor_left(&w->in);
	p = cursor_take(&w->in, len);
	arrive(w, p, len);
}

static void
handler(struct fns_conn *c, unsigned reports, void *user)
{
	struct world *w = user;

	w->opened += (reports & FNS_OPENED) != 0;
	for (unsigned i = 0; i < 4; i++) {
		if (w->conn[i] == c || (w->conn[i] == NULL && (reports & FNS_OPENED))) {
			w->conn[i] = reports & FNS_CLOSED ? NULL : c;
			return;
		}
	}
}

static void
call(struct world *w)
{
	static const uint8_t octets[65536];
	uint32_t what = next(w, 1);
	struct fns_conn **slot = &w->conn[what >> 4 & 3], *c = *slot;

	if (c == NULL)
		return;
	switch (what & 7) {
	case 0:
	case 1:
		fns_send(c, octets, next(w, 2));
		break;
	case 2:
		fns_consume(c, next(w, 2));
		break;
	case 3:
		fns_shutdown(c, (enum fns_how)(next(w, 1) % 3));
		break;
	case 4:
		*slot = NULL;
		fns_close(c);
		break;
	case 5:
		*slot = NULL;
		fns_abort(c);
		break;
	}
}

static void
open_one(struct world *w)
{
	struct fns_addr to = {.port = (uint16_t)(next(w, 1) + 1)};
	uint32_t how = next(w, 1);
	struct fns_conn **slot = &w->conn[how & 3];

	memcpy(to.ip, how & 4 ? w->ours : w->theirs, 16);
	if (*slot == NULL)
		*slot = fns_open(w->shard, NULL, &to, NULL, handler, w);
}

static void
abort_one(struct fns_conn *c, void *arg)
{
	(void)arg;
	fns_abort(c);
}

static void
begin(struct world *w)
{
	static const uint8_t secret[32] = {1, 2, 3};
	struct fns_addr any = {.port = 80};
	struct fns_config cf;
	uint8_t hello[42] = {0};

	fns_config_default(&cf);
	cf.check = true;
	cf.connections = 32;
	cf.time_wait = 8;
	cf.orphans = 4;
	cf.syn_backlog = 8;
	cf.buffer_bytes = 1 << 20;
	cf.neighbours = 16;
	cf.recorders = 16; /* fewer than connections (O13) */
	cf.record_sample = 1;
	cf.port_count = 1;
	cf.port[0].mtu = 1500;
	memcpy(cf.port[0].mac, mac_ours, 6);
	cf.port[0].address_count = 1;
	cf.port[0].address[0].bits = 24;
	memcpy(cf.port[0].address[0].ip, w->ours, 16);
	cf.alloc = take;
	cf.free = give;
	arena_used = 0;
	w->shard = fns_shard_new(&cf, secret, w->now_us);
	if (w->shard == NULL || fns_listen(w->shard, &any, NULL, handler, w) == NULL)
		abort();
	/* an ARP request teaches our address */
	eth_build(hello, mac_ours, mac_theirs, ETH_ARP);
	memcpy(hello + 14, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, 1}, 8);
	memcpy(hello + 22, mac_theirs, 6);
	memcpy(hello + 28, w->theirs + 12, 4);
	memcpy(hello + 38, w->ours + 12, 4);
	arrive(w, hello, sizeof(hello));
}

int
LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
	struct world w = {.in = cursor_of(octets, len),
	                  .now_us = UINT64_C(4294967295) * 1000,
	                  .rport = 40000};
	struct fns_addr a;
	const char *wrong;

	fns_addr_parse(&a, "198.51.100.1", 0);
	memcpy(w.ours, a.ip, 16);
	fns_addr_parse(&a, "198.51.100.2", 0);
	memcpy(w.theirs, a.ip, 16);
	w.lport = 80;
	begin(&w);
	while (cursor_left(&w.in) > 0) {
		uint32_t event = next(&w, 1);

		if (event < 160)
			segment(&w);
		else if (event < 170)
			raw(&w);
		else if (event < 210)
			call(&w);
		else if (event < 220)
			open_one(&w);
		else
			w.now_us += (uint64_t)next(&w, 1) << (event & 31);
		turn(&w, NULL, 0);
	}
	fns_shard_each(w.shard, abort_one, NULL);
	for (unsigned i = 0; i < 8; i++) {
		w.now_us += 120000000;
		turn(&w, NULL, 0);
	}
	wrong = fns_shard_check(w.shard);
	if (wrong != NULL) {
		fprintf(stderr, "%s\n", wrong);
		abort();
	}
	return 0;
}
