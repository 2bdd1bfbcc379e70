/* TCP_INFO: its layout is Linux's, and what it says of a transfer is what happened. */
#include "../../lib/sock/sock.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>

/* As far as this machine's header knows them. */
#define SAME(ours, theirs)                                                                                   \
	assert_int_equal(offsetof(struct fns_tcp_figures, ours), offsetof(struct tcp_info, tcpi_##theirs))

static void
layout__is_linux(void **state)
{
	(void)state;
	SAME(state, state);
	SAME(ca_state, ca_state);
	SAME(options, options);
	SAME(rto_us, rto);
	SAME(snd_mss, snd_mss);
	SAME(unacked, unacked);
	SAME(lost, lost);
	SAME(retrans, retrans);
	SAME(last_data_sent_ms, last_data_sent);
	SAME(last_ack_recv_ms, last_ack_recv);
	SAME(pmtu, pmtu);
	SAME(rtt_us, rtt);
	SAME(snd_ssthresh, snd_ssthresh);
	SAME(snd_cwnd, snd_cwnd);
	SAME(reordering, reordering);
	SAME(rcv_space, rcv_space);
	SAME(total_retrans, total_retrans);
	SAME(pacing_rate, pacing_rate);
	SAME(bytes_acked, bytes_acked);
	SAME(segs_out, segs_out);
	SAME(notsent_bytes, notsent_bytes);
	SAME(min_rtt_us, min_rtt);
	SAME(data_segs_out, data_segs_out);
	SAME(delivery_rate, delivery_rate);
	SAME(busy_time_us, busy_time);
	SAME(sndbuf_limited_us, sndbuf_limited);
	SAME(delivered, delivered);
	SAME(bytes_sent, bytes_sent);
	SAME(bytes_retrans, bytes_retrans);
	SAME(reord_seen, reord_seen);
	SAME(rcv_ooopack, rcv_ooopack);
	SAME(snd_wnd, snd_wnd);
}

static struct world *w;
static int client, server, listener;

static void
connected(void)
{
	struct sockaddr_in a = world_addr(FAR, 7);
	const struct sockaddr *sa = (const struct sockaddr *)&a;

	listener = fns_sock_socket(w->socks[FAR], AF_INET, SOCK_STREAM, 0);
	fns_sock_bind(w->socks[FAR], listener, sa, sizeof(a));
	fns_sock_listen(w->socks[FAR], listener, 5);
	client = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0);
	assert_int_equal(fns_sock_connect(w->socks[NEAR], client, sa, sizeof(a)), 0);
	server = fns_sock_accept(w->socks[FAR], listener, NULL, NULL);
	assert_true(server >= 0);
}

static struct fns_tcp_figures
figures(unsigned side, int fd)
{
	struct fns_tcp_figures f;
	socklen_t len = sizeof(f);

	assert_int_equal(fns_sock_getsockopt(w->socks[side], fd, IPPROTO_TCP, TCP_INFO, &f, &len), 0);
	assert_int_equal(len, 280);
	return f;
}

static int
begin(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	world_begin(w, NULL, NULL, true);
	connected();
	return 0;
}

static int
begin_bsd(void **state)
{
	struct fns_config cf;

	(void)state;
	w = malloc(sizeof(*w));
	world_default(&cf);
	cf.profile = FNS_BSD;
	world_begin(w, &cf, NULL, true);
	connected();
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

static void
transfer__is_counted(void **state)
{
	static char octets[20000];
	struct fns_tcp_figures f, g;
	int n = 0;

	(void)state;
	f = figures(NEAR, client);
	assert_int_equal(f.state, 1);
	assert_int_equal(f.options, 1 | 2 | 4);
	assert_int_equal(f.snd_mss, 1448);
	assert_int_equal(f.advmss, 1448);
	assert_int_equal(f.pmtu, 1500);
	assert_int_equal(f.snd_cwnd, 10);
	assert_int_equal(f.snd_ssthresh, INT32_MAX);
	assert_int_equal(f.delivered, 1);
	assert_int_equal(fns_sock_write(w->socks[NEAR], client, octets, sizeof(octets)), sizeof(octets));
	assert_int_equal(fns_sock_ioctl(w->socks[NEAR], client, SIOCOUTQNSD, &n), 0);
	assert_int_equal(n, sizeof(octets));
	f = figures(NEAR, client);
	assert_int_equal(f.notsent_bytes, sizeof(octets));
	world_pass(w, 100000);
	f = figures(NEAR, client);
	g = figures(FAR, server);
	assert_int_equal(f.bytes_acked, sizeof(octets));
	assert_int_equal(f.bytes_sent, sizeof(octets));
	assert_int_equal(f.notsent_bytes, 0);
	assert_int_equal(f.unacked, 0);
	assert_int_equal(f.data_segs_out, 14);
	assert_int_equal(f.delivered, 15);
	assert_int_equal(f.total_retrans, 0);
	assert_int_equal(f.last_data_sent_ms, 100);
	assert_int_equal(g.bytes_received, sizeof(octets));
	assert_int_equal(g.data_segs_in, 14);
	assert_int_equal(g.segs_in, f.segs_out);
	assert_int_equal(f.segs_in, g.segs_out);
}

/* Counted in 64 bits until it is told in 32. */
static void
delivered__past_4_gib(void **state)
{
	struct sock *s = &w->socks[NEAR]->sock[w->socks[NEAR]->by_fd[client]];

	(void)state;
	s->sent += (UINT64_C(1) << 32) - 700;
	assert_int_equal(figures(NEAR, client).delivered, 1 + ((UINT64_C(1) << 32) - 700 + 1447) / 1448);
	s->sent += 1000000;
	assert_int_equal(figures(NEAR, client).delivered, 1 + ((UINT64_C(1) << 32) + 999300 + 1447) / 1448);
}

static void
loss__is_told(void **state)
{
	static char octets[10000];
	struct fns_tcp_figures f;

	(void)state;
	w->cut = CUT_SEGMENTS;
	assert_int_equal(fns_sock_write(w->socks[NEAR], client, octets, sizeof(octets)), sizeof(octets));
	world_pass(w, 10000);
	f = figures(NEAR, client);
	assert_int_equal(f.unacked, 7);
	assert_int_equal(f.ca_state, 0);
	world_pass(w, 500000);
	f = figures(NEAR, client);
	assert_int_equal(f.ca_state, 4);
	assert_true(f.retransmits >= 1 && f.retransmits == f.backoff);
	assert_int_equal(f.total_rto, f.retransmits);
	assert_int_equal(f.total_retrans,
	                 f.retransmits + 1); /* and a tail loss probe of the last, short one */
	assert_int_equal(f.bytes_retrans, 1448 * f.retransmits + 10000 - 6 * 1448);
	assert_int_equal(f.snd_cwnd, 1);
	assert_int_equal(f.lost, 7);
	assert_true(f.busy_time_us >= 500000 && f.busy_time_us <= 510000);
	w->cut = CUT_NOTHING;
	world_pass(w, 10000000);
	f = figures(NEAR, client);
	assert_int_equal(f.ca_state, 0);
	assert_int_equal(f.lost, 0);
	assert_int_equal(f.bytes_acked, sizeof(octets));
}

/* The peer reads nothing for a second: that time is the window's. */
static void
closed_window__is_told(void **state)
{
	static char octets[200000];
	struct fns_tcp_figures f;
	int on = O_NONBLOCK;

	(void)state;
	fns_sock_fcntl(w->socks[NEAR], client, F_SETFL, on);
	assert_int_equal(fns_sock_write(w->socks[NEAR], client, octets, sizeof(octets)), sizeof(octets));
	world_pass(w, 1000000);
	f = figures(NEAR, client);
	assert_true(f.rwnd_limited_us > 900000 && f.rwnd_limited_us <= f.busy_time_us);
	assert_int_equal(f.sndbuf_limited_us, 0);
	assert_true(f.notsent_bytes > 0);
	assert_true(f.probes >= 1 && f.retransmits == 0);
}

static void
listener__tells_its_queue(void **state)
{
	struct sockaddr_in a = world_addr(FAR, 7);
	int fd = fns_sock_socket(w->socks[NEAR], AF_INET, SOCK_STREAM, 0);
	struct fns_tcp_figures f;

	(void)state;
	assert_int_equal(fns_sock_connect(w->socks[NEAR], fd, (struct sockaddr *)&a, sizeof(a)), 0);
	world_turn(w);
	f = figures(FAR, listener);
	assert_int_equal(f.state, 10);
	assert_int_equal(f.unacked, 1);
	assert_int_equal(f.sacked, 5);
}

/* What a shorter buffer gets, and what a connection leaves behind. */
static void
end__still_answers(void **state)
{
	struct fns_tcp_figures f;
	uint8_t first, octets[8];
	socklen_t len = 1;

	(void)state;
	fns_sock_write(w->socks[NEAR], client, "12345", 5);
	assert_int_equal(fns_sock_read(w->socks[FAR], server, octets, sizeof(octets)), 5);
	fns_sock_close(w->socks[FAR], server);
	world_turn(w);
	assert_int_equal(fns_sock_getsockopt(w->socks[NEAR], client, IPPROTO_TCP, TCP_INFO, &first, &len), 0);
	assert_int_equal(len, 1);
	fns_sock_shutdown(w->socks[NEAR], client, SHUT_WR);
	world_pass(w, 1000000);
	f = figures(NEAR, client);
	assert_int_equal(f.state, 7);
	assert_int_equal(f.bytes_acked, 5);
	assert_int_equal(f.data_segs_out, 1);
}

/* The BSDs look at the entry as if it were the connection's. */
static void
time_wait__bsd__while_the_entry_lives(void **state)
{
	(void)state;
	fns_sock_shutdown(w->socks[NEAR], client, SHUT_WR);
	world_turn(w);
	fns_sock_close(w->socks[FAR], server);
	world_pass(w, 59000000);
	assert_int_equal(figures(NEAR, client).state, 6);
	world_pass(w, 2000000);
	assert_int_equal(figures(NEAR, client).state, 7);
}

/* R1 is reached, and nobody has an error yet. */
static int
soft_error(void)
{
	int error = -1;
	socklen_t len = sizeof(error);

	w->cut = CUT_SEGMENTS;
	w->to_cut = 1 << FAR;
	fns_sock_write(w->socks[NEAR], client, "1", 1);
	world_pass(w, 20000000);
	assert_int_equal(fns_sock_getsockopt(w->socks[NEAR], client, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	return error;
}

static void
soft_error__linux__told(void **state)
{
	(void)state;
	assert_int_equal(soft_error(), ETIMEDOUT);
}

static void
soft_error__bsd__kept(void **state)
{
	(void)state;
	assert_int_equal(soft_error(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout__is_linux),
		cmocka_unit_test_setup_teardown(transfer__is_counted, begin, end),
		cmocka_unit_test_setup_teardown(delivered__past_4_gib, begin, end),
		cmocka_unit_test_setup_teardown(loss__is_told, begin, end),
		cmocka_unit_test_setup_teardown(closed_window__is_told, begin, end),
		cmocka_unit_test_setup_teardown(listener__tells_its_queue, begin, end),
		cmocka_unit_test_setup_teardown(end__still_answers, begin, end),
		cmocka_unit_test_setup_teardown(time_wait__bsd__while_the_entry_lives, begin_bsd, end),
		cmocka_unit_test_setup_teardown(soft_error__linux__told, begin, end),
		cmocka_unit_test_setup_teardown(soft_error__bsd__kept, begin_bsd, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
