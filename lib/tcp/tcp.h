/* Floor 3: all TCP of one shard. */
#ifndef FNS_TCP_H
#define FNS_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/finesse.h>
#include <finesse/request.h>

#include "classes.h"
#include "drop.h"
#include "flow.h"
#include "ip.h"
#include "key.h"
#include "pool.h"
#include "seg.h"
#include "siphash.h"
#include "state.h"
#include "stats.h"
#include "table.h"
#include "wheel.h"

#define TCP_OPTION_SETS 1024
#define TCP_HANDLERS    1024        /* functions, not connections; 0 stands for none */
#define TW_BIT          0x80000000u /* in the table: a tw, not a conn */

/* Options that many connections share: resolved against the configuration, counted; and what their profile says
 * (profile.h).  A line each: an index shifted is where it stands. */
struct option_set {
	_Alignas(64) struct fns_options value;
	uint32_t refs;
	uint32_t rules; /* one bit each */
};
_Static_assert(sizeof(struct option_set) == 64, "one cache line");

struct fns_listener {
	struct fns_addr local; /* 0.0.0.0 or :: (both families): any */
	uint32_t next;         /* the next with this port, or on the free list */
	uint32_t embryos;      /* children in SYN-RECEIVED */
	uint8_t own;           /* the number of `local`; OWN_NONE: any ... */
	uint8_t families;      /* ... of these */
	bool share;            /* others may have the same `local` */
	uint32_t limit;        /* of children that are ESTABLISHED and not accepted; 0: none */
	uint32_t waiting;      /* those */
	uint16_t options;
	uint16_t handler;
	bool live;
	void *user;
	struct tcp *tcp;
};

/* A TIME-WAIT entry.  `due` is the low bits of a tick: 2 MSL is ten minutes at the most. */
#define TW_DUE_BITS 24
struct tw {
	uint8_t remote[16]; /* of its struct key, and so the next two and `local` */
	uint16_t lport, rport;
	uint32_t snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	uint32_t prev, next; /* in the order of due: they all wait equally long */
	uint32_t due : TW_DUE_BITS, local : 7, ts : 1;
	uint16_t wnd; /* as it was last offered, unscaled field */
	uint16_t options;
};
_Static_assert(sizeof(struct tw) <= 48, "a TIME-WAIT entry with its slot in the table costs 64 octets");
_Static_assert(OWN_MAX <= 1 << 7, "`local` is a number of ours");

/* The flight recorder (recorder.h). */
struct recorder {
	struct pool rings;  /* of struct recording */
	struct table table; /* from conn index to ring, of connections that are not freed yet */
	struct {
		uint32_t head, tail, used;
	} kept[2]; /* oldest first: ended gracefully, abnormally */
	uint64_t ids, seen;
};

/* The last resets (resets.c): of connections, and without one. */
enum reset_kind { RESET_CONN, RESET_STRAY, RESET_KINDS };
struct reset_log {
	struct fns_reset note[FNS_RESETS];
	uint32_t noted; /* ever */
};

struct conn_list {
	uint32_t head, tail;
};

struct tcp {
	const struct fns_config *config;
	struct ip *ip;
	uint64_t now_us;
	uint32_t now;          /* tick: now_us >> TICK_SHIFT */
	uint8_t rcv_scale : 4; /* what our SYNs offer (RFC 7323 §2.3) */

	struct table table;
	struct wheel wheel;
	struct pool conns, queues, pages, recoveries, tws;
	struct conn_list dirty;   /* by dirty_next: output looks at them */
	struct conn_list waiting; /* by dirty_next: their next hop is unresolved */
	struct conn_list reports; /* by report_next */
	struct conn_list reap;    /* by report_next */
	bool reap_waits; /* one of `reap` is still dirty, maybe waiting for a neighbour it no longer needs */
	uint32_t tw_head, tw_tail;
	uint32_t
		arriving; /* what the segment that arrives now is for, as it stands in the table, or TABLE_NONE */
	uint64_t arriving_hash;
	uint32_t neigh_events; /* of ip->neigh when `waiting` was last looked through */

