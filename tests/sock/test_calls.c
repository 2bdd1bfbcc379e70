/* The calls in their ordinary order, blocking by a wait plug that turns two shards, over both families. */
#define _GNU_SOURCE 1
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static struct world *w;

static int
begin(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	world_begin(w, NULL, NULL, true);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	world_end(w);
	free(w);
	return 0;
}

/* A listener on FAR, a connection from NEAR, and what accept gave. */
static void
connected(int domain, int *client, int *server, int *listener)
{
	struct sockaddr_in a4 = world_addr(FAR, 7);
	struct sockaddr_in6 a6 = world_addr6(FAR, 7), peer;
	const struct sockaddr *a = domain == AF_INET ? (const void *)&a4 : (const void *)&a6;
	socklen_t len = domain == AF_INET ? sizeof(a4) : sizeof(a6), peer_len = sizeof(peer);

	*listener = fns_sock_socket(w->socks[FAR], domain, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_bind(w->socks[FAR], *listener, a, len), 0);
	assert_int_equal(fns_sock_listen(w->socks[FAR], *listener, 5), 0);
	*client = fns_sock_socket(w->socks[NEAR], domain, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_connect(w->socks[NEAR], *client, a, len), 0);
	*server = fns_sock_accept(w->socks[FAR], *listener, (struct sockaddr *)&peer, &peer_len);
	assert_true(*server > *listener);
	assert_int_equal(peer_len, len);
}

static void
echo(int domain)
{
	char there[] = "an octet string", back[64];
	int client, server, listener;

	connected(domain, &client, &server, &listener);
	assert_int_equal(fns_sock_write(w->socks[NEAR], client, there, sizeof(there)), sizeof(there));
	assert_int_equal(fns_sock_read(w->socks[FAR], server, back, sizeof(back)), sizeof(there));
	assert_string_equal(there, back);
	assert_int_equal(fns_sock_write(w->socks[FAR], server, back, sizeof(there)), sizeof(there));
	assert_int_equal(fns_sock_shutdown(w->socks[FAR], server, SHUT_WR), 0);
	assert_int_equal(fns_sock_read(w->socks[NEAR], client, back, sizeof(back)), sizeof(there));
	assert_int_equal(fns_sock_read(w->socks[NEAR], client, back, sizeof(back)), 0);
	assert_int_equal(fns_sock_close(w->socks[NEAR], client), 0);
	assert_int_equal(fns_sock_read(w->socks[FAR], server, back, sizeof(back)), 0);
	assert_int_equal(fns_sock_close(w->socks[FAR], server), 0);
	assert_int_equal(fns_sock_close(w->socks[FAR], listener), 0);
}

static void
echo__ip4(void **state)
{
	(void)state;
	echo(AF_INET);
}

static void
echo__ip6(void **state)
{
	(void)state;
	echo(AF_INET6);
}

/* A listener of AF_INET on any address is one of IPv4; what asks over IPv6 finds nobody there. */
static void
listen__any_of_ip4(void **state)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(7)}, a4 = world_addr(FAR, 7);
	struct sockaddr_in6 a6 = world_addr6(FAR, 7);
	int l, fd;

	(void)state;
	l = fns_sock_socket(w->socks[FAR], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_bind(w->socks[FAR], l, (const void *)&any, sizeof(any)), 0);
	assert_int_equal(fns_sock_listen(w->socks[FAR], l, 5), 0);
	fd = fns_sock_socket(w->socks[NEAR], AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (const void *)&a6, sizeof(a6)), -ECONNREFUSED);
	fns_sock_close(w->socks[NEAR], fd);
	fd = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (const void *)&a4, sizeof(a4)), 0);
}

static int client, server, listener;

static int
begin_connected(void **state)
{
	begin(state);
	connected(AF_INET, &client, &server, &listener);
	return 0;
}

static int
dial(uint16_t port)
{
	struct sockaddr_in a = world_addr(FAR, port);
	int fd = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (struct sockaddr *)&a, sizeof(a)),
	                 -EINPROGRESS);
	world_turn(w);
	return fd;
}

static void
far_sends_two(struct world *v)
{
	fns_sock_write(v->socks[FAR], server, "67", 2);
}

