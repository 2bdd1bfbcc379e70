/* The neighbour cache: the states of RFC 4861 §7.3.2 for ARP and neighbour discovery alike, and its bounds (RFC 6583). */
#include "neigh.h"

#include <string.h>

#include "siphash.h"

#define NONE         UINT32_MAX
#define NEVER        UINT64_MAX
#define SECOND       UINT64_C(1000000)

#define REACHABLE_US (30 * SECOND) /* REACHABLE_TIME (RFC 4861 §10) */
#define DELAY_US     (5 * SECOND)  /* DELAY_FIRST_PROBE_TIME */
#define RETRY_US     (1 * SECOND)  /* RETRANS_TIMER; the one request a second of RFC 1122 §2.3.2.1 */
#define FAILED_US    (3 * SECOND)
#define KEEP_US      (60 * SECOND) /* an entry used this recently is never given up */
#define TRIES_MAX    3             /* MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT */

static uint32_t
bucket_count(uint32_t room)
{
	uint32_t n = 1;

	while (n < room && n < UINT32_C(1) << 31)
		n *= 2;
	return n;
}

static uint32_t
unresolved_limit(const struct neigh_cache *c)
{
	return c->room / 4 > 0 ? c->room / 4 : 1;
}

size_t
neigh_bytes(uint32_t room)
{
	return room * (sizeof(struct neigh) + 2 * sizeof(uint32_t)) + bucket_count(room) * sizeof(uint32_t);
}

void
neigh_init(struct neigh_cache *c, void *zeroed, uint32_t room, uint64_t key)
{
	uint32_t i;

	memset(c, 0, sizeof(*c));
	c->entry = zeroed;
	c->room = room;
	c->buckets = bucket_count(room);
	c->key = key;
	c->due_us = NEVER;
	c->timed.index = (uint32_t *)(void *)(c->entry + room);
	c->stale.index = c->timed.index + room;
	c->bucket = c->stale.index + room;
	for (i = 0; i < c->buckets; i++)
		c->bucket[i] = NONE;
	for (i = 0; i < room; i++)
		c->entry[i].next = i + 1 < room ? i + 1 : NONE;
	c->free_head = room > 0 ? 0 : NONE;
}

/* The two heaps. */

static struct neigh_heap *
heap_of(struct neigh_cache *c, const struct neigh *e)
{
	return e->state == NEIGH_STALE ? &c->stale : &c->timed;
}

/* used_us of a STALE entry stands still: to use it is to leave the state. */
static uint64_t
rank(const struct neigh_cache *c, uint32_t i)
{
	const struct neigh *e = &c->entry[i];

	return e->state == NEIGH_STALE ? e->used_us : e->due_us;
}

static void
heap_put(struct neigh_cache *c, struct neigh_heap *h, uint32_t place, uint32_t i)
{
	h->index[place] = i;
	c->entry[i].place = place;
}

static void
sift_up(struct neigh_cache *c, struct neigh_heap *h, uint32_t place)
{
	uint32_t i = h->index[place];

	while (place > 0) {
		uint32_t parent = (place - 1) / 2;

		if (rank(c, h->index[parent]) <= rank(c, i))
			break;
		heap_put(c, h, place, h->index[parent]);
		place = parent;
	}
	heap_put(c, h, place, i);
}

static void
sift_down(struct neigh_cache *c, struct neigh_heap *h, uint32_t place)
{
	uint32_t i = h->index[place];

	for (;;) {
		uint32_t child = 2 * place + 1;

		if (child + 1 < h->used && rank(c, h->index[child + 1]) < rank(c, h->index[child]))
			child++;
		if (child >= h->used || rank(c, i) <= rank(c, h->index[child]))
			break;
		heap_put(c, h, place, h->index[child]);
		place = child;
	}
	heap_put(c, h, place, i);
}

static void
heap_add(struct neigh_cache *c, struct neigh *e)
{
	struct neigh_heap *h = heap_of(c, e);

	heap_put(c, h, h->used++, (uint32_t)(e - c->entry));
	sift_up(c, h, e->place);
}

static void
heap_remove(struct neigh_cache *c, const struct neigh *e)
{
	struct neigh_heap *h = heap_of(c, e);
	uint32_t place = e->place, last = h->index[--h->used];

	if (place == h->used)
		return;
	heap_put(c, h, place, last);
	sift_up(c, h, place);
	sift_down(c, h, c->entry[last].place);
}

/* Entries. */

static bool
is_unresolved(uint8_t state)
{
	return state == NEIGH_INCOMPLETE || state == NEIGH_FAILED;
}

