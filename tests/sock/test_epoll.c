/* epoll at its edges: the same scenes played to ours and, with an argument, to the host kernel. */
#define _GNU_SOURCE 1
#include "sides.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>

static int e, passive, near, far;
static uint16_t port;
static char octets[1 << 16];

static void
listener(void)
{
	struct sockaddr_in a;

	e = c_epoll(NEAR);
	passive = c_socket(FAR);
	assert_int_equal(c_bind(FAR, passive, 0), 0);
	assert_int_equal(c_listen(FAR, passive, 5), 0);
	c_name(FAR, passive, false, &a);
	port = ntohs(a.sin_port);
}

static int
dial(void)
{
	int fd = c_socket(NEAR);

	c_connect(NEAR, fd, FAR, port, sizeof(struct sockaddr_in));
	sides_settle();
	return fd;
}

static int
begin(void **state)
{
	(void)state;
	sides_begin();
	listener();
	near = dial();
	far = c_accept(FAR, passive, SOCK_NONBLOCK, NULL);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sides_end();
	return 0;
}

static void
expect(unsigned events)
{
	unsigned got = 0;

	sides_settle();
	assert_int_equal(c_ready(NEAR, e, &got), events != 0);
	assert_int_equal(got, events);
}

static void
watch(unsigned events)
{
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_ADD, near, events), 0);
}

static void
arrive(int len)
{
	assert_int_equal(c_send(FAR, far, octets, (size_t)len, 0), len);
}

static void
level__as_long_as_it_holds(void **state)
{
	(void)state;
	watch(EPOLLIN);
	expect(0);
	arrive(5);
	expect(EPOLLIN);
	expect(EPOLLIN);
	c_read(NEAR, near, octets, 3);
	expect(EPOLLIN);
	c_read(NEAR, near, octets, 3);
	expect(0);
	c_shutdown(FAR, far, SHUT_WR);
	expect(EPOLLIN);
	expect(EPOLLIN);
}

static void
edge__once_for_each_arrival(void **state)
{
	(void)state;
	watch(EPOLLIN | EPOLLET);
	expect(0);
	arrive(5);
	expect(EPOLLIN);
	expect(0);
	arrive(5);
	expect(EPOLLIN);
	expect(0);
	c_read(NEAR, near, octets, 3);
	expect(0);
	c_read(NEAR, near, octets, 100);
	expect(0);
	c_shutdown(FAR, far, SHUT_WR);
	expect(EPOLLIN);
	expect(0);
}

static void
edge__what_holds_already(void **state)
{
	(void)state;
	arrive(5);
	sides_settle();
	watch(EPOLLIN | EPOLLET);
	expect(EPOLLIN);
	expect(0);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_MOD, near, EPOLLIN | EPOLLET), 0);
	expect(EPOLLIN);
	expect(0);
}

static void
edge__gone_before_the_look(void **state)
{
	(void)state;
	watch(EPOLLIN | EPOLLET);
	arrive(5);
	sides_settle();
	c_read(NEAR, near, octets, 5);
	expect(0);
	arrive(5);
	expect(EPOLLIN);
}

static void
one_shot__until_armed_again(void **state)
{
	(void)state;
	watch(EPOLLIN | EPOLLONESHOT);
	arrive(5);
	expect(EPOLLIN);
	arrive(5);
	expect(0);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_MOD, near, EPOLLIN | EPOLLONESHOT), 0);
	expect(EPOLLIN);
	expect(0);
	c_shutdown(FAR, far, SHUT_WR);
	expect(0);
}

static void
one_shot__with_edge(void **state)
{
	(void)state;
	watch(EPOLLIN | EPOLLET | EPOLLONESHOT);
	arrive(5);
	expect(EPOLLIN);
	arrive(5);
	expect(0);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_MOD, near, EPOLLIN | EPOLLET | EPOLLONESHOT), 0);
	expect(EPOLLIN);
}

static void
fill(void)
{
	do {
		while (c_send(NEAR, near, octets, sizeof(octets), 0) > 0)
			continue;
		sides_settle();
	} while (c_send(NEAR, near, octets, sizeof(octets), 0) > 0);
}

