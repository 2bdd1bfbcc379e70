/* The wire and its clock. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#define OUTBOX 64

struct fns_addr
wire_addr(unsigned side, uint16_t port)
{
	struct fns_addr a;

	fns_addr_parse(&a, side == 0 ? "198.51.100.1" : "198.51.100.2", port);
	return a;
}

/* What does not fit is lost; nothing here sends so much. */
static void
launch(struct wire *w, unsigned to, const struct fns_outbox *tx)
{
	for (unsigned i = 0; i < tx->used && w->to[to].used < WIRE_FRAMES; i++) {
		struct wire_frame *f = &w->to[to].frame[(w->to[to].head + w->to[to].used++) % WIRE_FRAMES];

		f->at_us = w->now_us + w->delay_us;
		f->len = tx->slot[i].len;
		memcpy(f->octets, tx->slot[i].data, f->len);
	}
}

static void
turn(struct wire *w, unsigned side, const struct fns_frame *rx, unsigned n)
{
	static uint8_t blank[OUTBOX][WIRE_ROOM];
	struct fns_frame slot[OUTBOX];
	struct fns_outbox tx = {slot, OUTBOX, 0};

	memset(slot, 0, sizeof(slot));
	for (unsigned i = 0; i < OUTBOX; i++) {
		slot[i].data = blank[i];
		slot[i].room = WIRE_ROOM;
	}
	fns_shard_turn(w->shard[side], w->now_us, rx, n, &tx);
	launch(w, !side, &tx);
}

static uint64_t
due(const struct wire *w, unsigned side)
{
	uint64_t at = fns_shard_due(w->shard[side]);
	uint64_t arrives = w->to[side].used > 0 ? w->to[side].frame[w->to[side].head].at_us : UINT64_MAX;

	return arrives < at ? arrives : at;
}

static void
step(struct wire *w, unsigned side)
{
	struct wire_frame *f = &w->to[side].frame[w->to[side].head];
	struct fns_frame frame = {.data = f->octets, .len = f->len, .room = f->len};

	if (w->to[side].used == 0 || f->at_us > w->now_us) {
		turn(w, side, NULL, 0);
		return;
	}
	turn(w, side, &frame, 1);
	w->to[side].head = (w->to[side].head + 1) % WIRE_FRAMES;
	w->to[side].used--;
}

void
wire_run(struct wire *w, uint64_t for_us)
{
	uint64_t until = w->now_us + for_us;

	for (;;) {
		uint64_t at[2] = {due(w, 0), due(w, 1)};
		unsigned side = at[1] < at[0];

		if (at[side] > until)
			break;
		if (at[side] > w->now_us)
			w->now_us = at[side];
		step(w, side);
	}
	w->now_us = until;
	for (unsigned side = 0; side < 2; side++) /* a call between turns is made at this time */
		turn(w, side, NULL, 0);
}

static void
quiet(struct fns_conn *c, unsigned reports, void *user)
{
	(void)c;
	(void)reports;
	(void)user;
}

bool
wire_begin(struct wire *w, const struct fns_config *given, uint64_t delay_us)
{
	const struct fns_options off = {.record = FNS_OFF};

	memset(w, 0, sizeof(*w));
	w->delay_us = delay_us;
	w->now_us = 1000000;
	for (unsigned side = 0; side < 2; side++) {
		struct fns_config cf = *given;
		struct fns_addr ip6;
		uint8_t secret[32];

		cf.port_count = 1;
		cf.port[0] =
			(struct fns_port_config){.mac = {2, 0, 0, 0, 0, (uint8_t)(side + 1)}, .mtu = 1500};
		cf.port[0].address_count = 2;
		memcpy(cf.port[0].address[0].ip, wire_addr(side, 0).ip, 16);
		cf.port[0].address[0].bits = 24;
		fns_addr_parse(&ip6, side == 0 ? "2001:db8:1::1" : "2001:db8:1::2", 0);
		memcpy(cf.port[0].address[1].ip, ip6.ip, 16);
		cf.port[0].address[1].bits = 64;
		memset(secret, 'a' + (int)side, sizeof(secret));
		w->shard[side] = fns_shard_new(&cf, secret, w->now_us);
		w->to[side].frame = calloc(WIRE_FRAMES, sizeof(struct wire_frame));
		if (w->shard[side] == NULL || w->to[side].frame == NULL) {
			wire_end(w);
			return false;
		}
	}
	/* An open that is refused: they have asked for each other's link addresses. */
	for (unsigned side = 0; side < 2; side++) {
		struct fns_addr to = wire_addr(!side, 9);

		fns_open(w->shard[side], NULL, &to, &off, quiet, NULL);
		wire_run(w, 1000000);
	}
	return true;
}

void
wire_end(struct wire *w)
{
	for (unsigned side = 0; side < 2; side++) {
		if (w->shard[side] != NULL)
			fns_shard_free(w->shard[side]);
		free(w->to[side].frame);
	}
}
