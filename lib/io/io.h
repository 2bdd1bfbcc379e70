/* Bursts of frames between the queues of one worker and its shard; the one place for the life of mbufs.
 *
 * A turn is three calls of the worker's thread:
 *
 *	n = io_rx(io);                                          mbufs → io->rx[0..n), borrowed; io->outbox is blank
 *	fns_shard_turn(shard, now_us, io->rx, n, &io->outbox);
 *	io_tx(io);                                              io->outbox → mbufs → ports; the borrowed ones go back
 *
 * Blank mbufs that a turn did not fill are lent again.  What a port does not take now is kept in order and offered in
 * the next turn; the outbox shrinks by as much, so that a slow port slows the shard and nothing is lost.  A port that
 * takes nothing at all for IO_STALL_MS (no link) loses what waits for it: it must not hold up the others.
 *
 * With several workers, io_rx also hands frames of other shards to their owners and takes what others hand over, and
 * io_tx lends what a port without a queue for this worker is to send (steer.h). */
#ifndef FNS_IO_IO_H
#define FNS_IO_IO_H

#include <finesse/config.h>
#include <finesse/shard.h>

#include "counter.h"
#include "port.h"
#include "steer.h"

struct rte_mbuf;
struct rte_mempool;

#define IO_BURST    32  /* frames taken from a queue in one turn */
#define IO_OUTBOX   256 /* frames lent to a turn, and frames that may wait for a port */
#define IO_STALL_MS 100
#define IO_RX_MAX   (2 * FNS_PORTS_MAX * IO_BURST) /* half of them from ports, half from other workers */

#define IO_COUNTERS(X)                                                                                       \
	X(rx_frames, "frames handed to the shard")                                                           \
	X(rx_octets, "octets of those frames")                                                               \
	X(rx_joined, "received frames that lay in several buffers and were joined")                          \
	X(rx_oversize, "received frames that no buffer holds, dropped before the shard")                     \
	X(tx_frames, "frames that a port took")                                                              \
	X(tx_octets, "octets of those frames")                                                               \
	X(tx_waited, "times that a port left frames to be offered again")                                    \
	X(tx_dropped, "frames given up because their port took nothing for a while")                         \
	X(steered, "received frames, and copies, that were handed to the worker of another shard")           \
	X(steered_here, "frames of those handed to the shard that another worker received")                  \
	X(steer_copies, "copies made of ARP replies and neighbour advertisements, which every shard needs")  \
	X(steer_full, "frames and copies dropped because their owner's worker had too many waiting")         \
	X(tx_lent, "frames lent to a worker that has a queue of their port")                                 \
	X(tx_borrowed, "frames of those taken to be sent for other workers")                                 \
	X(no_mbuf, "turns that found fewer blank buffers than they should")

struct io_counters {
#define X(name, help) counter name;
	IO_COUNTERS(X)
#undef X
};

/* What one port has not taken yet. */
struct io_backlog {
	struct rte_mbuf *frame[IO_OUTBOX];
	uint16_t count;
	bool stalled;
	uint64_t since; /* TSC at which it last took something, or began to wait */
};

struct io {
	const struct port *port;
	uint16_t ports, queue;
	uint16_t burst; /* frames asked of a port in a turn: IO_BURST, or what the driver says before io_rx */
	struct rte_mempool *pool;

	struct fns_frame rx[IO_RX_MAX];
	struct rte_mbuf *borrowed[IO_RX_MAX];
	uint16_t received;

	struct steer *steer; /* NULL: there is one worker */
	uint16_t turns;      /* which of the others comes first */
	struct {
		struct rte_mbuf *frame[IO_BURST];
		uint16_t count;
	} leaving[STEER_SHARDS_MAX]; /* for other shards, until there are enough of them */

	struct fns_outbox outbox;
	struct fns_frame blank[IO_OUTBOX]; /* outbox.slot; token is the mbuf */
	uint16_t holes, blanks;            /* slots [holes, blanks) have an mbuf */

	struct io_backlog backlog[FNS_PORTS_MAX];
	struct io_counters count; /* written by the worker, read by any thread */
};

/* Receive and transmit buffers for these ports, the io of each worker, and what lies between them (steer NULL: there is
 * one worker).  NULL with rte_errno. */
struct rte_mempool *io_pool_new(const char *name, const struct port *port, uint16_t ports,
                                const struct steer *);

/* Mbufs that are not in the pool: 0 when every io and every port is closed. */
unsigned io_pool_missing(const struct rte_mempool *);

/* For the worker that owns `queue` of each port that has so many; `port` and `steer` (NULL: it is the only one, and its
 * queue is 0) outlive the io. */
void io_init(struct io *, const struct port *port, uint16_t ports, uint16_t queue, struct rte_mempool *,
             struct steer *);

/* The start-up test, before the first turn: one frame to each shard (steer_proof).  False: no mbuf. */
bool io_prove(struct io *);

/* Frames received, in io->rx. */
unsigned io_rx(struct io *);
void io_tx(struct io *);

/* Frames that wait for a port of our own queues; and those that were lent to other workers, or wait for room there: of
 * these there is nothing to do but to let them run. */
unsigned io_waiting(const struct io *);
unsigned io_lent(const struct io *);

/* Gives back every mbuf that the io holds, and those that lie in its receive queues.  The ports still run. */
void io_close(struct io *);

#endif
