/* How connections open: RFC 9293 §3.5, §3.10.1, §3.10.7.2 and .3; section 6 of the rows in close-and-open. */
#include "scripts.h"

#include <string.h>

static void
quiet(struct fns_conn *c, unsigned reports, void *user)
{
	(void)c;
	(void)reports;
	(void)user;
}

static void
passive_open__syn__established(struct peer *p)
{
	struct fns_status status;

	in_established(p);
	fns_status(p->conn, &status);
	expect_true(p, status.passive && !status.orphan && !status.peer_fin && status.error == 0);
	expect_equal(p, status.local.port, 8080);
	expect_equal(p, status.remote.port, 40000);
	expect_true(p, fns_user(p->conn) == p);
	expect_silence(p, 600000);
	expect_in(p, "ESTABLISHED");
	expect_true(p, peer_status(p).age_us / 1000 >= 599990 && peer_status(p).age_us / 1000 <= 600010);
}

static void
active_open__syn_ack__established(struct peer *p)
{
	struct fns_status status;

	in_established_active(p);
	fns_status(p->conn, &status);
	expect_true(p, !status.passive);
	expect_silence(p, 600000);
}

/* The listener stays, and takes others. */
static void
MUST_41__passive_open__leaves_others_alone(struct peer *p)
{
	struct fns_addr other = {.port = 9090};

	in_established(p);
	expect_true(p, fns_listen(p->shard, &other, NULL, quiet, NULL) != NULL);
	turn(p);
	expect_in(p, "ESTABLISHED");
	arrive(p, SYN, .port = 40001);
	expect_equal(p, peer_pending(p), 1);
	peer_forget(p);
	expect_equal(p, peer_stat(p, "conns"), 2);
}