	struct recorder recorder;

	struct fns_listener *listener;
	uint32_t *listener_by_port; /* 65,536 indices */
	uint32_t listener_free;
	struct option_set *option;
	struct fns_options given; /* what was given last, and ... */
	uint16_t given_set;       /* ... the set that it became: the same one, as long as it is held */
	fns_handler *handler[TCP_HANDLERS];
	uint16_t handlers, handler_last; /* used of them; found last */

	struct sip_state table_hash; /* begun */
	struct sip_key iss_key, port_key;
	uint32_t port_step; /* RFC 6056: moves on with every choice */
	struct ip_limit resets;
	struct reset_log reset_log[RESET_KINDS];
	struct {
		int close_class; /* the next that ends so is remembered; -1: none */
		bool hit;
		struct fns_addr local, remote;
	} watch;
	bool ignore_opens;          /* a SYN that nobody listens for is dropped without an answer */
	uint64_t arrows;            /* taken, one bit each */
	counter state[STATE_COUNT]; /* gauges */
	counter class[CLASS_COUNT]; /* their sum is stats.ended */
	struct tcp_stats stats;
};

/* Ticks of 1,024 us: what deadlines and the wheel count in. */
#define TICK_SHIFT 10

/* The first tick that is not before now_us + after_us. */
static inline uint32_t
tcp_tick_after(const struct tcp *t, uint64_t after_us)
{
	return (uint32_t)((t->now_us + after_us + (1u << TICK_SHIFT) - 1) >> TICK_SHIFT);
}

static inline bool
tick_due(uint32_t tick, uint32_t now)
{
	return (int32_t)(tick - now) <= 0;
}

static inline uint64_t
tcp_hash(const struct tcp *t, const struct key *k)
{
	return key_hash_begun(t->table_hash, k);
}

static inline const uint8_t *
tcp_local(const struct tcp *t, const struct key *k)
{
	return t->ip->own.addr[k->local];
}

/* Between the two ways to write a four-tuple.  tcp_key: false if flow.local is not ours. */
bool tcp_key(const struct tcp *, const struct flow *, struct key *);
void tcp_flow(const struct tcp *, const struct key *, struct flow *);

/* Frames of this flow are brought to this shard. */
static inline bool
tcp_is_home(const struct tcp *t, const struct key *k)
{
	const struct fns_steer *steer = t->config->steer;
	struct flow f;

	if (steer == NULL)
		return true;
	tcp_flow(t, k, &f);
	return steer->owner[flow_fold(&f)] == t->config->shard;
}

/* Memory by part; tcp_init wants the parts in this order, zeroed. */
enum tcp_part {
	PART_CONNS,
	PART_TABLE,
	PART_WHEEL,
	PART_PAGES,
	PART_QUEUES,
	PART_RECOVERIES,
	PART_TWS,
	PART_LISTENERS,
	PART_OPTIONS,
	PART_RECORDERS,
	PART_COUNT
};
struct tcp_memory {
	const char *name;
	uint64_t each, count, bytes;
};
void tcp_memory(const struct fns_config *, struct tcp_memory part[PART_COUNT]);
void tcp_init(struct tcp *, const struct fns_config *, struct ip *, void *const part[PART_COUNT],
              const uint8_t secret[32], uint64_t now_us);

struct tcp_arrival;

/* The turn calls these, in this order. */
void tcp_clock(struct tcp *, uint64_t now_us);
enum drop tcp_arrives(struct tcp *, struct tcp_arrival *);   /* §3.10.7 */
enum drop tcp_icmp(struct tcp *, const struct ip_arrival *); /* §3.9.2.2 */
void tcp_timeouts(struct tcp *, unsigned budget);            /* §3.10.8 */
void tcp_reports(struct tcp *);
void tcp_outputs(struct tcp *);
void tcp_reap(struct tcp *);
uint64_t tcp_due(const struct tcp *);

/* tcp_open, tcp_listen: fns_open and fns_listen (finesse.h), without the shard around. */
struct fns_conn *tcp_open(struct tcp *, const struct fns_addr *local, const struct fns_addr *remote,
                          const struct fns_options *, fns_handler *, void *user);
