/* The link and the clock of the soak. */
#include "pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 1 << 15, ROOM = 704, BURST = 256, ETH = 14 };

enum { RX = BURST / 2 }; /* each may call for an answer that has no connection to wait in */

struct fns_addr
pair_addr(unsigned side, uint16_t port)
{
	struct fns_addr a;
	char text[32];

	snprintf(text, sizeof(text), "198.51.100.%u", side + 1);
	fns_addr_parse(&a, text, port);
	return a;
}

static uint16_t
be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static bool
judged(const struct pair *p, unsigned from, const uint8_t *frame, uint16_t len)
{
	const uint8_t *l4 = frame + ETH + 20; /* we send no options of IP */

	if (len < ETH + 40 || be16(frame + 12) != 0x0800 || frame[ETH + 9] != 6)
		return false;
	return p->lost(from, be16(l4), be16(l4 + 2));
}

/* The blank frames are the link's own memory. */
static void
turn(struct pair *p, unsigned side, const struct fns_frame *rx, unsigned n)
{
	struct fns_frame slot[BURST];
	uint32_t room = RING - p->to[!side].used, tail = p->to[!side].head + p->to[!side].used;
	struct fns_outbox tx = {slot, (uint16_t)(room < BURST ? room : BURST), 0};

	if (room == 0) {
		fprintf(stderr, "soak: the link is full\n");
		abort();
	}
	for (unsigned i = 0; i < tx.room; i++)
		slot[i] = (struct fns_frame){.data = p->to[!side].octets + (size_t)((tail + i) % RING) * ROOM,
		                             .room = ROOM};
	fns_shard_turn(p->shard[side], p->now_us, rx, n, &tx);
	for (unsigned i = 0; i < tx.used; i++)
		p->to[!side].len[(tail + i) % RING] =
			judged(p, side, slot[i].data, slot[i].len) ? 0 : slot[i].len;
	p->to[!side].used += tx.used;
	p->frames += tx.used;
	p->turns++;
}

static void
deliver(struct pair *p, unsigned side, uint32_t count)
{
	while (count > 0) {
		struct fns_frame rx[RX];
		uint32_t taken = 0;
		unsigned n = 0;

		for (; taken < count && n < RX; taken++) {
			uint32_t at = (p->to[side].head + taken) % RING;

			if (p->to[side].len[at] == 0)
				continue;
			rx[n++] = (struct fns_frame){.data = p->to[side].octets + (size_t)at * ROOM,
			                             .len = p->to[side].len[at],
			                             .room = ROOM};
		}
		turn(p, side, rx, n);
		p->to[side].head = (p->to[side].head + taken) % RING;
		p->to[side].used -= taken;
		count -= taken;
	}
}

void
pair_round(struct pair *p)
{
	uint32_t count[2] = {p->to[0].used, p->to[1].used};

	p->now_us += ROUND_US;
	for (unsigned side = 0; side < 2; side++) {
		deliver(p, side, count[side]);
		do
			turn(p, side, NULL, 0);
		while (fns_shard_due(p->shard[side]) <= p->now_us);
	}
}

void
pair_begin(struct pair *p, const struct fns_config *given)
{
	p->now_us = 1000000;
	for (unsigned side = 0; side < 2; side++) {
		struct fns_config cf = *given;
		uint8_t secret[32];

		cf.port_count = 1;
		cf.port[0] = (struct fns_port_config){.mac = {2, 0, 0, 0, 0, (uint8_t)(side + 1)},
		                                      .mtu = 576,
		                                      .address_count = 1};
		memcpy(cf.port[0].address[0].ip, pair_addr(side, 0).ip, 16);
		cf.port[0].address[0].bits = 24;
		memset(secret, 'a' + (int)side, sizeof(secret));
		p->shard[side] = fns_shard_new(&cf, secret, p->now_us);
		p->to[side].octets = malloc((size_t)RING * ROOM);
		p->to[side].len = calloc(RING, sizeof(uint16_t));
		if (p->shard[side] == NULL || p->to[side].octets == NULL || p->to[side].len == NULL) {
			perror("soak");
			abort();
		}
	}
}

void
pair_end(struct pair *p)
{
	for (unsigned side = 0; side < 2; side++) {
		fns_shard_free(p->shard[side]);
		free(p->to[side].octets);
		free(p->to[side].len);
	}
}

uint64_t
pair_stat(const struct pair *p, const char *name)
{
	uint64_t sum = 0;

	for (unsigned side = 0; side < 2; side++) {
		struct fns_stat row[160];
		size_t n = fns_shard_stats(p->shard[side], row, 160);

		for (size_t i = 0; i < n && i < 160; i++) {
			if (strcmp(row[i].name, name) == 0)
				sum += row[i].value;
		}
	}
	return sum;
}

void
pair_check(const struct pair *p)
{
	for (unsigned side = 0; side < 2; side++) {
		const char *wrong = fns_shard_check(p->shard[side]);

		if (wrong != NULL) {
			fprintf(stderr, "soak: side %u: %s\n", side, wrong);
			abort();
		}
	}
}
