/* What is used up: entries, waiting places, buffers, ports, time; and who is told of an error that a full buffer met. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

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

static int
listening(uint16_t port, int backlog)
{
	struct sockaddr_in a = world_addr(FAR, port);
	int fd = fns_sock_socket(w->socks[FAR], AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(fns_sock_bind(w->socks[FAR], fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(fns_sock_listen(w->socks[FAR], fd, backlog), 0);
	return fd;
}

static int
dial(uint16_t port)
{
	struct sockaddr_in a = world_addr(FAR, port);
	int fd = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (struct sockaddr *)&a, sizeof(a)),
	                 -EINPROGRESS);
	world_turn(w);
	return fd;
}

/* The peer's end is open, and nobody has reset it. */
static bool
is_open(int fd)
{
	return fns_sock_send(w->socks[NEAR], fd, "x", 1, MSG_DONTWAIT) == 1;
}

/* Entries for `descriptors` and for `waiting` are two sums: a flood of connections that nobody accepts leaves the
 * descriptors alone, and who was refused holds no place of its listener. */
static void
waiting__has_its_own_limit(void **state)
{
	struct fns_socks_config c = {.descriptors = 6, .waiting = 2};
	int a, b, fd, n = 0;

	(void)state;
	fns_socks_free(w->socks[FAR]);
	w->socks[FAR] = fns_socks_new(w->shard[FAR], &c);
	a = listening(7, 8);
	b = listening(8, 8);
	for (unsigned i = 0; i < 12; i++)
		n += is_open(dial(7));
	assert_int_equal(n, 2);
	for (unsigned i = 0; i < 12; i++)
		assert_false(is_open(dial(8)));
	fd = fns_sock_socket(w->socks[FAR], AF_INET, SOCK_STREAM, 0);
	assert_true(fd >= 0);
	fns_sock_close(w->socks[FAR], fd);
	while ((fd = fns_sock_accept(w->socks[FAR], a, NULL, NULL)) >= 0)
		fns_sock_close(w->socks[FAR], fd);
	for (n = 0; n < 2; n++)
		assert_true(is_open(dial(8)));
	assert_true(fns_sock_accept(w->socks[FAR], b, NULL, NULL) >= 0);
	assert_true(is_open(dial(7)));
	fns_sock_close(w->socks[FAR], b); /* with one that waits */
	assert_true(is_open(dial(7)));
}

static int client, server;

static void
connected(void)
{
	int l = listening(7, 1);

	client = dial(7);
	server = fns_sock_accept(w->socks[FAR], l, NULL, NULL);
	assert_true(server >= 0);
	fns_sock_fcntl(w->socks[NEAR], client, F_SETFL, 0);
}

