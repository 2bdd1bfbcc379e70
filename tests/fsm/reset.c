/* Resets, and what is sent by those who cannot see the connection: RFC 9293 §3.5.2 and §3.5.3, RFC 5961. */
#include "scripts.h"

#include <string.h>

static void
T_56__syn_sent__rst_acking__refused(struct peer *p)
{
	in_syn_sent(p);
	arrive(p, RST | ACK, .seq = 0, .ack = 1);
	expect_nothing(p);
	expect_in(p, "CLOSED");
	expect_reports(p, FNS_CLOSED);
	expect_closed(p, ECONNREFUSED);
}

static void
T_57__syn_sent__rst_without_ack__ignored(struct peer *p)
{
	in_syn_sent(p);
	arrive(p, RST, .seq = 0);
	expect_nothing(p);
	expect_fate(p, DROP_SYN_SENT_RST);
	expect_in(p, "SYN-SENT");
}

static void
T_57__syn_sent__rst_with_wrong_ack__ignored(struct peer *p)
{
	static const uint32_t wrong[] = {0, 2, 0x7fffffff, 0x80000001, 0xffffffff};

	in_syn_sent(p);
	for (unsigned i = 0; i < 5; i++) {
		arrive(p, RST | ACK, .seq = 0, .ack = wrong[i]);
		expect_nothing(p);
		expect_fate(p, DROP_SYN_SENT_ACK);
		expect_in(p, "SYN-SENT");
	}
}

/* Queued octets can still be read; the first send says why. */
static void
T_58__established__rst__reset(struct peer *p)
{
	p->app.hold = true;
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
	expect_within(p, 40, ACK, .seq = 1, .ack = 6);
	arrive(p, RST, .seq = 6);
	expect_nothing(p);
	expect_in(p, "LISTEN");
	expect_closed(p, ECONNRESET);
	expect_stream(p, 5);
	expect_equal(p, fns_send(p->conn, "x", 1), -ECONNRESET);
	expect_equal(p, fns_send(p->conn, "x", 1), -EPIPE);
	call_close(p);
}

/* The window: not its left edge, anywhere else in it, and just outside. */
static void
T_59__established__rst_in_window__challenged(struct peer *p)
{
	uint32_t wnd;

	in_established(p);
	wnd = peer_status(p).rcv_wnd;
	for (unsigned i = 0; i < 3; i++) {
		arrive(p, RST, .seq = i == 0 ? 2 : i == 1 ? 1 + wnd / 2 : wnd);
		expect(p, ACK, .seq = 1, .ack = 1);
		expect_fate(p, DROP_RST_CHALLENGED);
		expect_in(p, "ESTABLISHED");
	}
}

static void
G01__established__rst_outside_window__silent(struct peer *p)
{
	uint32_t wnd;

	in_established(p);
	wnd = peer_status(p).rcv_wnd;
	for (unsigned i = 0; i < 4; i++) {
		arrive(p, RST, .seq = i == 0 ? 0 : i == 1 ? wnd + 2 : i == 2 ? 0x7fffffff : 0x80000001);
		expect_nothing(p);
		expect_fate(p, DROP_RST_OUTSIDE);
	}
	expect_in(p, "ESTABLISHED");
	expect_open(p);
}

static void
rst_at_the_edge(struct peer *p, void (*reach)(struct peer *), uint32_t seq, const char *after)
{
	reach(p);
	arrive(p, RST, .seq = seq);
	expect_nothing(p);
	expect_in(p, after);
	expect_equal(p, p->closed, p->born);
	expect_silence(p, 600000);
}

static void
G02__syn_received__rst__listens(struct peer *p)
{
	rst_at_the_edge(p, in_syn_received, 1, "LISTEN");
}

/* MUST-11: it remembers that it was the active side. */
static void
MUST_11__syn_received_active__rst__refused(struct peer *p)
{
	rst_at_the_edge(p, in_syn_received_active, 1, "CLOSED");
	expect_closed(p, ECONNREFUSED);
}

static void
G02__fin_wait_1__rst__reset(struct peer *p)
{
	rst_at_the_edge(p, in_fin_wait_1, 1, "LISTEN");
	expect_closed(p, ECONNRESET);
}

static void
G02__fin_wait_2__rst__reset(struct peer *p)
{
	rst_at_the_edge(p, in_fin_wait_2, 1, "LISTEN");
	expect_closed(p, ECONNRESET);
}

