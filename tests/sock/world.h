/* Two shards on a link without loss, each with its descriptors, and a clock that moves only when somebody waits. */
#ifndef SOCK_WORLD_H
#define SOCK_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include <finesse/sock.h>

enum { NEAR, FAR, SIDES };

struct world {
	struct fns_shard *shard[SIDES];
	struct fns_socks *socks[SIDES]; /* 198.51.100.1 and .2, 2001:db8:1::1 and ::2 */
	uint64_t now_us;
	uint64_t waits;                                  /* calls of the plug */
	enum { CUT_NOTHING, CUT_SEGMENTS, CUT_ALL } cut; /* what the link loses */
	unsigned to_cut;                                 /* segments to these sides are lost (bits) */
	void (*meanwhile)(struct world *);               /* called once, at the next wait */
	struct {
		uint8_t octets[2048];
		uint16_t len;
	} frame[SIDES][512];
	unsigned frames[SIDES]; /* on their way to that side */
};

void world_begin(struct world *, const struct fns_config *, const struct fns_socks_config *, bool blocking);
void world_end(struct world *);

void world_turn(struct world *);              /* both sides, until nothing moves any more */
void world_pass(struct world *, uint64_t us); /* time, with what falls due in it */
void world_default(struct fns_config *);

struct sockaddr_in world_addr(unsigned side, uint16_t port);
struct sockaddr_in6 world_addr6(unsigned side, uint16_t port);

#endif
