/* STATUS, RFC 9293 §3.10.6, and who receives the reports. */
#include "internal.h"

#include <finesse/shard.h>

#include <errno.h>
#include <string.h>

void
fns_status(const struct fns_conn *c, struct fns_status *s)
{
	memset(s, 0, sizeof(*s));
	memcpy(s->local.ip, tcp_local(tcp_of(c), &c->key), 16);
	memcpy(s->remote.ip, c->key.remote, 16);
	s->local.port = c->key.lport;
	s->remote.port = c->key.rport;
	s->state = state_name(c->state);
	s->number = (uint8_t)__builtin_ctz(c->state);
	s->error = c->error;
	s->unread = conn_unread(c);
	s->unacked = conn_unacked(c);
	s->snd_wnd = c->snd.wnd;
	if (in(c, ENDED)) {
		s->unacked = c->lost_unacked;
		s->close_class = fns_class_name(c->close_class);
	} else {
		s->cwnd = c->cwnd;
		s->ssthresh = c->ssthresh;
		s->rto_us = (uint32_t)rto_us(tcp_of(c), c);
	}
	s->rcv_wnd = c->rcv.wnd;
	s->mss = c->mss;
	s->srtt_us = c->srtt_us;
	s->rttvar_us = c->rttvar_us;
	s->age_us = (uint64_t)(tcp_of(c)->now - c->opened) << TICK_SHIFT;
	s->self = conn_to_itself(c);
	s->passive = flagged(c, C_PASSIVE);
	s->orphan = flagged(c, C_ORPHAN);
	s->peer_fin = in(c, CLOSE_WAIT | CLOSING | LAST_ACK | TIME_WAIT);
}

_Static_assert((int)FNS_STATE_TIME_WAIT == STATE_TIME_WAIT && (int)FNS_STATE_CLOSE_WAIT == STATE_CLOSE_WAIT,
               "the public states are in the order of the list");

int
fns_set_options(struct fns_conn *c, const struct fns_options *options)
{
	struct fns_options o = *options;
	int set;

	o.profile = conn_options(c)->profile;
	o.self_connect = conn_options(c)->self_connect;
	o.record = conn_options(c)->record;
	set = tcp_options_hold(tcp_of(c), &o);
	if (set < 0)
		return -errno;
	if (tcp_of(c)->option[set].value.congestion != conn_options(c)->congestion && !in(c, ENDED))
		c->cc_acked = 0; /* another algorithm begins anew */
	tcp_options_drop(tcp_of(c), c->options);
	c->options = (uint16_t)set & (TCP_OPTION_SETS - 1u);
	if (!in(c, ENDED))
		conn_options_changed(c);
	return 0;
}

void
fns_quick_ack(struct fns_conn *c, bool quick)
{
	c->quick = quick ? QUICK_ACKS : 0;
	if (!quick || !flagged(c, C_ACK_LATER))
		return;
	flag(c, C_ACK_NOW);
	conn_dirty(c);
}

bool
fns_waits(const struct fns_conn *c)
{
	const struct tcp *t = tcp_of(c);
	uint32_t i = in(c, TIME_WAIT) ? tcp_find(t, &c->key, tcp_hash(t, &c->key)) : TABLE_NONE;

	return i != TABLE_NONE && (i & TW_BIT);
}

bool
fns_is_quick(const struct fns_conn *c)
{
	return c->quick > 0;
}

void
fns_attach(struct fns_conn *c, fns_handler *handler, void *user)
{
	if (handler != NULL) {
		c->handler = tcp_handler(tcp_of(c), handler);
		assert(c->handler < TCP_HANDLERS);
	}
	c->user = user;
}

void *
fns_user(const struct fns_conn *c)
{
	return c->user;
}
