/* After close: the application is gone, and what comes then (T-18 to T-31). */
#include "scripts.h"

#include <string.h>

static void
T_20__close_in_syn_sent__silent(struct peer *p)
{
	in_syn_sent(p);
	call_close(p);
	expect_nothing(p);
	expect_in(p, "CLOSED");
	expect_equal(p, p->closed, 1);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, RST, .seq = 1);
	expect_silence(p, 600000);
}

/* No clock of the application's stands behind an orphan in FIN-WAIT-1 but the retransmissions (T-18). */
static void
T_18__orphan_in_fin_wait_1__no_reset_at_the_end(struct peer *p)
{
	orphan_in_fin_wait_1(p);
	for (unsigned i = 0; i < 8; i++)
		expect_within(p, p->config.rto_max_ms, FIN | ACK, .seq = 1, .ack = 1);
	expect_silence(p, 600000);
	expect_equal(p, p->closed, 1);
	expect_equal(p, peer_stat(p, "resets_sent"), 0);
}

static void
T_19__fin_acked_late__fin_wait_2(struct peer *p)
{
	orphan_in_fin_wait_1(p);
	later(p, 1000);
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-2");
}

static void
T_22__orphans_above_the_limit__reset(struct peer *p)
{
	p->config.orphans = 1;
	orphan_in_fin_wait_1(p);
	p->rport = 40001;
	p->iss_known = p->edge_known = false;
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	call_close(p);
	expect(p, RST | ACK, .seq = 1, .ack = 1);
	expect_equal(p, peer_stat(p, "conns"), 1);
	expect_equal(p, peer_stat(p, "orphan_overflows"), 1);
}

static void
T_24__fin_wait_2__text__reset(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	expect(p, RST, .seq = 2);
	expect_in(p, "LISTEN");
	expect_fate(p, DROP_TEXT_AFTER_CLOSE);
	expect_equal(p, p->closed, 1);
}

static void
T_25__fin_wait_2__fin_with_text__reset(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	arrive(p, FIN | PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	expect(p, RST, .seq = 2);
	expect_in(p, "LISTEN");
	expect_equal(p, peer_stat(p, "state_TIME-WAIT"), 0);
}

static void
T_26__fin_wait_1__text__reset(struct peer *p)
{
	orphan_in_fin_wait_1(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect(p, RST, .seq = 1);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, 1);
}

static void
T_27__fin_wait_2__outside_the_window__timer_runs_on(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	later(p, 30000);
	arrive(p, PSH | ACK, .seq = 0x40000000, .ack = 2, .len = 10);
	expect(p, ACK, .seq = 2, .ack = 1);
	arrive(p, ACK, .seq = 0x40000000, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 1);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 29900);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 200);
	expect_in(p, "LISTEN");
}

static void
T_27__fin_wait_2__fails_paws__timer_runs_on(struct peer *p)
{
	p->offer.ts = true;
	orphan_in_fin_wait_2(p);
	later(p, 30000);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 10, .ts_val = (uint32_t)(p->isn - 100000));
	expect(p, ACK, .seq = 2, .ack = 1);
	expect_silence(p, 29900);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 200);
	expect_in(p, "LISTEN");
}

static void
T_28__fin_wait_2__rst__gone(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	arrive(p, RST, .seq = 1);
	expect_nothing(p);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, 1);
}

/* The application is gone and a new incarnation knocks: no challenge (RFC 5961 §4), as nothing is left to protect. */
static void
T_29__fin_wait_2__syn__reset(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	arrive(p, SYN, .seq = 1);
	expect(p, RST | ACK, .zero_seq = true, .ack = 2);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, 1);
}

static void
T_29__fin_wait_2__syn_outside_the_window__challenged(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	arrive(p, SYN, .seq = 0x40000000);
	expect(p, ACK, .seq = 2, .ack = 1);
	expect_in(p, "FIN-WAIT-2");
}

static void
T_30__fin_wait_2__silence__gone_at_60_s(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	expect_silence(p, 59990);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 20);
	expect_in(p, "LISTEN");
	expect_equal(p, peer_stat(p, "state_TIME-WAIT"), 0);
	expect_equal(p, p->closed, 1);
	later(p, 1000);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, RST, .seq = 2);
}

static void
fin_wait_2_lasts(struct peer *p, int32_t ms, uint32_t lasts)
{
	p->options.fin_wait_2_ms = ms;
	orphan_in_fin_wait_2(p);
	expect_silence(p, lasts - 10);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 20);
	expect_in(p, "LISTEN");
}

static void
T_31__fin_wait_2_limit__5_s(struct peer *p)
{
	fin_wait_2_lasts(p, 5000, 5000);
}

static void
T_31__fin_wait_2_limit__120_s(struct peer *p)
{
	fin_wait_2_lasts(p, 120000, 120000);
}

static void
T_31__fin_wait_2_limit__300_s_is_120(struct peer *p)
{
	fin_wait_2_lasts(p, 300000, 120000);
}

static void
T_31__fin_wait_2_limit__negative_resets(struct peer *p)
{
	p->options.fin_wait_2_ms = -1;
	orphan_in_fin_wait_1(p);
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect(p, RST | ACK, .seq = 2, .ack = 1);
	expect_in(p, "LISTEN");
	expect_equal(p, p->closed, 1);
}