static void
far_resets(struct world *v)
{
	const struct linger now = {1, 0};

	fns_sock_setsockopt(v->socks[FAR], server, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	fns_sock_close(v->socks[FAR], server);
}

/* A write that has put something says so; the error is for the next call. */
static void
write__reset_in_the_middle(void **state)
{
	static char octets[1 << 20];
	int size = 20000, error;
	socklen_t len = sizeof(error);

	(void)state;
	for (unsigned by_option = 0; by_option < 2; by_option++) {
		if (by_option) {
			world_end(w);
			world_begin(w, NULL, NULL, true);
		}
		connected();
		fns_sock_setsockopt(w->socks[NEAR], client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		w->meanwhile = far_resets;
		assert_in_range(fns_sock_write(w->socks[NEAR], client, octets, sizeof(octets)), 1,
		                sizeof(octets) - 1);
		if (by_option) {
			fns_sock_getsockopt(w->socks[NEAR], client, SOL_SOCKET, SO_ERROR, &error, &len);
			assert_int_equal(error, ECONNRESET);
		} else {
			assert_int_equal(fns_sock_write(w->socks[NEAR], client, octets, 1), -ECONNRESET);
		}
		assert_int_equal(fns_sock_write(w->socks[NEAR], client, octets, 1), -EPIPE);
	}
}

/* However much SO_SNDBUF was asked: where a write has no room, poll does not say that it has. */
static void
poll__full_below_what_was_asked(void **state)
{
	static char octets[1 << 16];
	int size = INT32_MAX;
	struct pollfd p = {.events = POLLOUT};
	struct epoll_event e = {.events = EPOLLOUT};
	struct fns_config cf;
	int epfd;

	(void)state;
	world_end(w);
	world_default(&cf);
	cf.snd_buf_max = 65536;
	world_begin(w, &cf, NULL, true);
	connected();
	p.fd = client;
	epfd = fns_sock_epoll_create(w->socks[NEAR], 1);
	fns_sock_epoll_ctl(w->socks[NEAR], epfd, EPOLL_CTL_ADD, client, &e);
	fns_sock_setsockopt(w->socks[NEAR], client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	w->cut = CUT_SEGMENTS;
	while (fns_sock_send(w->socks[NEAR], client, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		world_turn(w);
	assert_int_equal(fns_sock_poll(w->socks[NEAR], &p, 1, 0), 0);
	assert_int_equal(fns_sock_epoll_wait(w->socks[NEAR], epfd, &e, 1, 0), 0);
	w->cut = CUT_NOTHING;
	world_pass(w, 5000000);
	assert_int_equal(fns_sock_poll(w->socks[NEAR], &p, 1, 0), 1);
	assert_int_equal(fns_sock_epoll_wait(w->socks[NEAR], epfd, &e, 1, 0), 1);
}

/* A bind that fails leaves no name behind; one port of many is found. */
static void
bind__no_port_is_free(void **state)
{
	struct sockaddr_in a = world_addr(NEAR, 0), name;
	socklen_t len = sizeof(name);
	struct fns_config cf;
	int fd[65];

	(void)state;
	world_end(w);
	world_default(&cf);
	cf.local_port_first = 40000;
	cf.local_port_last = 40063;
	world_begin(w, &cf, NULL, true);
	for (unsigned i = 0; i < 65; i++) {
		fd[i] = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0);
		assert_int_equal(fns_sock_bind(w->socks[NEAR], fd[i], (struct sockaddr *)&a, sizeof(a)),
		                 i < 64 ? 0 : -EADDRINUSE);
	}
	assert_int_equal(fns_sock_getsockname(w->socks[NEAR], fd[64], (struct sockaddr *)&name, &len), 0);
	assert_int_equal(name.sin_addr.s_addr, 0);
	assert_int_equal(name.sin_port, 0);
	fns_sock_close(w->socks[NEAR], fd[17]);
	assert_int_equal(fns_sock_bind(w->socks[NEAR], fd[64], (struct sockaddr *)&a, sizeof(a)), 0);
}

/* TCP_DEFER_ACCEPT's time passes while nothing arrives: who waits for ever is woken by it. */
static void
deferred__wakes_who_waits(void **state)
{
	const int seconds = 3;
	struct pollfd p = {.events = POLLOUT};
	struct epoll_event e = {.events = EPOLLOUT};
	uint64_t then;
	int l = listening(7, 5), epfd = fns_sock_epoll_create(w->socks[FAR], 1);

	(void)state;
	fns_sock_setsockopt(w->socks[FAR], l, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	fns_sock_epoll_ctl(w->socks[FAR], epfd, EPOLL_CTL_ADD, l, &e);
	p.fd = l;
	for (unsigned by = 0; by < 3; by++) {
		dial(7);
		then = w->now_us;
		if (by == 0) { /* not what was asked for, before and after */
			assert_int_equal(fns_sock_poll(w->socks[FAR], &p, 1, 4000), 0);
			assert_int_equal(w->now_us - then, 4000000);
			assert_int_equal(fns_sock_epoll_wait(w->socks[FAR], epfd, &e, 1, 1000), 0);
			assert_int_equal(w->now_us - then, 5000000);
			p.events = POLLIN;
			e.events = EPOLLIN;
			fns_sock_epoll_ctl(w->socks[FAR], epfd, EPOLL_CTL_MOD, l, &e);
		} else {
			assert_int_equal(by == 1 ? fns_sock_poll(w->socks[FAR], &p, 1, -1)
			                         : fns_sock_epoll_wait(w->socks[FAR], epfd, &e, 1, -1),
			                 1);
			assert_int_equal(w->now_us - then, 3000000);
		}
		assert_true(fns_sock_accept(w->socks[FAR], l, NULL, NULL) >= 0);
	}
	dial(7);
	then = w->now_us;
	fns_sock_fcntl(w->socks[FAR], l, F_SETFL, 0);
	assert_true(fns_sock_accept(w->socks[FAR], l, NULL, NULL) >= 0);
	assert_int_equal(w->now_us - then, 3000000);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(waiting__has_its_own_limit),      T(write__reset_in_the_middle),
		T(poll__full_below_what_was_asked), T(bind__no_port_is_free),
		T(deferred__wakes_who_waits),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
