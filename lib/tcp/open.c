/* OPEN, active (RFC 9293 §3.10.1), and what the SYNs of both sides agree on (§3.7.1, RFC 7323 §2, RFC 2018 §2). */
#include "internal.h"

#include <errno.h>

#include "ours.h"

#define MSS_LEAST 216 /* E07: a peer that asks for less gets this */

void
open_options(struct fns_conn *c, const struct seg *s)
{
	const struct fns_config *cf = c->tcp->config;
	bool ip4 = addr_is_ip4(c->flow.remote);
	struct ip_route r;

	c->peer_mss = s->opt.has_mss ? s->opt.mss : ip4 ? 536 : 1220; /* MUST-15 */
	if (c->peer_mss < MSS_LEAST)
		c->peer_mss = MSS_LEAST;
	conn_set_mtu(c, ip_route(c->tcp->ip, c->flow.remote, &r) ? r.mtu : ip4 ? 576 : 1280);
	if (s->opt.has_wscale && cf->window_scale) {
		unsigned scale = s->opt.wscale > 14 ? 14 : s->opt.wscale; /* RFC 7323 §2.3 */

		c->snd_scale = scale & 15u;
		c->rcv_scale = tcp_rcv_scale(cf) & 15u;
	} else {
		c->rcv_scale = 0;
	}
	if (s->opt.has_ts && cf->timestamps) {
		flag(c, C_TS);
		c->ts_recent = s->opt.ts_val;
		c->ts_recent_age = (uint16_t)(c->tcp->now >> 16);
	}
	if (s->opt.has_sack_permitted && cf->sack)
		flag(c, C_SACK);
}

static bool
taken(const struct tcp *t, const struct flow *f)
{
	return tcp_find(t, f, tcp_hash(t, f)) != TABLE_NONE;
}

/* A local port that makes the four-tuple free (RFC 6056). */
static int
choose_port(struct tcp *t, struct flow *f)
{
	unsigned room = (unsigned)(t->config->local_port_last - t->config->local_port_first) + 1;

	for (unsigned tries = 0; tries < room; tries++) {
		f->lport = iss_port(t, f, tries);
		if (taken(t, f) || listener_find(t, f->local, f->lport) != NULL)
			continue;
		t->port_step += tries + 1;
		return 0;
	}
	return EADDRNOTAVAIL;
}

static int
choose_flow(struct tcp *t, const struct fns_addr *local, const struct fns_addr *remote, struct flow *f)
{
	struct ip_route r;

	if (remote->port == 0 || !is_unicast(t->ip, remote->ip))
		return EINVAL; /* MUST-46 */
	if (!ip_route(t->ip, remote->ip, &r))
		return ENETUNREACH;
	memcpy(f->remote, remote->ip, 16);
	f->rport = remote->port;
	memcpy(f->local, local == NULL || addr_is_zero(local->ip) ? r.source : local->ip, 16); /* MUST-44 */
	if (!ip_is_ours(t->ip, f->local) || addr_is_ip4(f->local) != addr_is_ip4(f->remote))
		return EADDRNOTAVAIL;
	if (local == NULL || local->port == 0)
		return choose_port(t, f);
	f->lport = local->port;
	return taken(t, f) ? EADDRINUSE : 0;
}

struct fns_conn *
tcp_open(struct tcp *t, const struct fns_addr *local, const struct fns_addr *remote,
         const struct fns_options *options, fns_handler *handler, void *user)
{
	struct fns_conn *c;
	struct flow flow = {0};
	struct ip_route r;
	int set;

	errno = choose_flow(t, local, remote, &flow);
	if (errno != 0)
		return NULL;
	set = tcp_options_hold(t, options);
	if (set < 0)
		return NULL;
	c = conn_new(t, &flow, (uint16_t)set);
	tcp_options_drop(t, (uint16_t)set);
	if (c == NULL) {
		errno = ENOBUFS;
		return NULL;
	}
	counter_add(&t->stats.opens_active, 1);
	c->handler = handler;
	c->user = user;
	c->marks |= M_KNOWN;
	c->peer_mss = UINT16_MAX;
	if (ip_route(t->ip, flow.remote, &r))
		conn_set_mtu(c, r.mtu);
	if (t->config->window_scale)
		c->rcv_scale = tcp_rcv_scale(t->config) & 15u;
	c->cwnd = c->mss;
	conn_enter(c, SYN_SENT);
	conn_dirty(c);
	return c;
}
