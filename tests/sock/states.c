/* How each state of the table comes about. */
#define _GNU_SOURCE 1
#include "table.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

int fd, peer, passive, spare;
uint16_t port;
char octets[1 << 16];

static uint16_t
port_of(unsigned side, int of)
{
	struct sockaddr_in a;

	c_name(side, of, false, &a);
	return ntohs(a.sin_port);
}

/* A listener on FAR. */
static void
listener(int backlog)
{
	passive = c_socket(FAR);
	c_bind(FAR, passive, 0);
	c_listen(FAR, passive, backlog);
	port = port_of(FAR, passive);
}

static void
fresh(void)
{
	fd = c_socket(NEAR);
	listener(5);
}

static void
bound(void)
{
	fresh();
	c_bind(NEAR, fd, 0);
}

static void
listening(void)
{
	fresh();
	c_bind(NEAR, fd, 0);
	c_listen(NEAR, fd, 5);
}

static void
listening_one(void)
{
	listening();
	peer = c_socket(FAR);
	c_connect(FAR, peer, NEAR, port_of(NEAR, fd), sizeof(struct sockaddr_in));
	sides_settle();
}

static void
listening_shut(void)
{
	listening();
	c_shutdown(NEAR, fd, SHUT_RD);
}

/* A queue that is full answers no SYN. */
static void
connecting(void)
{
	fd = c_socket(NEAR);
	listener(0);
	for (unsigned i = 0; i < 2; i++) {
		spare = c_socket(NEAR);
		c_connect(NEAR, spare, FAR, port, sizeof(struct sockaddr_in));
		sides_settle();
	}
	c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in));
	sides_settle();
}

static void
connect_open(void)
{
	fresh();
	c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in));
	sides_settle();
	peer = c_accept(FAR, passive, SOCK_NONBLOCK, NULL);
}

static void
connected(void)
{
	connect_open();
	c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in));
}

static void
accepted(void)
{
	listening_one();
	fd = c_accept(NEAR, fd, SOCK_NONBLOCK, NULL);
}

static void
accepted_reset(void)
{
	const struct linger now = {1, 0};

	listening_one();
	c_set(FAR, peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	c_close(FAR, peer);
	sides_settle();
	fd = c_accept(NEAR, fd, SOCK_NONBLOCK, NULL);
}

static void
refused(void)
{
	fresh();
	c_close(FAR, passive);
	sides_settle();
	c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in));
	sides_settle();
}

static void
take_error(void)
{
	int error;
	socklen_t len = sizeof(error);

	c_get(NEAR, fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static void
refused_taken(void)
{
	refused();
	take_error();
}

static void
unread(void)
{
	connected();
	c_write(FAR, peer, octets, 5);
	sides_settle();
}

/* Neither the peer's receive buffer nor ours to send has room. */
static void
full(void)
{
	connected();
	do {
		while (c_send(NEAR, fd, octets, sizeof(octets), 0) > 0)
			continue;
		sides_settle();
	} while (c_send(NEAR, fd, octets, sizeof(octets), 0) > 0);
}

static void
peer_fin(void)
{
	connected();
	c_shutdown(FAR, peer, SHUT_WR);
	sides_settle();
}

static void
peer_fin_unread(void)
{
	unread();
	c_shutdown(FAR, peer, SHUT_WR);
	sides_settle();
}

static void
shut_rd(void)
{
	connected();
	c_shutdown(NEAR, fd, SHUT_RD);
	sides_settle();
}

static void
shut_wr(void)
{
	connected();
	c_shutdown(NEAR, fd, SHUT_WR);
	sides_delayed_ack(NEAR, fd);
}

static void
shut_wr_unread(void)
{
	unread();
	c_shutdown(NEAR, fd, SHUT_WR);
	sides_delayed_ack(NEAR, fd);
}

static void
shut_rdwr(void)
{
	connected();
	c_shutdown(NEAR, fd, SHUT_RDWR);
	sides_delayed_ack(NEAR, fd);
}

static void
fin_wait_1(void)
{
	full();
	c_shutdown(NEAR, fd, SHUT_WR);
	sides_settle();
}

static void
closing(void)
{
	fin_wait_1();
	c_shutdown(FAR, peer, SHUT_WR);
	sides_settle();
}

static void
last_ack(void)
{
	full();
	c_shutdown(FAR, peer, SHUT_WR);
	sides_settle();
	c_shutdown(NEAR, fd, SHUT_WR);
	sides_settle();
}

static void
time_wait(void)
{
	shut_wr();
	c_close(FAR, peer);
	sides_settle();
}

static void
time_wait_unread(void)
{
	shut_wr_unread();
	c_close(FAR, peer);
	sides_settle();
}

static void
both_closed(void)
{
	peer_fin();
	c_shutdown(NEAR, fd, SHUT_WR);
	sides_settle();
}

static void
peer_resets(void)
{
	const struct linger now = {1, 0};

	c_set(FAR, peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	c_close(FAR, peer);
	sides_settle();
}

static void
reset(void)
{
	connected();
	peer_resets();
}

static void
reset_unread(void)
{
	unread();
	peer_resets();
}

static void
reset_taken(void)
{
	reset();
	take_error();
}

static void
reset_shut_wr(void)
{
	shut_wr();
	peer_resets();
}

static void
reset_after_fin(void)
{
	peer_fin();
	peer_resets();
}

static void
disconnected(void)
{
	connected();
	c_connect_unspec(NEAR, fd);
}

static void
disconnected_syn(void)
{
	connecting();
	c_connect_unspec(NEAR, fd);
}

/* TCP_USER_TIMEOUT, and nothing arrives any more. */
static void
timed_out(void)
{
	const int ms = 3000;

	connected();
	c_set(NEAR, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	sides_cut(CUT_SEGMENTS);
	c_write(NEAR, fd, octets, 5);
	sides_pass(30000000);
}

static void
syn_timed_out(void)
{
	connected();
	fd = c_socket(NEAR);
	sides_cut(CUT_SEGMENTS);
	c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in));
	sides_pass(UINT64_C(600000000));
}

/* No neighbour answers. */
static void
unreachable(void)
{
	fresh();
	sides_cut(CUT_ALL);
	c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in));
	sides_pass(UINT64_C(600000000));
}

static void
gone(void)
{
	fresh();
	c_close(NEAR, fd);
}

static void
epoll(void)
{
	fresh();
	fd = c_epoll(NEAR);
}

const struct case_state state[] = {
#define S(name)                                                                                              \
	{                                                                                                    \
#name, name, false                                                                           \
	}
	S(fresh),
	S(bound),
	S(listening),
	S(listening_one),
	S(listening_shut),
	S(connecting),
	S(connect_open),
	S(refused),
	S(refused_taken),
	S(connected),
	S(accepted),
	S(accepted_reset),
	S(unread),
	S(full),
	S(peer_fin),
	S(peer_fin_unread),
	S(shut_rd),
	S(shut_wr),
	S(shut_wr_unread),
	S(shut_rdwr),
	S(fin_wait_1),
	S(closing),
	S(last_ack),
	S(time_wait),
	S(time_wait_unread),
	S(both_closed),
	S(reset),
	S(reset_unread),
	S(reset_taken),
	S(reset_shut_wr),
	S(reset_after_fin),
	S(disconnected),
	S(disconnected_syn),
	S(gone),
	S(epoll),
#undef S
	{"timed_out", timed_out, true},
	{"syn_timed_out", syn_timed_out, true},
	{"unreachable", unreachable, true},
};
const unsigned states = sizeof(state) / sizeof(state[0]);
