/* The wire and the clock of the simulator. */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTBOX 64
#define FRAME  2048

uint64_t
net_random(struct net *n)
{
	/* splitmix64: the whole run follows from the seed */
	uint64_t z = n->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t
net_below(struct net *n, uint32_t bound)
{
	return bound == 0 ? 0 : (uint32_t)(net_random(n) % bound);
}

bool
net_chance(struct net *n, uint32_t per_million)
{
	return net_below(n, 1000000) < per_million;
}

static bool
before(const struct flying *a, const struct flying *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void
heap_push(struct net *n, struct flying f)
{
	uint32_t i = n->used++;

	if (n->used > n->room) {
		n->room = n->room == 0 ? 1024 : 2 * n->room;
		n->heap = realloc(n->heap, n->room * sizeof(*n->heap));
	}
	for (; i > 0 && before(&f, &n->heap[(i - 1) / 2]); i = (i - 1) / 2)
		n->heap[i] = n->heap[(i - 1) / 2];
	n->heap[i] = f;
}

static struct flying
heap_pop(struct net *n)
{
	struct flying top = n->heap[0], last = n->heap[--n->used];
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= n->used)
			break;
		if (child + 1 < n->used && before(&n->heap[child + 1], &n->heap[child]))
			child++;
		if (!before(&n->heap[child], &last))
			break;
		n->heap[i] = n->heap[child];
		i = child;
	}
	if (n->used > 0)
		n->heap[i] = last;
	return top;
}

static void
launch(struct net *n, unsigned to, const uint8_t *octets, uint16_t len)
{
	struct flying f = {.to = (uint8_t)to, .len = len, .order = n->order++};

	f.at_us = n->now_us + n->faults.delay_us;
	if (net_chance(n, n->faults.late))
		f.at_us += net_below(n, n->faults.late_us);
	f.octets = malloc(len);
	memcpy(f.octets, octets, len);
	if (net_chance(n, n->faults.flip))
		f.octets[net_below(n, len)] ^= (uint8_t)(1u << net_below(n, 8));
	heap_push(n, f);
}

static void
send_all(struct net *n, unsigned from, const struct fns_outbox *tx)
{
	for (unsigned i = 0; i < tx->used; i++) {
		n->sent++;
		if (net_chance(n, n->faults.lose)) {
			n->lost++;
			continue;
		}
		launch(n, !from, tx->slot[i].data, tx->slot[i].len);
		if (net_chance(n, n->faults.twice)) {
			n->doubled++;
			launch(n, !from, tx->slot[i].data, tx->slot[i].len);
		}
	}
}

static void
turn(struct net *n, unsigned side, unsigned k, const struct fns_frame *rx, unsigned count)
{
	static uint8_t blank[OUTBOX][FRAME];
	struct fns_frame slot[OUTBOX];
	struct fns_outbox tx = {slot, OUTBOX, 0};
	const char *wrong;

	memset(slot, 0, sizeof(slot));
	for (unsigned i = 0; i < OUTBOX; i++) {
		slot[i].data = blank[i];
		slot[i].room = FRAME;
	}
	fns_shard_turn(n->shard[side][k], n->now_us, rx, count, &tx);
	send_all(n, side, &tx);
	wrong = net_chance(n, 20000) ? fns_shard_check(n->shard[side][k]) : NULL;
	if (wrong != NULL) {
		fprintf(stderr, "side %u at %llu us: %s\n", side, (unsigned long long)n->now_us, wrong);
		abort();
	}
}

/* To the shard that owns it, or to all; what is anybody's, to one after the other. */
static void
deliver(struct net *n, const struct flying *f)
{
	struct fns_frame frame = {.data = f->octets, .len = f->len, .room = f->len};
	unsigned owner = n->shards == 1 ? 0 : fns_steer_frame(&n->steer[f->to], f->octets, f->len);

	n->delivered++;
	for (unsigned k = 0; k < n->shards; k++) {
		if (owner == k || owner == FNS_STEER_ALL ||
		    (owner == FNS_STEER_ANY && k == n->delivered % n->shards))
			turn(n, f->to, k, &frame, 1);
	}
}