static void
G02__close_wait__rst__broken_pipe(struct peer *p)
{
	rst_at_the_edge(p, in_close_wait, 2, "LISTEN");
	expect_closed(p, EPIPE);
}

static void
G02__close_wait__rst__rfc_profile__reset(struct peer *p)
{
	p->options.profile = FNS_RFC9293;
	rst_at_the_edge(p, in_close_wait, 2, "LISTEN");
	expect_closed(p, ECONNRESET);
}

static void
G02__closing__rst__gone(struct peer *p)
{
	rst_at_the_edge(p, in_closing, 2, "LISTEN");
}

static void
G02__last_ack__rst__gone(struct peer *p)
{
	rst_at_the_edge(p, in_last_ack, 2, "LISTEN");
}

/* SHLD-2: its text may say why, and changes nothing. */
static void
SHLD_2__rst_with_text__accepted(struct peer *p)
{
	in_established(p);
	arrive(p, RST | ACK, .seq = 1, .ack = 1, .len = 20);
	expect_nothing(p);
	expect_in(p, "LISTEN");
	expect_closed(p, ECONNRESET);
}

/* T-62: one below, after the peer's FIN; and nowhere else. */
static void
T_62__close_wait__rst_one_below__accepted(struct peer *p)
{
	rst_at_the_edge(p, in_close_wait, 1, "LISTEN");
}

static void
T_62__last_ack__rst_one_below__accepted(struct peer *p)
{
	rst_at_the_edge(p, in_last_ack, 1, "LISTEN");
}

static void
T_62__closing__rst_one_below__accepted(struct peer *p)
{
	rst_at_the_edge(p, in_closing, 1, "LISTEN");
}

static void
T_62__established__rst_one_below__ignored(struct peer *p)
{
	in_established(p);
	arrive(p, RST, .seq = 0);
	expect_nothing(p);
	expect_in(p, "ESTABLISHED");
}

/* T-61: after the peer's FIN a reset is a broken pipe, not a failed read. */
static void
T_61__close_wait__send_answered_by_rst__broken_pipe(struct peer *p)
{
	p->app.hold = true;
	in_close_wait(p);
	call_send(p, 5);
	expect(p, PSH | ACK, .seq = 1, .ack = 2, .len = 5);
	arrive(p, RST, .seq = 2);
	expect_closed(p, EPIPE);
	expect_equal(p, fns_send(p->conn, "x", 1), -EPIPE);
	expect_equal(p, fns_readable(p->conn), 0);
	call_close(p);
}

/* Any sequence number, in window or not (RFC 5961 §4.2). */
static void
T_60__established__syn_without_timestamp__challenged(struct peer *p)
{
	p->offer.ts = true;
	in_established(p);
	arrive(p, SYN, .seq = 5000, .ts_val = NONE);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, SYN, .seq = 0x80000000, .ts_val = NONE);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_open(p);
}

static void
T_60__established__syn__challenged(struct peer *p)
{
	static const uint32_t seq[] = {0, 1, 2, 1000, 0x40000000, 0x80000000, 0xfffffff0};

	p->config.challenge_acks = 15;
	in_established(p);
	for (unsigned i = 0; i < 7; i++) {
		arrive(p, SYN, .seq = seq[i]);
		expect(p, ACK, .seq = 1, .ack = 1);
		expect_in(p, "ESTABLISHED");
		arrive(p, SYN | ACK, .seq = seq[i], .ack = 1);
		expect(p, ACK, .seq = 1, .ack = 1);
	}
	expect_open(p);
}

static void
G03__close_states__syn__challenged(struct peer *p)
{
	in_fin_wait_1(p);
	arrive(p, SYN, .seq = 1);
	expect(p, ACK, .seq = 2, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 2);
	arrive(p, SYN, .seq = 1);
	expect(p, ACK, .seq = 2, .ack = 1);
	expect_in(p, "FIN-WAIT-2");
}

