/* Steering: the one place that knows which worker gets a frame, and how frames go from one worker to another.
 *
 * A network card with receive-side scaling brings each TCP frame to the queue of its owner (port_spread), and its hash is
 * believed.  Any other port brings frames as it likes, to fewer queues than there are workers maybe: whoever receives a
 * frame computes the same hash and hands it to its owner.  Likewise a worker that has no queue of its own on a port lends
 * what it sends to one that has (queue = worker % queues).  Both ways each pair of workers has a ring with a single
 * producer and a single consumer; nothing is locked. */
#ifndef FNS_IO_STEER_H
#define FNS_IO_STEER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <finesse/shard.h>

#include "counter.h"
#include "port.h"
#include "sleeper.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

#define STEER_SHARDS_MAX  64
#define STEER_BUCKETS_MAX 512

enum steer_way { STEER_RECEIVED, STEER_TO_SEND, STEER_WAYS };

struct steer {
	/* read by every worker */
	struct fns_steer map; /* what its shards are configured with */
	uint8_t by_bucket[STEER_BUCKETS_MAX];
	unsigned ring_room; /* frames */
	size_t ring_bytes;
	uint8_t *rings; /* by way, from, to */
	struct sleeper
		*sleeper[STEER_SHARDS_MAX]; /* rung when frames are handed over; NULL: it never sleeps */

	/* frames to send: lent by `from` (it writes), taken by `to` (it writes); any thread reads */
	counter lent[STEER_SHARDS_MAX];
	counter taken[STEER_SHARDS_MAX][STEER_SHARDS_MAX]; /* by to, from: a row has one writer */

	/* written by the worker `to`: the frame that `from` sent it at the start has come */
	atomic_bool proven[STEER_SHARDS_MAX][STEER_SHARDS_MAX];
};

/* For so many shards (2 to STEER_SHARDS_MAX) and these open ports; `key` as theirs were opened with.  NULL: no memory. */
struct steer *steer_new(uint16_t key, const struct port *port, uint16_t ports, unsigned shards);

/* When no worker runs: frames that still lie in rings go back to their pool; how many of each way. */
void steer_drain(struct steer *, uint64_t left[STEER_WAYS]);
void steer_free(struct steer *); /* of NULL: nothing */

/* Mbufs that rings may hold. */
unsigned steer_room(const struct steer *);

/* Owner of a received frame, or FNS_STEER_ANY or FNS_STEER_ALL.  `port`: where it came from; NULL: nowhere. */
unsigned steer_owner(const struct steer *, const struct port *port, const struct rte_mbuf *);

/* Hands frames over; how many there was room for.  The worker `from` alone. */
unsigned steer_put(struct steer *, enum steer_way, unsigned from, unsigned to, struct rte_mbuf **frame,
                   unsigned n);

/* Takes what `from` handed over.  The worker `to` alone. */
unsigned steer_take(struct steer *, enum steer_way, unsigned from, unsigned to, struct rte_mbuf **frame,
                    unsigned n);

/* Frames lent by `from` that nobody has taken yet. */
unsigned steer_lent(const struct steer *, unsigned from);

/* The start-up test: each worker sends itself one frame per shard, as if it had received it; whoever gets it notes that.
 * Fills a blank mbuf with the frame that `from` sends to `to`. */
void steer_proof(const struct steer *, struct rte_mbuf *, unsigned from, unsigned to);
bool steer_is_proof(const struct rte_mbuf *);
void steer_prove(struct steer *, const struct rte_mbuf *, unsigned at);

/* Every worker reached every shard. */
bool steer_proven(const struct steer *);

#endif
