/* Floor 2: whose packet is this, where does ours go.  Answers ARP, neighbour discovery and echo by itself; hands TCP
 * segments and ICMP errors up.  Host requirements of RFC 1122 §3, RFC 8200, RFC 8504. */
#ifndef FNS_IP_H
#define FNS_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "counter.h"
#include "drop.h"
#include "eth.h"
#include "flow.h"
#include "icmp.h"
#include "ip4.h"
#include "loop.h"
#include "neigh.h"

#include <finesse/shard.h>

/* clang-format off */
/*        name               help                                                                 */
#define IP_STATS(X)                                                                            \
	X(arp_replies_sent,  "ARP replies sent")                                               \
	X(arp_requests_sent, "ARP requests sent")                                              \
	X(nd_adverts_sent,   "neighbour advertisements sent")                                  \
	X(nd_solicits_sent,  "neighbour solicitations sent")                                   \
	X(echo_replies_sent, "ICMP and ICMPv6 echo replies sent")                              \
	X(replies_unsent,    "answers of ARP, ND and ICMP that had no room in the outbox, or no next hop yet") \
	X(unresolved,        "frames held back because the next hop had no link-layer address") \
	X(no_route,          "packets for which there was no route")
/* clang-format on */

struct ip_stats {
#define X(name, help) counter name;
	IP_STATS(X)
#undef X
};

/* Our addresses, numbered: those of each port in the order of the configuration, then its link-local one; an address
 * of two ports has the number of the first. */
#define OWN_MAX  (FNS_PORTS_MAX * (FNS_PORT_ADDR_MAX + 1))
#define OWN_NONE 0xff
struct own {
	uint8_t addr[OWN_MAX][16];
	uint32_t sum[OWN_MAX]; /* of their words (cksum_number_addr) */
	uint32_t ip4[OWN_MAX]; /* of IPv4 ones the four octets, as in memory; else 0 */
	uint8_t count;
	uint8_t slot
		[256]; /* number + 1 by hash, 0: free; open addressing, as nobody but the configuration fills it */
};
_Static_assert(OWN_MAX < OWN_NONE, "a number is an octet");

/* What is on which link: the prefixes of all ports, each once, the longest first, as words in memory order. */
#define ON_LINK_MAX (FNS_PORTS_MAX * FNS_PORT_ADDR_MAX)
struct on_link {
	uint64_t net[2], mask[2];
	uint32_t
		host; /* of IPv4, the bits behind the prefix if all ones (and all zeros) there are broadcast; else 0 */
	uint8_t port, own;
	bool ip4;
};

/* A bucket of tokens, refilled by the clock. */
struct ip_limit {
	uint64_t at_us;
	uint32_t tokens;
};

struct ip_route {
	uint8_t port;
	uint16_t mtu;
	uint8_t next_hop[16];
	uint8_t source[16]; /* the address of ours that speaks to this destination (MUST-44) */
};

/* What a packet to one remote needs, remembered.  All of it follows from the configuration, so nothing makes it wrong,
 * but for `neigh`: where the next hop was found last, true or not. */
#define IP_PATHS_LOG2 10
#define IP_PATHS      (1u << IP_PATHS_LOG2)
enum ip_path_kind {
	PATH_SUMMED,
	PATH_OFFLOADED,
	PATH_LOOP
}; /* who writes the checksum of TCP: we, the port, nobody */
struct ip_path {
	_Alignas(64) uint8_t remote[16];
	uint8_t next_hop[16];
	struct neigh *neigh;
	uint8_t link[8]; /* the Ethernet header from the source on: our MAC and the type */
	uint32_t lease;  /* of neigh, when it was found; 0: not yet */
	uint32_t sum;    /* of remote's words (cksum_number_addr) */
	uint16_t mtu;
	uint8_t port;   /* or LOOP_PORT */
	uint8_t header; /* octets of the IP header */
	uint8_t kind;   /* enum ip_path_kind */
};
_Static_assert(sizeof(struct ip_path) == 64, "one line of the cache");

/* Of a port, for each frame that arrives; where there is none, of a frame none is short enough. */
struct ip_port {
	uint64_t mac; /* eth_word */
	uint32_t len_max;
};

struct ip {
	const struct fns_config *config; /* outlives it */
	uint64_t now_us;                 /* set by the shard at the start of a turn */
	struct fns_outbox *tx;           /* set by the shard for the length of a turn; NULL outside */
	struct ip_port port[FNS_PORTS_MAX];
	struct own own;
	struct on_link on_link[ON_LINK_MAX];
	uint16_t on_links;
	uint32_t
		broadcast; /* the bits, in memory order, that are all ones or all zeros in each broadcast address */
	struct ip_route gateway[2]; /* of IPv6, of IPv4; without a next hop: there is none */
	struct ip_path *path;       /* IP_PATHS, by hash of the remote */
	struct neigh_cache neigh;
	struct loop loop;
	struct ip_limit echo;
	struct ip_stats stats;
	bool announced;         /* our addresses have been announced (RFC 5227 §2.3, RFC 4861 §7.2.6) */
	uint16_t announce_next; /* until then: the next of (ports x addresses) */
};

size_t ip_bytes(const struct fns_config *); /* memory that ip_init wants, zeroed, aligned to 64 */
void ip_init(struct ip *, const struct fns_config *, void *zeroed, uint64_t key, uint64_t now_us);

