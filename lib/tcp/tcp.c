/* All TCP of one shard: its memory, its clock, its option sets. */
#include "tcp.h"

#include <errno.h>
#include <string.h>

#include "conn.h"
#include "internal.h"
#include "profile.h"

#define RECOVERIES_LEAST 1024u
#define LINGER2_MOST_MS  120000 /* as Linux bounds TCP_LINGER2 */

static uint32_t
recoveries(const struct fns_config *cf)
{
	uint32_t n = cf->connections / 4;

	return n < RECOVERIES_LEAST
	               ? (cf->connections < RECOVERIES_LEAST ? cf->connections : RECOVERIES_LEAST)
	               : n;
}

/* A connection that has queues holds a page or a recovery block, but for the one that is about to. */
static uint64_t
queues(const struct fns_config *cf)
{
	uint64_t most = cf->buffer_bytes / RING_PAGE + recoveries(cf) + 1;

	return most < cf->connections ? most : cf->connections;
}

void
tcp_memory(const struct fns_config *cf, struct tcp_memory part[PART_COUNT])
{
	uint64_t entries = (uint64_t)cf->connections + cf->time_wait;
	uint64_t pages = cf->buffer_bytes / RING_PAGE;

	part[PART_CONNS] = (struct tcp_memory){"connections", sizeof(struct fns_conn), cf->connections,
	                                       CONN_HEAD + cf->connections * sizeof(struct fns_conn)};
	part[PART_TABLE] =
		(struct tcp_memory){"connection table", 0, entries, table_bytes((uint32_t)entries)};
	part[PART_WHEEL] = (struct tcp_memory){"timing wheel", 0, 1, wheel_bytes()};
	part[PART_PAGES] = (struct tcp_memory){"buffer pages", RING_STRIDE, pages, 0};
	part[PART_QUEUES] = (struct tcp_memory){"queues", sizeof(struct queues), queues(cf), 0};
	part[PART_RECOVERIES] =
		(struct tcp_memory){"recovery blocks", sizeof(struct recovery), recoveries(cf), 0};
	part[PART_TWS] = (struct tcp_memory){"time-wait entries", sizeof(struct tw), cf->time_wait, 0};
	part[PART_LISTENERS] =
		(struct tcp_memory){"listeners", sizeof(struct fns_listener), cf->listeners,
	                            65536 * sizeof(uint32_t) + cf->listeners * sizeof(struct fns_listener)};
	part[PART_OPTIONS] =
		(struct tcp_memory){"option sets", sizeof(struct option_set), TCP_OPTION_SETS, 0};
	part[PART_RECORDERS] = (struct tcp_memory){"flight recorder", sizeof(struct recording), cf->recorders,
	                                           recorder_bytes(cf->recorders)};
	for (unsigned i = 0; i < PART_COUNT; i++) {
		if (part[i].bytes == 0)
			part[i].bytes = part[i].each * part[i].count;
		part[i].bytes = (part[i].bytes + 63) & ~UINT64_C(63);
	}
}

static void
init_listeners(struct tcp *t, void *mem)
{
	t->listener_by_port = mem;
	t->listener = (struct fns_listener *)(void *)((uint8_t *)mem + 65536 * sizeof(uint32_t));
	for (uint32_t i = 0; i < 65536; i++)
		t->listener_by_port[i] = POOL_NONE;
	for (uint32_t i = 0; i < t->config->listeners; i++)
		t->listener[i].next = i + 1 < t->config->listeners ? i + 1 : POOL_NONE;
	t->listener_free = 0;
}

/* Three keys from one secret: each is the secret's hash of its own number. */
static struct sip_key
derive(const uint8_t secret[32], uint8_t number)
{
	uint8_t in[17];
	struct sip_key a = sip_key_from(secret), k;

	memcpy(in, secret + 16, 16);
	in[16] = number;
	k.k0 = siphash24(a, in, sizeof(in));
	in[16] = (uint8_t)(number | 0x80);
	k.k1 = siphash24(a, in, sizeof(in));
	return k;
}

/* The window scale that lets the whole receive window be offered (RFC 7323 §2.3); at least 1, so that it is offered. */
static unsigned
rcv_scale(const struct fns_config *cf)
{
	unsigned scale = 1;

	while (scale < 14 && (uint32_t)UINT16_MAX << scale < cf->rcv_wnd_max)
		scale++;
	return scale;
}

