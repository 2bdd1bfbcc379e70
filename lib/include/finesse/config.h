/* What a shard is configured with.  fns_config_default fills in every value; a driver changes what it wants. */
#ifndef FINESSE_CONFIG_H
#define FINESSE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finesse.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FNS_PORTS_MAX     8
#define FNS_PORT_ADDR_MAX 8

struct fns_prefix {
	uint8_t ip[16]; /* an address of ours, IPv4 mapped */
	uint8_t bits;   /* length of the on-link prefix in the address's own family: 24, 64 */
};

struct fns_port_config {
	uint8_t mac[6];
	uint16_t mtu; /* of IP: 1500 */
	uint16_t address_count;
	struct fns_prefix
		address[FNS_PORT_ADDR_MAX]; /* the link-local address of IPv6 is added from the MAC */
	uint8_t gateway4[16], gateway6[16]; /* all zero: none */
	bool announce; /* tell the link our addresses at the first turn (gratuitous ARP, unsolicited advertisement) */
	bool tx_cksum; /* the port fills in TCP checksums (FNS_FRAME_TCP_CKSUM): only the pseudo header's is written */
};

/* Several shards with the same addresses: which of them owns a flow.  A network card's receive-side scaling can be given
 * the same rule: the Toeplitz hash with `key` repeated over and over, the lowest bits of the hash as bucket, and for each
 * bucket of its table the queue `bucket % shards`.
 *
 * The hash is symmetric: a flow and its mirror image have one owner, so a connection between two addresses of the
 * endpoint, or with itself, is within one shard.  It is no secret worth keeping: whoever chooses addresses and ports
 * freely can choose the shard. */
struct fns_steer {
	uint16_t key;     /* with an odd number of ones */
	uint16_t buckets; /* a power of two, at least `shards` */
	uint16_t shards;  /* 1 to 256 */
	uint8_t owner
		[65536]; /* by the XOR of all 16-bit words of both addresses and ports, IPv4 addresses mapped */
};

/* `key` should be random; its lowest bit may be changed.  Any thread may read what is made here. */
void fns_steer_init(struct fns_steer *, uint16_t key, unsigned buckets, unsigned shards);

/* The owner of the flow between a and b, whichever is the local one. */
unsigned fns_steer_owner(const struct fns_steer *, const struct fns_addr *a, const struct fns_addr *b);

/* Explicit congestion notification (RFC 3168): never; for peers that ask; asked for in active opens too. */
enum fns_ecn { FNS_ECN_OFF, FNS_ECN_PASSIVE, FNS_ECN_ON };

/* What a segment meets that nobody knows: a reset (RFC 9293 §3.10.7.1), or nothing, so that a scan tells less. */
enum fns_unknown { FNS_UNKNOWN_RESET, FNS_UNKNOWN_DROP_SYN, FNS_UNKNOWN_DROP };

struct fns_config {
	/* several shards */
	const struct fns_steer *steer; /* outlives the shard; NULL: there is one, and it owns every flow */
	uint8_t shard; /* which one this is: it opens no flow that is not its own; the driver brings it no others */

	/* limits: of this shard */
	uint32_t connections; /* conns at once, embryonic ones and orphans included */
	uint32_t time_wait;   /* TIME-WAIT entries at once; beyond, a connection goes straight to CLOSED */
	uint32_t orphans;     /* conns whose application is gone; beyond, close resets */
	uint32_t syn_backlog; /* conns in SYN-RECEIVED per listener */
	uint32_t listeners;
	uint32_t recorders;  /* rings of the flight recorder, of live and ended connections; 1,024; 0: none */
	uint32_t neighbours; /* entries of ARP and neighbour discovery together */
	uint64_t buffer_bytes; /* pages for all send and receive rings together */
	uint32_t rcv_wnd_max;  /* a receive window grows with use up to this */
	uint32_t rcv_wnd_initial;
	uint32_t snd_buf_max; /* octets a connection may have queued and unacknowledged */