/* MSG_WAITALL waits for all of it, and for no more; MSG_PEEK leaves it there; both take what is there with a FIN. */
static void
recv__flags(void **state)
{
	char to[16] = "";

	(void)state;
	fns_sock_write(w->socks[FAR], server, "12345", 5);
	w->meanwhile = far_sends_two;
	assert_int_equal(fns_sock_recv(w->socks[NEAR], client, to, 7, MSG_PEEK | MSG_WAITALL), 7);
	assert_memory_equal(to, "1234567", 7);
	assert_int_equal(fns_sock_recv(w->socks[NEAR], client, to, 3, MSG_PEEK), 3);
	assert_int_equal(fns_sock_recv(w->socks[NEAR], client, to, 3, MSG_TRUNC), 3);
	assert_int_equal(fns_sock_recv(w->socks[NEAR], client, to, 16, 0), 4);
	assert_memory_equal(to, "4567", 4);
	assert_int_equal(fns_sock_recv(w->socks[NEAR], client, to, 16, MSG_DONTWAIT), -EAGAIN);
	fns_sock_write(w->socks[FAR], server, "89", 2);
	fns_sock_shutdown(w->socks[FAR], server, SHUT_WR);
	assert_int_equal(fns_sock_recv(w->socks[NEAR], client, to, 16, MSG_WAITALL), 2);
}

static void
vectors__and_messages(void **state)
{
	char a[3], b[10];
	char text[] = "1234567";
	struct iovec out[3] = {{text, 2}, {text, 0}, {text + 2, 5}}, in[2] = {{a, 3}, {b, 10}};
	struct msghdr msg = {.msg_iov = in, .msg_iovlen = 2, .msg_flags = -1, .msg_controllen = 7};

	(void)state;
	assert_int_equal(fns_sock_writev(w->socks[NEAR], client, out, 3), 7);
	world_turn(w);
	assert_int_equal(fns_sock_readv(w->socks[FAR], server, in, 2), 7);
	assert_memory_equal(a, "123", 3);
	assert_memory_equal(b, "4567", 4);
	assert_int_equal(fns_sock_sendmsg(w->socks[NEAR], client,
	                                  &(struct msghdr){.msg_iov = out, .msg_iovlen = 3}, 0),
	                 7);
	assert_int_equal(fns_sock_recvmsg(w->socks[FAR], server, &msg, 0), 7);
	assert_int_equal(msg.msg_flags, 0);
	assert_int_equal(msg.msg_controllen, 0);
	assert_int_equal(fns_sock_readv(w->socks[FAR], server, in, -1), -EINVAL);
	assert_int_equal(fns_sock_readv(w->socks[FAR], server, in, 1025), -EINVAL);
	msg.msg_iovlen = 1025;
	assert_int_equal(fns_sock_recvmsg(w->socks[FAR], server, &msg, 0), -EMSGSIZE);
}

/* The time that a call waits is the shard's. */
static void
timeouts__end_calls(void **state)
{
	struct timeval t = {.tv_sec = 2};
	struct pollfd p = {.fd = client, .events = POLLIN};
	struct sockaddr_in nowhere = world_addr(FAR, 9);
	uint64_t then = w->now_us;
	char octet;
	int fd;

	(void)state;
	fns_sock_setsockopt(w->socks[NEAR], client, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	assert_int_equal(fns_sock_read(w->socks[NEAR], client, &octet, 1), -EAGAIN);
	assert_int_equal(w->now_us - then, 2000000);
	then = w->now_us;
	assert_int_equal(fns_sock_poll(w->socks[NEAR], &p, 1, 1500), 0);
	assert_int_equal(w->now_us - then, 1500000);
	then = w->now_us;
	w->cut = CUT_SEGMENTS;
	fd = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0);
	fns_sock_setsockopt(w->socks[NEAR], fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (struct sockaddr *)&nowhere, sizeof(nowhere)),
	                 -EINPROGRESS);
	assert_int_equal(w->now_us - then, 2000000);
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (struct sockaddr *)&nowhere, sizeof(nowhere)),
	                 -EALREADY);
	w->cut = CUT_NOTHING;
	t.tv_sec = 0;
	fns_sock_setsockopt(w->socks[NEAR], fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (struct sockaddr *)&nowhere, sizeof(nowhere)),
	                 -ECONNREFUSED);
}

