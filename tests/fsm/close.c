/* How connections close while the application keeps them or has closed in good order: sections 1 and 2 of the rows
 * in close-and-open, half-close, shutdown. */
#include "scripts.h"

static void
T_01__close__four_segments(struct peer *p)
{
	in_established(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_in(p, "FIN-WAIT-1");
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-2");
	expect_equal(p, peer_stat(p, "orphans"), 1);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
	expect_closed(p, 0);
	expect_silence(p, 59900);
	expect_in(p, "TIME-WAIT");
	expect_silence(p, 200);
	expect_in(p, "LISTEN");
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, RST, .seq = 2);
}

/* Ten octets that Nagle holds back leave with the FIN. */
static void
T_02__close_with_unsent_text__one_segment(struct peer *p)
{
	in_established(p);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	call_send(p, 10);
	expect_nothing(p);
	call_close(p);
	expect(p, FIN | PSH | ACK, .seq = 11, .ack = 1, .len = 10);
	expect_in(p, "FIN-WAIT-1");
}

static void
T_02__send_and_close_in_handler__one_segment(struct peer *p)
{
	p->app.send_on_open = 10;
	p->app.close_on = FNS_OPENED;
	in_syn_received(p);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, FIN | PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_in(p, "FIN-WAIT-1");
}

static void
T_03__close_into_zero_window__fin_after_update(struct peer *p)
{
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
	call_send(p, 10);
	expect_nothing(p);
	call_close(p);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-1");
	later(p, 3000);
	expect_true(p, peer_pending(p) >= 1); /* probes: their form is of timers.c */
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 1000);
	expect(p, FIN | PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_in(p, "FIN-WAIT-1");
}

/* Orphan retries: 8, each twice as long after the one before, then silence. */
static void
T_04__fin_lost__backs_off_and_gives_up(struct peer *p)
{
	uint32_t rto;

	in_established(p);
	rto = peer_rto(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	for (unsigned i = 0; i < 8; i++) {
		expect_at(p, rto, FIN | ACK, .seq = 1, .ack = 1);
		rto = rto * 2 > p->config.rto_max_ms ? p->config.rto_max_ms : rto * 2;
	}
	expect_silence(p, 600000);
	expect_in(p, "LISTEN");
	expect_closed(p, ETIMEDOUT);
}

static void
T_05__fin__acknowledged_within_40_ms(struct peer *p)
{
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_within(p, 40, ACK, .seq = 1, .ack = 2);
	expect_in(p, "CLOSE-WAIT");
	expect_reports(p, FNS_PEER_FIN);
	expect_equal(p, fns_readable(p->conn), 0);
	expect_silence(p, 3600000);
	expect_in(p, "CLOSE-WAIT");
	expect_open(p);
}

/* The RFC has no reason to wait (§3.10.7.4 eighth: "and send an acknowledgment for the FIN"). */
static void
T_05__fin__rfc_profile__acknowledged_at_once(struct peer *p)
{
	p->options.profile = FNS_RFC9293;
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 2);
	expect_in(p, "CLOSE-WAIT");
}

static void
T_06__close_at_once_after_fin__three_segments(struct peer *p)
{
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_nothing(p); /* the ACK is delayed */
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	expect_in(p, "LAST-ACK");
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_nothing(p);
	expect_in(p, "LISTEN");
	expect_closed(p, 0);
	expect_silence(p, 600000);
}

/* The same from inside of the handler, where most applications do it. */
static void
T_06__close_in_handler__three_segments(struct peer *p)
{
	p->app.close_on = FNS_PEER_FIN;
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	expect_in(p, "LAST-ACK");
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_nothing(p);
	expect_closed(p, 0);
}

static void
T_07__close_later_after_fin__four_segments(struct peer *p)
{
	in_close_wait(p);
	later(p, 1000);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	expect_in(p, "LAST-ACK");
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_nothing(p);
	expect_in(p, "LISTEN");
	expect_equal(p, peer_stat(p, "state_TIME-WAIT"), 0);
	expect_closed(p, 0);
}

