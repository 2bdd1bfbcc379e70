/* The link, the clock and the wait plug. */
#include "world.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 128, FRAME = 2048, WAITS_MOST = 100000 };

struct sockaddr_in
world_addr(unsigned side, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	a.sin_addr.s_addr = htonl(0xc6336401u + side); /* 198.51.100.1 */
	return a;
}

struct sockaddr_in6
world_addr6(unsigned side, uint16_t port)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	inet_pton(AF_INET6, side == NEAR ? "2001:db8:1::1" : "2001:db8:1::2", &a.sin6_addr);
	return a;
}

static bool
is_segment(const struct fns_frame *f)
{
	const uint8_t *at = f->data;

	return at[12] == 0x08 && at[13] == 0 ? at[14 + 9] == 6 : at[12] == 0x86 && at[14 + 6] == 6;
}

static void
turn(struct world *w, unsigned side)
{
	struct fns_frame rx[ROOM], slot[ROOM];
	static uint8_t blank[ROOM][FRAME];
	struct fns_outbox tx = {slot, ROOM, 0};
	unsigned n = w->frames[side] < ROOM ? w->frames[side] : ROOM;

	for (unsigned i = 0; i < n; i++)
		rx[i] = (struct fns_frame){.data = w->frame[side][i].octets, .len = w->frame[side][i].len};
	for (unsigned i = 0; i < ROOM; i++)
		slot[i] = (struct fns_frame){.data = blank[i], .room = FRAME};
	fns_shard_turn(w->shard[side], w->now_us, rx, n, &tx);
	w->frames[side] -= n;
	memmove(w->frame[side], w->frame[side] + n, w->frames[side] * sizeof(w->frame[side][0]));
	for (unsigned i = 0; i < tx.used; i++) {
		unsigned at = w->frames[!side];

		if (w->cut == CUT_ALL ||
		    ((w->cut != CUT_NOTHING || (w->to_cut >> !side & 1)) && is_segment(&slot[i])))
			continue;
		assert(at < 512);
		memcpy(w->frame[!side][at].octets, slot[i].data, slot[i].len);
		w->frame[!side][at].len = slot[i].len;
		w->frames[!side]++;
	}
}

static bool
busy(const struct world *w)
{
	for (unsigned side = NEAR; side < SIDES; side++) {
		if (w->frames[side] > 0 || fns_shard_due(w->shard[side]) <= w->now_us)
			return true;
	}
	return false;
}

void
world_turn(struct world *w)
{
	unsigned rounds = 0;

	do {
		turn(w, NEAR);
		turn(w, FAR);
		assert(++rounds < 100000);
	} while (busy(w));
	for (unsigned side = NEAR; side < SIDES; side++) {
		const char *broken = fns_shard_check(w->shard[side]);

		if (broken != NULL) {
			fprintf(stderr, "world: %s\n", broken);
			abort();
		}
	}
}

static uint64_t
next_due(const struct world *w)
{
	uint64_t a = fns_shard_due(w->shard[NEAR]), b = fns_shard_due(w->shard[FAR]);

	return a < b ? a : b;
}

void
world_pass(struct world *w, uint64_t us)
{
	uint64_t end = w->now_us + us;

	world_turn(w);
	while (next_due(w) <= end) {
		w->now_us = next_due(w);
		world_turn(w);
	}
	w->now_us = end;
	world_turn(w);
}

/* A call waits: to the next thing that moves, or to its own end.  What can never move is given up. */
static int
wait_plug(void *arg, int fd, unsigned events, uint64_t until_us)
{
	struct world *w = arg;
	void (*meanwhile)(struct world *) = w->meanwhile;
	uint64_t due;

	(void)fd, (void)events;
	w->meanwhile = NULL;
	if (meanwhile != NULL)
		meanwhile(w);
	assert(++w->waits < WAITS_MOST);
	due = next_due(w);
	if (!busy(w)) {
		if (due == UINT64_MAX && until_us == UINT64_MAX)
			return -EINTR;
		w->now_us = due < until_us ? due : until_us;
	}
	world_turn(w);
	return 0;
}

void
world_default(struct fns_config *cf)
{
	fns_config_default(cf);
	cf->check = true;
	cf->connections = cf->time_wait = cf->orphans = 256;
	cf->buffer_bytes = 16u << 20;
	cf->self_connect = FNS_SELF_ALLOW;
	cf->recorders = 64;
}

void
world_begin(struct world *w, const struct fns_config *config, const struct fns_socks_config *socks,
            bool blocking)
{
	struct fns_socks_config c = socks != NULL ? *socks : (struct fns_socks_config){0};

	w->cut = CUT_NOTHING;
	w->to_cut = 0;
	w->waits = 0;
	w->meanwhile = NULL;
	w->frames[NEAR] = w->frames[FAR] = 0;
	w->now_us = 1000000;
	c.wait = blocking ? wait_plug : NULL;
	c.wait_arg = w;
	for (unsigned side = NEAR; side < SIDES; side++) {
		uint8_t secret[32] = {(uint8_t)(side + 1)};
		struct fns_config cf;
		struct fns_addr ip4, ip6;

		if (config != NULL)
			cf = *config;
		else
			world_default(&cf);
		fns_addr_parse(&ip4, side == NEAR ? "198.51.100.1" : "198.51.100.2", 0);
		fns_addr_parse(&ip6, side == NEAR ? "2001:db8:1::1" : "2001:db8:1::2", 0);
		cf.port_count = 1;
		cf.port[0] = (struct fns_port_config){.mac = {2, 0, 0, 0, 0, (uint8_t)(side + 1)},
		                                      .mtu = 1500,
		                                      .address_count = 2};
		cf.port[0].address[0].bits = 24, memcpy(cf.port[0].address[0].ip, ip4.ip, 16);
		cf.port[0].address[1].bits = 64, memcpy(cf.port[0].address[1].ip, ip6.ip, 16);
		w->shard[side] = fns_shard_new(&cf, secret, w->now_us);
		assert(w->shard[side] != NULL);
		w->socks[side] = fns_socks_new(w->shard[side], &c);
		assert(w->socks[side] != NULL);
	}
}

void
world_end(struct world *w)
{
	for (unsigned side = NEAR; side < SIDES; side++)
		fns_socks_free(w->socks[side]);
	world_turn(w);
	for (unsigned side = NEAR; side < SIDES; side++)
		fns_shard_free(w->shard[side]);
}