static void
closes_client(struct world *v)
{
	fns_sock_close(v->socks[NEAR], client);
	fns_sock_socket(v->socks[NEAR], AF_INET, SOCK_STREAM, 0); /* the same number */
}

static void
wait__survives_a_close(void **state)
{
	char octet;

	(void)state;
	w->meanwhile = closes_client;
	assert_int_equal(fns_sock_read(w->socks[NEAR], client, &octet, 1), -EBADF);
}

/* Blocking writes of more than fits, read at the other end. */
static void
write__more_than_fits(void **state)
{
	static char octets[300000], back[300000];
	int size = 20000;
	size_t got = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (char)(i * 7 + i / 251);
	fns_sock_setsockopt(w->socks[NEAR], client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (size_t put = 0; put < sizeof(octets);) {
		ssize_t n = fns_sock_send(w->socks[NEAR], client, octets + put, sizeof(octets) - put,
		                          MSG_DONTWAIT);

		assert_true(n > 0 || n == -EAGAIN);
		put += n > 0 ? (size_t)n : 0;
		assert_true(fns_unacked(fns_sock_conn(w->socks[NEAR], client)) < 2 * 20000 + 61440);
		world_turn(w);
		while ((n = fns_sock_recv(w->socks[FAR], server, back + got, sizeof(back) - got,
		                          MSG_DONTWAIT)) > 0)
			got += (size_t)n;
		world_turn(w);
	}
	while (got < sizeof(back))
		got += (size_t)fns_sock_recv(w->socks[FAR], server, back + got, sizeof(back) - got, 0);
	assert_memory_equal(octets, back, sizeof(octets));
}

/* T-18, T-19: close waits for the acknowledgment of its FIN, or for the time to pass. */
static void
close__lingers(void **state)
{
	const struct linger l = {1, 2};
	uint64_t then = w->now_us;

	(void)state;
	fns_sock_setsockopt(w->socks[NEAR], client, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	fns_sock_setsockopt(w->socks[FAR], server, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	w->cut = CUT_SEGMENTS;
	assert_int_equal(fns_sock_close(w->socks[NEAR], client), 0);
	assert_in_range(w->now_us - then, 2000000, 2002000);
	w->cut = CUT_NOTHING;
	then = w->now_us;
	assert_int_equal(fns_sock_close(w->socks[FAR], server), 0);
	assert_in_range(w->now_us - then, 0, 1999999);
}

/* T-23: backlog + 1 wait, as in Linux; the next one's SYN is as if lost, until one is accepted. */
static void
listen__backlog_and_one(void **state)
{
	int fd[4], n = 0;

	(void)state;
	assert_int_equal(fns_sock_listen(w->socks[FAR], listener, 1), 0);
	for (unsigned i = 0; i < 4; i++)
		fd[i] = dial(7);
	for (unsigned i = 0; i < 4; i++)
		n += fns_sock_conn(w->socks[NEAR], fd[i]) != NULL &&
		     fns_sock_send(w->socks[NEAR], fd[i], "x", 1, 0) == 1;
	assert_int_equal(n, 2);
	assert_true(fns_sock_accept(w->socks[FAR], listener, NULL, NULL) >= 0);
	world_pass(w, 4000000);
	for (n = 0; fns_sock_accept4(w->socks[FAR], listener, NULL, NULL, 0) >= 0 && n < 3; n++)
		world_pass(w, 10000000);
	assert_int_equal(n, 3);
}

/* TCP_DEFER_ACCEPT: accept sees it when there is something to read, or when the time is over. */
static void
accept__deferred(void **state)
{
	const int seconds = 3;
	int flags = O_NONBLOCK, fd, other;

	(void)state;
	fns_sock_setsockopt(w->socks[FAR], listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds,
	                    sizeof(seconds));
	fns_sock_fcntl(w->socks[FAR], listener, F_SETFL, flags);
	fd = dial(7);
	other = dial(7);
	assert_true(other > fd);
	assert_int_equal(fns_sock_accept(w->socks[FAR], listener, NULL, NULL), -EAGAIN);
	fns_sock_write(w->socks[NEAR], other, "x", 1);
	world_turn(w);
	assert_true(fns_sock_accept(w->socks[FAR], listener, NULL, NULL) >= 0);
	assert_int_equal(fns_sock_accept(w->socks[FAR], listener, NULL, NULL), -EAGAIN);
	world_pass(w, 3000000);
	assert_true(fns_sock_accept(w->socks[FAR], listener, NULL, NULL) >= 0);
}

static int
bound(unsigned side, uint16_t port, int reuse)
{
	struct sockaddr_in a = world_addr(side, port);
	int fd = fns_sock_socket(w->socks[side], AF_INET, SOCK_STREAM, 0), r;

	fns_sock_setsockopt(w->socks[side], fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
	r = fns_sock_bind(w->socks[side], fd, (struct sockaddr *)&a, sizeof(a));
	return r < 0 ? r : fd;
}

static void
bind__conflicts(void **state)
{
	struct sockaddr_in foreign = world_addr(FAR, 80);
	int a, b;

	(void)state;
	assert_int_equal(bound(FAR, 7, 1), -EADDRINUSE); /* it listens */
	a = bound(NEAR, 80, 0);
	assert_true(a >= 0);
	assert_int_equal(bound(NEAR, 80, 1), -EADDRINUSE);
	fns_sock_close(w->socks[NEAR], a);
	a = bound(NEAR, 80, 1);
	b = bound(NEAR, 80, 1);
	assert_true(a >= 0 && b >= 0);
	assert_int_equal(fns_sock_listen(w->socks[NEAR], a, 1), 0);
	assert_int_equal(fns_sock_listen(w->socks[NEAR], b, 1), -EADDRINUSE);
	fns_sock_close(w->socks[NEAR], b);
	b = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_bind(w->socks[NEAR], b, (struct sockaddr *)&foreign, sizeof(foreign)),
	                 -EADDRNOTAVAIL);
	foreign.sin_family = AF_INET6;
	assert_int_equal(fns_sock_bind(w->socks[NEAR], b, (struct sockaddr *)&foreign, sizeof(foreign)),
	                 -EAFNOSUPPORT);
	/* a connection in TIME-WAIT holds the port, unless SO_REUSEADDR */
	fns_sock_close(w->socks[FAR], server);
	fns_sock_close(w->socks[NEAR], client);
	fns_sock_close(w->socks[FAR], listener);
	world_pass(w, 1000000);
	assert_int_equal(bound(FAR, 7, 0), -EADDRINUSE);
	assert_true(bound(FAR, 7, 1) >= 0);
}

static int
shared(int share, int port)
{
	struct sockaddr_in a = world_addr(NEAR, (uint16_t)port);
	int fd = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0), r;

	fns_sock_setsockopt(w->socks[NEAR], fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof(share));
	r = fns_sock_bind(w->socks[NEAR], fd, (struct sockaddr *)&a, sizeof(a));
	return r < 0 ? r : fd;
}

/* As the host kernel has it: both must have asked for it before bind, and then both listen. */
static void
reuseport__two_listen(void **state)
{
	int a = shared(1, 80), b = shared(1, 80);

	(void)state;
	assert_true(a >= 0 && b >= 0);
	assert_int_equal(shared(0, 80), -EADDRINUSE);
	assert_int_equal(fns_sock_listen(w->socks[NEAR], a, 1), 0);
	assert_int_equal(fns_sock_listen(w->socks[NEAR], b, 1), 0);
	assert_true(shared(1, 80) >= 0);
	assert_int_equal(shared(0, 80), -EADDRINUSE);
	fns_sock_close(w->socks[NEAR], a);
	fns_sock_close(w->socks[NEAR], b);
}

static int
any(int family, int only)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80)};
	int fd = fns_sock_socket(w->socks[NEAR], family, SOCK_STREAM, 0), r;

	if (family == AF_INET6) {
		fns_sock_setsockopt(w->socks[NEAR], fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
		r = fns_sock_bind(w->socks[NEAR], fd, (struct sockaddr *)&six, sizeof(six));
	} else {
		r = fns_sock_bind(w->socks[NEAR], fd, (struct sockaddr *)&four, sizeof(four));
	}
	r = r < 0 ? r : fns_sock_listen(w->socks[NEAR], fd, 1);
	if (r < 0)
		fns_sock_close(w->socks[NEAR], fd);
	return r < 0 ? r : fd;
}

