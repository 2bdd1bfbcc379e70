/* What a port allows at all: plain frames of one size, sent as fast as it takes them.  bench/tap.sh sets the result
 * beside what TCP makes of the same port.  tapfloor EAL-ARGUMENTS -- PORT SECONDS OCTETS */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define BURST       32
#define MBUFS       2047
#define DESCRIPTORS 512
#define ETHERTYPE   0x88b5 /* IEEE 802 local experimental: the kernel counts it and drops it */

static uint16_t
start_port(const char *name, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};
	uint16_t port;

	if (rte_eth_dev_get_port_by_name(name, &port) != 0)
		rte_exit(1, "tapfloor: DPDK has no port %s\n", name);
	if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
	    rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, pool) != 0 ||
	    rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL) != 0 ||
	    rte_eth_dev_start(port) != 0)
		rte_exit(1, "tapfloor: %s does not start\n", name);
	return port;
}

static void
fill(struct rte_mbuf *m, uint16_t octets)
{
	char *frame = rte_pktmbuf_append(m, octets);

	if (frame == NULL)
		rte_exit(1, "tapfloor: %u octets do not fit a frame\n", octets);
	memset(frame, 0, octets);
	memset(frame, 0xff, 6);
	frame[6] = 2;
	frame[12] = (char)(ETHERTYPE >> 8);
	frame[13] = (char)(ETHERTYPE & 0xff);
}

/* Sends for so many seconds; returns frames that the port took.  What it refuses is offered again. */
static uint64_t
send_for(uint16_t port, struct rte_mempool *pool, unsigned seconds, uint16_t octets)
{
	uint64_t end = rte_get_timer_cycles() + seconds * rte_get_timer_hz(), sent = 0;
	struct rte_mbuf *burst[BURST];
	uint16_t n, taken;

	while (rte_get_timer_cycles() < end) {
		if (rte_pktmbuf_alloc_bulk(pool, burst, BURST) != 0)
			rte_exit(1, "tapfloor: out of mbufs\n");
		for (n = 0; n < BURST; n++)
			fill(burst[n], octets);
		for (taken = 0; taken < BURST && rte_get_timer_cycles() < end;
		     sent += n, taken = (uint16_t)(taken + n))
			n = rte_eth_tx_burst(port, 0, burst + taken, (uint16_t)(BURST - taken));
		rte_pktmbuf_free_bulk(burst + taken, (unsigned)(BURST - taken));
	}
	return sent;
}

int
main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	struct rte_mempool *pool;
	unsigned seconds, octets;
	uint16_t port;

	if (used < 0 || argc - used != 4)
		rte_exit(1, "usage: tapfloor EAL-ARGUMENTS -- PORT SECONDS OCTETS\n");
	seconds = (unsigned)atoi(argv[used + 2]);
	octets = (unsigned)atoi(argv[used + 3]);
	if (seconds < 1 || seconds > 60 || octets < 60 || octets > 1514)
		rte_exit(1, "tapfloor: 1 to 60 seconds, 60 to 1514 octets\n");
	pool = rte_pktmbuf_pool_create("frames", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL)
		rte_exit(1, "tapfloor: no memory for %d mbufs\n", MBUFS);
	port = start_port(argv[used + 1], pool);
	printf("ready\n");
	fflush(stdout);
	if (getchar() == EOF) /* the interface on the other side has to be up first */
		return 1;
	printf("%" PRIu64 "\n", send_for(port, pool, seconds, (uint16_t)octets));
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
	return 0;
}
