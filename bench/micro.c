/* The pieces of a turn, each alone: nanoseconds and cycles, and for those that memory decides the floor that memory sets
 * in the same run (micro.h).  The best of several rounds counts: everything else of the machine can only make it slower. */
#include "micro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>

#include <finesse/shard.h>

#include "cksum.h"
#include "eth.h"
#include "ip4.h"
#include "key.h"
#include "machine.h"
#include "memory.h"
#include "pool.h"
#include "seg.h"
#include "table.h"
#include "wheel.h"

#define ROUNDS    100 /* short ones: some of them nothing else interrupts */
#define AT_A_TIME 32  /* as a turn takes frames */
#define OBJECT    192 /* as a connection: its key first, its node of the wheel in the second line */
#define ROUND_OPS (1u << 13)

struct object {
	struct key key;
	uint8_t rest[64 - sizeof(struct key)];
	struct wheel_node node;
	uint8_t more[OBJECT - 64 - sizeof(struct wheel_node)];
};
_Static_assert(sizeof(struct object) == OBJECT, "three cache lines");

struct micro {
	uint64_t random;
	uint32_t count; /* objects, and entries of the table */
	struct object *object;
	struct table table;
	struct table_bucket *bucket;
	size_t bucket_bytes;
	struct sip_key secret;
	struct wheel wheel;
	void *wheel_memory;
	struct fns_shard *shard;
	uint64_t shard_us;
	uint8_t frame[AT_A_TIME][128];
	uint8_t blank[AT_A_TIME][128];
	uint8_t octets[1460];
	uint64_t sink; /* so that nothing is left out as useless */
};

