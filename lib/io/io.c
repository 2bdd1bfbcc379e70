/* Bursts between ports and a shard; mbufs are taken, lent, sent and given back here and nowhere else (io.h). */
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_tcp.h>

#include "io.h"

#define POOL_CACHE  256
#define DRAIN_LIMIT 65536 /* frames that io_close takes from a port which is still being sent to */

struct rte_mempool *
io_pool_new(const char *name, const struct port *port, uint16_t ports, const struct steer *steer)
{
	unsigned workers = steer == NULL ? 1 : steer->map.shards, room = RTE_MBUF_DEFAULT_BUF_SIZE;
	unsigned count = steer == NULL ? 0 : steer_room(steer);

	for (uint16_t i = 0; i < ports; i++) {
		unsigned queue = port[i].rx_descriptors + port[i].tx_descriptors + IO_BURST + IO_OUTBOX;

		/* an io's blanks are counted with each port: the slack pays for PMDs that hold mbufs elsewhere */
		count += port[i].queues * queue + workers * (IO_OUTBOX + 2 * POOL_CACHE);
		room = RTE_MAX(room, (unsigned)RTE_PKTMBUF_HEADROOM + port_frame_max(&port[i]));
	}
	/* 2^n - 1 is the best size of the ring inside (rte_mempool.h) */
	count = rte_align32pow2(count + 1) - 1;
	return rte_pktmbuf_pool_create(name, count, POOL_CACHE, 0, (uint16_t)room, SOCKET_ID_ANY);
}

unsigned
io_pool_missing(const struct rte_mempool *pool)
{
	return rte_mempool_in_use_count(pool);
}

void
io_init(struct io *io, const struct port *port, uint16_t ports, uint16_t queue, struct rte_mempool *pool,
        struct steer *steer)
{
	memset(io, 0, sizeof(*io));
	io->port = port;
	io->ports = ports;
	io->queue = queue;
	io->burst = IO_BURST;
	io->pool = pool;
	io->steer = steer;
	io->outbox.slot = io->blank;
}

/* The port's verdict, if it was asked for one.  NONE says that the sum in the frame is not the real one but that the
 * octets are known to be whole (a virtual port that trusts its host): as good as GOOD. */
static uint16_t
verdict(const struct port *p, const struct rte_mbuf *m)
{
	uint64_t ip = m->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
	uint64_t l4 = m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	uint16_t flags = 0;

	if (p->rx_ip_cksum) {
		if (ip == RTE_MBUF_F_RX_IP_CKSUM_BAD)
			return FNS_FRAME_CKSUM_BAD;
		if (ip != RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN)
			flags |= FNS_FRAME_IP_CKSUM_GOOD;
	}
	if (p->rx_tcp_cksum) {
		if (l4 == RTE_MBUF_F_RX_L4_CKSUM_BAD)
			return FNS_FRAME_CKSUM_BAD;
		if (l4 != RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN)
			flags |= FNS_FRAME_L4_CKSUM_GOOD;
	}
	return flags;
}

/* The frame in an mbuf's first buffer, and its octets. */
static uint16_t
lend(struct io *io, struct rte_mbuf *m, uint16_t port)
{
	struct fns_frame *f = &io->rx[io->received];

	io->borrowed[io->received++] = m;
	*f = (struct fns_frame){.data = rte_pktmbuf_mtod(m, uint8_t *),
	                        .len = m->data_len,
	                        .room = m->data_len,
	                        .flags = verdict(&io->port[port], m),
	                        .port = (uint8_t)port,
	                        .token = m};
	return m->data_len;
}

/* Makes one buffer of several; false, and the mbuf is freed: there is none so long. */
static bool
join(struct io *io, struct rte_mbuf *m)
{
	/* longer than one buffer is longer than MTU: nobody we talk to sends it */
	if (rte_pktmbuf_linearize(m) != 0) {
		counter_add(&io->count.rx_oversize, 1);
		rte_pktmbuf_free(m);
		return false;
	}
	counter_add(&io->count.rx_joined, 1);
	return true;
}

static void
blank(struct io *io, uint16_t slot, struct rte_mbuf *m)
{
	io->blank[slot] = (struct fns_frame){.data = rte_pktmbuf_mtod(m, uint8_t *),
	                                     .room = rte_pktmbuf_tailroom(m),
	                                     .token = m};
}

