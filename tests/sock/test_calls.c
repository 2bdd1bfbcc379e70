/* The calls in their ordinary order, blocking by a wait plug that turns two shards, over both families. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(echo__ip4, begin, end),
		cmocka_unit_test_setup_teardown(echo__ip6, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
