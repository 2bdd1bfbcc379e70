/* A port of ethdev: set up for any PMD, with the offloads that it has.  Every call is made from the thread that starts
 * and stops the daemon; the data path (io.h) only reads. */
#ifndef FNS_IO_PORT_H
#define FNS_IO_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/config.h>

struct rte_mempool;

struct port_wish {
	const char *device;   /* EAL's name: "net_tap0", "0000:03:00.0" */
	uint16_t queues;      /* pairs of a receive and a transmit queue; at least 1; it may have fewer */
	bool spread;          /* several workers: by receive-side scaling with spread_key, if it has that */
	bool rx_interrupts;   /* wanted, if it has them */
	uint16_t spread_key;  /* of struct fns_steer */
	uint16_t mtu;         /* of IP */
	uint16_t descriptors; /* per queue; the PMD adjusts it */
	bool mac_given;
	uint8_t mac[6];
};

struct port {
	char device[64];
	const char *driver; /* "net_tap"; static */
	uint16_t id;        /* ethdev's */
	uint16_t queues, rx_descriptors, tx_descriptors;
	uint16_t mtu;   /* as wished: kept by the shard even where the PMD cannot be told */
	uint8_t mac[6]; /* the endpoint's, which may not be the port's own: port.c */
	bool rx_ip_cksum, rx_tcp_cksum, tx_tcp_cksum; /* offloads requested and had */
	bool virtual; /* made by --vdev: its other end is a program or the kernel */
	bool promiscuous;
	bool mtu_told;    /* the PMD took the MTU */
	bool keeps_mbufs; /* the PMD does not give back all of them when it is closed: a fault of its own */
	bool started;
	bool spreads;     /* it hashes TCP as struct fns_steer does: port_spread said whose bucket is whose */
	uint16_t buckets; /* of its table; 0: it has none, or was not asked for it */
	bool rx_interrupts; /* a worker may sleep until a frame comes */
};

/* Looks the device up and configures it, without memory yet: says what port_start will need.  0, or -errno with one
 * line in `why`: -ENODEV (EAL knows no such device: a failing --vdev is no error of EAL's), -EINVAL, or the PMD's. */
int port_open(struct port *, const struct port_wish *, char *why, size_t room);

/* Octets that a frame of this port may have: MTU, Ethernet header, two VLAN tags' worth of slack. */
uint16_t port_frame_max(const struct port *);

/* Sets up the queues with receive buffers from `pool`, and starts.  0, or -errno with one line in `why`. */
int port_start(struct port *, struct rte_mempool *pool, char *why, size_t room);

/* Fills the port's table of buckets, once it has started: those of a shard that has no queue go where its worker's frames
 * are steered from (queue = shard % queues).  False: it has none, or refuses; frames come as they come. */
bool port_spread(struct port *, const struct fns_steer *);

/* Stops and closes; the PMD gives its mbufs back.  On a port that was never opened: nothing. */
void port_close(struct port *);

#endif