static void
drain(void)
{
	for (unsigned n = 0; n < 400; n++) {
		while (c_read(FAR, far, octets, sizeof(octets)) > 0)
			continue;
		sides_settle();
	}
}

static void
edge__room_again(void **state)
{
	(void)state;
	watch(EPOLLOUT | EPOLLET);
	expect(EPOLLOUT);
	expect(0);
	fill();
	expect(0);
	drain();
	expect(EPOLLOUT);
	expect(0);
	arrive(5); /* is none of its business */
	expect(0);
}

/* Who found no room by looking, and did not write, is told as well. */
static void
level__room_again(void **state)
{
	(void)state;
	fill();
	watch(EPOLLOUT);
	expect(0);
	drain();
	expect(EPOLLOUT);
	expect(EPOLLOUT);
}

static void
rdhup__alone(void **state)
{
	(void)state;
	watch(EPOLLRDHUP | EPOLLET);
	arrive(5);
	expect(0);
	c_shutdown(FAR, far, SHUT_WR);
	expect(EPOLLRDHUP);
	expect(0);
}

static void
error_and_hangup__unasked(void **state)
{
	const struct linger now = {1, 0};

	(void)state;
	watch(0);
	arrive(5);
	expect(0);
	c_set(FAR, far, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	c_close(FAR, far);
	expect(EPOLLERR | EPOLLHUP);
	expect(EPOLLERR | EPOLLHUP);
}

static void
listener__in_when_one_waits(void **state)
{
	int second;

	(void)state;
	e = c_epoll(FAR);
	assert_int_equal(c_watch(FAR, e, EPOLL_CTL_ADD, passive, EPOLLIN), 0);
	assert_int_equal(c_ready_fd(FAR, e), -1);
	second = dial();
	assert_true(second >= 0);
	assert_int_equal(c_ready_fd(FAR, e), passive);
	assert_int_equal(c_ready_fd(FAR, e), passive);
	assert_true(c_accept(FAR, passive, 0, NULL) >= 0);
	assert_int_equal(c_ready_fd(FAR, e), -1);
}

/* TCP_DEFER_ACCEPT: it is there when there is something to read, or its time is over. */
static void
listener__deferred(void **state)
{
	const int seconds = 1;

	(void)state;
	e = c_epoll(FAR);
	c_set(FAR, passive, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
	assert_int_equal(c_watch(FAR, e, EPOLL_CTL_ADD, passive, EPOLLIN), 0);
	near = dial();
	sides_settle();
	assert_int_equal(c_ready_fd(FAR, e), -1);
	assert_int_equal(c_send(NEAR, near, octets, 1, 0), 1);
	sides_settle();
	assert_int_equal(c_ready_fd(FAR, e), passive);
	assert_true(c_accept(FAR, passive, 0, NULL) >= 0);
	assert_int_equal(c_ready_fd(FAR, e), -1);
	if (kernel)
		return; /* which counts in SYN-ACKs that it sends again */
	for (unsigned mode = 0; mode < 2; mode++) {
		assert_int_equal(c_watch(FAR, e, EPOLL_CTL_MOD, passive, EPOLLIN | (mode ? EPOLLET : 0u)), 0);
		dial();
		assert_int_equal(c_ready_fd(FAR, e), -1);
		assert_int_equal(c_ready_fd(FAR, e), -1);
		assert_int_equal(c_accept(FAR, passive, 0, NULL), -EAGAIN);
		sides_pass(1000000);
		assert_int_equal(c_ready_fd(FAR, e), passive);
		assert_true(c_accept(FAR, passive, 0, NULL) >= 0);
		assert_int_equal(c_ready_fd(FAR, e), -1);
	}
}

/* An instance is readable when epoll_wait would find something. */
static void
poll__of_an_instance(void **state)
{
	unsigned set;

	(void)state;
	watch(EPOLLIN);
	assert_int_equal(c_poll(NEAR, e, &set), 0);
	arrive(5);
	sides_settle();
	assert_int_equal(c_poll(NEAR, e, &set), 1);
	assert_int_equal(set, POLLIN);
	expect(EPOLLIN);
	c_read(NEAR, near, octets, 5);
	assert_int_equal(c_poll(NEAR, e, &set), 0);
	arrive(5);
	sides_settle();
	assert_int_equal(c_poll(NEAR, e, &set), 1);
	expect(EPOLLIN);
}

static void
connect__out_when_open(void **state)
{
	(void)state;
	near = c_socket(NEAR);
	watch(EPOLLIN | EPOLLOUT | EPOLLET);
	expect(EPOLLOUT | EPOLLHUP);
	c_connect(NEAR, near, FAR, port, sizeof(struct sockaddr_in));
	expect(EPOLLOUT);
	expect(0);
}

static void
connect__error_when_refused(void **state)
{
	(void)state;
	c_close(FAR, passive);
	sides_settle();
	near = c_socket(NEAR);
	c_connect(NEAR, near, FAR, port, sizeof(struct sockaddr_in));
	sides_settle();
	watch(EPOLLOUT | EPOLLET);
	expect(EPOLLOUT | EPOLLERR | EPOLLHUP);
	expect(0);
}

static void
many__each_in_turn(void **state)
{
	int other = dial(), peer = c_accept(FAR, passive, 0, NULL);

	(void)state;
	watch(EPOLLIN);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_ADD, other, EPOLLIN), 0);
	arrive(5);
	c_send(FAR, peer, octets, 5, 0);
	sides_settle();
	assert_int_equal(c_ready_fd(NEAR, e), near);
	assert_int_equal(c_ready_fd(NEAR, e), other);
	assert_int_equal(c_ready_fd(NEAR, e), near);
	assert_int_equal(c_ready_fd(NEAR, e), other);
}

