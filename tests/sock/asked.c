/* The calls of the table, and how their answers are written. */
#define _GNU_SOURCE 1
#include "table.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static void
number(char cell[CELL], long r)
{
	if (r < 0)
		snprintf(cell, CELL, "%s", strerrorname_np((int)-r));
	else
		snprintf(cell, CELL, "%ld", r);
}

static void
call_bind(char cell[CELL])
{
	number(cell, c_bind(NEAR, fd, 0));
}

static void
call_listen(char cell[CELL])
{
	number(cell, c_listen(NEAR, fd, 3));
}

static void
call_accept(char cell[CELL])
{
	bool peer_ok;
	int r = c_accept(NEAR, fd, 0, &peer_ok);

	if (r >= 0)
		snprintf(cell, CELL, "%s", peer_ok ? "fd" : "fd?");
	else
		number(cell, r);
}

static void
call_accept4_bad(char cell[CELL])
{
	number(cell, c_accept(NEAR, fd, 1, NULL));
}

static void
call_connect(char cell[CELL])
{
	number(cell, c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in)));
}

static void
call_connect_short(char cell[CELL])
{
	number(cell, c_connect(NEAR, fd, FAR, port, 8));
}

static void
call_unspec(char cell[CELL])
{
	number(cell, c_connect_unspec(NEAR, fd));
}

static void
name(char cell[CELL], bool of_peer)
{
	struct sockaddr_in a;
	int r = c_name(NEAR, fd, of_peer, &a);

	if (r < 0)
		number(cell, r);
	else
		snprintf(cell, CELL, "%s%s", a.sin_addr.s_addr == 0 ? "any" : "own",
		         a.sin_port != 0 ? ":port" : "");
}

static void
call_sockname(char cell[CELL])
{
	name(cell, false);
}

static void
call_peername(char cell[CELL])
{
	name(cell, true);
}

static void
call_read(char cell[CELL])
{
	number(cell, c_read(NEAR, fd, octets, 100));
}

/* What follows the first. */
static void
call_read_again(char cell[CELL])
{
	c_read(NEAR, fd, octets, 100);
	number(cell, c_read(NEAR, fd, octets, 100));
}

static void
call_read_0(char cell[CELL])
{
	number(cell, c_read(NEAR, fd, octets, 0));
}

static void
call_recv_0(char cell[CELL])
{
	number(cell, c_recv(NEAR, fd, octets, 0, 0));
}

static void
call_peek(char cell[CELL])
{
	number(cell, c_recv(NEAR, fd, octets, 100, MSG_PEEK));
}

static void
call_oob(char cell[CELL])
{
	number(cell, c_recv(NEAR, fd, octets, 1, MSG_OOB));
}

static void
call_write(char cell[CELL])
{
	number(cell, c_send(NEAR, fd, octets, 5, 0));
}

static void
call_write_again(char cell[CELL])
{
	c_send(NEAR, fd, octets, 5, 0);
	number(cell, c_send(NEAR, fd, octets, 5, 0));
}

static void
call_write_0(char cell[CELL])
{
	number(cell, c_write(NEAR, fd, octets, 0));
}

static void
call_shut_rd(char cell[CELL])
{
	number(cell, c_shutdown(NEAR, fd, SHUT_RD));
}

static void
call_shut_wr(char cell[CELL])
{
	number(cell, c_shutdown(NEAR, fd, SHUT_WR));
}

static void
call_shut_rdwr(char cell[CELL])
{
	number(cell, c_shutdown(NEAR, fd, SHUT_RDWR));
}

static void
call_shut_bad(char cell[CELL])
{
	number(cell, c_shutdown(NEAR, fd, 3));
}

static void
call_close(char cell[CELL])
{
	number(cell, c_close(NEAR, fd));
}

static void
events(char cell[CELL], unsigned set)
{
	static const struct {
		unsigned bit;
		const char *name;
	} bit[] = {{POLLIN, "in"},   {POLLPRI, "pri"},   {POLLOUT, "out"},    {POLLERR, "err"},
	           {POLLHUP, "hup"}, {POLLNVAL, "nval"}, {POLLRDHUP, "rdhup"}};

	cell[0] = '\0';
	for (unsigned i = 0; i < sizeof(bit) / sizeof(bit[0]); i++) {
		if (!(set & bit[i].bit))
			continue;
		if (cell[0] != '\0')
			strcat(cell, "+");
		strcat(cell, bit[i].name);
	}
	if (cell[0] == '\0')
		strcpy(cell, "-");
}

static void
call_poll(char cell[CELL])
{
	unsigned set;

	c_poll(NEAR, fd, &set);
	events(cell, set);
}

static void
call_epoll(char cell[CELL])
{
	int e = c_epoll(NEAR), r = c_watch(NEAR, e, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	unsigned set = 0;

	if (r < 0) {
		number(cell, r);
		return;
	}
	c_ready(NEAR, e, &set);
	events(cell, set);
}

static void
option(char cell[CELL], int level, int name)
{
	int value = 0, r;
	socklen_t len = sizeof(value);

	r = c_get(NEAR, fd, level, name, &value, &len);
	if (r == 0 && name == SO_ERROR && value > 0)
		r = -value;
	number(cell, r < 0 ? r : value);
}

static void
call_error(char cell[CELL])
{
	option(cell, SOL_SOCKET, SO_ERROR);
}

static void
call_acceptconn(char cell[CELL])
{
	option(cell, SOL_SOCKET, SO_ACCEPTCONN);
}

static void
call_nodelay(char cell[CELL])
{
	const int on = 1;

	number(cell, c_set(NEAR, fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
}

static void
call_inq(char cell[CELL])
{
	int n = 0, r = c_ioctl(NEAR, fd, FIONREAD, &n);

	number(cell, r < 0 ? r : n);
}

static void
call_outq(char cell[CELL])
{
	int n = 0, r = c_ioctl(NEAR, fd, SIOCOUTQ, &n);

	if (r < 0)
		number(cell, r);
	else
		snprintf(cell, CELL, "%s", n > 0 ? "some" : "0");
}

static void
call_getfl(char cell[CELL])
{
	int r = c_fcntl(NEAR, fd, F_GETFL, 0);

	if (r < 0)
		number(cell, r);
	else
		snprintf(cell, CELL, "%s", r == O_RDWR ? "rw" : r == (O_RDWR | O_NONBLOCK) ? "rw+nb" : "?");
}

static void
call_tcp_state(char cell[CELL])
{
	struct fns_tcp_figures f = {0};
	socklen_t len = sizeof(f);
	int r = c_get(NEAR, fd, IPPROTO_TCP, TCP_INFO, &f, &len);

	number(cell, r < 0 ? r : f.state);
}

const struct case_call call[] = {
#define C(name)                                                                                              \
	{                                                                                                    \
#name, call_##name                                                                           \
	}
	C(bind),     C(listen),   C(accept),      C(accept4_bad), C(connect), C(connect_short), C(unspec),
	C(sockname), C(peername), C(read),        C(read_again),  C(read_0),  C(recv_0),        C(peek),
	C(oob),      C(write),    C(write_again), C(write_0),     C(shut_rd), C(shut_wr),       C(shut_rdwr),
	C(shut_bad), C(close),    C(poll),        C(epoll),       C(error),   C(acceptconn),    C(nodelay),
	C(inq),      C(outq),     C(getfl),       C(tcp_state),
#undef C
};
const unsigned calls = sizeof(call) / sizeof(call[0]);
