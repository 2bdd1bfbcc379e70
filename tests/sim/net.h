/* A network of two endpoints, each of one shard or of several, and a wire that loses, doubles, reorders, delays and damages frames, in virtual time and
 * from one seed.  The event that comes next is the earliest arrival or the earliest turn that a shard asks for. */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <stdbool.h>
#include <stdint.h>

#include <finesse/shard.h>

struct faults { /* per million frames, and microseconds */
	uint32_t lose, twice, late, flip;
	uint32_t delay_us, late_us;
};

struct flying {
	uint64_t at_us, order;
	uint8_t to;
	uint16_t len;
	uint8_t *octets; /* exactly len, so that a read past it is caught */
};

#define NET_SHARDS 4

struct net {
	struct fns_shard *shard[2][NET_SHARDS];
	struct fns_steer steer[2];
	unsigned shards; /* of each side */
	struct faults faults;
	uint64_t now_us, rng, order;
	struct flying *heap;
	uint32_t used, room;
	uint64_t sent, lost, doubled, delivered;
};

uint64_t net_random(struct net *);
uint32_t net_below(struct net *, uint32_t bound); /* 0 to bound - 1 */
bool net_chance(struct net *, uint32_t per_million);

/* Two endpoints, 198.51.100.1 and .2, 2001:db8:1::1 and ::2, of so many shards each.  `change` may alter the configuration. */
void net_begin(struct net *, uint64_t seed, unsigned shards,
               void (*change)(struct net *, struct fns_config *));

/* Runs until nothing is due before `until_us`. */
void net_run(struct net *, uint64_t until_us);

void net_end(struct net *);

/* Of all shards of the side together. */
uint64_t net_stat(const struct net *, unsigned side, const char *name);

/* fns_shard_check of each. */
const char *net_check(const struct net *, unsigned side);

#endif