/* The lease of an entry in this state. */
static uint32_t
lease(struct neigh_cache *c, const struct neigh *e, enum neigh_state state)
{
	if (state < NEIGH_REACHABLE)
		return 0;
	if (e->lease == 0 && ++c->leases == 0)
		c->leases = 1;
	return e->lease != 0 ? e->lease : c->leases;
}

/* The only writer of state: out of one heap, into the other. */
static void
enter(struct neigh_cache *c, struct neigh *e, enum neigh_state state, uint64_t now_us, uint64_t due_us)
{
	if (e->state != NEIGH_FREE) {
		heap_remove(c, e);
		c->unresolved -= is_unresolved(e->state);
	}
	if (e->state != state)
		e->tries = 0;
	e->state = (uint8_t)state;
	e->lease = lease(c, e, state);
	e->since_us = now_us;
	e->due_us = due_us;
	if (state != NEIGH_FREE) {
		heap_add(c, e);
		c->unresolved += is_unresolved(e->state);
	}
	c->due_us = c->timed.used > 0 ? c->entry[c->timed.index[0]].due_us : NEVER;
}

static uint32_t *
bucket_of(const struct neigh_cache *c, uint8_t port, const uint8_t addr[16])
{
	uint8_t octets[17];
	uint64_t hash;

	memcpy(octets, addr, 16);
	octets[16] = port;
	hash = siphash13((struct sip_key){c->key, ~c->key}, octets, sizeof(octets));
	return &c->bucket[hash & (c->buckets - 1)];
}

static inline bool
is_of(const struct neigh *e, uint8_t port, const uint8_t addr[16])
{
	return e->state != NEIGH_FREE && e->port == port && memcmp(e->addr, addr, 16) == 0;
}

static inline uint32_t *
hint_of(struct neigh_cache *c, const uint8_t addr[16])
{
	return &c->hint[(uint8_t)(addr[15] ^ addr[14] * 7 ^ addr[13] * 31)];
}

struct neigh *
neigh_find(struct neigh_cache *c, uint8_t port, const uint8_t addr[16])
{
	uint32_t *hint = hint_of(c, addr), i;

	if (*hint != 0 && is_of(&c->entry[*hint - 1], port, addr))
		return &c->entry[*hint - 1];
	for (i = *bucket_of(c, port, addr); i != NONE; i = c->entry[i].next) {
		if (is_of(&c->entry[i], port, addr)) {
			*hint = i + 1;
			return &c->entry[i];
		}
	}
	return NULL;
}

static void
forget(struct neigh_cache *c, struct neigh *e)
{
	uint32_t i = (uint32_t)(e - c->entry);
	uint32_t *link = bucket_of(c, e->port, e->addr);

	while (*link != i)
		link = &c->entry[*link].next;
	*link = e->next;
	enter(c, e, NEIGH_FREE, 0, NEVER);
	e->next = c->free_head;
	c->free_head = i;
	c->used--;
}

/* Gives up the STALE entry that was used longest ago; one that was never used goes before all others. */
static bool
make_room(struct neigh_cache *c, uint64_t now_us)
{
	struct neigh *e;

	if (c->stale.used == 0)
		return false;
	e = &c->entry[c->stale.index[0]];
	if (e->used_us != 0 && now_us < e->used_us + KEEP_US)
		return false;
	forget(c, e);
	return true;
}

/* A new entry, still FREE and in no heap; NULL when all are in use. */
static struct neigh *
make(struct neigh_cache *c, uint8_t port, const uint8_t addr[16], uint64_t now_us)
{
	struct neigh *e;
	uint32_t *head;

	if (c->free_head == NONE && !make_room(c, now_us))
		return NULL;
	head = bucket_of(c, port, addr);
	e = &c->entry[c->free_head];
	c->free_head = e->next;
	c->used++;
	memset(e, 0, sizeof(*e));
	memcpy(e->addr, addr, 16);
	e->port = port;
	e->next = *head;
	*head = (uint32_t)(e - c->entry);
	return e;
}

struct neigh *
neigh_use(struct neigh_cache *c, uint8_t port, const uint8_t addr[16], uint64_t now_us)
{
	struct neigh *e = neigh_find(c, port, addr);

	if (e == NULL) {
		if (c->unresolved >= unresolved_limit(c))
			return NULL;
		e = make(c, port, addr, now_us);
		if (e == NULL)
			return NULL;
		enter(c, e, NEIGH_INCOMPLETE, now_us, now_us);
	} else if (e->state == NEIGH_STALE) {
		enter(c, e, NEIGH_DELAY, now_us, now_us + DELAY_US);
	}
	neigh_used(e, now_us);
	return e;
}

