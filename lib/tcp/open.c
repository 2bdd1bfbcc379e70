/* OPEN, active (RFC 9293 §3.10.1), and what the SYNs of both sides agree on (§3.7.1, RFC 7323 §2, RFC 2018 §2). */
#include "internal.h"

#include <errno.h>

#include "ours.h"

#define MSS_LEAST 216 /* E07: a peer that asks for less gets this */

bool
open_plain(const struct fns_conn *c)
{
	uint32_t retries = tcp_of(c)->config->syn_options_retries;

	return retries != 0 && c->backoff > retries;
}

void
open_options(struct fns_conn *c, const struct seg *s)
{
	struct tcp *t = tcp_of(c);
	const struct fns_config *cf = t->config;
	bool ip4 = !c->key.ip6, plain = in(c, SYN_SENT) && open_plain(c);
	const struct ip_path *path = ip_path(t->ip, c->key.remote);

	c->peer_mss = s->opt.has_mss ? s->opt.mss : ip4 ? 536 : 1220; /* MUST-15 */
	if (c->peer_mss < MSS_LEAST)
		c->peer_mss = MSS_LEAST;
	conn_set_mtu(c, path != NULL ? path->mtu : ip4 ? 576 : 1280);
	if (s->opt.has_wscale && cf->window_scale && !plain) {
		unsigned scale = s->opt.wscale > 14 ? 14 : s->opt.wscale; /* RFC 7323 §2.3 */

		c->snd_scale = scale & 15u;
		c->rcv_scale = t->rcv_scale;
	} else {
		c->rcv_scale = 0;
	}
	if (s->opt.has_ts && cf->timestamps && !plain) {
		flag(c, C_TS);
		c->ts_recent = s->opt.ts_val;
		c->ts_recent_age = (uint16_t)(t->now >> 16);
	}
	if (s->opt.has_sack_permitted && cf->sack && !plain)
		flag(c, C_SACK);
	ecn_agree(c, s);
}

/* What an active open settles before there is a connection. */
struct ends {
	struct key key;
	uint64_t hash; /* of it, when `lport` is settled */
	uint32_t mtu;  /* of the way there */
	bool chosen;   /* we chose the port */
	bool reused;   /* from an entry in TIME-WAIT: our ISS is at least ... */
	uint32_t floor;
};

static bool
taken(const struct tcp *t, const struct key *k, uint64_t *hash)
{
	*hash = tcp_hash(t, k);
	return tcp_find(t, k, *hash) != TABLE_NONE;
}

/* A local port that makes the four-tuple free (RFC 6056), and ours: one in as many as there are shards. */
static int
choose_port(struct tcp *t, enum fns_self_connect self, struct key *k, uint64_t *hash)
{
	unsigned room = (unsigned)(t->config->local_port_last - t->config->local_port_first) + 1;
	bool loop = addr_equal(tcp_local(t, k), k->remote);
	bool avoid = self == FNS_SELF_AVOID || self == FNS_SELF_REFUSE;

	for (unsigned tries = 0; tries < room; tries++) {
		k->lport = iss_port(t, k, tries);
		if (!tcp_is_home(t, k))
			continue;
		if (loop && avoid && k->lport == k->rport)
			continue; /* T-45 */
		if (taken(t, k, hash) || listener_find(t, k) != NULL)
			continue;
		t->port_step += tries + 1;
		return 0;
	}
	return EADDRNOTAVAIL;
}

static bool
again(struct fns_conn *c)
{
	struct key k = c->key;
	uint64_t hash;

	if (choose_port(tcp_of(c), (enum fns_self_connect)conn_options(c)->self_connect, &k, &hash) != 0)
		return false;
	c->redials = (c->redials - 1) & 3u;
	conn_again(c, &k);
	return true;
}

bool
open_met_itself(struct fns_conn *c)
{
	struct tcp *t = tcp_of(c);

	if (!conn_to_itself(c))
		return false;
	if (c->redials > 0 && again(c)) {
		counter_add(&t->stats.self_redials, 1);
		return true;
	}
	counter_add(&t->stats.self_connects, 1);
	return false;
}

/* An entry in TIME-WAIT gives way to an active open of its flow if timestamps will tell the incarnations apart and its
 * last one is at least a second old (RFC 6191 §2, T-54).  Our ISS is then above all that it sent. */