/* Fresh mbufs into slots [from, from + n); how many there were. */
static uint16_t
fill(struct io *io, uint16_t from, uint16_t n)
{
	struct rte_mbuf *fresh[IO_OUTBOX];

	/* all or none: while the pool is short, a smaller number may still be had */
	while (n > 0 && rte_pktmbuf_alloc_bulk(io->pool, fresh, n) != 0)
		n /= 2;
	for (uint16_t i = 0; i < n; i++)
		blank(io, (uint16_t)(from + i), fresh[i]);
	return n;
}

/* The holes at the front get the mbufs that were freed last: those are in the cache. */
static void
refill(struct io *io)
{
	uint16_t got = fill(io, 0, io->holes);

	if (got < io->holes) {
		memmove(io->blank + got, io->blank + io->holes,
		        (io->blanks - io->holes) * sizeof(*io->blank));
		io->blanks = (uint16_t)(io->blanks - (io->holes - got));
	}
	io->holes = 0;
	if (io->blanks < IO_OUTBOX)
		io->blanks =
			(uint16_t)(io->blanks + fill(io, io->blanks, (uint16_t)(IO_OUTBOX - io->blanks)));
	if (io->blanks < IO_OUTBOX)
		counter_add(&io->count.no_mbuf, 1);
}

/* Any frame may go to any port, so the fullest backlog limits them all. */
static uint16_t
backlog_room(const struct io *io)
{
	uint16_t most = 0;

	for (uint16_t i = 0; i < io->ports; i++)
		most = RTE_MAX(most, io->backlog[i].count);
	return (uint16_t)(IO_OUTBOX - most);
}

static bool
has_queue(const struct io *io, uint16_t port)
{
	return io->queue < io->port[port].queues;
}

static void
take_in(struct io *io, struct rte_mbuf *m, uint16_t port)
{
	if (m->nb_segs == 1 || join(io, m))
		counter_add(&io->count.rx_octets, lend(io, m, port));
}

static void
hand_over(struct io *io, unsigned to)
{
	unsigned n = io->leaving[to].count, put;

	put = steer_put(io->steer, STEER_RECEIVED, io->queue, to, io->leaving[to].frame, n);
	counter_add(&io->count.steered, put);
	counter_add(&io->count.steer_full, n - put);
	rte_pktmbuf_free_bulk(io->leaving[to].frame + put, n - put);
	io->leaving[to].count = 0;
}

static void
leave(struct io *io, struct rte_mbuf *m, unsigned to)
{
	io->leaving[to].frame[io->leaving[to].count++] = m;
	if (io->leaving[to].count == IO_BURST)
		hand_over(io, to);
}

static void
copy_to_others(struct io *io, struct rte_mbuf *m)
{
	for (unsigned to = 0; to < io->steer->map.shards; to++) {
		struct rte_mbuf *copy = to == io->queue ? NULL : rte_pktmbuf_copy(m, io->pool, 0, UINT32_MAX);

		if (copy != NULL) {
			copy->port = m->port;
			counter_add(&io->count.steer_copies, 1);
			leave(io, copy, to);
		} else if (to != io->queue)
			counter_add(&io->count.steer_full, 1);
	}
}

/* A frame that came to one of our queues (port io->ports: to none, it is a proof). */
static void
sort(struct io *io, struct rte_mbuf *m, uint16_t port)
{
	unsigned owner = steer_owner(io->steer, port < io->ports ? &io->port[port] : NULL, m);

	if (port < io->ports)
		m->port = port; /* as we count them: who takes it over knows no other */
	if (owner == FNS_STEER_ALL)
		copy_to_others(io, m);
	if (owner >= STEER_SHARDS_MAX || (owner == io->queue && port < io->ports))
		take_in(io, m, port);
	else
		leave(io, m, owner);
}

/* Frames that other workers received: at most as many as there is room for, in turn. */
static void
take_over(struct io *io)
{
	unsigned shards = io->steer->map.shards;
	struct rte_mbuf *burst[IO_BURST];

	for (unsigned i = 0; i < shards && io->received + IO_BURST <= IO_RX_MAX; i++) {
		unsigned from = (io->turns + i) % shards, n;

		n = steer_take(io->steer, STEER_RECEIVED, from, io->queue, burst, IO_BURST);
		counter_add(&io->count.steered_here, n);
		for (unsigned k = 0; k < n; k++) {
			if (steer_is_proof(burst[k])) {
				steer_prove(io->steer, burst[k], io->queue);
				rte_pktmbuf_free(burst[k]);
			} else
				take_in(io, burst[k], burst[k]->port);
		}
	}
	io->turns++;
}

