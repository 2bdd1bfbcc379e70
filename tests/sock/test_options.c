/* Every option: what a value is answered with, and what is read back, of ours and of the host kernel's.  A row in which
 * they differ says why. */
#define _GNU_SOURCE 1
#include "sides.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

enum { NO_GET = -100000, UNSET = -200000 };

struct row {
	int level, name;
	const char *text;
	int value;           /* UNSET: read only */
	int set, get;        /* what the two calls come to: a number or -errno */
	const char *differs; /* why the kernel's are these: */
	int kernel_set, kernel_get;
};

#define O(level, name) level, name, #name
/* clang-format off */
static const struct row row[] = {
	{O(SOL_SOCKET, SO_REUSEADDR), UNSET, 0, 0},
	{O(SOL_SOCKET, SO_REUSEADDR), 7, 0, 1},
	{O(SOL_SOCKET, SO_REUSEPORT), 1, 0, 1},
	{O(SOL_SOCKET, SO_KEEPALIVE), UNSET, 0, 0},
	{O(SOL_SOCKET, SO_KEEPALIVE), 2, 0, 1},
	{O(SOL_SOCKET, SO_RCVBUF), 1, 0, 2304},
	{O(SOL_SOCKET, SO_RCVBUF), 0, 0, 2304},
	{O(SOL_SOCKET, SO_RCVBUF), 5000, 0, 10000},
	{O(SOL_SOCKET, SO_SNDBUF), 1, 0, 4608},
	{O(SOL_SOCKET, SO_SNDBUF), 5000, 0, 10000},
	{O(SOL_SOCKET, SO_RCVLOWAT), UNSET, 0, 1},
	{O(SOL_SOCKET, SO_RCVLOWAT), 0, 0, 1},
	{O(SOL_SOCKET, SO_RCVLOWAT), 100, 0, 100},
	{O(SOL_SOCKET, SO_RCVLOWAT), -1, 0, 16384, "at most the window", 0, 16777216},
	{O(SOL_SOCKET, SO_SNDLOWAT), 10, -ENOPROTOOPT, 1},
	{O(SOL_SOCKET, SO_ERROR), 1, -ENOPROTOOPT, 0},
	{O(SOL_SOCKET, SO_ACCEPTCONN), 1, -ENOPROTOOPT, 0},
	{O(SOL_SOCKET, SO_TYPE), 1, -ENOPROTOOPT, SOCK_STREAM},
	{O(SOL_SOCKET, SO_DOMAIN), 1, -ENOPROTOOPT, AF_INET},
	{O(SOL_SOCKET, SO_PROTOCOL), 1, -ENOPROTOOPT, IPPROTO_TCP},
	{O(SOL_SOCKET, 9999), 1, -ENOPROTOOPT, -ENOPROTOOPT},
	{O(SOL_SOCKET, SO_ZEROCOPY), 1, -ENOPROTOOPT, -ENOPROTOOPT, "nothing is sent without a copy here", 0, 1},
	{O(IPPROTO_TCP, TCP_NODELAY), UNSET, 0, 0},
	{O(IPPROTO_TCP, TCP_NODELAY), 3, 0, 1},
	{O(IPPROTO_TCP, TCP_CORK), UNSET, 0, 0},
	{O(IPPROTO_TCP, TCP_CORK), 1, 0, 1},
	{O(IPPROTO_TCP, TCP_MAXSEG), UNSET, 0, 536},
	{O(IPPROTO_TCP, TCP_MAXSEG), 87, -EINVAL, 536},
	{O(IPPROTO_TCP, TCP_MAXSEG), 88, 0, 88},
	{O(IPPROTO_TCP, TCP_MAXSEG), 32767, 0, 32767},
	{O(IPPROTO_TCP, TCP_MAXSEG), 32768, -EINVAL, 536},
	{O(IPPROTO_TCP, TCP_MAXSEG), 0, 0, 536},
	{O(IPPROTO_TCP, TCP_KEEPIDLE), UNSET, 0, 7200},
	{O(IPPROTO_TCP, TCP_KEEPIDLE), 0, -EINVAL, 7200},
	{O(IPPROTO_TCP, TCP_KEEPIDLE), 1, 0, 1},
	{O(IPPROTO_TCP, TCP_KEEPIDLE), 32767, 0, 32767},
	{O(IPPROTO_TCP, TCP_KEEPIDLE), 32768, -EINVAL, 7200},
	{O(IPPROTO_TCP, TCP_KEEPINTVL), UNSET, 0, 75},
	{O(IPPROTO_TCP, TCP_KEEPINTVL), 32768, -EINVAL, 75},
	{O(IPPROTO_TCP, TCP_KEEPINTVL), 2, 0, 2},
	{O(IPPROTO_TCP, TCP_KEEPCNT), UNSET, 0, 9},
	{O(IPPROTO_TCP, TCP_KEEPCNT), 128, -EINVAL, 9},
	{O(IPPROTO_TCP, TCP_KEEPCNT), 127, 0, 127},
	{O(IPPROTO_TCP, TCP_SYNCNT), UNSET, 0, 7, "RFC 9293 gives a SYN three minutes (MUST-23)", 0, 6},
	{O(IPPROTO_TCP, TCP_SYNCNT), 0, -EINVAL, 7, "as above", -EINVAL, 6},
	{O(IPPROTO_TCP, TCP_SYNCNT), 127, 0, 127},
	{O(IPPROTO_TCP, TCP_SYNCNT), 128, -EINVAL, 7, "as above", -EINVAL, 6},
	{O(IPPROTO_TCP, TCP_LINGER2), UNSET, 0, 60},
	{O(IPPROTO_TCP, TCP_LINGER2), 0, 0, 60},
	{O(IPPROTO_TCP, TCP_LINGER2), 5, 0, 5},
	{O(IPPROTO_TCP, TCP_LINGER2), 300, 0, 120},
	{O(IPPROTO_TCP, TCP_LINGER2), -5, 0, -1},
	{O(IPPROTO_TCP, TCP_DEFER_ACCEPT), UNSET, 0, 0},
	{O(IPPROTO_TCP, TCP_DEFER_ACCEPT), 1, 0, 1},
	{O(IPPROTO_TCP, TCP_DEFER_ACCEPT), 2, 0, 3},
	{O(IPPROTO_TCP, TCP_DEFER_ACCEPT), 5, 0, 7},
	{O(IPPROTO_TCP, TCP_DEFER_ACCEPT), -1, 0, 0},
	{O(IPPROTO_TCP, TCP_USER_TIMEOUT), UNSET, 0, 0},
	{O(IPPROTO_TCP, TCP_USER_TIMEOUT), -1, -EINVAL, 0},
	{O(IPPROTO_TCP, TCP_USER_TIMEOUT), 3000, 0, 3000},
	{O(IPPROTO_TCP, TCP_QUICKACK), UNSET, 0, 1},
	{O(IPPROTO_TCP, TCP_QUICKACK), 0, 0, 0},
	{O(IPPROTO_TCP, TCP_QUICKACK), 1, 0, 1},
	{O(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 8192, 0, 8192},
	{O(IPPROTO_TCP, TCP_NOTSENT_LOWAT), UNSET, 0, 0},
	{O(IPPROTO_TCP, TCP_MD5SIG), 1, -ENOPROTOOPT, -ENOPROTOOPT, "no MD5 signatures here", -EINVAL, NO_GET},
	{O(IPPROTO_TCP, 999), 1, -ENOPROTOOPT, -ENOPROTOOPT},
	{O(IPPROTO_IP, IP_TOS), UNSET, 0, 0},
	{O(IPPROTO_IP, IP_TOS), 0x28, 0, 0x28},
	{O(IPPROTO_IP, IP_TOS), 0x03, 0, 0},
	{O(IPPROTO_IP, IP_TTL), UNSET, 0, 64},
	{O(IPPROTO_IP, IP_TTL), 1, 0, 1},
	{O(IPPROTO_IP, IP_TTL), 255, 0, 255},
	{O(IPPROTO_IP, IP_TTL), 0, -EINVAL, 64},
	{O(IPPROTO_IP, IP_TTL), 256, -EINVAL, 64},
	{O(IPPROTO_IP, IP_TTL), -1, 0, 64},
	{O(IPPROTO_IPV6, IPV6_V6ONLY), 1, -ENOPROTOOPT, NO_GET},
	{O(12345, 1), 1, -ENOPROTOOPT, -ENOPROTOOPT, "the kernel's answer to a level that nobody has", -ENOPROTOOPT, -EOPNOTSUPP},
};
/* clang-format on */

static unsigned wrong;

static void
said(const struct row *r, const char *call, int got, int expected)
{
	if (got != expected)
		fail_msg("%s %s %d: %s gives %d, not %d", kernel ? "kernel" : "ours", r->text, r->value, call,
		         got, expected);
}

static void
play(const struct row *r)
{
	bool differs = kernel && r->differs != NULL;
	int value = -1, got, fd;
	socklen_t len = sizeof(value);

	sides_begin();
	fd = c_socket(NEAR);
	if (r->value != UNSET) {
		got = c_set(NEAR, fd, r->level, r->name, &r->value, sizeof(r->value));
		said(r, "setsockopt", got, differs ? r->kernel_set : r->set);
	}
	got = c_get(NEAR, fd, r->level, r->name, &value, &len);
	got = got < 0 ? got : value;
	if ((differs ? r->kernel_get : r->get) != NO_GET)
		said(r, "getsockopt", got, differs ? r->kernel_get : r->get);
	sides_end();
}

static void
options__ours(void **state)
{
	(void)state;
	kernel = false;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		play(&row[i]);
	assert_int_equal(wrong, 0);
	assert_int_equal(sizeof(row) / sizeof(row[0]), 78);
}

static void
options__kernel(void **state)
{
	(void)state;
	kernel = true;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		play(&row[i]);
	kernel = false;
	assert_int_equal(wrong, 0);
}

/* Lengths, pointers, and what is not an int: alike on both. */
static void
shapes(bool of_kernel)
{
	struct timeval t = {1, 500000}, back = {0, 0};
	struct linger l = {1, 3};
	int number = 1, fd;
	socklen_t len;
	char name[16] = "none such";

	kernel = of_kernel;
	sides_begin();
	fd = c_socket(NEAR);
	assert_int_equal(c_set(NEAR, fd, SOL_SOCKET, SO_REUSEADDR, &number, 3), -EINVAL);
	assert_int_equal(c_set(NEAR, fd, SOL_SOCKET, SO_REUSEADDR, NULL, 4), -EFAULT);
	assert_int_equal(c_set(NEAR, fd, IPPROTO_TCP, TCP_NODELAY, &number, 1), -EINVAL);
	assert_int_equal(c_set(NEAR, fd, IPPROTO_TCP, TCP_NODELAY, NULL, 4), -EFAULT);
	assert_int_equal(c_set(NEAR, fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)), 0);
	len = sizeof(back);
	assert_int_equal(c_get(NEAR, fd, SOL_SOCKET, SO_RCVTIMEO, &back, &len), 0);
	assert_int_equal(len, sizeof(back));
	assert_int_equal(back.tv_sec, 1);
	assert_int_equal(back.tv_usec, 500000);
	t.tv_usec = 1000000;
	assert_int_equal(c_set(NEAR, fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)), -EDOM);
	assert_int_equal(c_set(NEAR, fd, SOL_SOCKET, SO_SNDTIMEO, &t, 8), -EINVAL);
	assert_int_equal(c_set(NEAR, fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)), 0);
	assert_int_equal(c_set(NEAR, fd, SOL_SOCKET, SO_LINGER, &l, 4), -EINVAL);
	l = (struct linger){0, 0};
	len = sizeof(l);
	assert_int_equal(c_get(NEAR, fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	assert_true(l.l_onoff == 1 && l.l_linger == 3);
	assert_int_equal(c_set(NEAR, fd, IPPROTO_TCP, TCP_CONGESTION, name, 9), -ENOENT);
	assert_int_equal(c_set(NEAR, fd, IPPROTO_TCP, TCP_CONGESTION, name, 0), -EINVAL);
	assert_int_equal(c_set(NEAR, fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), 0);
	len = 100;
	memset(name, 0, sizeof(name));
	assert_int_equal(c_get(NEAR, fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
	assert_int_equal(len, 16);
	if (!kernel) { /* the host's may be built without */
		assert_int_equal(c_set(NEAR, fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5), 0);
		len = sizeof(name);
		assert_int_equal(c_get(NEAR, fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0);
		assert_string_equal(name, "cubic");
	}
	number = -1;
	len = 1;
	assert_int_equal(c_get(NEAR, fd, SOL_SOCKET, SO_TYPE, &number, &len), 0);
	assert_int_equal(len, 1);
	len = (socklen_t)-1;
	assert_int_equal(c_get(NEAR, fd, SOL_SOCKET, SO_TYPE, &number, &len), -EINVAL);
	sides_end();
	kernel = false;
}

static void
shapes__ours(void **state)
{
	(void)state;
	shapes(false);
}

static void
shapes__kernel(void **state)
{
	(void)state;
	shapes(true);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest ours[] = {
		cmocka_unit_test(options__ours),
		cmocka_unit_test(shapes__ours),
	};
	const struct CMUnitTest theirs[] = {
		cmocka_unit_test(options__kernel),
		cmocka_unit_test(shapes__kernel),
	};

	(void)argv;
	return argc > 1 ? cmocka_run_group_tests(theirs, NULL, NULL)
	                : cmocka_run_group_tests(ours, NULL, NULL);
}