/* SND.UNA - MAX.SND.WND <= SEG.ACK <= SND.NXT, to the octet (RFC 5961 §5.2). */
static void
G04__established__ack_outside__acked_and_dropped(struct peer *p)
{
	static const struct {
		uint32_t ack;
		enum drop fate;
	} at[] = {
		{102, DROP_ACK_FUTURE},
		{0x7fffff00, DROP_ACK_FUTURE},
		{101u - 65536, DROP_ACK_OLD},
		{101 - 0x40000000, DROP_ACK_OLD},
	};

	in_established(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	arrive(p, ACK, .seq = 1, .ack = 101);
	for (unsigned i = 0; i < 4; i++) {
		arrive(p, PSH | ACK, .seq = 1, .ack = at[i].ack, .len = 10);
		expect(p, ACK, .seq = 101, .ack = 1);
		expect_fate(p, at[i].fate);
		expect_equal(p, fns_readable(p->conn), 0);
	}
	expect_in(p, "ESTABLISHED");
}

static void
G04__established__ack_at_the_edges__taken(struct peer *p)
{
	in_established(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	arrive(p, ACK, .seq = 1, .ack = 101);
	expect_nothing(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 101 - 65535, .len = 10);
	expect_within(p, 40, ACK, .seq = 101, .ack = 11);
	expect_stream(p, 10);
}

static void
no_ack_bit__established__dropped(struct peer *p)
{
	in_established(p);
	arrive(p, PSH, .seq = 1, .len = 10);
	expect_nothing(p);
	expect_fate(p, DROP_ACK_MISSING);
	expect_equal(p, fns_readable(p->conn), 0);
	expect_in(p, "ESTABLISHED");
}

/* Challenges are few, for this connection and without a global counter that others could watch (CVE-2016-5696). */
static void
G05__challenges__limited_by_connection(struct peer *p)
{
	unsigned sent = 0;

	p->config.challenge_acks = 10;
	in_established(p);
	for (unsigned i = 0; i < 100; i++) {
		arrive(p, RST, .seq = 100);
		sent += peer_pending(p);
		peer_forget(p);
	}
	expect_true(p, sent >= 5 && sent <= 10);
	later(p, 10000);
	arrive(p, RST, .seq = 100);
	expect(p, ACK, .seq = 1, .ack = 1);
}

/* G08: two sides that lost each other's place must not answer for ever. */
static void
G08__ack_war__bounded(struct peer *p)
{
	unsigned sent = 0;

	in_established(p);
	for (unsigned i = 0; i < 1000; i++) {
		arrive(p, ACK, .seq = 0x30000000, .ack = 1);
		sent += peer_pending(p);
		peer_forget(p);
	}
	expect_true(p, sent >= 1 && sent <= 10);
}

/* §3.10.7.1 */
static void
closed__segments__answered_by_reset(struct peer *p)
{
	in_closed(p);
	arrive(p, ACK, .seq = 5, .ack = 1234);
	expect(p, RST, .seq = 1234);
	arrive(p, SYN, .seq = 5);
	expect(p, RST | ACK, .zero_seq = true, .ack = 6);
	arrive(p, 0, .seq = 5, .len = 100);
	expect(p, RST | ACK, .zero_seq = true, .ack = 105);
	arrive(p, FIN | PSH, .seq = 5, .len = 100);
	expect(p, RST | ACK, .zero_seq = true, .ack = 106);
	arrive(p, RST, .seq = 5);
	expect_nothing(p);
	arrive(p, RST | ACK, .seq = 5, .ack = 5);
	expect_nothing(p);
}

/* They carry no options, so that there is nothing to echo. */
static void
closed__reset__has_no_options(struct peer *p)
{
	p->offer.ts = p->offer.sack = true;
	p->offer.ws = 7;
	in_closed(p);
	arrive(p, SYN, .seq = 5);
	expect(p, RST | ACK, .zero_seq = true, .ack = 6, .mss = NONE, .ws = NONE, .sack_ok = NONE,
	       .ts_val = NONE);
}

static void
closed__resets__limited(struct peer *p)
{
	unsigned sent = 0;

	p->config.resets_per_second = 10;
	in_closed(p);
	for (unsigned i = 0; i < 1000; i++) {
		arrive(p, SYN, .seq = i);
		sent += peer_pending(p);
		peer_forget(p);
	}
	expect_true(p, sent >= 1 && sent <= 20);
	later(p, 2000);
	arrive(p, SYN, .seq = 5);
	expect(p, RST | ACK, .zero_seq = true, .ack = 6);
}

/* §3.10.7.4 fifth. */
static void
syn_received__wrong_ack__reset(struct peer *p)
{
	static const uint32_t wrong[] = {0, 2, 0x7fffffff, 0x80000000};

	in_syn_received(p);
	for (unsigned i = 0; i < 4; i++) {
		arrive(p, ACK, .seq = 1, .ack = wrong[i]);
		expect(p, RST, .seq = wrong[i]);
		expect_fate(p, DROP_ACK_REFUSED);
		expect_in(p, "SYN-RECEIVED");
	}
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

/* F08, §3.10.7.3 first: the peer of an older incarnation. */
static void
F08__syn_sent__wrong_ack__reset(struct peer *p)
{
	static const uint32_t wrong[] = {0, 2, 0x7fffffff, 0x80000001};

	in_syn_sent(p);
	for (unsigned i = 0; i < 4; i++) {
		arrive(p, ACK, .seq = 0, .ack = wrong[i]);
		expect(p, RST, .seq = wrong[i]);
		arrive(p, SYN | ACK, .seq = 0, .ack = wrong[i]);
		expect(p, RST, .seq = wrong[i]);
		expect_fate(p, DROP_SYN_SENT_ACK);
		expect_in(p, "SYN-SENT");
	}
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
}

static void
abort__established__reset(struct peer *p)
{
	in_established(p);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	call_abort(p);
	expect(p, RST | ACK, .seq = 11, .ack = 1);
	expect_in(p, "LISTEN");
	expect_closed(p, ECONNABORTED);
	expect_silence(p, 600000);
}

static void
aborts(struct peer *p, void (*reach)(struct peer *), uint32_t seq, uint32_t ack)
{
	reach(p);
	call_abort(p);
	expect(p, RST | ACK, .seq = seq, .ack = ack);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, p->born);
}

static void
abort__fin_wait_1__reset(struct peer *p)
{
	aborts(p, in_fin_wait_1, 2, 1);
}

static void
abort__fin_wait_2__reset(struct peer *p)
{
	aborts(p, in_fin_wait_2, 2, 1);
}

static void
abort__close_wait__reset(struct peer *p)
{
	aborts(p, in_close_wait, 1, 2);
}

/* §3.10.5: CLOSING and LAST-ACK respond "ok"; a peer that hears of it is no worse off. */
static void
abort__closing__gone(struct peer *p)
{
	in_closing(p);
	call_abort(p);
	peer_forget(p);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, 1);
}

static void
abort__last_ack__gone(struct peer *p)
{
	in_last_ack(p);
	call_abort(p);
	peer_forget(p);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, 1);
}