/* Frames that other workers would have sent: half of the room, so that neither they nor we wait for ever. */
static void
take_to_send(struct io *io)
{
	unsigned shards = io->steer->map.shards, room = backlog_room(io) / 2u;
	struct rte_mbuf *burst[IO_OUTBOX];

	for (unsigned i = 0; i < shards && room > 0; i++) {
		unsigned from = (io->turns + i) % shards, n;

		n = steer_take(io->steer, STEER_TO_SEND, from, io->queue, burst, room);
		counter_add(&io->count.tx_borrowed, n);
		room -= n;
		for (unsigned k = 0; k < n; k++) {
			struct io_backlog *b = &io->backlog[burst[k]->port];

			b->frame[b->count++] = burst[k];
		}
	}
}

static void
receive(struct io *io, uint16_t port)
{
	struct rte_mbuf *burst[IO_BURST];
	uint16_t n = rte_eth_rx_burst(io->port[port].id, io->queue, burst, io->burst);
	uint64_t octets = 0;

	if (io->steer != NULL) {
		for (uint16_t k = 0; k < n; k++)
			sort(io, burst[k], port);
		return;
	}
	for (uint16_t k = 0; k < n; k++) {
		if (burst[k]->nb_segs == 1 || join(io, burst[k]))
			octets += lend(io, burst[k], port);
	}
	counter_add(&io->count.rx_octets, octets);
}

static void
exchange(struct io *io)
{
	for (unsigned to = 0; to < io->steer->map.shards; to++) {
		if (io->leaving[to].count > 0)
			hand_over(io, to);
	}
	take_over(io);
	take_to_send(io);
}

unsigned
io_rx(struct io *io)
{
	for (uint16_t i = 0; i < io->ports; i++) {
		if (has_queue(io, i))
			receive(io, i);
	}
	if (io->steer != NULL)
		exchange(io);
	if (io->received > 0)
		counter_add(&io->count.rx_frames, io->received);
	refill(io);
	io->outbox.used = 0;
	io->outbox.room = RTE_MIN(io->blanks, backlog_room(io));
	return io->received;
}

/* A filled frame becomes its mbuf again. */
static struct rte_mbuf *
filled(const struct io *io, const struct fns_frame *f)
{
	struct rte_mbuf *m = f->token;

	m->data_len = f->len;
	m->pkt_len = f->len;
	if ((f->flags & FNS_FRAME_TCP_CKSUM) && io->port[f->port].tx_tcp_cksum) {
		const struct rte_tcp_hdr *tcp = (const void *)(f->data + f->l2_len + f->l3_len);

		m->l2_len = f->l2_len;
		m->l3_len = f->l3_len;
		m->l4_len = (uint64_t)(tcp->data_off >> 4) * 4;
		m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
		m->ol_flags |= f->flags & FNS_FRAME_IP6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
	}
	return m;
}

static void
give_up(struct io *io, struct io_backlog *b)
{
	counter_add(&io->count.tx_dropped, b->count);
	rte_pktmbuf_free_bulk(b->frame, b->count);
	b->count = 0;
	b->stalled = true;
}

bool
io_prove(struct io *io)
{
	for (unsigned to = 0; to < io->steer->map.shards; to++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(io->pool);

		if (m == NULL)
			return false;
		steer_proof(io->steer, m, io->queue, to);
		sort(io, m, io->ports);
	}
	return true;
}

/* How many of the frames a port took now, or the worker that sends by it for us. */
static uint16_t
offer(struct io *io, uint16_t port, struct io_backlog *b)
{
	uint16_t n;

	if (has_queue(io, port)) {
		n = rte_eth_tx_burst(io->port[port].id, io->queue, b->frame, b->count);
		counter_add(&io->count.tx_frames, n);
		return n;
	}
	for (uint16_t i = 0; i < b->count; i++)
		b->frame[i]->port = port;
	n = (uint16_t)steer_put(io->steer, STEER_TO_SEND, io->queue, io->queue % io->port[port].queues,
	                        b->frame, b->count);
	counter_add(&io->count.tx_lent, n);
	return n;
}

