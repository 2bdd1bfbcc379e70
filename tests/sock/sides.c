/* One table of calls, two endpoints that answer them. */
#define _GNU_SOURCE 1
#include "sides.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

bool kernel;
static struct world w;

enum { MOST = 256 };
static struct {
	int fd[MOST];
	unsigned count;
} open_[SIDES];

static int
result(long r)
{
	return r < 0 ? -errno : (int)r;
}

static int
note(unsigned side, int fd)
{
	if (fd >= 0 && open_[side].count < MOST)
		open_[side].fd[open_[side].count++] = fd;
	return fd;
}

void
sides_begin(void)
{
	struct fns_socks_config c = {
		.descriptors = 32, .waiting = 32, .watches = 32, .snd_buf = 65536, .rcv_buf = 65536};
	struct fns_config cf;

	world_default(&cf);
	cf.rcv_wnd_initial = cf.rcv_wnd_max = 16384;
	cf.buffer_bytes = 1 << 20;
	cf.recorders = 0;
	cf.connections = cf.time_wait = cf.orphans = 16;
	cf.listeners = 8;
	open_[NEAR].count = open_[FAR].count = 0;
	if (!kernel)
		world_begin(&w, &cf, &c, false);
}

void
sides_end(void)
{
	for (unsigned side = NEAR; side < SIDES; side++) {
		for (unsigned i = 0; i < open_[side].count; i++)
			c_close(side, open_[side].fd[i]);
	}
	if (!kernel)
		world_end(&w);
}

void
sides_settle(void)
{
	const struct timespec moment = {.tv_nsec = 200000};

	if (kernel)
		nanosleep(&moment, NULL);
	else
		world_turn(&w);
}

/* A FIN is acknowledged 40 ms later (T-06). */
void
sides_delayed_ack(unsigned side, int fd)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	struct fns_tcp_figures f = {0};
	socklen_t len = sizeof(f);

	if (!kernel)
		world_pass(&w, 60000);
	for (unsigned n = 0;
	     kernel && n < 1000 && c_get(side, fd, IPPROTO_TCP, TCP_INFO, &f, &len) == 0 && f.state == 4; n++)
		nanosleep(&moment, NULL);
}

void
sides_pass(uint64_t us)
{
	world_pass(&w, us);
}

void
sides_cut(unsigned cut)
{
	w.cut = (int)cut;
}

