/* The calls on descriptors: packetdrill's are real ones of the kernel, so that it may close them itself; each stands for
 * one of lib/sock's.  Descriptors that are not ours (pipes, files) go to the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "calls.h"

static int sock_of[CALLS_FDS]; /* by the kernel's descriptor: ours and 1, or 0 */

void
calls_init(void)
{
	memset(sock_of, 0, sizeof(sock_of));
}

/* Ours, or -1. */
static int
ours(int fd)
{
	return fd < 0 || fd >= CALLS_FDS ? -1 : sock_of[fd] - 1;
}

int
calls_sock(int fd)
{
	return ours(fd);
}

/* A kernel's descriptor for ours, or -errno. */
static int
give(int sock)
{
	int fd;

	if (sock < 0)
		return sock;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || fd >= CALLS_FDS)
		return -EMFILE;
	sock_of[fd] = sock + 1;
	return fd;
}

/* A call begins: settings are as the file says now, and everything that was due has been done. */
static struct adapter *
begin(void *ud)
{
	struct adapter *a = ud;

	enter(a);
	adapter_begin(a);
	turn(a, NULL, 0);
	return a;
}

static ssize_t
end(struct adapter *a, ssize_t result)
{
	turn(a, NULL, 0);
	leave(a);
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

#define CALL(ud, expression)                                                                                 \
	struct adapter *a = begin(ud);                                                                       \
	struct fns_socks *s = a->socks;                                                                      \
	return (__typeof__(expression))end(a, (expression))
/* The same for a call that the kernel answers if the descriptor is not ours. */
#define CALL_OR(ud, fd, kernel, expression)                                                                  \
	if (ours(fd) < 0)                                                                                    \
		return kernel;                                                                               \
	CALL(ud, expression)

int
call_wait(void *arg, int fd, unsigned events, uint64_t until_us)
{
	struct adapter *a = arg;

	(void)fd;
	(void)events;
	if (fns_shard_due(a->shard) <= a->now_us) {
		turn(a, NULL, 0);
		return 0;
	}
	if (callers_wait(a, until_us))
		return 0;
	fprintf(stderr, "finesse: a call that blocks was made where nothing can end it\n");
	return -EDEADLK;
}

static int
call_socket(void *ud, int domain, int type, int protocol)
{
	CALL(ud, give(fns_sock_socket(s, domain, type, protocol)));
}

static int
call_bind(void *ud, int fd, const struct sockaddr *addr, socklen_t len)
{
	CALL(ud, fns_sock_bind(s, ours(fd), addr, len));
}

static int
call_listen(void *ud, int fd, int backlog)
{
	CALL(ud, fns_sock_listen(s, ours(fd), backlog));
}

static int
call_accept(void *ud, int fd, struct sockaddr *addr, socklen_t *len)
{
	CALL(ud, give(fns_sock_accept(s, ours(fd), addr, len)));
}

static int
call_connect(void *ud, int fd, const struct sockaddr *addr, socklen_t len)
{
	CALL(ud, fns_sock_connect(s, ours(fd), addr, len));
}

static ssize_t
call_read(void *ud, int fd, void *octets, size_t len)
{
	CALL_OR(ud, fd, read(fd, octets, len), fns_sock_read(s, ours(fd), octets, len));
}

static ssize_t
call_readv(void *ud, int fd, const struct iovec *iov, int count)
{
	CALL_OR(ud, fd, readv(fd, iov, count), fns_sock_readv(s, ours(fd), iov, count));
}

static ssize_t
call_recv(void *ud, int fd, void *octets, size_t len, int flags)
{
	CALL(ud, fns_sock_recv(s, ours(fd), octets, len, flags));
}

static ssize_t
call_recvfrom(void *ud, int fd, void *octets, size_t len, int flags, struct sockaddr *addr,
              socklen_t *addr_len)
{
	CALL(ud, fns_sock_recvfrom(s, ours(fd), octets, len, flags, addr, addr_len));
}

static ssize_t
call_recvmsg(void *ud, int fd, struct msghdr *message, int flags)
{
	CALL(ud, fns_sock_recvmsg(s, ours(fd), message, flags));
}

static ssize_t
call_write(void *ud, int fd, const void *octets, size_t len)
{
	CALL_OR(ud, fd, write(fd, octets, len), fns_sock_write(s, ours(fd), octets, len));
}

static ssize_t
call_writev(void *ud, int fd, const struct iovec *iov, int count)
{
	CALL_OR(ud, fd, writev(fd, iov, count), fns_sock_writev(s, ours(fd), iov, count));
}

static ssize_t
call_send(void *ud, int fd, const void *octets, size_t len, int flags)
{
	CALL(ud, fns_sock_send(s, ours(fd), octets, len, flags));
}

static ssize_t
call_sendto(void *ud, int fd, const void *octets, size_t len, int flags, const struct sockaddr *addr,
            socklen_t addr_len)
{
	CALL(ud, fns_sock_sendto(s, ours(fd), octets, len, flags, addr, addr_len));
}

static ssize_t
call_sendmsg(void *ud, int fd, const struct msghdr *message, int flags)
{
	CALL(ud, fns_sock_sendmsg(s, ours(fd), message, flags));
}

static int
call_fcntl(void *ud, int fd, int command, ...)
{
	va_list ap;
	int arg;

	va_start(ap, command);
	arg = command == F_SETFL || command == F_SETFD ? va_arg(ap, int) : 0;
	va_end(ap);
	CALL_OR(ud, fd, fcntl(fd, command, arg), fns_sock_fcntl(s, ours(fd), command, arg));
}

static int
call_ioctl(void *ud, int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	CALL_OR(ud, fd, ioctl(fd, request, arg), fns_sock_ioctl(s, ours(fd), request, arg));
}

static int
close_ours(struct fns_socks *s, int fd)
{
	int r = fns_sock_close(s, ours(fd));

	sock_of[fd] = 0;
	close(fd);
	return r;
}

static int
call_close(void *ud, int fd)
{
	CALL_OR(ud, fd, close(fd), close_ours(s, fd));
}

static int
call_shutdown(void *ud, int fd, int how)
{
	CALL(ud, fns_sock_shutdown(s, ours(fd), how));
}

static int
call_getsockopt(void *ud, int fd, int level, int option, void *value, socklen_t *len)
{
	CALL(ud, fns_sock_getsockopt(s, ours(fd), level, option, value, len));
}

static int
call_setsockopt(void *ud, int fd, int level, int option, const void *value, socklen_t len)
{
	CALL(ud, fns_sock_setsockopt(s, ours(fd), level, option, value, len));
}

/* libc's getsockopt, which packetdrill calls for its code blocks. */
int
calls_getsockopt(struct adapter *a, int fd, int level, int option, void *value, socklen_t *len)
{
	int r;

	if (ours(fd) < 0 || a->socks == NULL)
		return -ENOTSOCK;
	enter(a);
	turn(a, NULL, 0); /* for its time */
	r = fns_sock_getsockopt(a->socks, ours(fd), level, option, value, len);
	leave(a);
	return r;
}

static int
poll_ours(struct fns_socks *s, struct pollfd *fds, nfds_t count, int timeout_ms)
{
	struct pollfd *own = calloc(count + 1, sizeof(*own));
	int r;

	if (own == NULL)
		return -ENOMEM;
	for (nfds_t i = 0; i < count; i++)
		own[i] = (struct pollfd){.fd = ours(fds[i].fd), .events = fds[i].events};
	r = fns_sock_poll(s, own, count, timeout_ms);
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = own[i].revents;
	free(own);
	return r;
}

static int
call_poll(void *ud, struct pollfd *fds, nfds_t count, int timeout_ms)
{
	CALL(ud, poll_ours(s, fds, count, timeout_ms));
}

static int
call_epoll_create(void *ud, int size)
{
	CALL(ud, give(fns_sock_epoll_create(s, size)));
}

static int
call_epoll_ctl(void *ud, int epfd, int op, int fd, struct epoll_event *event)
{
	CALL(ud, fns_sock_epoll_ctl(s, ours(epfd), op, ours(fd), event));
}

static int
call_epoll_wait(void *ud, int epfd, struct epoll_event *events, int room, int timeout_ms)
{
	CALL(ud, fns_sock_epoll_wait(s, ours(epfd), events, room, timeout_ms));
}

static int
call_pipe(void *ud, int fd[2])
{
	(void)ud;
	return pipe(fd);
}

/* Between a socket of ours and a pipe of the kernel's; packetdrill passes offsets also where a script has none. */
static ssize_t
call_splice(void *ud, int in, loff_t *in_at, int out, loff_t *out_at, size_t len, unsigned flags)
{
	static char octets[1 << 16];
	ssize_t n;

	(void)in_at;
	(void)out_at;
	(void)flags;
	n = call_read(ud, in, octets, len < sizeof(octets) ? len : sizeof(octets));
	return n <= 0 ? n : call_write(ud, out, octets, (size_t)n);
}

void
calls_fill(struct packetdrill_interface *to)
{
	to->socket = call_socket;
	to->bind = call_bind;
	to->listen = call_listen;
	to->accept = call_accept;
	to->connect = call_connect;
	to->read = call_read;
	to->readv = call_readv;
	to->recv = call_recv;
	to->recvfrom = call_recvfrom;
	to->recvmsg = call_recvmsg;
	to->write = call_write;
	to->writev = call_writev;
	to->send = call_send;
	to->sendto = call_sendto;
	to->sendmsg = call_sendmsg;
	to->fcntl = call_fcntl;
	to->ioctl = call_ioctl;
	to->close = call_close;
	to->shutdown = call_shutdown;
	to->getsockopt = call_getsockopt;
	to->setsockopt = call_setsockopt;
	to->poll = call_poll;
	to->epoll_create = call_epoll_create;
	to->epoll_ctl = call_epoll_ctl;
	to->epoll_wait = call_epoll_wait;
	to->pipe = call_pipe;
	to->splice = call_splice;
}