static void
T_08__send_and_close_after_fin__one_ack_covers_both(struct peer *p)
{
	in_close_wait(p);
	call_send(p, 5);
	expect(p, PSH | ACK, .seq = 1, .ack = 2, .len = 5);
	call_close(p);
	expect(p, FIN | ACK, .seq = 6, .ack = 2);
	expect_in(p, "LAST-ACK");
	arrive(p, ACK, .seq = 2, .ack = 7);
	expect_nothing(p);
	expect_closed(p, 0);
}

static void
T_09__simultaneous_close__closing(struct peer *p)
{
	in_established(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "CLOSING");
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_nothing(p);
	expect_in(p, "TIME-WAIT");
	expect_closed(p, 0);
}

/* Our FIN was lost in a simultaneous close: it goes out again. */
static void
closing__fin_lost__retransmits(struct peer *p)
{
	in_closing(p);
	expect_within(p, 1500, FIN | ACK, .seq = 1, .ack = 2);
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_nothing(p);
	expect_in(p, "TIME-WAIT");
}

static void
T_10__fin_acking_ours__time_wait_directly(struct peer *p)
{
	in_fin_wait_1(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
	expect_closed(p, 0);
}

static void
T_11__last_ack__silence__gives_up(struct peer *p)
{
	uint32_t rto;

	in_close_wait(p);
	rto = peer_rto(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	for (unsigned i = 0; i < 8; i++) {
		expect_at(p, rto, FIN | ACK, .seq = 1, .ack = 2);
		rto = rto * 2 > p->config.rto_max_ms ? p->config.rto_max_ms : rto * 2;
	}
	expect_silence(p, 600000);
	expect_in(p, "LISTEN");
	expect_closed(p, ETIMEDOUT);
}

static void
T_12__fin_beyond_a_hole__waits_for_it(struct peer *p)
{
	p->offer.sack = true;
	in_established(p);
	arrive(p, FIN | PSH | ACK, .seq = 6, .ack = 1, .len = 5);
	expect(p, ACK, .seq = 1, .ack = 1, .sack = {{6, 11}});
	expect_in(p, "ESTABLISHED");
	expect_reports(p, 0);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
	expect_within(p, 40, ACK, .seq = 1, .ack = 12, .no_sack = true);
	expect_in(p, "CLOSE-WAIT");
	expect_reports(p, FNS_READABLE | FNS_PEER_FIN);
	expect_stream(p, 10);
}

static void
T_12__bare_fin_beyond_a_hole__waits_for_it(struct peer *p)
{
	in_established(p);
	arrive(p, FIN | ACK, .seq = 6, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
	expect_within(p, 40, ACK, .seq = 1, .ack = 7);
	expect_in(p, "CLOSE-WAIT");
	expect_stream(p, 5);
}

static void
T_13__close_with_unread_text__reset(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 4);
	expect_within(p, 40, ACK, .seq = 1, .ack = 5);
	call_close(p);
	expect(p, RST | ACK, .seq = 1, .ack = 5);
	expect_in(p, "LISTEN");
	expect_equal(p, peer_stat(p, "closes_unread"), 1);
	expect_equal(p, p->closed, 1);
	expect_silence(p, 600000);
}

static void
T_14__close_after_all_was_read__fin(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 4);
	expect_within(p, 40, ACK, .seq = 1, .ack = 5);
	expect_stream(p, 4);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 5);
	expect_in(p, "FIN-WAIT-1");
}

static void
T_15__close_with_fin_alone_unread__fin(struct peer *p)
{
	in_close_wait(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	expect_in(p, "LAST-ACK");
}

static void
linger_0(struct peer *p, void (*reach)(struct peer *), uint32_t seq, uint32_t ack)
{
	p->options.linger = FNS_ON;
	reach(p);
	call_close(p);
	expect(p, RST | ACK, .seq = seq, .ack = ack);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, 1);
	expect_silence(p, 100000);
}

static void
T_16__linger_0__established__reset(struct peer *p)
{
	linger_0(p, in_established, 1, 1);
}

static void
T_16__linger_0__close_wait__reset(struct peer *p)
{
	linger_0(p, in_close_wait, 1, 2);
}

static void
T_16__linger_0__fin_wait_1__reset(struct peer *p)
{
	linger_0(p, in_fin_wait_1, 2, 1);
}