static void
v6only__is_of_ipv6_alone(void **state)
{
	static const int only = 1;
	struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(7)};
	struct sockaddr_in far = world_addr(FAR, 7);
	int four, six;

	(void)state;
	six = any(AF_INET6, 0);
	assert_true(six >= 0);
	assert_int_equal(any(AF_INET, 0), -EADDRINUSE);
	fns_sock_close(w->socks[NEAR], six);
	six = any(AF_INET6, 1);
	four = any(AF_INET, 0);
	assert_true(six >= 0 && four >= 0);
	assert_int_equal(any(AF_INET6, 0), -EADDRINUSE);
	fns_sock_close(w->socks[NEAR], six);
	fns_sock_close(w->socks[NEAR], four);
	memset(mapped.sin6_addr.s6_addr + 10, 0xff, 2);
	memcpy(mapped.sin6_addr.s6_addr + 12, &far.sin_addr, 4);
	six = fns_sock_socket(w->socks[NEAR], AF_INET6, SOCK_STREAM, 0);
	fns_sock_setsockopt(w->socks[NEAR], six, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	assert_int_equal(fns_sock_connect(w->socks[NEAR], six, (struct sockaddr *)&mapped, sizeof(mapped)),
	                 -ENETUNREACH);
	mapped.sin6_port = 0;
	assert_int_equal(fns_sock_bind(w->socks[NEAR], six, (struct sockaddr *)&mapped, sizeof(mapped)),
	                 -EINVAL);
	fns_sock_close(w->socks[NEAR], six);
}

