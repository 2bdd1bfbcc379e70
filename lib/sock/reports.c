/* What the shard reports becomes what the next call finds. */
#include "sock.h"

#include <string.h>

int
sock_error(struct sock *s)
{
	int error = s->error;

	s->error = 0;
	return error;
}

void
sock_gone(struct fns_conn *c, unsigned reports, void *nobody)
{
	(void)c, (void)reports, (void)nobody;
}

/* An entry for one more that waits; without one it holds no place of its listener either. */
static struct sock *
take_waiting(struct sock *listener)
{
	struct fns_socks *m = listener->owner;
	struct sock *s;

	if (listener->kind != SOCK_TCP || listener->phase != LISTENING)
		return NULL;
	s = m->waiting < m->config.waiting ? sock_take(m, SOCK_TCP) : NULL;
	if (s == NULL)
		fns_listener_accepted(listener->listener);
	return s;
}

/* ESTABLISHED, and nobody has asked for it yet: a descriptor without a number, behind those who wait already. */
static struct sock *
child(struct sock *listener, struct fns_conn *c)
{
	struct fns_socks *m = listener->owner;
	struct sock *s = take_waiting(listener);
	struct fns_status status;

	if (s == NULL) {
		fns_attach(c, sock_gone, NULL);
		fns_abort(c);
		return NULL;
	}
	fns_status(c, &status);
	s->conn = c;
	s->phase = CONNECTED;
	s->ip6 = listener->ip6;
	s->local = status.local;
	s->port_held = true;
	s->remote = status.remote;
	s->options = listener->options;
	s->reuse_addr = listener->reuse_addr;
	s->reuse_port = listener->reuse_port;
	s->rcv_buf = listener->rcv_buf;
	s->snd_buf = listener->snd_buf;
	s->rcv_low = listener->rcv_low;
	s->notsent_low = listener->notsent_low;
	s->rcv_timeout_us = listener->rcv_timeout_us;
	s->snd_timeout_us = listener->snd_timeout_us;
	s->parent = sock_index(listener);
	if (listener->last == SOCK_NONE)
		listener->first = sock_index(s);
	else
		m->sock[listener->last].next = sock_index(s);
	listener->last = sock_index(s);
	listener->waiting++;
	m->waiting++;
	fns_attach(c, sock_reports, s);
	return s;
}

static void
opened(struct sock *s)
{
	struct fns_status status;

	s->opened = true;
	s->opened_us = sock_now(s->owner);
	s->soft = 0;
	fns_status(s->conn, &status);
	s->local = status.local; /* another port maybe: it met itself */
	sock_moved(s, 0);
}

/* It waits for accept: with TCP_DEFER_ACCEPT it is what arrives that makes it acceptable. */
static void
parent_moved(struct sock *s, unsigned reports)
{
	struct sock *parent = &s->owner->sock[s->parent];

	if ((reports & FNS_OPENED) ||
	    (parent->defer_s != 0 && (reports & (FNS_READABLE | FNS_PEER_FIN | FNS_CLOSED))))
		sock_moved(parent, POLLIN);
}

/* The dead connection stays until the descriptor goes: for its unread octets, and for TCP_INFO. */
static void
over(struct sock *s)
{
	struct fns_status status;

	s->lingered = true;
	if (s->closed) { /* nobody to hold it for */
		s->conn = NULL;
		return;
	}
	fns_hold(s->conn);
	fns_status(s->conn, &status);
	s->over = true;
	s->port_held = s->port_bound;
	s->shut = SHUT_BOTH;
	if (status.error != 0)
		s->error = (uint8_t)status.error;
	sock_moved(s, 0);
}

void
sock_reports(struct fns_conn *c, unsigned reports, void *user)
{
	struct sock *s = user;

	if ((reports & FNS_OPENED) && s->conn != c) /* still the listener's */
		s = child(s, c);
	if (s == NULL || s->conn != c)
		return;
	if (reports & FNS_OPENED)
		opened(s);
	if (reports & FNS_SOFT_ERROR) {
		struct fns_status status;

		fns_status(c, &status);
		s->soft = (uint8_t)status.error;
	}
	if (reports & FNS_PEER_FIN) {
		s->done = true;
		s->shut |= SHUT_IN;
		sock_moved(s, 0);
	}
	if (reports & FNS_READABLE)
		sock_moved(s, POLLIN | POLLRDNORM);
	if (reports & FNS_WRITABLE) {
		if (sock_has_room(s))
			sock_moved(s, POLLOUT | POLLWRNORM);
		else
			fns_want_room(c);
	}
	if (reports & FNS_LINGERED)
		s->lingered = true;
	if (reports & FNS_CLOSED)
		over(s);
	if (s->parent != SOCK_NONE)
		parent_moved(s, reports);
}