void
tcp_init(struct tcp *t, const struct fns_config *cf, struct ip *ip, void *const part[PART_COUNT],
         const uint8_t secret[32], uint64_t now_us)
{
	const struct conn_list empty = {POOL_NONE, POOL_NONE};

	memset(t, 0, sizeof(*t));
	t->config = cf;
	t->ip = ip;
	t->watch.close_class = -1;
	t->rcv_scale = rcv_scale(cf) & 15u;
	tcp_clock(t, now_us);
	*(struct tcp **)part[PART_CONNS] = t;
	pool_init(&t->conns, (uint8_t *)part[PART_CONNS] + CONN_HEAD, sizeof(struct fns_conn),
	          cf->connections);
	pool_init(&t->queues, part[PART_QUEUES], sizeof(struct queues), (uint32_t)queues(cf));
	table_init(&t->table, part[PART_TABLE], cf->connections + cf->time_wait);
	wheel_init(&t->wheel, part[PART_WHEEL], t->now, t->conns.mem, sizeof(struct fns_conn),
	           offsetof(struct fns_conn, timer));
	pool_init(&t->pages, part[PART_PAGES], RING_STRIDE, (uint32_t)(cf->buffer_bytes / RING_PAGE));
	pool_init(&t->recoveries, part[PART_RECOVERIES], sizeof(struct recovery), recoveries(cf));
	pool_init(&t->tws, part[PART_TWS], sizeof(struct tw), cf->time_wait);
	t->option = part[PART_OPTIONS];
	init_listeners(t, part[PART_LISTENERS]);
	recorder_init(&t->recorder, part[PART_RECORDERS], cf->recorders);
	t->dirty = t->waiting = t->reports = t->reap = empty;
	t->tw_head = t->tw_tail = POOL_NONE;
	t->arriving = TABLE_NONE;
	t->resets.tokens = cf->resets_per_second; /* also in the first second of a clock that began at 0 */
	t->handlers = 1;
	t->table_hash = sip_begin(derive(secret, 0));
	t->iss_key = derive(secret, 1);
	t->port_key = derive(secret, 2);
}

void
tcp_clock(struct tcp *t, uint64_t now_us)
{
	t->now_us = now_us;
	t->now = (uint32_t)(now_us >> TICK_SHIFT);
}

static uint64_t
us_at(const struct tcp *t, uint32_t tick)
{
	uint64_t begin = t->now_us >> TICK_SHIFT;

	return (begin + (uint64_t)(int64_t)(int32_t)(tick - t->now)) << TICK_SHIFT;
}

uint64_t
tcp_due(const struct tcp *t)
{
	uint64_t due = UINT64_MAX, at;
	uint32_t tick;

	if (t->dirty.head != POOL_NONE || t->reports.head != POOL_NONE || t->reap_waits)
		return t->now_us;
	if (wheel_next(&t->wheel, &tick))
		due = us_at(t, tick);
	if (t->tw_head != POOL_NONE) {
		at = us_at(t, tw_due(t, tw_at(t, t->tw_head)));
		due = at < due ? at : due;
	}
	return due;
}

uint16_t
tcp_handler(struct tcp *t, fns_handler *handler)
{
	uint16_t i;

	if (t->handler[t->handler_last] == handler)
		return t->handler_last;
	for (i = 0; i < t->handlers && t->handler[i] != handler; i++)
		;
	if (i == TCP_HANDLERS)
		return i;
	if (i == t->handlers)
		t->handler[t->handlers++] = handler;
	t->handler_last = i;
	return i;
}

bool
tcp_key(const struct tcp *t, const struct flow *flow, struct key *key)
{
	memcpy(key->remote, flow->remote, 16);
	key->lport = flow->lport;
	key->rport = flow->rport;
	key->local = ip_own(t->ip, flow->local);
	key->ip6 = !addr_is_ip4(flow->remote);
	return key->local != OWN_NONE;
}

void
tcp_flow(const struct tcp *t, const struct key *key, struct flow *flow)
{
	memcpy(flow->local, tcp_local(t, key), 16);
	memcpy(flow->remote, key->remote, 16);
	flow->lport = key->lport;
	flow->rport = key->rport;
}