static struct sockaddr_in
address(unsigned side, uint16_t port)
{
	struct sockaddr_in a = world_addr(side, port);

	if (kernel)
		a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

int
c_socket(unsigned side)
{
	return note(side, kernel ? result(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0))
	                         : fns_sock_socket(w.socks[side], AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

int
c_epoll(unsigned side)
{
	return note(side, kernel ? result(epoll_create1(0)) : fns_sock_epoll_create1(w.socks[side], 0));
}

int
c_bind(unsigned side, int fd, uint16_t port)
{
	struct sockaddr_in a = address(side, port);
	const struct sockaddr *sa = (const struct sockaddr *)&a;

	return kernel ? result(bind(fd, sa, sizeof(a))) : fns_sock_bind(w.socks[side], fd, sa, sizeof(a));
}

int
c_listen(unsigned side, int fd, int backlog)
{
	return kernel ? result(listen(fd, backlog)) : fns_sock_listen(w.socks[side], fd, backlog);
}

int
c_accept(unsigned side, int fd, int flags, bool *peer_ok)
{
	struct sockaddr_in a = {0};
	socklen_t len = sizeof(a);
	struct sockaddr *sa = (struct sockaddr *)&a;
	int r = note(side, kernel ? result(accept4(fd, sa, &len, flags))
	                          : fns_sock_accept4(w.socks[side], fd, sa, &len, flags));

	if (peer_ok != NULL)
		*peer_ok = r >= 0 && a.sin_family == AF_INET && a.sin_port != 0 &&
		           a.sin_addr.s_addr == address(!side, 0).sin_addr.s_addr;
	return r;
}

int
c_connect(unsigned side, int fd, unsigned to, uint16_t port, socklen_t len)
{
	struct sockaddr_in a = address(to, port);
	const struct sockaddr *sa = (const struct sockaddr *)&a;

	return kernel ? result(connect(fd, sa, len)) : fns_sock_connect(w.socks[side], fd, sa, len);
}

int
c_connect_unspec(unsigned side, int fd)
{
	const struct sockaddr sa = {.sa_family = AF_UNSPEC};

	return kernel ? result(connect(fd, &sa, sizeof(sa)))
	              : fns_sock_connect(w.socks[side], fd, &sa, sizeof(sa));
}

int
c_name(unsigned side, int fd, bool peer, struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	struct sockaddr *sa = (struct sockaddr *)a;

	memset(a, 0, sizeof(*a));
	if (kernel)
		return result(peer ? getpeername(fd, sa, &len) : getsockname(fd, sa, &len));
	return peer ? fns_sock_getpeername(w.socks[side], fd, sa, &len)
	            : fns_sock_getsockname(w.socks[side], fd, sa, &len);
}

int
c_recv(unsigned side, int fd, void *to, size_t len, int flags)
{
	return kernel ? result(recv(fd, to, len, flags))
	              : (int)fns_sock_recv(w.socks[side], fd, to, len, flags);
}

int
c_read(unsigned side, int fd, void *to, size_t len)
{
	return kernel ? result(read(fd, to, len)) : (int)fns_sock_read(w.socks[side], fd, to, len);
}

int
c_send(unsigned side, int fd, const void *from, size_t len, int flags)
{
	return kernel ? result(send(fd, from, len, flags | MSG_NOSIGNAL))
	              : (int)fns_sock_send(w.socks[side], fd, from, len, flags);
}

int
c_write(unsigned side, int fd, const void *from, size_t len)
{
	return kernel ? result(write(fd, from, len)) : (int)fns_sock_write(w.socks[side], fd, from, len);
}

int
c_shutdown(unsigned side, int fd, int how)
{
	return kernel ? result(shutdown(fd, how)) : fns_sock_shutdown(w.socks[side], fd, how);
}

int
c_close(unsigned side, int fd)
{
	for (unsigned i = 0; i < open_[side].count; i++) {
		if (open_[side].fd[i] == fd) {
			open_[side].fd[i] = open_[side].fd[--open_[side].count];
			break;
		}
	}
	return kernel ? result(close(fd)) : fns_sock_close(w.socks[side], fd);
}

int
c_poll(unsigned side, int fd, unsigned *revents)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0};
	int r = kernel ? result(poll(&p, 1, 0)) : fns_sock_poll(w.socks[side], &p, 1, 0);

	*revents = (unsigned)p.revents;
	return r;
}

int
c_set(unsigned side, int fd, int level, int name, const void *value, socklen_t len)
{
	return kernel ? result(setsockopt(fd, level, name, value, len))
	              : fns_sock_setsockopt(w.socks[side], fd, level, name, value, len);
}

int
c_get(unsigned side, int fd, int level, int name, void *value, socklen_t *len)
{
	return kernel ? result(getsockopt(fd, level, name, value, len))
	              : fns_sock_getsockopt(w.socks[side], fd, level, name, value, len);
}

int
c_fcntl(unsigned side, int fd, int command, long arg)
{
	return kernel ? result(fcntl(fd, command, arg)) : fns_sock_fcntl(w.socks[side], fd, command, arg);
}

int
c_ioctl(unsigned side, int fd, unsigned long request, int *arg)
{
	return kernel ? result(ioctl(fd, request, arg)) : fns_sock_ioctl(w.socks[side], fd, request, arg);
}

int
c_watch(unsigned side, int epfd, int op, int fd, unsigned events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return kernel ? result(epoll_ctl(epfd, op, fd, &e))
	              : fns_sock_epoll_ctl(w.socks[side], epfd, op, fd, &e);
}

int
c_ready(unsigned side, int epfd, unsigned *events)
{
	struct epoll_event e = {0};
	int r = kernel ? result(epoll_wait(epfd, &e, 1, 0))
	               : fns_sock_epoll_wait(w.socks[side], epfd, &e, 1, 0);

	*events = e.events;
	return r;
}

int
c_ready_fd(unsigned side, int epfd)
{
	struct epoll_event e = {0};
	int r = kernel ? result(epoll_wait(epfd, &e, 1, 0))
	               : fns_sock_epoll_wait(w.socks[side], epfd, &e, 1, 0);

	return r == 1 ? e.data.fd : -1;
}