static void
T_31__fin_wait_2_limit__negative_resets_at_close(struct peer *p)
{
	p->options.fin_wait_2_ms = -1;
	in_fin_wait_2(p);
	call_close(p);
	expect(p, RST | ACK, .seq = 2, .ack = 1);
	expect_in(p, "LISTEN");
}

/* What the peer has sent already and what it repeats is not "data after close". */
static void
fin_wait_2__old_text_again__acknowledged(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 11);
	expect_stream(p, 10);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 11);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	expect(p, ACK, .seq = 2, .ack = 11);
	expect_true(p, strcmp(peer_state(p), "LISTEN") != 0);
	arrive(p, FIN | ACK, .seq = 11, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 12);
	expect_in(p, "TIME-WAIT");
	expect_closed(p, 0);
}

/* FNS_CLOSED comes after close as well, and nothing but it. */
static void
close__reports__closed_alone(struct peer *p)
{
	orphan_in_fin_wait_2(p);
	expect_reports(p, 0);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_reports(p, FNS_CLOSED);
}

/* T-03: the FIN stands behind a window that never opens.  An orphan does not wait for ever, even if it is answered. */
static void
T_03__orphan__zero_window__gone_in_the_end(struct peer *p)
{
	unsigned probes = 0;

	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
	call_close(p);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-1");
	for (unsigned ms = 0; ms < 3600000 && p->closed == 0; ms += 100) {
		later(p, 100);
		while (peer_pending(p)) {
			expect_more(p, ACK, .seq = 0, .ack = 1);
			arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
			probes++;
		}
	}
	expect_true(p, probes >= 3 && probes <= 64);
	expect_closed(p, ETIMEDOUT);
	expect_in(p, "LISTEN");
}

static void
T_03__fin_alone__zero_window__after_update(struct peer *p)
{
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
	call_close(p);
	expect_nothing(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 1);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2, .wnd = 1);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
}

/* MUST-37: a peer that acknowledges probes keeps the connection, and the window may stay closed. */
static void
MUST_37__probes_answered__stays(struct peer *p)
{
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
	call_send(p, 10);
	for (unsigned i = 0; i < 100; i++) {
		for (unsigned tick = 0; tick < 1300 && !peer_pending(p); tick++)
			later(p, 100);
		expect_true(p, peer_pending(p) > 0);
		peer_forget(p);
		arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
		expect_nothing(p);
	}
	expect_in(p, "ESTABLISHED");
	expect_open(p);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
}

static void
orphan__abort_by_user_timeout__gone(struct peer *p)
{
	p->options.user_timeout_ms = 5000;
	orphan_in_fin_wait_1(p);
	later(p, 4900);
	peer_forget(p);
	expect_in(p, "FIN-WAIT-1");
	later(p, 5000);
	peer_forget(p);
	expect_in(p, "LISTEN");
	expect_closed(p, ETIMEDOUT);
}

/* The clock starts at close, also when the driver has slept since the last turn. */
static void
T_33__close_after_a_long_sleep__clock_starts_there(struct peer *p)
{
	in_fin_wait_2(p);
	p->now_us += 100 * UINT64_C(1000000);
	call_close(p);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 59000);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 2000);
	expect_in(p, "LISTEN");
}

const struct script orphan_scripts[] = {
	SCRIPT(T_33__close_after_a_long_sleep__clock_starts_there),
	SCRIPT(T_03__orphan__zero_window__gone_in_the_end),
	SCRIPT(T_03__fin_alone__zero_window__after_update),
	SCRIPT(T_20__close_in_syn_sent__silent),
	SCRIPT(T_18__orphan_in_fin_wait_1__no_reset_at_the_end),
	SCRIPT(T_19__fin_acked_late__fin_wait_2),
	SCRIPT(T_22__orphans_above_the_limit__reset),
	SCRIPT(T_24__fin_wait_2__text__reset),
	SCRIPT(T_25__fin_wait_2__fin_with_text__reset),
	SCRIPT(T_26__fin_wait_1__text__reset),
	SCRIPT(T_27__fin_wait_2__outside_the_window__timer_runs_on),
	SCRIPT(T_27__fin_wait_2__fails_paws__timer_runs_on),
	SCRIPT(T_28__fin_wait_2__rst__gone),
	SCRIPT(T_29__fin_wait_2__syn__reset),
	SCRIPT(T_29__fin_wait_2__syn_outside_the_window__challenged),
	SCRIPT(T_30__fin_wait_2__silence__gone_at_60_s),
	SCRIPT(T_31__fin_wait_2_limit__5_s),
	SCRIPT(T_31__fin_wait_2_limit__120_s),
	SCRIPT(T_31__fin_wait_2_limit__300_s_is_120),
	SCRIPT(T_31__fin_wait_2_limit__negative_resets),
	SCRIPT(T_31__fin_wait_2_limit__negative_resets_at_close),
	SCRIPT(fin_wait_2__old_text_again__acknowledged),
	SCRIPT(close__reports__closed_alone),
	SCRIPT(MUST_37__probes_answered__stays),
	SCRIPT(orphan__abort_by_user_timeout__gone),
	{NULL, NULL},
};
