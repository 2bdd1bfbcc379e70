/* The neighbour cache: ARP (RFC 826, RFC 1122 §2.3.2) and neighbour discovery (RFC 4861 §7.3) in one bounded table.
 *
 * INCOMPLETE ── answer ──▶ REACHABLE ── 30 s unconfirmed ──▶ STALE ── used ──▶ DELAY ── 5 s ──▶ PROBE
 *     │ 3 requests, 1 s apart                                                                │ 3 requests, 1 s apart
 *     └───────────────▶ FAILED (kept 3 s as a negative answer) ◀─────────────────────────────┘
 *
 * Bounds: INCOMPLETE and FAILED may hold a quarter of the entries; a full cache gives up the STALE entry that was
 * used longest ago, never one used in the last minute (RFC 6583).  At most one request a second per address. */
#ifndef FNS_NEIGH_H
#define FNS_NEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"

enum neigh_state {
	NEIGH_FREE,
	NEIGH_INCOMPLETE,
	NEIGH_FAILED,
	/* from here on the MAC is known */
	NEIGH_STALE,
	/* from here on it may be used, and nothing changes by that */
	NEIGH_REACHABLE,
	NEIGH_DELAY,
	NEIGH_PROBE
};

struct neigh {
	uint8_t addr[16];
	uint8_t mac[6];
	uint8_t port;
	uint8_t state;  /* enum neigh_state */
	uint8_t tries;  /* requests sent in INCOMPLETE or PROBE */
	uint32_t next;  /* chain of its hash bucket, or of the free list; UINT32_MAX ends it */
	uint32_t place; /* in the heap that holds it */
	uint32_t
		lease; /* while neigh_use would only note the time: a number that no other such while has; else 0 */
	uint64_t since_us; /* entered this state, or was last confirmed (REACHABLE) */
	uint64_t used_us;  /* last looked up for output */
	uint64_t due_us;   /* when neigh_expire has something to do with it; UINT64_MAX: never */
};

#define NEIGH_HINTS 256u

/* A binary heap of entries: what comes first stands at index[0]. */
struct neigh_heap {
	uint32_t *index;
	uint32_t used;
};

struct neigh_cache {
	struct neigh *entry;
	uint32_t *bucket;
	uint32_t room, buckets, used, unresolved, free_head;
	struct neigh_heap timed; /* all but STALE, by due_us */
	struct neigh_heap stale; /* STALE, by used_us: the first is the one to give up */
	uint64_t due_us;         /* the earliest due_us of all entries; UINT64_MAX: none */
	uint32_t events; /* counts resolutions, failures, and room made for another: who waits compares it */
	uint32_t leases; /* given out so far */
	uint64_t key;    /* of the hash */
	/* Where an address was found last, and 1, by its low octets: spares most calls the hash.  True or not. */
	uint32_t hint[NEIGH_HINTS];
};

/* A request (ARP request, neighbour solicitation) that should be sent now; unicast to `mac` in PROBE, else to all. */
struct neigh_ask {
	uint8_t addr[16], mac[6];
	uint8_t port;
	bool unicast;
};

size_t neigh_bytes(uint32_t room); /* memory that neigh_init wants, zeroed, aligned to 8 */
void neigh_init(struct neigh_cache *, void *zeroed, uint32_t room, uint64_t key);

/* The entry to send to by port and address, made INCOMPLETE if there was none (NULL: no entry can be had).  Its mac
 * is good unless the state is INCOMPLETE or FAILED. */
struct neigh *neigh_use(struct neigh_cache *, uint8_t port, const uint8_t addr[16], uint64_t now_us);

/* An entry whose lease is the one that was had with it, and not 0, is still what neigh_use found then: it need only be
 * told that it has been used. */
static inline void
neigh_used(struct neigh *e, uint64_t now_us)
{
	e->used_us = now_us > 0 ? now_us : 1; /* 0 says never */
}

/* The entry, or NULL; changes nothing but the hint. */
struct neigh *neigh_find(struct neigh_cache *, uint8_t port, const uint8_t addr[16]);

/* What a peer says of itself (RFC 4861 §7.2.5).  `solicited`: it answers a request of ours; that counts only while one
 * is outstanding (INCOMPLETE, PROBE), and another MAC than the probed one needs `override`.  Otherwise an existing
 * entry learns a new MAC only as STALE and with `override` (none is needed where no MAC was known); one that is
 * REACHABLE or being probed keeps its MAC, but a REACHABLE one last confirmed over a second ago is probed at once.  A
 * new entry is made (STALE) only if `create`.  False: nothing is known now of what was said. */
bool neigh_learn(struct neigh_cache *, uint8_t port, const uint8_t addr[16], const uint8_t mac[6],
                 bool solicited, bool override, bool create, uint64_t now_us);

/* Forward progress at a higher floor: the entry is REACHABLE from now. */
void neigh_confirm(struct neigh_cache *, uint8_t port, const uint8_t addr[16], uint64_t now_us);

/* The same for one that is REACHABLE.  due_us stays, too early: neigh_expire looks again.  This comes with each ACK. */
static inline void
neigh_confirmed(struct neigh *e, uint64_t now_us)
{
	e->since_us = now_us;
}

/* Moves one due entry on; true if *ask should be sent.  Call until it returns false with *done set. */
bool neigh_expire(struct neigh_cache *, uint64_t now_us, struct neigh_ask *ask, bool *done);

#endif