static void
T_16__linger_0__fin_wait_2__reset(struct peer *p)
{
	linger_0(p, in_fin_wait_2, 2, 1);
}

static void
T_17__linger_0_with_unread_text__one_reset(struct peer *p)
{
	p->options.linger = FNS_ON;
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 4);
	expect_within(p, 40, ACK, .seq = 1, .ack = 5);
	call_close(p);
	expect(p, RST | ACK, .seq = 1, .ack = 5);
	expect_equal(p, peer_stat(p, "closes_unread"), 1);
}

/* Half-close: the peer may go on for as long as it likes (T-32). */
static void
T_32__shutdown__reads_on_without_limit(struct peer *p)
{
	in_fin_wait_2(p);
	expect_equal(p, fns_send(p->conn, "x", 1), -EPIPE);
	expect_silence(p, 600000);
	expect_in(p, "FIN-WAIT-2");
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 1000);
	expect_within(p, 40, ACK, .seq = 2, .ack = 1001);
	expect_stream(p, 1000);
	expect_open(p);
}

static void
T_33__close_after_shutdown__clock_starts_there(struct peer *p)
{
	in_fin_wait_2(p);
	later(p, 600000);
	call_close(p);
	expect_nothing(p);
	expect_silence(p, 59900);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 200);
	expect_in(p, "LISTEN");
	expect_equal(p, peer_stat(p, "state_TIME-WAIT"), 0);
	expect_equal(p, p->closed, 1);
}

static void
T_34__fin_after_half_close__time_wait(struct peer *p)
{
	in_fin_wait_2(p);
	later(p, 600000);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 1000);
	expect_within(p, 40, ACK, .seq = 2, .ack = 1001);
	arrive(p, FIN | ACK, .seq = 1001, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 1002);
	expect_in(p, "TIME-WAIT");
	expect_closed(p, 0);
}

static void
T_35__shutdown_rd__linux__still_readable(struct peer *p)
{
	in_established(p);
	call_shutdown(p, FNS_SHUT_RD);
	expect_nothing(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 1000);
	expect_within(p, 40, ACK, .seq = 1, .ack = 1001);
	expect_stream(p, 1000);
	expect_in(p, "ESTABLISHED");
}

static void
T_35__shutdown_rd__bsd__discarded(struct peer *p)
{
	p->options.profile = FNS_BSD;
	in_established(p);
	call_shutdown(p, FNS_SHUT_RD);
	expect_nothing(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 1000);
	expect_within(p, 40, ACK, .seq = 1, .ack = 1001);
	expect_equal(p, fns_readable(p->conn), 0);
	expect_in(p, "ESTABLISHED");
}

static void
T_36__shutdown_rdwr__text__reset(struct peer *p)
{
	in_established(p);
	call_shutdown(p, FNS_SHUT_RDWR);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	expect(p, RST, .seq = 2);
	expect_in(p, "LISTEN");
	expect_closed(p, ECONNRESET);
}

static void
T_38__shutdown_twice__one_fin(struct peer *p)
{
	in_fin_wait_1(p);
	call_shutdown(p, FNS_SHUT_WR);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-1");
	arrive(p, ACK, .seq = 1, .ack = 2);
	call_shutdown(p, FNS_SHUT_WR);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-2");
}

/* The FIN waits for what was queued before it, and for the window. */
static void
close_wait__shutdown_with_text__text_then_fin(struct peer *p)
{
	p->wnd = 10;
	in_close_wait(p);
	arrive(p, ACK, .seq = 2, .ack = 1, .wnd = 5);
	call_send(p, 8);
	expect(p, ACK, .seq = 1, .ack = 2, .len = 5);
	call_shutdown(p, FNS_SHUT_WR);
	expect_nothing(p);
	expect_in(p, "LAST-ACK");
	arrive(p, ACK, .seq = 2, .ack = 6, .wnd = 10);
	expect(p, FIN | PSH | ACK, .seq = 6, .ack = 2, .len = 3);
	arrive(p, ACK, .seq = 2, .ack = 10);
	expect_nothing(p);
	expect_closed(p, 0);
}