const struct script reset_scripts[] = {
	SCRIPT(T_56__syn_sent__rst_acking__refused),
	SCRIPT(T_57__syn_sent__rst_without_ack__ignored),
	SCRIPT(T_57__syn_sent__rst_with_wrong_ack__ignored),
	SCRIPT(T_58__established__rst__reset),
	SCRIPT(T_59__established__rst_in_window__challenged),
	SCRIPT(G01__established__rst_outside_window__silent),
	SCRIPT(G02__syn_received__rst__listens),
	SCRIPT(MUST_11__syn_received_active__rst__refused),
	SCRIPT(G02__fin_wait_1__rst__reset),
	SCRIPT(G02__fin_wait_2__rst__reset),
	SCRIPT(G02__close_wait__rst__broken_pipe),
	SCRIPT(G02__close_wait__rst__rfc_profile__reset),
	SCRIPT(G02__closing__rst__gone),
	SCRIPT(G02__last_ack__rst__gone),
	SCRIPT(SHLD_2__rst_with_text__accepted),
	SCRIPT(T_62__close_wait__rst_one_below__accepted),
	SCRIPT(T_62__last_ack__rst_one_below__accepted),
	SCRIPT(T_62__closing__rst_one_below__accepted),
	SCRIPT(T_62__established__rst_one_below__ignored),
	SCRIPT(T_61__close_wait__send_answered_by_rst__broken_pipe),
	SCRIPT(T_60__established__syn__challenged),
	SCRIPT(T_60__established__syn_without_timestamp__challenged),
	SCRIPT(G03__close_states__syn__challenged),
	SCRIPT(G04__established__ack_outside__acked_and_dropped),
	SCRIPT(G04__established__ack_at_the_edges__taken),
	SCRIPT(no_ack_bit__established__dropped),
	SCRIPT(G05__challenges__limited_by_connection),
	SCRIPT(G08__ack_war__bounded),
	SCRIPT(closed__segments__answered_by_reset),
	SCRIPT(closed__reset__has_no_options),
	SCRIPT(closed__resets__limited),
	SCRIPT(syn_received__wrong_ack__reset),
	SCRIPT(F08__syn_sent__wrong_ack__reset),
	SCRIPT(abort__established__reset),
	SCRIPT(abort__fin_wait_1__reset),
	SCRIPT(abort__fin_wait_2__reset),
	SCRIPT(abort__close_wait__reset),
	SCRIPT(abort__closing__gone),
	SCRIPT(abort__last_ack__gone),
	{NULL, NULL},
};