/* A TCP segment to an address of ours. */
struct ip_segment {
	uint8_t remote[16]; /* who sent it */
	const uint8_t *l4;  /* into the frame: padding behind the packet is cut off */
	uint64_t pseudo;    /* the sum of its pseudo header (cksum.h) */
	uint16_t len;       /* of l4 */
	uint8_t own;        /* the number of the address of ours that it came to */
	uint8_t tos;
	bool v6;
	bool verified; /* the driver says that the TCP checksum is good */
};

enum ip_arrival_kind {
	IP_HANDLED, /* nothing more to do: dropped, or answered here */
	IP_SEGMENT, /* packet.l4 is a TCP segment to an address of ours */
	IP_ERROR,   /* error is an ICMP error about a packet of ours: kind, flow, seq, mtu */
};

struct ip_arrival {
	enum ip_arrival_kind kind;
	bool l4_verified; /* the driver says that the TCP checksum is good */
	uint8_t port;
	uint8_t own; /* of a segment: the number of the address of ours that it came to */
	struct ip_packet packet;
	struct icmp error;
};

/* One arriving frame.  The fate so far: DROP_TAKEN for the kinds IP_SEGMENT and IP_ERROR may still become a drop above. */
enum drop ip_arrive(struct ip *, const struct fns_frame *, struct ip_arrival *);

/* The next packet of the loop, put there in an earlier turn: always a TCP segment of our own, so neither its addresses
 * nor its checksum are doubted.  False: none.  ip_looped gives its place back. */
bool ip_loop_arrives(const struct ip *, struct ip_segment *);
void ip_looped(struct ip *);

/* Neighbour requests that are due, announcements; needs tx. */
void ip_timeouts(struct ip *);
uint64_t ip_due(const struct ip *); /* UINT64_MAX: never */

static inline uint8_t
own_hash(uint32_t folded)
{
	return (uint8_t)(folded * UINT32_C(0x9e3779b1) >> 24);
}

/* The number of an address of ours, on any port (link-local ones included); OWN_NONE: it is not ours. */
static inline uint8_t
ip_own(const struct ip *ip, const uint8_t addr[16])
{
	uint8_t n;

	for (uint8_t h = own_hash(addr_fold(addr)); (n = ip->own.slot[h]) != 0; h++)
		if (addr_equal(ip->own.addr[n - 1], addr))
			return (uint8_t)(n - 1);
	return OWN_NONE;
}

/* The same of an IPv4 address, as it lies in memory; it is not 0.0.0.0. */
static inline uint8_t
ip_own4(const struct ip *ip, uint32_t ip4)
{
	uint8_t n;

	for (uint8_t h = own_hash(addr_fold_ip4(ip4)); (n = ip->own.slot[h]) != 0; h++)
		if (ip->own.ip4[n - 1] == ip4)
			return (uint8_t)(n - 1);
	return OWN_NONE;
}

static inline bool
ip_is_ours(const struct ip *ip, const uint8_t addr[16])
{
	return ip_own(ip, addr) != OWN_NONE;
}

/* On-link prefix, else gateway of a port; an address of ours: the loop (port LOOP_PORT).  False: no route, or not a
 * unicast address. */
bool ip_route(const struct ip *, const uint8_t remote[16], struct ip_route *);

/* The same, but for the source, from memory: NULL, or until the next call for another remote. */
struct ip_path *ip_path_new(struct ip *, struct ip_path *place, const uint8_t remote[16]);

static inline struct ip_path *
ip_path_place(const struct ip *ip, const uint8_t remote[16])
{
	return &ip->path[addr_hash(remote) >> (64 - IP_PATHS_LOG2)];
}

static inline struct ip_path *
ip_path(struct ip *ip, const uint8_t remote[16])
{
	struct ip_path *p = ip_path_place(ip, remote);

	return addr_equal(p->remote, remote) ? p : ip_path_new(ip, p, remote);
}

#define IP_AHEAD 4u /* frames */

enum ip_verdict {
	IP_OK,
	IP_OUTBOX_FULL, /* try next turn */
	IP_UNRESOLVED,  /* asked for the link-layer address: try when neigh.events moved */
	IP_UNREACHABLE, /* no route, or nobody answers for the next hop */
};

struct ip_out {
	struct fns_frame *frame;
	const struct ip_path *path;
	uint8_t *l4; /* TCP is written here, at most ip_room octets */
	/* for ip_finish_tcp, of who writes TCP: octets of header and text, and the sum of their words as numbers, of the
	 * text only where the path is PATH_SUMMED */
	uint16_t header, text;
	uint64_t sum;
};

/* MTU and frame considered. */
static inline uint32_t
ip_room(const struct ip_out *out)
{
	uint32_t room = out->frame->room - (uint32_t)ETH_HEADER;

	return (room < out->path->mtu ? room : out->path->mtu) - out->path->header;
}

/* Has the headers of a blank frame that will be written soon fetched: another core may have read it last. */
static inline void
ip_blank_ahead(const struct ip *ip)
{
	unsigned ahead = ip->tx->used + IP_AHEAD;

	if (ahead >= ip->tx->room)
		return;
	__builtin_prefetch(ip->tx->slot[ahead].data, 1);
	__builtin_prefetch(ip->tx->slot[ahead].data + 64, 1);
	__builtin_prefetch(ip->tx->slot[ahead].data + 128, 1);
}

#endif
