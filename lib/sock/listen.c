/* listen and accept. */
#include "sock.h"

#include <fcntl.h>

void
sock_stop_listening(struct sock *s)
{
	struct fns_socks *m = s->owner;

	while (s->first != SOCK_NONE) {
		struct sock *child = &m->sock[s->first];

		s->first = child->next;
		if (!child->over) {
			fns_attach(child->conn, sock_gone, NULL);
			fns_abort(child->conn);
		} else {
			fns_close(child->conn);
		}
		sock_free(child);
	}
	s->last = SOCK_NONE;
	m->waiting -= s->waiting;
	s->waiting = 0;
	fns_unlisten(s->listener);
	s->listener = NULL;
	s->phase = IDLE;
}

int
fns_sock_listen(struct fns_socks *m, int fd, int backlog)
{
	int r = 0;
	struct sock *s = sock_tcp(m, fd, &r);

	if (s == NULL)
		return r;
	if (s->phase != IDLE && s->phase != LISTENING)
		return -EINVAL;
	s->backlog = (unsigned)backlog > m->config.backlog_max ? m->config.backlog_max : (uint32_t)backlog;
	if (s->phase == LISTENING) {
		fns_listener_limit(s->listener, s->backlog + 1);
		return 0;
	}
	if (!s->port_held)
		r = sock_choose_port(s);
	else if (sock_conflicts(s, &s->local))
		r = -EADDRINUSE;
	if (r != 0)
		return r;
	s->options.share = s->reuse_port ? FNS_ON : FNS_OFF;
	s->options.v6_only = s->v6only ? FNS_ON : FNS_OFF;
	s->listener = fns_listen(m->shard, &s->local, &s->options, sock_reports, s);
	if (s->listener == NULL)
		return -errno;
	fns_listener_limit(s->listener, s->backlog + 1);
	s->phase = LISTENING;
	s->error = 0;
	s->shut = 0;
	sock_moved(s, 0);
	return 0;
}

static uint64_t
ripe_us(const struct sock *listener, const struct sock *child)
{
	return child->opened_us + (uint64_t)listener->defer_s * 1000000;
}

/* TCP_DEFER_ACCEPT: one that has nothing to read yet, and whose time is not over, does not count. */
static bool
ready(const struct sock *listener, const struct sock *child)
{
	return listener->defer_s == 0 || child->over || child->done || fns_readable(child->conn) > 0 ||
	       sock_now(child->owner) >= ripe_us(listener, child);
}

uint64_t
sock_ripe_us(const struct sock *s)
{
	uint64_t ripe;

	if (s->kind == SOCK_EPOLL)
		return epoll_ripe_us(s);
	if (s->phase != LISTENING || s->defer_s == 0 || s->first == SOCK_NONE)
		return UINT64_MAX;
	ripe = ripe_us(s, &s->owner->sock[s->first]); /* in the order in which they opened */
	return ripe > sock_now(s->owner) ? ripe : UINT64_MAX;
}

struct sock *
sock_acceptable(struct sock *listener, struct sock **before)
{
	struct fns_socks *m = listener->owner;
	struct sock *s;

	*before = NULL;
	for (uint32_t i = listener->first; i != SOCK_NONE; i = s->next) {
		s = &m->sock[i];
		if (ready(listener, s))
			return s;
		*before = s;
	}
	return NULL;
}

static void
unlink_child(struct sock *listener, struct sock *before, struct sock *s)
{
	if (before == NULL)
		listener->first = s->next;
	else
		before->next = s->next;
	if (s->next == SOCK_NONE)
		listener->last = before != NULL ? sock_index(before) : SOCK_NONE;
	s->next = s->parent = SOCK_NONE;
	listener->waiting--;
	listener->owner->waiting--;
	fns_listener_accepted(listener->listener);
}

int
fns_sock_accept4(struct fns_socks *m, int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	struct sock *s, *child = NULL, *before;
	uint64_t until;
	int r = 0;

	s = sock_find(m, fd, &r);
	if (s == NULL)
		return r;
	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	if (s->kind != SOCK_TCP)
		return -ENOTSOCK;
	until = sock_deadline(s, s->rcv_timeout_us, false);
	for (;;) {
		if (s->phase != LISTENING)
			return -EINVAL;
		child = sock_acceptable(s, &before);
		if (child != NULL)
			break;
		if (sock_ripe_us(s) != UINT64_MAX)
			sock_moved(s, POLLIN); /* who watches for edges looks again */
		r = sock_wait(m, s, POLLIN, until);
		if (r != 0)
			return r;
	}
	r = sock_give_fd(child);
	if (r < 0)
		return r;
	unlink_child(s, before, child);
	child->nonblock = (flags & SOCK_NONBLOCK) != 0;
	sockaddr_write(child, &child->remote, sa, len);
	return r;
}

int
fns_sock_accept(struct fns_socks *m, int fd, struct sockaddr *sa, socklen_t *len)
{
	return fns_sock_accept4(m, fd, sa, len, 0);
}