static uint64_t
next(struct micro *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

static uint32_t
below(struct micro *m, uint32_t n)
{
	return (uint32_t)((next(m) >> 32) * n >> 32);
}

/* Field by field where it will be, as from a frame: what is copied in one piece after it was written in several, the
 * processor waits for. */
static inline void
key_of(struct key *k, uint32_t i)
{
	uint64_t words[2] = {0, UINT64_C(0xffff0000) | (uint64_t)(0x01000000u | i >> 16) << 32};

	memcpy(k->remote, words, 8);
	memcpy(k->remote + 8, words + 1, 8);
	k->lport = 80;
	k->rport = (uint16_t)i;
	k->local = 0;
	k->ip6 = 0;
}

/* Each runs `ops` operations. */

/* What any lookup must touch: a line of the table, and then one of the object, of which only the first says where it is;
 * random ones, asked for a burst at a time. */
static void
memory_floor(struct micro *m, uint32_t ops)
{
	uint32_t line[AT_A_TIME], object[AT_A_TIME];

	for (uint32_t done = 0; done < ops; done += AT_A_TIME) {
		for (unsigned i = 0; i < AT_A_TIME; i++) {
			line[i] = below(m, m->table.last + 1);
			__builtin_prefetch(&m->bucket[line[i]]);
		}
		for (unsigned i = 0; i < AT_A_TIME; i++) {
			object[i] = below(m, m->count) + m->bucket[line[i]].spare[0];
			__builtin_prefetch(&m->object[object[i]]);
		}
		for (unsigned i = 0; i < AT_A_TIME; i++)
			m->sink += m->object[object[i]].key.rport;
	}
}

static void
memory_one(struct micro *m, uint32_t ops)
{
	uint32_t at = 0;

	for (uint32_t done = 0; done < ops; done++) /* the next place depends on what was read here */
		at = (uint32_t)((((uint64_t)m->object[at].key.rport + (uint32_t)next(m)) & UINT32_MAX) *
		                        m->count >>
		                32);
	m->sink += at;
}

static uint32_t
find(struct micro *m, const struct key *k, uint64_t hash)
{
	struct table_probe p;
	uint32_t i;

	for (i = table_first(&m->table, hash, &p); i != TABLE_NONE; i = table_next(&m->table, &p)) {
		if (key_equal(&m->object[i].key, k))
			return i;
	}
	return TABLE_NONE;
}

/* As a turn does it: hash and fetch all, see where they lead and fetch that, compare. */
static void
table_burst(struct micro *m, uint32_t ops)
{
	struct table_probe p;
	struct key key[AT_A_TIME];
	uint64_t hash[AT_A_TIME];
	uint32_t at[AT_A_TIME];

	for (uint32_t done = 0; done < ops; done += AT_A_TIME) {
		for (unsigned i = 0; i < AT_A_TIME; i++) {
			key_of(&key[i], below(m, m->count));
			hash[i] = key_hash(m->secret, &key[i]);
			table_prefetch(&m->table, hash[i]);
		}
		for (unsigned i = 0; i < AT_A_TIME; i++) {
			at[i] = table_first(&m->table, hash[i], &p);
			if (at[i] != TABLE_NONE)
				__builtin_prefetch(&m->object[at[i]]);
		}
		for (unsigned i = 0; i < AT_A_TIME; i++) {
			if (at[i] != TABLE_NONE && key_equal(&m->object[at[i]].key, &key[i]))
				m->sink += at[i];
			else
				m->sink += find(m, &key[i], hash[i]);
		}
	}
}

static void
table_single(struct micro *m, uint32_t ops)
{
	for (uint32_t done = 0; done < ops; done++) {
		struct key k;

		key_of(&k, (below(m, m->count) + (uint32_t)(m->sink & 1)) % m->count);
		m->sink += find(m, &k, key_hash(m->secret, &k));
	}
}

static void
table_churn(struct micro *m, uint32_t ops)
{
	for (uint32_t done = 0; done < ops; done++) {
		uint32_t i = below(m, m->count);
		uint64_t hash = key_hash(m->secret, &m->object[i].key);

		m->sink += table_remove(&m->table, hash, i) && table_add(&m->table, hash, i);
	}
}

static void
wheel_arms(struct micro *m, uint32_t ops)
{
	for (uint32_t done = 0; done < ops; done++)
		m->sink += wheel_arm(&m->wheel, below(m, m->count), m->wheel.now + 200 + below(m, 1000));
}

/* What is armed comes out in order of time, and is armed again for later: a pool in steady use. */
static void
wheel_turns(struct micro *m, uint32_t ops)
{
	for (uint32_t done = 0; done < ops;) {
		uint32_t i = wheel_expire(&m->wheel, m->wheel.now), tick;

		if (i != WHEEL_NONE) {
			wheel_arm(&m->wheel, i, m->wheel.now + 1200);
			done++;
		} else if (wheel_next(&m->wheel, &tick)) {
			wheel_expire(&m->wheel, tick - 1);
			m->wheel.now = tick;
		} else {
			return;
		}
	}
}

static void
sip_ip4(struct micro *m, uint32_t ops)
{
	struct key k;

	key_of(&k, 1);
	for (uint32_t done = 0; done < ops; done++, k.rport++)
		m->sink += key_hash(m->secret, &k);
}

static void
sip_ip6(struct micro *m, uint32_t ops)
{
	struct key k;

	key_of(&k, 1);
	for (k.ip6 = 1; ops > 0; ops--, k.rport++)
		m->sink += key_hash(m->secret, &k);
}

static void
sip_24(struct micro *m, uint32_t ops)
{
	struct key k;

	key_of(&k, 1);
	for (; ops > 0; ops--, k.rport++)
		m->sink += key_hash_strong(m->secret, &k);
}

static void
sum_header(struct micro *m, uint32_t ops)
{
	for (; ops > 0; ops--) {
		m->octets[ops % 32] ^= 1;
		m->sink += cksum_fold(cksum_header(0, m->octets, 32));
	}
}

static void
sum_1460(struct micro *m, uint32_t ops)
{
	for (; ops > 0; ops--) {
		m->octets[ops % 1460] ^= 1;
		m->sink += cksum_fold(cksum_add(0, m->octets, sizeof(m->octets)));
	}
}

static void
parse(struct micro *m, uint32_t ops)
{
	for (; ops > 0; ops--) {
		const uint8_t *f = m->frame[ops % AT_A_TIME];
		struct cursor c = cursor_of(f, ETH_HEADER + IP4_HEADER + 32);
		struct ip_packet p;
		struct eth eth;
		struct seg s;
		uint16_t from, to;

		if (eth_parse(&eth, &c) == DROP_TAKEN && ip4_parse(&p, &c, false) == DROP_TAKEN &&
		    seg_parse(&s, &from, &to, p.l4, p.l4_len, p.src, p.dst, false) == DROP_TAKEN)
			m->sink += s.seq;
	}
}

static void
build(struct micro *m, uint32_t ops)
{
	struct seg s = {.flags = ACK, .ack = 1, .opt = {.has_ts = true}};

	for (; ops > 0; ops--) {
		uint64_t sum;

		s.seq = s.opt.ts_val = ops;
		m->sink += seg_build_summed(m->blank[ops % AT_A_TIME], 80, 4000, &s, &sum) + sum;
	}
}

static void
turn(struct micro *m, unsigned frames)
{
	struct fns_frame rx[AT_A_TIME], slot[AT_A_TIME];
	struct fns_outbox tx = {slot, AT_A_TIME, 0};

	for (unsigned i = 0; i < AT_A_TIME; i++) {
		slot[i] = (struct fns_frame){.data = m->blank[i], .room = sizeof(m->blank[i])};
		rx[i] = (struct fns_frame){.data = m->frame[i], .len = ETH_HEADER + IP4_HEADER + 32};
	}
	fns_shard_turn(m->shard, ++m->shard_us, rx, frames, &tx);
	m->sink += tx.used;
}

static void
turn_idle(struct micro *m, uint32_t ops)
{
	for (; ops > 0; ops--)
		turn(m, 0);
}

static void
turn_strays(struct micro *m, uint32_t ops)
{
	for (; ops >= AT_A_TIME; ops -= AT_A_TIME)
		turn(m, AT_A_TIME);
}

/* clang-format off */
/*        name            what                                                                                 */
#define PIECES(X)                                                                                               \
	X(memory_one,   "one random line, with nothing to do until it is there")                                \
	X(memory_floor, "two random lines, one of the table and then one of an object, asked for 32 at a time") \
	X(table_burst,  "a connection found by its four-tuple, hash and comparison included, 32 at a time")     \
	X(table_single, "the same, one after the other")                                                        \
	X(table_churn,  "taken out of the table and put in again")                                              \
	X(wheel_arms,   "a timer armed, or moved, at random")                                                   \
	X(wheel_turns,  "a timer come due and armed again")                                                     \
	X(sip_ip4,      "SipHash-1-3 of an IPv4 four-tuple")                                                    \
	X(sip_ip6,      "SipHash-1-3 of an IPv6 four-tuple")                                                    \
	X(sip_24,       "SipHash-2-4 of an IPv4 four-tuple: ISN and timestamp offset")                          \
	X(sum_header,   "checksum of 32 octets of header")                                                      \
	X(sum_1460,     "checksum of 1,460 octets")                                                             \
	X(parse,        "Ethernet, IPv4 and TCP with timestamps parsed, checksums verified")                    \
	X(build,        "a TCP header with timestamps written and summed")                                      \
	X(turn_idle,    "a turn in which nothing happens")                                                      \
	X(turn_strays,  "a frame for nobody, in turns of 32: checked, hashed, looked up, dropped")
/* clang-format on */

static const struct {
	const char *name, *help;
	void (*run)(struct micro *, uint32_t ops);
} piece[] = {
#define X(name, help) {#name, help, name},
	PIECES(X)
#undef X
};

#define PIECE_COUNT (sizeof(piece) / sizeof(piece[0]))

static bool
make_objects(struct micro *m)
{
	m->bucket_bytes = table_bytes(m->count);
	m->bucket = memory_take(m->bucket_bytes, NULL);
	m->object = memory_take((size_t)m->count * sizeof(struct object), NULL);
	m->wheel_memory = memory_take(wheel_bytes(), NULL);
	if (m->bucket == NULL || m->object == NULL || m->wheel_memory == NULL)
		return false;
	table_init(&m->table, m->bucket, m->count);
	wheel_init(&m->wheel, m->wheel_memory, 0, m->object, sizeof(struct object),
	           offsetof(struct object, node));
	for (uint32_t i = 0; i < m->count; i++) {
		key_of(&m->object[i].key, i);
		table_add(&m->table, key_hash(m->secret, &m->object[i].key), i);
		wheel_node_init(&m->object[i].node);
		wheel_arm(&m->wheel, i, 1 + i % 60000);
	}
	return true;
}

/* Segments that no connection is there for: resets, so that nothing answers. */
static void
make_frame(uint8_t *f, uint16_t port)
{
	static const uint8_t to[6] = {2, 0, 0, 0, 0, 1}, from[6] = {2, 0, 0, 0, 0, 2};
	struct seg s = {.flags = RST, .opt = {.has_ts = true}};
	struct fns_addr us, peer;
	uint64_t sum;
	size_t len;

	fns_addr_parse(&us, "198.51.100.1", 0);
	fns_addr_parse(&peer, "198.51.100.2", 0);
	eth_build(f, to, from, ETH_IP4);
	len = seg_build_summed(f + ETH_HEADER + IP4_HEADER, port, 80, &s, &sum);
	sum += cksum_number_addr(us.ip) + cksum_number_addr(peer.ip) + PROTO_TCP + len;
	put_u16(f + ETH_HEADER + IP4_HEADER + 16, cksum_number(sum));
	ip4_build(f + ETH_HEADER, peer.ip, us.ip, PROTO_TCP, 64, 0, len);
}

static bool
make_shard(struct micro *m)
{
	static const uint8_t secret[32] = "a secret that guards no peer";
	struct fns_config cf;
	struct fns_addr us;

	fns_config_default(&cf);
	fns_addr_parse(&us, "198.51.100.1", 0);
	cf.alloc = memory_take;
	cf.free = memory_give;
	cf.port_count = 1;
	cf.port[0] = (struct fns_port_config){.mac = {2, 0, 0, 0, 0, 1}, .mtu = 1500, .address_count = 1};
	memcpy(cf.port[0].address[0].ip, us.ip, 16);
	cf.port[0].address[0].bits = 24;
	m->shard = fns_shard_new(&cf, secret, 0);
	for (unsigned i = 0; i < AT_A_TIME; i++)
		make_frame(m->frame[i], (uint16_t)(1024 + i));
	return m->shard != NULL;
}

struct best {
	double ns, cycles; /* of an operation */
};

static void
time_piece(struct micro *m, unsigned which, struct best *best)
{
	struct timespec from, to;
	uint64_t tsc;
	double ns;

	piece[which].run(m, ROUND_OPS); /* what was before it leaves the caches: all begin alike */
	tsc = rte_rdtsc();
	clock_gettime(CLOCK_MONOTONIC, &from);
	piece[which].run(m, ROUND_OPS);
	tsc = rte_rdtsc() - tsc;
	clock_gettime(CLOCK_MONOTONIC, &to);
	ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / ROUND_OPS;
	if (best->ns == 0 || ns < best->ns)
		*best = (struct best){ns, (double)tsc / ROUND_OPS};
}

static json_t *
figure(unsigned which, const struct best *best)
{
	json_t *o = json_object();

	json_object_set_new(o, "ns", json_real(best->ns));
	json_object_set_new(o, "cycles", json_real(best->cycles));
	json_object_set_new(o, "what", json_string(piece[which].help));
	return o;
}

static double
ns_of(const json_t *pieces, const char *name)
{
	return json_real_value(json_object_get(json_object_get(pieces, name), "ns"));
}

static json_t *
measure(struct micro *m, const struct plan *plan)
{
	json_t *o = json_object(), *all = json_object();
	struct best best[PIECE_COUNT] = {{0, 0}};
	double floor_ns;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < PIECE_COUNT; i++)
			time_piece(m, i, &best[i]);
	}
	for (unsigned i = 0; i < PIECE_COUNT; i++)
		json_object_set_new(all, piece[i].name, figure(i, &best[i]));
	floor_ns = ns_of(all, "memory_floor");
	json_object_set_new(o, "command", json_string(plan_command(plan)));
	json_object_set_new(o, "conns", json_integer(m->count));
	json_object_set_new(o, "pieces", all);
	json_object_set_new(o, "table_to_memory_floor", json_real(ns_of(all, "table_burst") / floor_ns));
	json_object_set_new(o, "seed", json_integer((json_int_t)plan->seed));
	json_object_set_new(o, "machine", machine());
	return o;
}

json_t *
micro(const struct plan *plan)
{
	struct micro *m = calloc(1, sizeof(*m));
	json_t *o = NULL;

	if (m == NULL)
		return NULL;
	m->random = plan->seed | 1;
	m->count = (uint32_t)plan->conns;
	m->secret = (struct sip_key){next(m), next(m)};
	if (make_objects(m) && make_shard(m))
		o = measure(m, plan);
	else
		fprintf(stderr, "finesse-bench: micro: no memory for %u objects\n", m->count);
	if (m->shard != NULL)
		fns_shard_free(m->shard);
	memory_give(m->bucket, m->bucket_bytes, NULL);
	memory_give(m->object, (size_t)m->count * sizeof(struct object), NULL);
	memory_give(m->wheel_memory, wheel_bytes(), NULL);
	free(m);
	return o;
}
