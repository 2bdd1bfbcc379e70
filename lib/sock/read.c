/* The read family. */
#include "sock.h"

#include <limits.h>
#include <string.h>

int
iov_total(const struct iovec *iov, int count, size_t *total)
{
	*total = 0;
	if (count < 0 || count > IOV_MOST)
		return -EINVAL;
	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > (size_t)SSIZE_MAX - *total)
			return -EINVAL;
		*total += iov[i].iov_len;
	}
	return 0;
}

/* Octets from..from+len of what is unread, to octet `to` and on of the vector. */
static void
copy_out(const struct fns_conn *c, size_t from, const struct iovec *iov, int count, size_t to, size_t len)
{
	const void *run;

	for (int i = 0; i < count && len > 0; i++) {
		if (to >= iov[i].iov_len) {
			to -= iov[i].iov_len;
			continue;
		}
		while (to < iov[i].iov_len && len > 0) {
			size_t room = iov[i].iov_len - to, n = fns_peek_at(c, from, &run);

			n = n < room ? n : room;
			n = n < len ? n : len;
			memcpy((uint8_t *)iov[i].iov_base + to, run, n);
			to += n;
			from += n;
			len -= n;
		}
		to = 0;
	}
}

struct reading {
	const struct iovec *iov;
	int count, flags;
	size_t want, least, got;
};

static void
take(struct sock *s, struct reading *r)
{
	size_t from = (r->flags & MSG_PEEK) ? r->got : 0, there = fns_readable(s->conn), n;

	n = there > from ? there - from : 0;
	n = n < r->want - r->got ? n : r->want - r->got;
	if (n == 0)
		return;
	if (!(r->flags & MSG_TRUNC))
		copy_out(s->conn, from, r->iov, r->count, r->got, n);
	if (!(r->flags & MSG_PEEK)) {
		fns_consume(s->conn, n);
		s->received += n;
	}
	r->got += n;
}

/* What a read finds when it cannot have all it wants: > 0 is an end without error. */
static int
read_stops(struct sock *s, const struct reading *r)
{
	if (r->got > 0)
		return s->error != 0 || (s->shut & SHUT_IN) || s->conn == NULL || s->over;
	if (s->done)
		return 1;
	if (s->error != 0)
		return -sock_error(s);
	if (s->shut & SHUT_IN)
		return 1;
	return s->conn == NULL || s->over ? -ENOTCONN : 0;
}

/* recv of no octets waits for the first one all the same. */
static bool
asked_nothing(const struct sock *s, const struct reading *r)
{
	return r->want == 0 && s->conn != NULL && fns_readable(s->conn) > 0;
}

static ssize_t
receive(struct fns_socks *m, int fd, struct reading *r)
{
	int error = 0;
	struct sock *s = sock_tcp(m, fd, &error);
	uint64_t until;

	if (s == NULL)
		return error;
	if (s->phase == LISTENING)
		return -ENOTCONN;
	if (r->flags & MSG_OOB)
		return -EINVAL; /* urgent octets are read in line (MUST-30's other half) */
	r->least = (r->flags & MSG_WAITALL) ? r->want : s->rcv_low < r->want ? s->rcv_low : r->want;
	until = sock_deadline(s, s->rcv_timeout_us, (r->flags & MSG_DONTWAIT) != 0);
	for (;;) {
		if (s->conn != NULL)
			take(s, r);
		if ((r->got >= r->least && r->got > 0) || asked_nothing(s, r))
			break;
		error = read_stops(s, r);
		if (error != 0)
			break;
		error = sock_wait(m, s, POLLIN, until);
		if (error != 0)
			break;
	}
	return r->got > 0 ? (ssize_t)r->got : error < 0 ? error : 0;
}

ssize_t
fns_sock_recv(struct fns_socks *m, int fd, void *to, size_t len, int flags)
{
	struct iovec iov = {to, len};
	struct reading r = {.iov = &iov, .count = 1, .flags = flags, .want = len > INT_MAX ? INT_MAX : len};

	return receive(m, fd, &r);
}

ssize_t
fns_sock_read(struct fns_socks *m, int fd, void *to, size_t len)
{
	int error = 0;
	ssize_t got;

	if (len == 0) /* as System V did: whatever the state */
		return sock_tcp(m, fd, &error) != NULL ? 0 : error == -ENOTSOCK ? -EINVAL : error;
	got = fns_sock_recv(m, fd, to, len, 0);
	return got == -ENOTSOCK ? -EINVAL : got;
}

ssize_t
fns_sock_readv(struct fns_socks *m, int fd, const struct iovec *iov, int count)
{
	struct reading r = {.iov = iov, .count = count};
	ssize_t got;
	int error = iov_total(iov, count, &r.want);

	if (error != 0)
		return error;
	if (r.want == 0)
		return fns_sock_read(m, fd, NULL, 0);
	got = receive(m, fd, &r);
	return got == -ENOTSOCK ? -EINVAL : got;
}

ssize_t
fns_sock_recvfrom(struct fns_socks *m, int fd, void *to, size_t len, int flags, struct sockaddr *sa,
                  socklen_t *sa_len)
{
	ssize_t r = fns_sock_recv(m, fd, to, len, flags);

	if (r >= 0 && sa != NULL && sa_len != NULL)
		*sa_len = 0; /* of a connection, there is nothing to say */
	return r;
}

ssize_t
fns_sock_recvmsg(struct fns_socks *m, int fd, struct msghdr *msg, int flags)
{
	struct reading r = {.iov = msg->msg_iov, .count = (int)msg->msg_iovlen, .flags = flags};
	int error = msg->msg_iovlen > IOV_MOST ? -EMSGSIZE : iov_total(r.iov, r.count, &r.want);
	ssize_t got;

	if (error != 0)
		return error;
	got = receive(m, fd, &r);
	if (got >= 0) {
		msg->msg_namelen = 0;
		msg->msg_controllen = 0;
		msg->msg_flags = 0;
	}
	return got;
}