static void
become_reachable(struct neigh_cache *c, struct neigh *e, uint64_t now_us)
{
	enter(c, e, NEIGH_REACHABLE, now_us, now_us + REACHABLE_US);
}

static void
learn_mac(struct neigh_cache *c, struct neigh *e, const uint8_t mac[6], bool confirmed, uint64_t now_us)
{
	if (is_unresolved(e->state))
		c->events++;
	memcpy(e->mac, mac, 6);
	if (confirmed)
		become_reachable(c, e, now_us);
	else
		enter(c, e, NEIGH_STALE, now_us, NEVER);
}

/* Somebody else claims the address of a neighbour that we know: the MAC stays until the neighbour fails to answer
 * (hostile-inputs D09, D11).  A second since the last confirmation keeps to one request a second. */
static void
doubt(struct neigh_cache *c, struct neigh *e, uint64_t now_us)
{
	if (e->state == NEIGH_REACHABLE && now_us >= e->since_us + RETRY_US)
		enter(c, e, NEIGH_PROBE, now_us, now_us);
}

bool
neigh_learn(struct neigh_cache *c, uint8_t port, const uint8_t addr[16], const uint8_t mac[6], bool solicited,
            bool override, bool create, uint64_t now_us)
{
	struct neigh *e = neigh_find(c, port, addr);
	bool answer, same;

	if (e == NULL) {
		if (!create)
			return false;
		e = make(c, port, addr, now_us);
		if (e == NULL)
			return false;
		learn_mac(c, e, mac, false, now_us);
		return true;
	}
	answer = solicited && e->tries > 0;
	if (is_unresolved(e->state)) {
		learn_mac(c, e, mac, answer, now_us);
		return true;
	}
	same = memcmp(e->mac, mac, 6) == 0;
	if (answer && (same || override)) {
		learn_mac(c, e, mac, true, now_us);
		return true;
	}
	if (same)
		return true;
	if (override && (e->state == NEIGH_STALE || e->state == NEIGH_DELAY)) {
		learn_mac(c, e, mac, false, now_us);
		return true;
	}
	doubt(c, e, now_us);
	return false;
}

void
neigh_confirm(struct neigh_cache *c, uint8_t port, const uint8_t addr[16], uint64_t now_us)
{
	struct neigh *e = neigh_find(c, port, addr);

	if (e == NULL || is_unresolved(e->state))
		return;
	if (e->state == NEIGH_REACHABLE)
		neigh_confirmed(e, now_us);
	else
		become_reachable(c, e, now_us);
}

/* Nobody answered.  The negative entry is within the bound of unresolved ones, or it is not kept. */
static void
fail(struct neigh_cache *c, struct neigh *e, uint64_t now_us)
{
	c->events++;
	if (e->state == NEIGH_PROBE && c->unresolved >= unresolved_limit(c))
		forget(c, e);
	else
		enter(c, e, NEIGH_FAILED, now_us, now_us + FAILED_US);
}

static bool
ask_again(struct neigh_cache *c, struct neigh *e, uint64_t now_us, struct neigh_ask *ask)
{
	if (e->tries == TRIES_MAX) {
		fail(c, e, now_us);
		return false;
	}
	e->tries++;
	enter(c, e, (enum neigh_state)e->state, e->since_us, now_us + RETRY_US);
	memcpy(ask->addr, e->addr, 16);
	memcpy(ask->mac, e->mac, 6);
	ask->port = e->port;
	ask->unicast = e->state == NEIGH_PROBE;
	return true;
}

bool
neigh_expire(struct neigh_cache *c, uint64_t now_us, struct neigh_ask *ask, bool *done)
{
	struct neigh *e;

	*done = now_us < c->due_us || c->timed.used == 0;
	if (*done)
		return false;
	e = &c->entry[c->timed.index[0]];
	switch ((enum neigh_state)e->state) {
	case NEIGH_DELAY:
		enter(c, e, NEIGH_PROBE, now_us, now_us);
		return ask_again(c, e, now_us, ask);
	case NEIGH_INCOMPLETE:
	case NEIGH_PROBE:
		return ask_again(c, e, now_us, ask);
	case NEIGH_REACHABLE:
		if (now_us < e->since_us + REACHABLE_US)
			enter(c, e, NEIGH_REACHABLE, e->since_us, e->since_us + REACHABLE_US);
		else
			enter(c, e, NEIGH_STALE, now_us, NEVER);
		return false;
	case NEIGH_FAILED:
		c->events++;
		forget(c, e);
		return false;
	case NEIGH_FREE:
	case NEIGH_STALE:
		break;
	}
	*done = true; /* neither is in the heap */
	return false;
}