static bool
reuse(struct tcp *t, struct ends *e)
{
	uint32_t i = tcp_find(t, &e->key, e->hash);
	const struct tw *w;

	if (i == TABLE_NONE || !(i & TW_BIT) || !t->config->timestamps)
		return false;
	w = tw_at(t, i & ~TW_BIT);
	if (!w->ts ||
	    seq_gt(tw_due(t, w), tcp_tick_after(t, (uint64_t)t->config->time_wait_ms * 1000 - 1000000)))
		return false;
	e->floor = w->snd_nxt + 65537;
	state_arrow(t, TIME_WAIT, CLOSED);
	tw_remove(t, i & ~TW_BIT);
	return true;
}

static int
choose_ends(struct tcp *t, const struct fns_addr *local, const struct fns_addr *remote, struct ends *e)
{
	struct key *k = &e->key;
	struct ip_route r;
	const uint8_t *source;

	if (remote->port == 0 || !is_unicast(t->ip, remote->ip))
		return EINVAL; /* MUST-46 */
	if (!ip_route(t->ip, remote->ip, &r))
		return ENETUNREACH;
	source = local == NULL || addr_is_zero(local->ip) ? r.source : local->ip; /* MUST-44 */
	memcpy(k->remote, remote->ip, 16);
	k->rport = remote->port;
	k->lport = local == NULL ? 0 : local->port;
	k->local = ip_own(t->ip, source);
	k->ip6 = !addr_is_ip4(remote->ip);
	e->mtu = r.mtu;
	e->chosen = k->lport == 0;
	return k->local != OWN_NONE && addr_is_ip4(source) == !k->ip6 ? 0 : EADDRNOTAVAIL;
}

static int
choose_local(struct tcp *t, enum fns_self_connect self, struct ends *e)
{
	struct key *k = &e->key;

	if (e->chosen)
		return choose_port(t, self, k, &e->hash);
	if (self == FNS_SELF_REFUSE && k->lport == k->rport &&
	    addr_equal(tcp_local(t, k), k->remote)) { /* T-44 */
		counter_add(&t->stats.self_refused, 1);
		return EADDRINUSE;
	}
	if (!tcp_is_home(t, k))
		return EADDRNOTAVAIL;
	if (!taken(t, k, &e->hash))
		return 0;
	e->reused = reuse(t, e);
	return e->reused ? 0 : EADDRINUSE;
}

struct fns_conn *
tcp_open(struct tcp *t, const struct fns_addr *local, const struct fns_addr *remote,
         const struct fns_options *options, fns_handler *handler, void *user)
{
	struct fns_conn *c;
	struct ends e = {.floor = 0};
	uint16_t number = tcp_handler(t, handler);
	enum fns_self_connect self;
	int set;

	errno = choose_ends(t, local, remote, &e);
	if (errno == 0 && number == TCP_HANDLERS)
		errno = ENOBUFS;
	if (errno != 0)
		return NULL;
	set = tcp_options_hold(t, options);
	if (set < 0)
		return NULL;
	self = (enum fns_self_connect)t->option[set].value.self_connect;
	errno = choose_local(t, self, &e);
	c = errno != 0 ? NULL : conn_new(t, &e.key, e.hash, (uint16_t)set);
	tcp_options_drop(t, (uint16_t)set);
	if (c == NULL) {
		errno = errno != 0 ? errno : ENOBUFS;
		return NULL;
	}
	if (e.reused && seq_lt(c->snd.una, e.floor))
		conn_set_iss(c, e.floor);
	c->redials = e.chosen && self == FNS_SELF_DETECT ? 2 : 0;
	counter_add(&t->stats.opens_active, 1);
	c->handler = number;
	c->user = user;
	c->marks |= M_KNOWN;
	c->peer_mss = UINT16_MAX;
	conn_set_mtu(c, e.mtu);
	if (t->config->window_scale)
		c->rcv_scale = t->rcv_scale;
	c->cwnd = c->mss;
	record_call(c, FNS_CALL_OPEN, 0);
	conn_enter(c, SYN_SENT);
	if (conn_options(c)->open_ms != 0)
		conn_arm(c, KEEPALIVE, (uint64_t)conn_options(c)->open_ms * 1000);
	conn_dirty(c);
	return c;
}
