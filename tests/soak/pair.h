/* Two shards and a lossless link between them, in rounds of a millisecond: what is sent in one round arrives in the
 * next, in bursts.  A judge says which frames are lost all the same. */
#ifndef SOAK_PAIR_H
#define SOAK_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include <finesse/shard.h>

#define ROUND_US 1000

struct pair {
	struct fns_shard *shard[2]; /* 198.51.100.1 and .2 */
	uint64_t now_us, frames, turns;
	bool (*lost)(unsigned from, uint16_t sport, uint16_t dport);
	struct {
		uint8_t *octets; /* a ring of frames */
		uint16_t *len;   /* 0: lost */
		uint32_t head, used;
	} to[2];
};

void pair_begin(struct pair *, const struct fns_config *);
void pair_round(struct pair *); /* the next millisecond */
void pair_end(struct pair *);

/* A counter or gauge of that name, of both sides. */
uint64_t pair_stat(const struct pair *, const char *name);
struct fns_addr pair_addr(unsigned side, uint16_t port);
void pair_check(const struct pair *); /* what must hold between turns, or abort */

#endif