/* The shard that is due first. */
static uint64_t
first_due(const struct net *n, unsigned *side, unsigned *k)
{
	uint64_t first = UINT64_MAX;

	*side = *k = 0;
	for (unsigned i = 0; i < 2 * n->shards; i++) {
		uint64_t due = fns_shard_due(n->shard[i / n->shards][i % n->shards]);

		if (due < first) {
			first = due;
			*side = i / n->shards;
			*k = i % n->shards;
		}
	}
	return first;
}

void
net_run(struct net *n, uint64_t until_us)
{
	for (;;) {
		unsigned side, k;
		uint64_t due = first_due(n, &side, &k);

		if (n->used > 0 && n->heap[0].at_us <= due) {
			struct flying f;

			if (n->heap[0].at_us > until_us)
				break;
			f = heap_pop(n);
			n->now_us = f.at_us > n->now_us ? f.at_us : n->now_us;
			deliver(n, &f);
			free(f.octets);
		} else {
			if (due > until_us)
				break;
			n->now_us = due > n->now_us ? due : n->now_us;
			turn(n, side, k, NULL, 0);
		}
	}
	n->now_us = until_us;
}

static void
address(struct fns_prefix *p, const char *text, uint8_t bits)
{
	struct fns_addr a;

	fns_addr_parse(&a, text, 0);
	memcpy(p->ip, a.ip, 16);
	p->bits = bits;
}

static void
configure(struct net *n, unsigned side, unsigned k, struct fns_config *cf)
{
	fns_config_default(cf);
	cf->steer = n->shards > 1 ? &n->steer[side] : NULL;
	cf->shard = (uint8_t)k;
	cf->connections = 256;
	cf->time_wait = 256;
	cf->buffer_bytes = 32u << 20;
	cf->port_count = 1;
	cf->port[0].mtu = 1500;
	cf->port[0].mac[0] = 2;
	cf->port[0].mac[5] = (uint8_t)(side + 1);
	cf->port[0].address_count = 2;
	address(&cf->port[0].address[0], side ? "198.51.100.2" : "198.51.100.1", 24);
	address(&cf->port[0].address[1], side ? "2001:db8:1::2" : "2001:db8:1::1", 64);
}

void
net_begin(struct net *n, uint64_t seed, unsigned shards, void (*change)(struct net *, struct fns_config *))
{
	memset(n, 0, sizeof(*n));
	n->rng = seed;
	n->shards = shards;
	/* near a wrap of the tick counter or of the 32-bit microseconds, often (M06) */
	n->now_us = net_random(n) % (UINT64_C(1) << 42);
	for (unsigned i = 0; i < 2 * shards; i++) {
		unsigned side = i / shards, k = i % shards;
		struct fns_config cf;
		uint8_t secret[32];

		if (shards > 1 && k == 0)
			fns_steer_init(&n->steer[side], (uint16_t)net_random(n), 512, shards);
		configure(n, side, k, &cf);
		if (change != NULL)
			change(n, &cf);
		for (unsigned octet = 0; octet < sizeof(secret); octet++)
			secret[octet] = (uint8_t)net_random(n);
		n->shard[side][k] = fns_shard_new(&cf, secret, n->now_us);
		if (n->shard[side][k] == NULL)
			abort();
	}
}

void
net_end(struct net *n)
{
	while (n->used > 0)
		free(heap_pop(n).octets);
	free(n->heap);
	for (unsigned i = 0; i < 2 * n->shards; i++)
		fns_shard_free(n->shard[i / n->shards][i % n->shards]);
}

uint64_t
net_stat(const struct net *n, unsigned side, const char *name)
{
	struct fns_stat row[128];
	uint64_t sum = 0;

	for (unsigned k = 0; k < n->shards; k++) {
		size_t rows = fns_shard_stats(n->shard[side][k], row, 128), i = 0;

		while (i < rows && i < 128 && strcmp(row[i].name, name) != 0)
			i++;
		if (i == rows || i == 128)
			abort();
		sum += row[i].value;
	}
	return sum;
}

const char *
net_check(const struct net *n, unsigned side)
{
	const char *wrong = NULL;

	for (unsigned k = 0; k < n->shards && wrong == NULL; k++)
		wrong = fns_shard_check(n->shard[side][k]);
	return wrong;
}