	/* timeouts */
	uint32_t fin_wait_2_ms;  /* of an orphan; 60,000 */
	uint32_t time_wait_ms;   /* 2 MSL; 60,000 */
	uint32_t orphan_retries; /* retransmissions of an orphan's FIN or data before it is given up; 8 */
	uint32_t
		syn_retries; /* 7: with an initial RTO of 1 s that passes R2 for a SYN, 3 minutes (MUST-23) */
	uint32_t retries;    /* R2 as a count of retransmissions; 15 */
	uint32_t r1;         /* R1 as a count; 3 (SHLD-10) */
	uint32_t user_timeout_ms; /* 0: off */
	uint32_t
		open_ms; /* an active open that is not ESTABLISHED by then is given up; 0: after syn_retries */
	uint32_t keepalive_ms; /* idle time; 7,200,000 (MUST-28) */
	uint32_t keepalive_interval_ms;
	uint32_t keepalive_probes;
	uint32_t rto_initial_ms, rto_min_ms, rto_max_ms;
	uint32_t delayed_ack_ms; /* 40; below 500 (MUST-40) */

	/* policy */
	uint8_t profile;      /* enum fns_profile */
	uint8_t self_connect; /* enum fns_self_connect */
	bool backlog_reset;   /* a SYN at a full backlog is answered with a reset; else dropped (T-23) */
	bool keepalive, no_delay;
	bool timestamps, sack, window_scale;
	bool rfc1337;        /* a reset does not end TIME-WAIT */
	uint8_t ecn;         /* enum fns_ecn */
	uint8_t ecn_retries; /* SYNs that ask for ECN, sent again as they are; 1 (RFC 3168 §6.1.1.1) */
	bool strict_reset,
		strict_syn; /* RFC 5961 §3, §4; else a reset or a SYN anywhere in the window ends it */
	bool drop_syn_fin; /* a SYN with a FIN is dropped wherever it comes; else only where a profile says so */
	bool icmp_may_reset; /* a hard ICMP error ends an open (SHLD-26); else it is a soft one */
	uint8_t unknown;     /* enum fns_unknown */
	bool idle_restart;   /* the congestion window begins anew after idle time (RFC 5681 §4.1) */
	uint8_t push_every; /* in the profile linux: segments in a row of which the last is pushed; 2; 0: none */
	uint8_t syn_options_retries; /* SYNs sent again with all options, beyond with the MSS alone; 0: always all */
	uint16_t local_port_first, local_port_last; /* for active opens */
	uint32_t challenge_acks;                    /* per connection in 5 s (RFC 5961 §7) */
	uint32_t icmp_per_second;                   /* echo replies, bounded (RFC 4443 §2.4) */
	uint32_t resets_per_second;                 /* for segments without a connection */
	uint32_t record_sample;                     /* one connection in so many is recorded; 0: none */
	char cc[16];                                /* congestion control by name: "newreno", "cubic" */

	bool check; /* for tests: the sums of fns_shard_check after every turn, by assert */

	/* ports */
	uint16_t port_count;
	struct fns_port_config port[FNS_PORTS_MAX];

	/* memory: called by fns_shard_new and fns_shard_free alone.  alloc returns zeroed memory aligned to 64, or NULL.
	 * Both NULL: the C library. */
	void *(*alloc)(size_t bytes, void *arg);
	void (*free)(void *memory, size_t bytes, void *arg);
	void *alloc_arg;
};

void fns_config_default(struct fns_config *);

/* 0, or -EINVAL with one line in `why` that names the field and its range. */
int fns_config_check(const struct fns_config *, char *why, size_t room);

/* Takes over from `wanted` what may change while a shard runs: how often and how long is waited (but 2 MSL), limits of rates
 * and of embryos and orphans, who is recorded.  It counts for connections that are open too; what their options say stays. */
void fns_config_adopt(struct fns_config *running, const struct fns_config *wanted);

/* How the profiles differ, for reports to people: a rule, and who follows it.  Returns the rows there are; `row` gets
 * as many as fit.  Any thread. */
struct fns_profile_rule {
	const char *name, *help; /* static */
	bool linux_, bsd, rfc9293;
};
size_t fns_profile_rules(struct fns_profile_rule *row, size_t room);

/* Memory that a shard of this configuration takes from alloc, by part; for reports to people. */
struct fns_memory {
	const char *name; /* "connections", static */
	uint64_t each;    /* octets per object, 0 if that says nothing */
	uint64_t count;
	uint64_t bytes;
};
size_t fns_config_memory(const struct fns_config *, struct fns_memory *row, size_t room); /* rows there are */

#ifdef __cplusplus
}
#endif
#endif
