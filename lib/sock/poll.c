/* poll: what holds now, of one descriptor and of many. */
#include "sock.h"

#include <string.h>

static unsigned
writable_events(struct sock *s)
{
	if (s->conn == NULL || s->over || (s->shut & SHUT_OUT) || sock_has_room(s))
		return POLLOUT | POLLWRNORM;
	fns_want_room(s->conn);
	return 0;
}

unsigned
sock_events(struct sock *s)
{
	unsigned events = 0;
	struct sock *before;

	if (s->kind != SOCK_TCP)
		return epoll_ready(s) ? POLLIN | POLLRDNORM : 0;
	if (s->phase == LISTENING)
		return sock_acceptable(s, &before) != NULL ? POLLIN | POLLRDNORM : 0;
	if (s->shut == SHUT_BOTH || s->conn == NULL || s->over)
		events |= POLLHUP;
	if (s->shut & SHUT_IN)
		events |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (s->conn == NULL || s->over || s->opened) {
		if (s->conn != NULL && fns_readable(s->conn) > 0 && fns_readable(s->conn) >= s->rcv_low)
			events |= POLLIN | POLLRDNORM;
		events |= writable_events(s);
	}
	if (s->error != 0)
		events |= POLLERR;
	return events;
}

static int
look(struct fns_socks *m, struct pollfd *p, nfds_t count)
{
	int n = 0, error;

	for (nfds_t i = 0; i < count; i++) {
		struct sock *s;

		p[i].revents = 0;
		if (p[i].fd < 0)
			continue;
		s = sock_find(m, p[i].fd, &error);
		if (s == NULL)
			p[i].revents = POLLNVAL;
		else
			p[i].revents = (short)(sock_events(s) &
			                       ((unsigned)(unsigned short)p[i].events | POLLERR | POLLHUP));
		n += p[i].revents != 0;
	}
	return n;
}

/* Of all of them, or `until` if that is sooner. */
static uint64_t
ripe_us(struct fns_socks *m, const struct pollfd *p, nfds_t count, uint64_t until)
{
	int error;

	for (nfds_t i = 0; i < count; i++) {
		const struct sock *s = p[i].fd < 0 ? NULL : sock_find(m, p[i].fd, &error);

		if (s != NULL && sock_ripe_us(s) < until)
			until = sock_ripe_us(s);
	}
	return until;
}

/* 0: does not wait. */
uint64_t
sock_until(const struct fns_socks *m, int timeout_ms)
{
	if (timeout_ms == 0)
		return 0;
	return timeout_ms < 0 ? UINT64_MAX : sock_now(m) + (uint64_t)timeout_ms * 1000;
}

int
fns_sock_poll(struct fns_socks *m, struct pollfd *p, nfds_t count, int timeout_ms)
{
	uint64_t until = sock_until(m, timeout_ms);

	for (;;) {
		int n = look(m, p, count), r;

		if (n > 0)
			return n;
		m->lacks = false;
		r = sock_wait(m, NULL, POLLIN | POLLOUT, ripe_us(m, p, count, until));
		if (r != 0)
			return r == -EAGAIN ? 0 : r;
	}
}
