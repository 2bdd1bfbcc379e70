/* The write family. */
#include "sock.h"

#include <limits.h>

/* What setsockopt or the configuration said, and no more than a connection may have. */
static size_t
buffer_of(const struct sock *s)
{
	size_t most = fns_shard_config(s->owner->shard)->snd_buf_max;

	return s->snd_buf != 0 && s->snd_buf < most ? s->snd_buf : most;
}

static size_t
low_of(const struct sock *s)
{
	return s->notsent_low != 0 ? s->notsent_low : s->owner->config.notsent_low;
}

/* Unsent octets that the windows hold back: what they let out leaves with the next turn. */
static size_t
held_back(const struct sock *s, const struct fns_sending *p)
{
	size_t unsent = fns_unsent(s->conn);

	return unsent > p->now ? unsent - p->now : 0;
}

/* Of the send buffer, a third must be free before poll says so: a writer is not woken for every octet. */
bool
sock_has_room(const struct sock *s)
{
	size_t queued = fns_unacked(s->conn), size = buffer_of(s), low = low_of(s);
	struct fns_sending p;

	if (size <= queued || size - queued < queued / 2)
		return false;
	if (low == 0)
		return true;
	fns_sending(s->conn, &p);
	return held_back(s, &p) < low - low / 2;
}

/* Octets that a write may queue now.  Linux takes them in chunks of as many segments as half of the peer's window holds:
 * where the buffer has room for one octet, and less than TCP_NOTSENT_LOWAT is held back, it has room for a chunk, and
 * one that was begun is filled. */
static size_t
takes(const struct sock *s)
{
	size_t queued = fns_unacked(s->conn), size = buffer_of(s), low = low_of(s), held, chunk;
	struct fns_sending p;

	if (!sock_is_linux(s))
		return size > queued ? size - queued : 0;
	fns_sending(s->conn, &p);
	held = held_back(s, &p);
	chunk = p.wnd_max / 2 < SOCK_CHUNK ? p.wnd_max / 2 : SOCK_CHUNK;
	chunk = chunk < p.segment ? p.segment : chunk - chunk % p.segment;
	if (held % chunk != 0)
		return chunk - held % chunk;
	return queued >= size || (low != 0 && held >= low) ? 0 : chunk;
}

struct writing {
	const struct iovec *iov;
	int count, flags;
	size_t put; /* octets taken so far */
};

/* One run of octets, as far as there is room.  True: all of it. */
static bool
give_run(struct sock *s, struct writing *w, const uint8_t *at, size_t len)
{
	while (len > 0) {
		size_t room = takes(s), part = len < room ? len : room;
		bool more = (w->flags & MSG_MORE) != 0;
		ptrdiff_t took = part == 0 ? 0
		                 : more    ? fns_send_more(s->conn, at, part)
		                           : fns_send(s->conn, at, part);

		if (took <= 0) {
			fns_want_room(s->conn);
			return false;
		}
		w->put += (size_t)took;
		s->sent += (uint64_t)took;
		at += took;
		len -= (size_t)took;
	}
	return true;
}

/* As much as there is room for.  True: all of it. */
static bool
give(struct sock *s, struct writing *w)
{
	size_t skip = w->put; /* of what is written already */

	for (int i = 0; i < w->count; i++) {
		const uint8_t *at;
		size_t len;

		if (skip >= w->iov[i].iov_len) {
			skip -= w->iov[i].iov_len;
			continue;
		}
		at = (const uint8_t *)w->iov[i].iov_base + skip;
		len = w->iov[i].iov_len - skip;
		skip = 0;
		if (!give_run(s, w, at, len))
			return false;
	}
	return true;
}

/* 0: it may write; -EAGAIN: not yet; > 0: an end without error.  What ends a write that has put something is for the
 * next call to find. */
static int
may_write(struct sock *s, const struct writing *w)
{
	if (w->put > 0)
		return s->error != 0 || s->conn == NULL || s->over || !s->opened || (s->shut & SHUT_OUT);
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
	bool waited = false;

	if (s == NULL)
		return error;
	if (w->flags & (MSG_OOB | MSG_FASTOPEN))
		return -EOPNOTSUPP;
	until = sock_deadline(s, s->snd_timeout_us, (w->flags & MSG_DONTWAIT) != 0);
	for (;;) {
		error = may_write(s, w);
		if (error == 0 && (!waited || sock_has_room(s)) && give(s, w))
			break;
		if (error != 0 && error != -EAGAIN)
			break;
		waited = error == 0;
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
