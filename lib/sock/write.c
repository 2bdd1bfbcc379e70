/* The write family. */
#include "sock.h"

#include <limits.h>

/* Of the send buffer, a third must be free before poll says so: a writer is not woken for every octet. */
bool
sock_has_room(const struct sock *s)
{
	size_t queued = fns_unacked(s->conn), room = fns_writable(s->conn);

	return room > 0 && room >= queued / 2 &&
	       (s->notsent_low == 0 || fns_unsent(s->conn) < s->notsent_low);
}

struct writing {
	const struct iovec *iov;
	int count, flags;
	size_t put; /* octets taken so far */
};

/* As much as there is room for.  True: all of it. */
static bool
give(struct sock *s, struct writing *w)
{
	size_t skip = w->put; /* of what is written already */

	for (int i = 0; i < w->count; i++) {
		const uint8_t *at;
		size_t len;
		ptrdiff_t took;

		if (skip >= w->iov[i].iov_len) {
			skip -= w->iov[i].iov_len;
			continue;
		}
		at = (const uint8_t *)w->iov[i].iov_base + skip;
		len = w->iov[i].iov_len - skip;
		skip = 0;
		took = (w->flags & MSG_MORE) ? fns_send_more(s->conn, at, len) : fns_send(s->conn, at, len);
		if (took > 0) {
			w->put += (size_t)took;
			s->sent += (uint64_t)took;
		}
		if (took < 0 || (size_t)took < len)
			return false;
	}
	return true;
}

/* 0: it may write; -EAGAIN: not yet. */
static int
may_write(struct sock *s)
{
	if (s->conn != NULL && !s->over && !s->opened)
		return s->error != 0 ? -sock_error(s) : -EAGAIN;
	if (s->error != 0)
		return -sock_error(s);
	return s->conn == NULL || s->over || (s->shut & SHUT_OUT) ? -EPIPE : 0;
}

static ssize_t
transmit(struct fns_socks *m, int fd, struct writing *w)
{
	int error = 0;
	struct sock *s = sock_tcp(m, fd, &error);
	uint64_t until;

	if (s == NULL)
		return error;
	if (w->flags & (MSG_OOB | MSG_FASTOPEN))
		return -EOPNOTSUPP;
	until = sock_deadline(s, s->snd_timeout_us, (w->flags & MSG_DONTWAIT) != 0);
	for (;;) {
		error = may_write(s);
		if (error == 0 && give(s, w))
			break;
		if (error != 0 && error != -EAGAIN)
			break;
		if (error == 0)
			s->wants_room = true;
		error = sock_wait(m, s, POLLOUT, until);
		if (error != 0)
			break;
	}
	return w->put > 0 ? (ssize_t)w->put : error;
}

ssize_t
fns_sock_send(struct fns_socks *m, int fd, const void *octets, size_t len, int flags)
{
	struct iovec iov = {(void *)(uintptr_t)octets, len > INT_MAX ? INT_MAX : len};
	struct writing w = {.iov = &iov, .count = 1, .flags = flags};

	return transmit(m, fd, &w);
}

ssize_t
fns_sock_write(struct fns_socks *m, int fd, const void *octets, size_t len)
{
	ssize_t r = fns_sock_send(m, fd, octets, len, 0);

	return r == -ENOTSOCK ? -EINVAL : r;
}

ssize_t
fns_sock_writev(struct fns_socks *m, int fd, const struct iovec *iov, int count)
{
	struct writing w = {.iov = iov, .count = count};
	size_t total;
	int error = iov_total(iov, count, &total);
	ssize_t r = error != 0 ? error : transmit(m, fd, &w);

	return r == -ENOTSOCK ? -EINVAL : r;
}

ssize_t
fns_sock_sendto(struct fns_socks *m, int fd, const void *octets, size_t len, int flags,
                const struct sockaddr *sa, socklen_t sa_len)
{
	(void)sa, (void)sa_len; /* where to, the connection knows */
	return fns_sock_send(m, fd, octets, len, flags);
}

ssize_t
fns_sock_sendmsg(struct fns_socks *m, int fd, const struct msghdr *msg, int flags)
{
	struct writing w = {.iov = msg->msg_iov, .count = (int)msg->msg_iovlen, .flags = flags};
	size_t total;
	int error = msg->msg_iovlen > IOV_MOST ? -EMSGSIZE : iov_total(w.iov, w.count, &total);

	return error != 0 ? error : transmit(m, fd, &w);
}