/* What zero left open is the configuration's; of what fns_config_adopt may change, where it is used (timeouts.c). */
static struct fns_options
resolve(const struct fns_config *cf, const struct fns_options *given)
{
	struct fns_options o = *given;

	o.profile = o.profile == FNS_PROFILE_DEFAULT ? cf->profile : o.profile;
	o.self_connect = o.self_connect == FNS_SELF_DEFAULT ? cf->self_connect : o.self_connect;
	o.no_delay = o.no_delay != FNS_DEFAULT ? o.no_delay : cf->no_delay ? FNS_ON : FNS_OFF;
	o.keepalive = o.keepalive != FNS_DEFAULT ? o.keepalive : cf->keepalive ? FNS_ON : FNS_OFF;
	o.ttl = o.ttl == 0 ? 64 : o.ttl;
	o.open_ms = o.open_ms == 0 ? cf->open_ms : o.open_ms;
	o.congestion = o.congestion == FNS_CC_DEFAULT ? cc_find(cf->cc) : o.congestion;
	if (o.fin_wait_2_ms == 0)
		o.fin_wait_2_ms = (int32_t)cf->fin_wait_2_ms;
	else if (o.fin_wait_2_ms > LINGER2_MOST_MS && (profile_rules[o.profile] >> RULE_linger2_120_s & 1))
		o.fin_wait_2_ms = LINGER2_MOST_MS; /* T-31 */
	o.user_timeout_ms = o.user_timeout_ms == 0 ? cf->user_timeout_ms : o.user_timeout_ms;
	o.keepalive_ms = o.keepalive_ms == 0 ? cf->keepalive_ms : o.keepalive_ms;
	o.cork = o.cork == FNS_DEFAULT ? FNS_OFF : o.cork;
	o.rcv_buf = o.rcv_buf == 0 || o.rcv_buf > cf->rcv_wnd_max ? cf->rcv_wnd_max : o.rcv_buf;
	o.snd_buf = o.snd_buf == 0 || o.snd_buf > cf->snd_buf_max ? cf->snd_buf_max : o.snd_buf;
	return o;
}

static bool
valid(const struct fns_options *o)
{
	return o->profile <= FNS_RFC9293 && o->self_connect <= FNS_SELF_REFUSE && o->no_delay <= FNS_ON &&
	       o->keepalive <= FNS_ON && o->linger <= FNS_ON && o->record <= FNS_ON && o->cork <= FNS_ON &&
	       o->dscp <= 63 && o->congestion <= FNS_CC_CUBIC && o->share <= FNS_ON && o->v6_only <= FNS_ON;
}

/* Field by field: padding must not make two equal sets differ. */
static bool
same(const struct fns_options *a, const struct fns_options *b)
{
	return a->open_ms == b->open_ms && a->profile == b->profile && a->self_connect == b->self_connect &&
	       a->no_delay == b->no_delay && a->keepalive == b->keepalive && a->dscp == b->dscp &&
	       a->ttl == b->ttl && a->linger == b->linger && a->record == b->record &&
	       a->linger_ms == b->linger_ms && a->fin_wait_2_ms == b->fin_wait_2_ms &&
	       a->user_timeout_ms == b->user_timeout_ms && a->keepalive_ms == b->keepalive_ms &&
	       a->cork == b->cork && a->syn_retries == b->syn_retries &&
	       a->keepalive_probes == b->keepalive_probes && a->mss == b->mss &&
	       a->keepalive_interval_ms == b->keepalive_interval_ms && a->rcv_buf == b->rcv_buf &&
	       a->snd_buf == b->snd_buf && a->congestion == b->congestion && a->share == b->share &&
	       a->v6_only == b->v6_only;
}

int
tcp_options_hold(struct tcp *t, const struct fns_options *given)
{
	static const struct fns_options none;
	struct fns_options o;
	int spare = -1, found = -1;

	given = given != NULL ? given : &none;
	if (t->option[t->given_set].refs > 0 &&
	    (memcmp(given, &t->given, sizeof(*given)) == 0 || same(given, &t->given))) {
		t->option[t->given_set].refs++;
		return t->given_set;
	}
	if (!valid(given)) {
		errno = EINVAL;
		return -1;
	}
	o = resolve(t->config, given);
	for (int i = 0; i < TCP_OPTION_SETS && found < 0; i++) {
		struct option_set *set = &t->option[i];

		if (set->refs > 0 && same(&set->value, &o))
			found = i;
		else if (set->refs == 0 && spare < 0)
			spare = i;
	}
	if (found < 0 && spare < 0) {
		errno = ENOBUFS;
		return -1;
	}
	if (found < 0) {
		found = spare;
		t->option[found].value = o;
		t->option[found].rules = profile_rules[o.profile];
	}
	t->option[found].refs++;
	t->given = *given;
	t->given_set = (uint16_t)found;
	return found;
}

void
tcp_options_again(struct tcp *t, uint16_t index)
{
	t->option[index].refs++;
}

void
tcp_options_drop(struct tcp *t, uint16_t index)
{
	t->option[index].refs--;
}
