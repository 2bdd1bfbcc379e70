/* The shard and its turn: requests, arrivals, timeouts, reports, output, reap. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "look.h"
#include "requests.h"

#define EXPIRE_BUDGET                                                                                        \
	2048u /* timeouts and TIME-WAIT entries a turn: a storm of them must not hold up the frames */

static void *
take(const struct fns_config *cf, uint64_t bytes)
{
	void *p;

	if (cf->alloc != NULL)
		return cf->alloc(bytes, cf->alloc_arg);
	p = aligned_alloc(64, (bytes + 63) & ~UINT64_C(63));
	if (p != NULL)
		memset(p, 0, bytes);
	return p;
}

static void
give(const struct fns_config *cf, void *p, uint64_t bytes)
{
	if (p == NULL)
		return;
	if (cf->free != NULL)
		cf->free(p, bytes, cf->alloc_arg);
	else if (cf->alloc == NULL)
		free(p);
}

struct fns_shard *
fns_shard_new(const struct fns_config *cf, const uint8_t secret[32], uint64_t now_us)
{
	struct tcp_memory part[PART_COUNT];
	struct fns_shard *s;
	uint64_t key;
	char why[128];

	if (fns_config_check(cf, why, sizeof(why)) != 0) {
		errno = EINVAL;
		return NULL;
	}
	s = take(cf, sizeof(*s));
	if (s == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	s->config = *cf;
	tcp_memory(cf, part);
	s->ip_memory = take(cf, ip_bytes(cf));
	for (unsigned i = 0; i < PART_COUNT; i++) {
		s->memory[i] = take(cf, part[i].bytes);
		if (s->memory[i] == NULL || s->ip_memory == NULL) {
			fns_shard_free(s);
			errno = ENOMEM;
			return NULL;
		}
	}
	memcpy(&key, secret + 8, sizeof(key));
	ip_init(&s->ip, &s->config, s->ip_memory, key, now_us);
	tcp_init(&s->tcp, &s->config, &s->ip, s->memory, secret, now_us);
	return s;
}

void
fns_shard_free(struct fns_shard *s)
{
	struct fns_config cf = s->config;
	struct tcp_memory part[PART_COUNT];

	tcp_memory(&cf, part);
	for (unsigned i = 0; i < PART_COUNT; i++)
		give(&cf, s->memory[i], part[i].bytes);
	give(&cf, s->ip_memory, ip_bytes(&cf));
	give(&cf, s, sizeof(*s));
}

/* Frames of a burst, in three passes: look at all, so that what leads to their connections is on its way into the
 * cache; look at where it leads; and only then let them arrive, each as if it had come alone. */
#define BURST 32u

struct look {
	struct tcp_arrival arrival; /* of a segment */
	bool segment;               /* it has parsed as one; else ... */
	uint8_t drop;               /* enum drop: what it is dropped for, or DROP_TAKEN: it arrives in IP */
};

/* The headers of a frame: two lines, wherever they begin. */
#define fetch(frame, to_write)                                                                               \
	(__builtin_prefetch((frame)->data, to_write), __builtin_prefetch((frame)->data + 64, to_write))

static inline void
parse(struct fns_shard *s, const struct ip_segment *segment, struct look *l)
{
	enum drop drop = tcp_parse(&s->tcp, segment, &l->arrival);

	l->segment = drop == DROP_TAKEN;
	l->drop = (uint8_t)drop;
}

static __attribute__((noinline)) void
look_closely(struct fns_shard *s, const struct fns_frame *frame, struct look *l)
{
	struct ip_segment segment;

	l->segment = false;
	l->drop = (uint8_t)ip_look_closely(&s->ip, frame, &segment);
	if (l->drop == DROP_TAKEN && segment.l4 != NULL)
		parse(s, &segment, l);
}

static void
look(struct fns_shard *s, const struct fns_frame *frame, struct look *l)
{
	struct ip_segment segment;

	if (ip_look(&s->ip, frame, &segment))
		parse(s, &segment, l);
	else
		look_closely(s, frame, l);
}

static enum drop
arrive(struct fns_shard *s, const struct fns_frame *frame, struct look *l)
{
	struct ip_arrival a;
	enum drop drop = (enum drop)l->drop;

	if (l->segment)
		return tcp_arrives(&s->tcp, &l->arrival);
	if (drop != DROP_TAKEN)
		return drop;
	drop = ip_arrive(&s->ip, frame, &a);
	return drop == DROP_TAKEN && a.kind == IP_ERROR ? tcp_icmp(&s->tcp, &a) : drop;
}

static void
arrive_burst(struct fns_shard *s, const struct fns_frame *frame, unsigned n)
{
	struct look l[BURST];

	for (unsigned i = 0; i < n; i++) {
		fetch(&frame[i], 0);
		if (frame[i].len > 128)
			__builtin_prefetch(frame[i].data + 128);
	}
	for (unsigned i = 0; i < n; i++)
		look(s, &frame[i], &l[i]);
	for (unsigned i = 0; i < n; i++) {
		if (l[i].segment)
			tcp_expect(&s->tcp, &l[i].arrival);
	}
	for (unsigned i = 0; i < n; i++)
		counter_add(&s->fate[arrive(s, &frame[i], &l[i])], 1);
	counter_add(&s->frames_in, n);
}

/* What the last turn put into the loop; what this turn puts there waits for the next. */
static void
arrive_looped(struct fns_shard *s)
{
	struct ip_segment segment;
	struct tcp_arrival a;

	for (uint32_t n = s->ip.loop.used; n > 0 && ip_loop_arrives(&s->ip, &segment); n--) {
		enum drop drop = tcp_parse(&s->tcp, &segment, &a);

		if (drop == DROP_TAKEN)
			drop = tcp_arrives(&s->tcp, &a);
		counter_add(&s->frames_looped, 1);
		counter_add(&s->fate[drop], 1);
		ip_looped(&s->ip);
	}
}

void
fns_shard_turn(struct fns_shard *s, uint64_t now_us, const struct fns_frame *rx, unsigned n,
               struct fns_outbox *tx)
{
	uint16_t before = tx->used;

	if (now_us < s->tcp.now_us)
		now_us = s->tcp.now_us; /* M02 */
	tcp_clock(&s->tcp, now_us);
	s->ip.now_us = now_us;
	s->ip.tx = tx;
	for (unsigned i = 0; i < n && i < BURST && tx->used + i < tx->room; i++)
		fetch(&tx->slot[tx->used + i], 1);
	requests_serve(s);
	arrive_looped(s);
	for (unsigned i = 0; i < n; i += BURST)
		arrive_burst(s, rx + i, n - i < BURST ? n - i : BURST);
	ip_timeouts(&s->ip);
	tcp_timeouts(&s->tcp, EXPIRE_BUDGET);
	tw_expire(&s->tcp, EXPIRE_BUDGET);
	tcp_reports(&s->tcp);
	tcp_outputs(&s->tcp);
	tcp_reports(&s->tcp); /* what output ended: a SYN without a way out */
	tcp_reap(&s->tcp);
	s->ip.tx = NULL;
	counter_add(&s->frames_out, (uint64_t)(tx->used - before));
	if (s->config.check)
		assert(shard_sums(s) == NULL);
}

uint64_t
fns_shard_due(const struct fns_shard *s)
{
	uint64_t ip = ip_due(&s->ip), tcp = tcp_due(&s->tcp);

	if (mailbox_first(&s->mailbox) != NULL)
		return s->tcp.now_us;
	return ip < tcp ? ip : tcp;
}

static bool
at_place(const struct fns_shard *s, uint8_t own, uint16_t port, const struct fns_addr *local)
{
	return port == local->port && (addr_is_zero(local->ip) || addr_equal(s->ip.own.addr[own], local->ip));
}

uint32_t
fns_shard_some(struct fns_shard *s, uint32_t from, uint32_t count, void (*fn)(struct fns_conn *, void *),
               void *arg)
{
	uint32_t fresh = s->tcp.conns.fresh, end = from;

	if (from < fresh)
		end = count < fresh - from ? from + count : fresh;
	for (uint32_t i = from; i < end; i++) {
		struct fns_conn *c = conn_at(&s->tcp, i);

		if (!(c->marks & M_GONE) && !in(c, ENDED))
			fn(c, arg);
	}
	return end < s->tcp.conns.fresh ? end : 0;
}

void
fns_shard_each(struct fns_shard *s, void (*fn)(struct fns_conn *, void *), void *arg)
{
	fns_shard_some(s, 0, UINT32_MAX, fn, arg);
}

void
fns_shard_ignore_opens(struct fns_shard *s, bool ignore)
{
	s->tcp.ignore_opens = ignore;
}

uint64_t
fns_shard_now(const struct fns_shard *s)
{
	return s->tcp.now_us;
}

const struct fns_config *
fns_shard_config(const struct fns_shard *s)
{
	return &s->config;
}

bool
fns_shard_has(const struct fns_shard *s, const uint8_t ip[16])
{
	return ip_is_ours(&s->ip, ip);
}

uint16_t
fns_shard_port(struct fns_shard *s, unsigned tries)
{
	const struct key nobody = {0};

	if (tries == 0)
		s->tcp.port_step++;
	return iss_port(&s->tcp, &nobody, tries);
}

bool
fns_port_in_use(const struct fns_shard *s, const struct fns_addr *local)
{
	const struct tcp *t = &s->tcp;
	uint32_t i;

	for (i = 0; i < t->conns.fresh; i++) {
		const struct fns_conn *c = conn_at(t, i);

		if (!(c->marks & M_GONE) && !in(c, ENDED) && at_place(s, c->key.local, c->key.lport, local))
			return true;
	}
	for (i = t->tw_head; i != POOL_NONE; i = tw_at(t, i)->next) {
		if (at_place(s, tw_at(t, i)->local, tw_at(t, i)->lport, local))
			return true;
	}
	return false;
}

void
fns_shard_watch(struct fns_shard *s, int close_class)
{
	s->tcp.watch.close_class = close_class;
	s->tcp.watch.hit = false;
}

bool
fns_shard_watched(struct fns_shard *s, struct fns_addr *local, struct fns_addr *remote)
{
	if (!s->tcp.watch.hit)
		return false;
	s->tcp.watch.hit = false;
	*local = s->tcp.watch.local;
	*remote = s->tcp.watch.remote;
	return true;
}

size_t
fns_shard_records(const struct fns_shard *s, struct fns_record_row *row, size_t room)
{
	return recorder_list(&s->tcp.recorder, row, room);
}

int
fns_shard_record(const struct fns_shard *s, uint64_t id, struct fns_record *out)
{
	return recorder_copy(&s->tcp.recorder, id, out) ? 0 : -ENOENT;
}

struct fns_listener *
fns_listen(struct fns_shard *s, const struct fns_addr *local, const struct fns_options *options,
           fns_handler *handler, void *user)
{
	return tcp_listen(&s->tcp, local, options, handler, user);
}

struct fns_conn *
fns_open(struct fns_shard *s, const struct fns_addr *local, const struct fns_addr *remote,
         const struct fns_options *options, fns_handler *handler, void *user)
{
	return tcp_open(&s->tcp, local, remote, options, handler, user);
}