struct fns_listener *tcp_listen(struct tcp *, const struct fns_addr *local, const struct fns_options *,
                                fns_handler *, void *user);

/* The number of a handler, for struct fns_conn; TCP_HANDLERS: there are too many different ones. */
uint16_t tcp_handler(struct tcp *, fns_handler *);

/* A segment on its way to tcp_arrives (find.h). */
struct tcp_arrival {
	struct seg seg;
	struct key key;
	uint32_t guess; /* tcp_expect's: where the table led then, or TABLE_NONE */
	uint64_t hash;
};

/* The conn, or tw | TW_BIT, of a key; TABLE_NONE. */
uint32_t tcp_find(const struct tcp *, const struct key *, uint64_t hash);

/* Option sets.  tcp_options_hold: index with one more reference, or -1 with errno EINVAL, ENOBUFS. */
int tcp_options_hold(struct tcp *, const struct fns_options *);
void tcp_options_again(struct tcp *, uint16_t index);
void tcp_options_drop(struct tcp *, uint16_t index);

/* listener.c */
struct fns_listener *listener_find(const struct tcp *, const struct key *);
static inline uint32_t
listener_index(const struct fns_listener *l)
{
	return (uint32_t)(l - l->tcp->listener);
}

static inline bool
listener_full(const struct fns_listener *l)
{
	return l->limit > 0 && l->waiting >= l->limit;
}

/* timewait.c */
struct fns_conn;
bool tw_enter(struct fns_conn *); /* takes the conn's place in the table; false: no room */
void tw_key(const struct tw *, struct key *);
void tw_remove(struct tcp *, uint32_t index); /* out of the table, freed */
void tw_expire(struct tcp *, unsigned budget);
enum drop tw_arrives(struct tcp *, uint32_t index, const struct key *, const struct seg *);
static inline struct tw *
tw_at(const struct tcp *t, uint32_t index)
{
	return pool_at_by(&t->tws, index, sizeof(struct tw));
}

/* Given back, it has no port: listeners cannot have port 0 either. */
static inline bool
tw_is_live(const struct tw *w)
{
	return w->lport != 0;
}

static inline bool
tw_is(const struct tw *w, const struct key *k)
{
	return w->lport == k->lport && w->rport == k->rport && w->local == k->local &&
	       addr_equal(w->remote, k->remote);
}

static inline uint32_t
tw_due(const struct tcp *t, const struct tw *w)
{
	int32_t ahead = (int32_t)((w->due - t->now) << (32 - TW_DUE_BITS)) >> (32 - TW_DUE_BITS);

	return t->now + (uint32_t)ahead;
}

/* arrives.c, for timewait.c: a SYN of a new incarnation; iss_floor: our ISS is at least this (with `floor`). */
enum drop tcp_arrives_listen(struct tcp *, struct fns_listener *, const struct key *, const struct seg *,
                             bool floor, uint32_t iss_floor);

/* reply.c: segments without a conn.  Lost if there is no way out for them now. */
void reply_reset(struct tcp *, const struct key *, const struct seg *,
                 enum drop why); /* §3.5.2, §3.10.7.1: to what should not have come */
void reply_tw_ack(struct tcp *, const struct tw *);

/* resets.c: notes it in the log; `why` is static.  Of a connection before its state and rings change. */
void reset_note_conn(struct fns_conn *, bool sent, const char *why);
void reset_note_stray(struct tcp *, const struct key *, bool sent, uint16_t state, const char *why);

/* iss.c: what must not be guessed. */
void iss_choose(struct fns_conn *);                                  /* RFC 6528, and the offset */
uint32_t iss_ts_offset(const struct tcp *, const struct key *);      /* RFC 7323 §7.1 */
uint16_t iss_port(struct tcp *, const struct key *, unsigned tries); /* RFC 6056: the tries-th candidate */

static inline uint32_t
tcp_ts_now(const struct tcp *t)
{
	return (uint32_t)(t->now_us / 1000); /* ticks of 1 ms */
}

#endif