static void
MUST_42__listen__while_syn_sent_from_the_port(struct peer *p)
{
	in_syn_sent(p);
	call_listen(p);
	expect_in(p, "SYN-SENT");
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

/* Four segments, and one redundant ACK at the most (T-47). */
static void
T_47__simultaneous_open__established(struct peer *p)
{
	in_syn_received_active(p);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
	expect_reports(p, FNS_OPENED);
	call_send(p, 5);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
}

/* Its SYN-ACK is late: a plain ACK establishes. */
static void
T_48__simultaneous_open__ack_establishes(struct peer *p)
{
	in_syn_received_active(p);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_nothing(p);
	expect_in(p, "ESTABLISHED");
	expect_reports(p, FNS_OPENED);
}

static void
T_49__simultaneous_open__syn_ack_lost(struct peer *p)
{
	in_syn_received_active(p);
	expect_at(p, 1000, SYN | ACK, .seq = 0, .ack = 1);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

/* The peer's data comes before its ACK of our SYN alone. */
static void
F10__data_before_the_last_ack__established(struct peer *p)
{
	in_syn_received(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
	expect_within(p, 40, ACK, .seq = 1, .ack = 6);
	expect_in(p, "ESTABLISHED");
	expect_reports(p, FNS_OPENED | FNS_READABLE);
	expect_stream(p, 5);
}

static void
F10__last_ack_with_fin__close_wait(struct peer *p)
{
	in_syn_received(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_within(p, 40, ACK, .seq = 1, .ack = 2);
	expect_in(p, "CLOSE-WAIT");
	expect_reports(p, FNS_OPENED | FNS_PEER_FIN);
}

static void
syn_received__send_in_handler__rides_on_nothing_else(struct peer *p)
{
	p->app.send_on_open = 5;
	in_syn_received(p);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
}

static void
syn_sent__send__waits_for_established(struct peer *p)
{
	in_syn_sent(p);
	call_send(p, 5);
	expect_nothing(p);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
}

static uint32_t
doubled(struct peer *p, uint32_t ms)
{
	return ms * 2 > p->config.rto_max_ms ? p->config.rto_max_ms : ms * 2;
}

static void
MUST_22__syn_sent__silence__backs_off(struct peer *p)
{
	uint32_t rto = 1000;

	in_syn_sent(p);
	for (unsigned i = 0; i < p->config.syn_retries; i++, rto = doubled(p, rto))
		expect_at(p, rto, SYN, .seq = 0);
	expect_silence(p, rto - 10);
	expect_in(p, "SYN-SENT");
	expect_silence(p, 20);
	expect_closed(p, ETIMEDOUT);
	expect_in(p, "CLOSED");
}

static void
MUST_23__syn_sent__gives_up_after_3_minutes(struct peer *p)
{
	in_syn_sent(p);
	later(p, 180000);
	peer_forget(p);
	expect_in(p, "SYN-SENT");
	later(p, 600000);
	expect_closed(p, ETIMEDOUT);
}

static void
syn_received__silence__listens_again(struct peer *p)
{
	uint32_t rto = 1000;

	in_syn_received(p);
	for (unsigned i = 0; i < 3; i++, rto = doubled(p, rto))
		expect_at(p, rto, SYN | ACK, .seq = 0, .ack = 1);
	later(p, 600000);
	expect_true(p, peer_pending(p) <= 12);
	peer_forget(p);
	expect_in(p, "LISTEN");
	expect_equal(p, peer_stat(p, "conns"), 0);
	expect_equal(p, p->reports, 0);
}

static void
syn_received_active__silence__timed_out(struct peer *p)
{
	in_syn_received_active(p);
	later(p, 600000);
	peer_forget(p);
	expect_closed(p, ETIMEDOUT);
}

/* The least scale by which the largest window fits its 16 bits. */
static int64_t
scale_of(const struct peer *p)
{
	int64_t scale = 0;

	while (65535ll << scale < p->config.rcv_wnd_max)
		scale++;
	return scale;
}

static void
SHLD_5__syn_sent__offers_options(struct peer *p)
{
	call_open(p);
	expect(p, SYN, .mss = peer_mss(p), .sack_ok = true, .ts_ecr = 0, .ws = scale_of(p));
}

static void
options__offered__answered(struct peer *p)
{
	p->offer.ws = 7;
	p->offer.ts = p->offer.sack = true;
	in_listen(p);
	arrive(p, SYN, .ts_val = 4711);
	expect(p, SYN | ACK, .ack = 1, .mss = peer_mss(p), .sack_ok = true, .ts_ecr = 4711,
	       .ws = scale_of(p));
}

static void
options__not_offered__not_answered(struct peer *p)
{
	in_listen(p);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1, .mss = peer_mss(p), .sack_ok = NONE, .ts_val = NONE, .ws = NONE);
}

static void
options__switched_off__not_answered(struct peer *p)
{
	p->config.timestamps = p->config.sack = p->config.window_scale = false;
	p->offer.ws = 7;
	p->offer.ts = p->offer.sack = true;
	in_listen(p);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1, .mss = peer_mss(p), .sack_ok = NONE, .ts_val = NONE, .ws = NONE);
}

static void
options__switched_off__not_offered(struct peer *p)
{
	p->config.timestamps = p->config.sack = p->config.window_scale = false;
	call_open(p);
	expect(p, SYN, .mss = peer_mss(p), .sack_ok = NONE, .ts_val = NONE, .ws = NONE);
}

/* A listener's segments go to as many ports as there are: the backlog counts SYN-RECEIVED alone. */
static void
backlog__full__drops_syn(struct peer *p)
{
	p->config.syn_backlog = 2;
	in_syn_received(p);
	arrive(p, SYN, .port = 40001);
	peer_forget(p);
	arrive(p, SYN, .port = 40002);
	expect_nothing(p);
	expect_fate(p, DROP_LISTEN_BACKLOG);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_nothing(p);
	arrive(p, SYN, .port = 40002);
	expect_equal(p, peer_pending(p), 1);
	peer_forget(p);
	expect_fate(p, DROP_TAKEN);
}

static void
connections__all_taken__drops_syn(struct peer *p)
{
	p->config.connections = 2;
	in_syn_received(p);
	arrive(p, SYN, .port = 40001);
	peer_forget(p);
	arrive(p, SYN, .port = 40002);
	expect_nothing(p);
	expect_fate(p, DROP_LISTEN_NO_MEMORY);
}

static void
refused(struct peer *p, const char *local, const char *remote, uint16_t port, int error)
{
	struct fns_addr from = {.port = 5000}, to;

	if (local)
		fns_addr_parse(&from, local, 5000);
	fns_addr_parse(&to, remote, port);
	errno = 0;
	expect_true(p, fns_open(p->shard, local ? &from : NULL, &to, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, error);
	turn(p);
	expect_nothing(p);
}

static void
MUST_46__open__to_no_unicast_address__refused(struct peer *p)
{
	peer_start(p, true);
	refused(p, NULL, "224.0.0.1", 80, EINVAL);
	refused(p, NULL, "255.255.255.255", 80, EINVAL);
	refused(p, NULL, "198.51.100.255", 80, EINVAL);
	refused(p, NULL, "0.0.0.0", 80, EINVAL);
	refused(p, NULL, "ff02::1", 80, EINVAL);
	refused(p, NULL, "::", 80, EINVAL);
	refused(p, NULL, p->v6 ? "2001:db8:1::2" : "198.51.100.2", 0, EINVAL);
}

static void
open__nowhere_to_go__refused(struct peer *p)
{
	peer_start(p, true);
	refused(p, NULL, "203.0.113.1", 80, ENETUNREACH);
	refused(p, NULL, "2001:db8:2::1", 80, ENETUNREACH);
	refused(p, "198.51.100.77", "198.51.100.2", 80, EADDRNOTAVAIL);
	refused(p, "2001:db8:1::77", "2001:db8:1::2", 80, EADDRNOTAVAIL);
}

static void
open__four_tuple_taken__refused(struct peer *p)
{
	struct fns_addr local = {.port = p->lport}, remote = {.port = p->rport};

	in_established_active(p);
	peer_addresses(p, local.ip, remote.ip);
	errno = 0;
	expect_true(p, fns_open(p->shard, &local, &remote, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, EADDRINUSE);
}

static void
listen__taken_or_foreign__refused(struct peer *p)
{
	struct fns_addr local = {.port = p->lport};

	in_listen(p);
	errno = 0;
	expect_true(p, fns_listen(p->shard, &local, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, EADDRINUSE);
	fns_addr_parse(&local, p->v6 ? "2001:db8:1::77" : "198.51.100.77", 8080);
	errno = 0;
	expect_true(p, fns_listen(p->shard, &local, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, EADDRNOTAVAIL);
}

/* MUST-43: the local address is a parameter; a listener at another family's address does not answer. */
static void
MUST_43__listen__at_one_address(struct peer *p)
{
	struct fns_addr local;

	fns_addr_parse(&local, p->v6 ? "198.51.100.1" : "2001:db8:1::1", p->lport);
	peer_start(p, false);
	expect_true(p, fns_listen(p->shard, &local, NULL, quiet, NULL) != NULL);
	arrive(p, SYN);
	expect(p, RST | ACK, .zero_seq = true, .ack = 1);
	fns_addr_parse(&local, p->v6 ? "2001:db8:1::1" : "198.51.100.1", p->lport);
	expect_true(p, fns_listen(p->shard, &local, NULL, quiet, NULL) != NULL);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1);
}

/* Source address by route, port by RFC 6056: inside of the configured range. */
static void
MUST_44__open__chooses_address_and_port(struct peer *p)
{
	struct fns_addr remote = {.port = p->rport};
	struct fns_status status;
	struct fns_conn *c;
	uint8_t ours[16];

	peer_start(p, true);
	peer_addresses(p, ours, remote.ip);
	c = fns_open(p->shard, NULL, &remote, NULL, quiet, NULL);
	expect_true(p, c != NULL);
	fns_status(c, &status);
	expect_true(p, memcmp(status.local.ip, ours, 16) == 0);
	expect_true(p, status.local.port >= p->config.local_port_first &&
	                       status.local.port <= p->config.local_port_last);
	p->lport = status.local.port;
	turn(p);
	expect(p, SYN, .seq = 0);
}

/* What goes out bears the address that the connection has, not the one a route would choose; frames.c compares. */
static void
MUST_45__second_address__kept(struct peer *p)
{
	p->second = true;
	in_established(p);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	call_close(p);
	expect(p, FIN | ACK, .seq = 11, .ack = 1);
	expect_at(p, peer_rto(p), FIN | PSH | ACK, .seq = 1, .ack = 1, .len = 10);
}

static void
MUST_45__second_address__opens_from_it(struct peer *p)
{
	p->second = true;
	in_established_active(p);
}

static void
MUST_65__mss_option__on_syns_alone(struct peer *p)
{
	in_listen(p);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1, .mss = peer_mss(p));
	arrive(p, ACK, .seq = 1, .ack = 1);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .mss = NONE);
	call_close(p);
	peer_forget(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 11, .len = 10);
	expect(p, RST, .seq = 11, .mss = NONE);
}

static void
unlisten__embryo__reset(struct peer *p)
{
	in_syn_received(p);
	fns_unlisten(p->listener);
	p->listener = NULL;
	turn(p);
	expect(p, RST | ACK, .seq = 1, .ack = 1);
	expect_in(p, "CLOSED");
	arrive(p, SYN);
	expect(p, RST | ACK, .zero_seq = true, .ack = 1);
}

static void
unlisten__established__lives_on(struct peer *p)
{
	in_established(p);
	fns_unlisten(p->listener);
	p->listener = NULL;
	turn(p);
	expect_nothing(p);
	expect_in(p, "ESTABLISHED");
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 3);
	expect_within(p, 40, ACK, .seq = 1, .ack = 4);
	expect_stream(p, 3);
}

/* §3.10.4: a CLOSE in SYN-RECEIVED. */
static void
syn_received__close__fin_wait_1(struct peer *p)
{
	in_syn_received_active(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_in(p, "FIN-WAIT-1");
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	peer_forget(p); /* it may be acknowledged */
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-2");
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
	expect_closed(p, 0);
}

static void
syn_received__abort__reset(struct peer *p)
{
	in_syn_received_active(p);
	call_abort(p);
	expect(p, RST | ACK, .seq = 1, .ack = 1);
	expect_in(p, "CLOSED");
	expect_closed(p, ECONNABORTED);
}

static void
syn_sent__abort__silent(struct peer *p)
{
	in_syn_sent(p);
	call_abort(p);
	expect_nothing(p);
	expect_in(p, "CLOSED");
	expect_closed(p, ECONNABORTED);
}

static void
syn_sent__shutdown__not_connected(struct peer *p)
{
	in_syn_sent(p);
	expect_equal(p, fns_shutdown(p->conn, FNS_SHUT_WR), -ENOTCONN);
}

const struct script open_scripts[] = {
	SCRIPT(passive_open__syn__established),
	SCRIPT(active_open__syn_ack__established),
	SCRIPT(MUST_41__passive_open__leaves_others_alone),
	SCRIPT(MUST_42__listen__while_syn_sent_from_the_port),
	SCRIPT(T_47__simultaneous_open__established),
	SCRIPT(T_48__simultaneous_open__ack_establishes),
	SCRIPT(T_49__simultaneous_open__syn_ack_lost),
	SCRIPT(F10__data_before_the_last_ack__established),
	SCRIPT(F10__last_ack_with_fin__close_wait),
	SCRIPT(syn_received__send_in_handler__rides_on_nothing_else),
	SCRIPT(syn_sent__send__waits_for_established),
	SCRIPT(MUST_22__syn_sent__silence__backs_off),
	SCRIPT(MUST_23__syn_sent__gives_up_after_3_minutes),
	SCRIPT(syn_received__silence__listens_again),
	SCRIPT(syn_received_active__silence__timed_out),
	SCRIPT(SHLD_5__syn_sent__offers_options),
	SCRIPT(options__offered__answered),
	SCRIPT(options__not_offered__not_answered),
	SCRIPT(options__switched_off__not_answered),
	SCRIPT(options__switched_off__not_offered),
	SCRIPT(backlog__full__drops_syn),
	SCRIPT(connections__all_taken__drops_syn),
	SCRIPT(MUST_46__open__to_no_unicast_address__refused),
	SCRIPT(open__nowhere_to_go__refused),
	SCRIPT(open__four_tuple_taken__refused),
	SCRIPT(listen__taken_or_foreign__refused),
	SCRIPT(MUST_43__listen__at_one_address),
	SCRIPT(MUST_44__open__chooses_address_and_port),
	SCRIPT(MUST_45__second_address__kept),
	SCRIPT(MUST_45__second_address__opens_from_it),
	SCRIPT(MUST_65__mss_option__on_syns_alone),
	SCRIPT(unlisten__embryo__reset),
	SCRIPT(unlisten__established__lives_on),
	SCRIPT(syn_received__close__fin_wait_1),
	SCRIPT(syn_received__abort__reset),
	SCRIPT(syn_sent__abort__silent),
	SCRIPT(syn_sent__shutdown__not_connected),
	{NULL, NULL},
};