/* The peer's FIN comes again, because our ACK was lost. */
static void
fin_again__close_wait__acknowledged(struct peer *p)
{
	in_close_wait(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 2);
	expect_in(p, "CLOSE-WAIT");
}

static void
fin_again__closing__acknowledged(struct peer *p)
{
	in_closing(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "CLOSING");
}

static void
fin_again__last_ack__acknowledged(struct peer *p)
{
	in_last_ack(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "LAST-ACK");
}

/* MUST-12: the application can tell an end in good order from an abort. */
static void
MUST_12__status__says_how_it_ended(struct peer *p)
{
	in_close_wait(p);
	expect_open(p);
	call_close(p);
	peer_forget(p);
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_closed(p, 0);
	renumber(p, 100000);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	arrive(p, RST, .seq = 1);
	expect_nothing(p);
	expect_closed(p, ECONNRESET);
}

/* A dead connection that is held still gives what it had received. */
static void
hold__reset_with_unread_text__can_be_read(struct peer *p)
{
	p->app.hold = true;
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 11);
	arrive(p, RST, .seq = 11);
	expect_closed(p, ECONNRESET);
	expect_equal(p, peer_stat(p, "dead"), 1);
	expect_stream(p, 10);
	later(p, 100000);
	call_close(p);
	turn(p);
	expect_nothing(p);
	expect_equal(p, peer_stat(p, "dead"), 0);
}

const struct script close_scripts[] = {
	SCRIPT(T_01__close__four_segments),
	SCRIPT(T_02__close_with_unsent_text__one_segment),
	SCRIPT(T_02__send_and_close_in_handler__one_segment),
	SCRIPT(T_03__close_into_zero_window__fin_after_update),
	SCRIPT(T_04__fin_lost__backs_off_and_gives_up),
	SCRIPT(T_05__fin__acknowledged_within_40_ms),
	SCRIPT(T_05__fin__rfc_profile__acknowledged_at_once),
	SCRIPT(T_06__close_at_once_after_fin__three_segments),
	SCRIPT(T_06__close_in_handler__three_segments),
	SCRIPT(T_07__close_later_after_fin__four_segments),
	SCRIPT(T_08__send_and_close_after_fin__one_ack_covers_both),
	SCRIPT(T_09__simultaneous_close__closing),
	SCRIPT(closing__fin_lost__retransmits),
	SCRIPT(T_10__fin_acking_ours__time_wait_directly),
	SCRIPT(T_11__last_ack__silence__gives_up),
	SCRIPT(T_12__fin_beyond_a_hole__waits_for_it),
	SCRIPT(T_12__bare_fin_beyond_a_hole__waits_for_it),
	SCRIPT(T_13__close_with_unread_text__reset),
	SCRIPT(T_14__close_after_all_was_read__fin),
	SCRIPT(T_15__close_with_fin_alone_unread__fin),
	SCRIPT(T_16__linger_0__established__reset),
	SCRIPT(T_16__linger_0__close_wait__reset),
	SCRIPT(T_16__linger_0__fin_wait_1__reset),
	SCRIPT(T_16__linger_0__fin_wait_2__reset),
	SCRIPT(T_17__linger_0_with_unread_text__one_reset),
	SCRIPT(T_32__shutdown__reads_on_without_limit),
	SCRIPT(T_33__close_after_shutdown__clock_starts_there),
	SCRIPT(T_34__fin_after_half_close__time_wait),
	SCRIPT(T_35__shutdown_rd__linux__still_readable),
	SCRIPT(T_35__shutdown_rd__bsd__discarded),
	SCRIPT(T_36__shutdown_rdwr__text__reset),
	SCRIPT(T_38__shutdown_twice__one_fin),
	SCRIPT(close_wait__shutdown_with_text__text_then_fin),
	SCRIPT(fin_again__close_wait__acknowledged),
	SCRIPT(fin_again__closing__acknowledged),
	SCRIPT(fin_again__last_ack__acknowledged),
	SCRIPT(MUST_12__status__says_how_it_ended),
	SCRIPT(hold__reset_with_unread_text__can_be_read),
	{NULL, NULL},
};