static void
transmit(struct io *io, uint16_t port)
{
	struct io_backlog *b = &io->backlog[port];
	uint64_t octets = 0;
	uint16_t sent, count = b->count;

	if (b->count == 0)
		return;
	for (uint16_t i = 0; i < b->count; i++)
		octets += b->frame[i]->pkt_len;
	sent = offer(io, port, b);
	for (uint16_t i = sent; i < count; i++)
		octets -= b->frame[i]->pkt_len;
	if (has_queue(io, port))
		counter_add(&io->count.tx_octets, octets);
	b->count = (uint16_t)(b->count - sent);
	if (sent > 0) {
		b->stalled = false;
		b->since = 0;
	}
	if (b->count == 0)
		return;
	memmove(b->frame, b->frame + sent, b->count * sizeof(*b->frame));
	counter_add(&io->count.tx_waited, 1);
	if (b->since == 0)
		b->since = rte_rdtsc();
	if (b->stalled || rte_rdtsc() - b->since > rte_get_tsc_hz() / 1000 * IO_STALL_MS)
		give_up(io, b);
}

/* Received mbufs become blank ones, as far as there are holes: they are in the cache, and that way need no pool.  Those
 * that somebody else holds, or that belong elsewhere, and what is left go back to where they came from. */
static void
give_back(struct io *io)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < io->received; i++) {
		struct rte_mbuf *m = io->borrowed[i];

		if (io->holes > 0 && m->pool == io->pool && m->nb_segs == 1 && RTE_MBUF_DIRECT(m) &&
		    rte_mbuf_refcnt_read(m) == 1) {
			rte_pktmbuf_reset(m);
			blank(io, --io->holes, m);
		} else
			io->borrowed[kept++] = m;
	}
	if (kept > 0)
		rte_pktmbuf_free_bulk(io->borrowed, kept);
	io->received = 0;
}

void
io_tx(struct io *io)
{
	uint16_t used = io->outbox.used;

	for (uint16_t i = 0; i < used; i++) {
		const struct fns_frame *f = &io->blank[i];
		struct io_backlog *b = &io->backlog[f->port];

		b->frame[b->count++] = filled(io, f);
	}
	io->holes = used;
	io->outbox.used = io->outbox.room = 0;
	/* before the ports, so that a pool which is short can serve what a PMD does next */
	give_back(io);
	for (uint16_t i = 0; i < io->ports; i++)
		transmit(io, i);
}

unsigned
io_waiting(const struct io *io)
{
	unsigned n = 0;

	for (uint16_t i = 0; i < io->ports; i++)
		n += has_queue(io, i) ? io->backlog[i].count : 0;
	return n;
}

unsigned
io_lent(const struct io *io)
{
	unsigned n = io->steer == NULL ? 0 : steer_lent(io->steer, io->queue);

	for (uint16_t i = 0; i < io->ports; i++)
		n += has_queue(io, i) ? 0 : io->backlog[i].count;
	return n;
}

/* net_ring keeps what was sent to it in a ring that its close does not empty. */
static void
empty_queue(struct io *io, uint16_t port)
{
	struct rte_mbuf *burst[IO_BURST];
	unsigned n, taken = 0;

	do {
		n = rte_eth_rx_burst(io->port[port].id, io->queue, burst, IO_BURST);
		rte_pktmbuf_free_bulk(burst, n);
		taken += n;
	} while (n > 0 && taken < DRAIN_LIMIT);
}

void
io_close(struct io *io)
{
	rte_pktmbuf_free_bulk(io->borrowed, io->received);
	io->received = 0;
	for (uint16_t i = io->holes; i < io->blanks; i++)
		rte_pktmbuf_free(io->blank[i].token);
	io->blanks = io->holes = 0;
	for (unsigned to = 0; to < STEER_SHARDS_MAX; to++) {
		rte_pktmbuf_free_bulk(io->leaving[to].frame, io->leaving[to].count);
		io->leaving[to].count = 0;
	}
	for (uint16_t i = 0; i < io->ports; i++) {
		rte_pktmbuf_free_bulk(io->backlog[i].frame, io->backlog[i].count);
		io->backlog[i].count = 0;
		if (has_queue(io, i))
			empty_queue(io, i);
	}
}