/* T-40, T-41 by the calls: bound and connected to one and the same. */
static void
connect__to_itself(void **state)
{
	struct sockaddr_in a = world_addr(NEAR, 6666), peer;
	socklen_t len = sizeof(peer);
	char to[8];
	int fd = bound(NEAR, 6666, 0);

	(void)state;
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(fns_sock_getpeername(w->socks[NEAR], fd, (struct sockaddr *)&peer, &len), 0);
	assert_memory_equal(&peer, &a, sizeof(a));
	assert_int_equal(fns_sock_write(w->socks[NEAR], fd, "1234", 4), 4);
	assert_int_equal(fns_sock_read(w->socks[NEAR], fd, to, 8), 4);
	assert_int_equal(fns_sock_shutdown(w->socks[NEAR], fd, SHUT_WR), 0);
	assert_int_equal(fns_sock_read(w->socks[NEAR], fd, to, 8), 0);
	assert_int_equal(fns_sock_write(w->socks[NEAR], fd, "1", 1), -EPIPE);
	assert_int_equal(fns_sock_close(w->socks[NEAR], fd), 0);
}

/* T-35: what arrives after shutdown(RD) is read where the profile is linux, and dropped where it is bsd. */
static void
shut_rd__by_profile(void **state)
{
	struct fns_socks_config c = {.options.profile = FNS_BSD};
	char to[8];

	(void)state;
	for (unsigned bsd = 0; bsd < 2; bsd++) {
		if (bsd) {
			world_end(w);
			world_begin(w, NULL, &c, true);
			connected(AF_INET, &client, &server, &listener);
		}
		assert_int_equal(fns_sock_shutdown(w->socks[NEAR], client, SHUT_RD), 0);
		assert_int_equal(fns_sock_read(w->socks[NEAR], client, to, 8), 0);
		assert_int_equal(fns_sock_write(w->socks[FAR], server, "12345", 5), 5);
		world_turn(w);
		assert_int_equal(fns_sock_read(w->socks[NEAR], client, to, 8), bsd ? 0 : 5);
	}
}