static void
two__watch_one(void **state)
{
	int second = c_epoll(NEAR);

	(void)state;
	watch(EPOLLIN | EPOLLET);
	assert_int_equal(c_watch(NEAR, second, EPOLL_CTL_ADD, near, EPOLLIN | EPOLLET), 0);
	arrive(5);
	expect(EPOLLIN);
	assert_int_equal(c_ready_fd(NEAR, second), near);
	assert_int_equal(c_ready_fd(NEAR, second), -1);
	c_close(NEAR, second);
	arrive(5);
	expect(EPOLLIN);
}

static void
close__is_forgotten(void **state)
{
	(void)state;
	watch(EPOLLIN);
	arrive(5);
	sides_settle();
	c_close(NEAR, near);
	expect(0);
	near = dial(); /* the same number */
	watch(EPOLLIN);
	expect(0);
}

static void
control__errors(void **state)
{
	(void)state;
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_MOD, near, EPOLLIN), -ENOENT);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_DEL, near, EPOLLIN), -ENOENT);
	watch(EPOLLIN);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_ADD, near, EPOLLIN), -EEXIST);
	assert_int_equal(c_watch(NEAR, e, 9, near, EPOLLIN), -EINVAL);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_ADD, e, EPOLLIN), -EINVAL);
	assert_int_equal(c_watch(NEAR, near, EPOLL_CTL_ADD, e, EPOLLIN), -EINVAL);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_ADD, -1, EPOLLIN), -EBADF);
	assert_int_equal(c_watch(NEAR, -1, EPOLL_CTL_ADD, near, EPOLLIN), -EBADF);
	assert_int_equal(c_watch(NEAR, e, EPOLL_CTL_DEL, near, 0), 0);
	arrive(5);
	expect(0);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(level__as_long_as_it_holds),
		T(edge__once_for_each_arrival),
		T(edge__what_holds_already),
		T(edge__gone_before_the_look),
		T(one_shot__until_armed_again),
		T(one_shot__with_edge),
		T(edge__room_again),
		T(level__room_again),
		T(rdhup__alone),
		T(error_and_hangup__unasked),
		T(listener__in_when_one_waits),
		T(listener__deferred),
		T(poll__of_an_instance),
		T(connect__out_when_open),
		T(connect__error_when_refused),
		T(many__each_in_turn),
		T(two__watch_one),
		T(close__is_forgotten),
		T(control__errors),
	};
#undef T

	(void)argv;
	kernel = argc > 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
