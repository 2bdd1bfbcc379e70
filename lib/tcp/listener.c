/* Passive OPEN, RFC 9293 §3.10.1: the LISTEN state.  A listener on one address stands before one on any. */
#include "conn.h"

#include <errno.h>
#include <string.h>

struct fns_listener *
listener_find(const struct tcp *t, uint8_t own, uint16_t port)
{
	struct fns_listener *any = NULL;

	for (uint32_t i = t->listener_by_port[port]; i != POOL_NONE; i = t->listener[i].next) {
		struct fns_listener *l = &t->listener[i];

		if (l->own == own)
			return l;
		if (l->own == OWN_NONE && (!l->ip4 || addr_is_ip4(t->ip->own.addr[own])))
			any = l;
	}
	return any;
}

struct fns_listener *
tcp_listen(struct tcp *t, const struct fns_addr *local, const struct fns_options *options,
           fns_handler *handler, void *user)
{
	const uint8_t *ip = local->ip;
	uint8_t own = addr_is_zero(ip) ? OWN_NONE : ip_own(t->ip, ip);
	uint16_t number = tcp_handler(t, handler);
	struct fns_listener *l;
	int set;

	errno = local->port == 0 ? EINVAL : !addr_is_zero(ip) && own == OWN_NONE ? EADDRNOTAVAIL : 0;
	if (errno != 0)
		return NULL;
	for (uint32_t i = t->listener_by_port[local->port]; i != POOL_NONE; i = t->listener[i].next) {
		if (t->listener[i].own == own) {
			errno = EADDRINUSE;
			return NULL;
		}
	}
	if (t->listener_free == POOL_NONE || number == TCP_HANDLERS) {
		errno = ENOBUFS;
		return NULL;
	}
	set = tcp_options_hold(t, options);
	if (set < 0)
		return NULL;
	l = &t->listener[t->listener_free];
	t->listener_free = l->next;
	memcpy(l->local.ip, ip, 16);
	l->local.port = local->port;
	l->own = own;
	l->ip4 = addr_is_ip4(ip);
	l->embryos = l->limit = l->waiting = 0;
	l->options = (uint16_t)set;
	l->live = true;
	l->handler = number;
	l->user = user;
	l->tcp = t;
	l->next = t->listener_by_port[local->port];
	t->listener_by_port[local->port] = listener_index(l);
	state_arrow(t, CLOSED, LISTEN);
	counter_add(&t->state[STATE_LISTEN], 1);
	return l;
}

int
fns_listener_options(struct fns_listener *l, const struct fns_options *options)
{
	int set = tcp_options_hold(l->tcp, options);

	if (set < 0)
		return -errno;
	tcp_options_drop(l->tcp, l->options);
	l->options = (uint16_t)set;
	return 0;
}

void
fns_listener_limit(struct fns_listener *l, uint32_t waiting)
{
	l->limit = waiting;
}

void
fns_listener_accepted(struct fns_listener *l)
{
	if (l->waiting > 0)
		l->waiting--;
}

void
fns_unlisten(struct fns_listener *l)
{
	struct tcp *t = l->tcp;
	uint32_t index = listener_index(l), *link = &t->listener_by_port[l->local.port];

	assert(l->live);
	for (uint32_t i = 0; i < t->conns.fresh && l->embryos > 0; i++) {
		struct fns_conn *c = conn_at(t, i);

		if (!(c->marks & M_GONE) && c->state == SYN_RECEIVED && c->listener == index)
			conn_end(c, CLASS_reset_unlisten, ECONNABORTED, true);
	}
	while (*link != index)
		link = &t->listener[*link].next;
	*link = l->next;
	l->next = t->listener_free;
	l->live = false;
	t->listener_free = index;
	tcp_options_drop(t, l->options);
	state_arrow(t, LISTEN, CLOSED);
	counter_sub(&t->state[STATE_LISTEN], 1);
}