/* Without a plug a call says what it lacked. */
static void
would__tells(void **state)
{
	const struct timeval t = {.tv_sec = 1};
	struct fns_sock_want want;
	char octet;

	(void)state;
	world_end(w);
	world_begin(w, NULL, NULL, false);
	listener = fns_sock_socket(w->socks[FAR], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_read(w->socks[FAR], listener, &octet, 1), -ENOTCONN);
	assert_false(fns_socks_would(w->socks[FAR], &want));
	fns_sock_setsockopt(w->socks[FAR], listener, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	assert_int_equal(fns_sock_listen(w->socks[FAR], listener, 1), 0);
	assert_int_equal(fns_sock_accept(w->socks[FAR], listener, NULL, NULL), -EAGAIN);
	assert_true(fns_socks_would(w->socks[FAR], &want));
	assert_true(want.fd == listener && want.events == POLLIN && want.until_us == w->now_us + 1000000);
	fns_sock_fcntl(w->socks[FAR], listener, F_SETFL, O_NONBLOCK);
	assert_int_equal(fns_sock_accept(w->socks[FAR], listener, NULL, NULL), -EAGAIN);
	assert_false(fns_socks_would(w->socks[FAR], &want));
}

static void
limits__and_bad_arguments(void **state)
{
	struct fns_socks_config c = {.descriptors = 3, .waiting = 1, .watches = 1};
	struct epoll_event e = {.events = EPOLLIN};
	int fd[3];

	(void)state;
	world_end(w);
	world_begin(w, NULL, &c, true);
	for (int i = 0; i < 3; i++) {
		fd[i] = i == 2 ? fns_sock_epoll_create(w->socks[NEAR], 1)
		               : fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0);
		assert_int_equal(fd[i], i);
	}
	assert_int_equal(fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0), -EMFILE);
	assert_int_equal(fns_sock_epoll_ctl(w->socks[NEAR], fd[2], EPOLL_CTL_ADD, fd[0], &e), 0);
	assert_int_equal(fns_sock_epoll_ctl(w->socks[NEAR], fd[2], EPOLL_CTL_ADD, fd[1], &e), -ENOSPC);
	fns_sock_close(w->socks[NEAR], fd[1]);
	assert_int_equal(fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, IPPROTO_TCP),
	                 1); /* the lowest */
	fns_sock_close(w->socks[NEAR], 1);
	assert_int_equal(fns_sock_socket(w->socks[NEAR], AF_UNIX, SOCK_STREAM, 0), -EAFNOSUPPORT);
	assert_int_equal(fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_DGRAM, 0), -ESOCKTNOSUPPORT);
	assert_int_equal(fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, IPPROTO_UDP),
	                 -EPROTONOSUPPORT);
	assert_int_equal(fns_sock_fcntl(w->socks[NEAR], fd[0], F_GETFL, 0), O_RDWR);
	assert_int_equal(fns_sock_fcntl(w->socks[NEAR], fd[0], F_DUPFD, 0), -EINVAL);
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd[0], NULL, 16), -EFAULT);
	c.descriptors = UINT32_MAX;
	assert_null(fns_socks_new(w->shard[NEAR], &c));
	assert_int_equal(errno, EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(echo__ip4, begin, end),
		cmocka_unit_test_setup_teardown(echo__ip6, begin, end),
		cmocka_unit_test_setup_teardown(listen__any_of_ip4, begin, end),
		cmocka_unit_test_setup_teardown(recv__flags, begin_connected, end),
		cmocka_unit_test_setup_teardown(vectors__and_messages, begin_connected, end),
		cmocka_unit_test_setup_teardown(timeouts__end_calls, begin_connected, end),
		cmocka_unit_test_setup_teardown(reuseport__two_listen, begin_connected, end),
		cmocka_unit_test_setup_teardown(v6only__is_of_ipv6_alone, begin_connected, end),
		cmocka_unit_test_setup_teardown(wait__survives_a_close, begin_connected, end),
		cmocka_unit_test_setup_teardown(write__more_than_fits, begin_connected, end),
		cmocka_unit_test_setup_teardown(close__lingers, begin_connected, end),
		cmocka_unit_test_setup_teardown(listen__backlog_and_one, begin_connected, end),
		cmocka_unit_test_setup_teardown(accept__deferred, begin_connected, end),
		cmocka_unit_test_setup_teardown(bind__conflicts, begin_connected, end),
		cmocka_unit_test_setup_teardown(connect__to_itself, begin_connected, end),
		cmocka_unit_test_setup_teardown(shut_rd__by_profile, begin_connected, end),
		cmocka_unit_test_setup_teardown(would__tells, begin_connected, end),
		cmocka_unit_test_setup_teardown(limits__and_bad_arguments, begin_connected, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
