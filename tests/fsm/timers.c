/* What happens when nothing arrives: retransmission (RFC 6298), probes of a zero window (§3.8.6.1), delayed ACKs,
 * keep-alive (§3.8.4), R1 and R2 (§3.8.3), the user timeout. */
#include "scripts.h"

static uint32_t
doubled(const struct peer *p, uint32_t ms)
{
	return ms * 2 > p->config.rto_max_ms ? p->config.rto_max_ms : ms * 2;
}

/* A handshake over a path of 100 ms: SRTT 100, RTTVAR 50, so RTO = 100 + 4 x 50 = 300 ms (RFC 6298 2.2). */
static void
established_over_100_ms(struct peer *p)
{
	p->config.rto_min_ms = 200;
	in_syn_received(p);
	later(p, 100);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

static void
MUST_18__rto__from_round_trips(struct peer *p)
{
	struct fns_status status;

	established_over_100_ms(p);
	status = peer_status(p);
	expect_equal(p, status.srtt_us, 100000);
	expect_equal(p, status.rttvar_us, 50000);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	expect_at(p, 300, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	expect_at(p, 600, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	expect_at(p, 1200, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
}

/* 2.3: RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R'|, SRTT = 7/8 SRTT + 1/8 R'. */
static void
MUST_18__rto__second_sample(struct peer *p)
{
	struct fns_status status;

	established_over_100_ms(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	later(p, 180);
	arrive(p, ACK, .seq = 1, .ack = 101);
	status = peer_status(p);
	expect_equal(p, status.srtt_us, 110000);
	expect_equal(p, status.rttvar_us, 57500);
}

/* Karn: the ACK of what was sent twice says nothing about the path, and ends the back-off. */
static void
MUST_18__karn__no_sample_of_a_retransmission(struct peer *p)
{
	established_over_100_ms(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	expect_at(p, 300, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	later(p, 1);
	arrive(p, ACK, .seq = 1, .ack = 101);
	expect_equal(p, peer_status(p).srtt_us, 100000);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 101, .ack = 1, .len = 100);
	expect_at(p, 300, PSH | ACK, .seq = 101, .ack = 1, .len = 100);
}

/* With timestamps the echo tells which copy it was (RFC 7323 §4). */
static void
rto__timestamps__sample_of_a_retransmission(struct peer *p)
{
	p->offer.ts = true;
	established_over_100_ms(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	expect_at(p, 300, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	later(p, 20);
	arrive(p, ACK, .seq = 1, .ack = 101);
	expect_equal(p, peer_status(p).srtt_us, 90000);
}

/* 5.3: an ACK of something new starts the timer from there; 5.2: of everything stops it. */
static void
rto__partial_ack__restarts(struct peer *p)
{
	uint32_t full;

	established_over_100_ms(p);
	full = peer_full(p);
	call_send(p, 2 * full);
	expect_more(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect(p, PSH | ACK, .seq = 1 + full, .ack = 1, .len = full);
	later(p, 100);
	arrive(p, ACK, .seq = 1, .ack = 1 + full);
	expect_nothing(p);
	expect_at(p, peer_rto(p), PSH | ACK, .seq = 1 + full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 2 * full);
	expect_silence(p, 3600000);
}

/* 5.7: who lost a SYN begins with 3 seconds. */
static void
rto__syn_ack_was_lost__three_seconds(struct peer *p)
{
	in_syn_received(p);
	expect_at(p, 1000, SYN | ACK, .seq = 0, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	expect_at(p, 3000, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
}

static void
H18__round_trip_of_ten_minutes__rto_bounded(struct peer *p)
{
	in_syn_received(p);
	later(p, 50000);
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 1);
	for (unsigned i = 0; i < 3; i++) {
		call_send(p, 10);
		peer_forget(p);
		expect_true(p, peer_rto(p) <= p->config.rto_max_ms && peer_rto(p) >= p->config.rto_min_ms);
		arrive(p, ACK, .seq = 1, .ack = 11 + i * 10);
		expect_true(p, peer_rto(p) <= p->config.rto_max_ms && peer_rto(p) >= p->config.rto_min_ms);
	}
}

/* R1 tells the application, R2 ends it: both as counts of retransmissions. */
static void
MUST_20__silence__r1_then_r2(struct peer *p)
{
	uint64_t began;
	uint32_t rto;

	established_over_100_ms(p);
	expect_reports(p, FNS_OPENED);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	began = p->now_us;
	rto = 300;
	for (unsigned i = 1; i <= p->config.retries; i++, rto = doubled(p, rto)) {
		expect_at(p, rto, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
		expect_equal(p, p->reports, i >= p->config.r1 ? FNS_SOFT_ERROR : 0);
	}
	expect_silence(p, rto - 10);
	expect_in(p, "ESTABLISHED");
	expect_silence(p, 20);
	expect_closed(p, ETIMEDOUT);
	expect_in(p, "LISTEN");
	expect_true(p, p->now_us - began >= 100000000); /* SHLD-11 */
	expect_true(p, p->config.r1 >= 3);              /* SHLD-10 */
}

static void
MUST_21__user_timeout__closes(struct peer *p)
{
	p->options.user_timeout_ms = 5000;
	established_over_100_ms(p);
	expect_silence(p, 600000); /* idle: nothing waits */
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	later(p, 4980);
	peer_forget(p);
	expect_in(p, "ESTABLISHED");
	later(p, 40);
	peer_forget(p);
	expect_in(p, "LISTEN");
	expect_closed(p, ETIMEDOUT);
}

/* An ACK of something new begins its time again: it is of the oldest octet not acknowledged (RFC 5482 §3). */
static void
MUST_21__user_timeout__of_the_oldest_octet(struct peer *p)
{
	p->options.user_timeout_ms = 5000;
	established_over_100_ms(p);
	call_send(p, 2 * peer_full(p));
	later(p, 4000);
	arrive(p, ACK, .seq = 1, .ack = 1 + peer_full(p));
	later(p, 4000);
	peer_forget(p);
	expect_in(p, "ESTABLISHED");
	later(p, 1020);
	peer_forget(p);
	expect_closed(p, ETIMEDOUT);
}

/* Options that are set while it runs: of what waits already, too. */
static void
MUST_21__user_timeout__changed(struct peer *p)
{
	p->options.user_timeout_ms = 5000;
	established_over_100_ms(p);
	call_send(p, 100);
	later(p, 1000);
	p->options.user_timeout_ms = 0;
	call_set_options(p);
	later(p, 10000);
	peer_forget(p);
	expect_in(p, "ESTABLISHED");
	p->options.user_timeout_ms = 2000;
	call_set_options(p);
	later(p, 2020);
	peer_forget(p);
	expect_closed(p, ETIMEDOUT);
}

/* Probes: the first after one RTO (SHLD-29), then twice as long each time (SHLD-30), of an octet that was sent. */
static void
MUST_36__zero_window__probes_back_off(struct peer *p)
{
	uint32_t rto;

	established_over_100_ms(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
	call_send(p, 10);
	expect_nothing(p);
	for (rto = 300; rto < p->config.rto_max_ms; rto = doubled(p, rto))
		expect_at(p, rto, ACK, .seq = 0, .ack = 1);
	expect_at(p, p->config.rto_max_ms, ACK, .seq = 0, .ack = 1);
	expect_in(p, "ESTABLISHED");
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_at(p, 300, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
}

/* MUST-35: the window closes over what is in flight; it is retransmitted, and then probed. */
static void
MUST_35__window_shrinks_to_zero__probed(struct peer *p)
{
	established_over_100_ms(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
	expect_nothing(p);
	for (unsigned i = 0; i < 2 * p->config.retries; i++) { /* SHLD-17: it answers, so it lives */
		later(p, p->config.rto_max_ms + 10);
		expect_true(p, peer_pending(p) >= 1);
		peer_forget(p);
		arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 0);
		expect_nothing(p);
	}
	expect_in(p, "ESTABLISHED");
	arrive(p, ACK, .seq = 1, .ack = 101, .wnd = 1000);
	expect_nothing(p);
	expect_silence(p, 600000);
}

/* Past the first segments, which are acknowledged at once. */
static uint32_t
past_the_quick_ones(struct peer *p)
{
	uint32_t at = 1;

	p->app.read_all = true;
	in_established(p);
	for (unsigned i = 0; i < 40; i++, at += 100)
		arrive(p, PSH | ACK, .seq = at, .ack = 1, .len = 100);
	later(p, 1000);
	peer_forget(p);
	return at;
}

static void
MUST_40__ack__delayed_40_ms(struct peer *p)
{
	uint32_t at = past_the_quick_ones(p);

	arrive(p, PSH | ACK, .seq = at, .ack = 1, .len = 100);
	expect_nothing(p);
	expect_at(p, 40, ACK, .seq = 1, .ack = at + 100);
	expect_silence(p, 600000);
}

static void
SHLD_19__second_full_segment__acknowledged(struct peer *p)
{
	uint32_t at = past_the_quick_ones(p), full = peer_mss(p);

	arrive(p, ACK, .seq = at, .ack = 1, .len = full);
	expect_nothing(p);
	arrive(p, ACK, .seq = at + full, .ack = 1, .len = full);
	expect(p, ACK, .seq = 1, .ack = at + 2 * full);
	expect_silence(p, 1000);
}

static void
SHLD_18__delayed_ack__rides_on_text(struct peer *p)
{
	uint32_t at = past_the_quick_ones(p);

	arrive(p, PSH | ACK, .seq = at, .ack = 1, .len = 100);
	expect_nothing(p);
	later(p, 10);
	call_send(p, 5);
	expect(p, PSH | ACK, .seq = 1, .ack = at + 100, .len = 5);
	arrive(p, ACK, .seq = at + 100, .ack = 6);
	expect_silence(p, 1000);
}

static void
MUST_25__keepalive__off_by_default(struct peer *p)
{
	in_established(p);
	expect_silence(p, 86400000);
	expect_in(p, "ESTABLISHED");
}

static void
MUST_28__keepalive__two_hours_by_default(struct peer *p)
{
	p->options.keepalive = FNS_ON;
	in_established(p);
	expect_at(p, 7200000, ACK, .seq = 0, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_at(p, 7200000, ACK, .seq = 0, .ack = 1);
}

static void
MUST_24__keepalive__by_configuration(struct peer *p)
{
	p->config.keepalive = true;
	p->options.keepalive_ms = 60000;
	in_established(p);
	expect_at(p, 60000, ACK, .seq = 0, .ack = 1);
}

/* As long as it answers it lives, far beyond the number of probes that a silent peer gets. */
static void
MUST_29__keepalive__answered__lives(struct peer *p)
{
	p->options.keepalive = FNS_ON;
	p->options.keepalive_ms = 10000;
	in_established(p);
	for (unsigned i = 0; i < 3 * p->config.keepalive_probes; i++) {
		expect_at(p, 10000, ACK, .seq = 0, .ack = 1);
		if (i % 3 == 1) { /* one that is lost kills nothing */
			expect_at(p, p->config.keepalive_interval_ms, ACK, .seq = 0, .ack = 1);
		}
		arrive(p, ACK, .seq = 1, .ack = 1);
		expect_nothing(p);
	}
	expect_in(p, "ESTABLISHED");
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_at(p, peer_rto(p), PSH | ACK, .seq = 1, .ack = 1, .len = 10);
}

static void
MUST_27__keepalive__silence__timed_out(struct peer *p)
{
	p->options.keepalive = FNS_ON;
	p->options.keepalive_ms = 10000;
	in_established(p);
	expect_at(p, 10000, ACK, .seq = 0, .ack = 1);
	for (unsigned i = 1; i < p->config.keepalive_probes; i++)
		expect_at(p, p->config.keepalive_interval_ms, ACK, .seq = 0, .ack = 1);
	later(p, p->config.keepalive_interval_ms + 10);
	peer_forget(p); /* it may be told with a reset */
	expect_closed(p, ETIMEDOUT);
	expect_in(p, "LISTEN");
}

/* Not while something is in flight: retransmission does the probing. */
static void
MUST_26__keepalive__only_when_idle(struct peer *p)
{
	p->options.keepalive = FNS_ON;
	p->options.keepalive_ms = 10000;
	in_established(p);
	for (unsigned i = 0; i < 10; i++) {
		expect_silence(p, 9000);
		arrive(p, PSH | ACK, .seq = 1 + i * 10, .ack = 1, .len = 10);
		expect_within(p, 40, ACK, .seq = 1, .ack = 11 + i * 10);
	}
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 101, .len = 10);
	for (unsigned i = 0; i < 8; i++)
		expect_within(p, 120000, PSH | ACK, .seq = 1, .ack = 101, .len = 10);
}

/* A turn that is late, or a clock that does not move, or goes back, hurts nobody. */
static void
M02__clock_back__held(struct peer *p)
{
	established_over_100_ms(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	p->now_us -= 50000;
	turn(p);
	expect_nothing(p);
	p->now_us += 50000;
	expect_at(p, 300, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
}

static void
M03__late_turn__one_retransmission(struct peer *p)
{
	established_over_100_ms(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	p->now_us += 10000000;
	turn(p);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
	expect_at(p, 600, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
}

const struct script timers_scripts[] = {
	SCRIPT(MUST_18__rto__from_round_trips),
	SCRIPT(MUST_18__rto__second_sample),
	SCRIPT(MUST_18__karn__no_sample_of_a_retransmission),
	SCRIPT(rto__timestamps__sample_of_a_retransmission),
	SCRIPT(rto__partial_ack__restarts),
	SCRIPT(rto__syn_ack_was_lost__three_seconds),
	SCRIPT(H18__round_trip_of_ten_minutes__rto_bounded),
	SCRIPT(MUST_20__silence__r1_then_r2),
	SCRIPT(MUST_21__user_timeout__closes),
	SCRIPT(MUST_21__user_timeout__of_the_oldest_octet),
	SCRIPT(MUST_21__user_timeout__changed),
	SCRIPT(MUST_36__zero_window__probes_back_off),
	SCRIPT(MUST_35__window_shrinks_to_zero__probed),
	SCRIPT(MUST_40__ack__delayed_40_ms),
	SCRIPT(SHLD_19__second_full_segment__acknowledged),
	SCRIPT(SHLD_18__delayed_ack__rides_on_text),
	SCRIPT(MUST_25__keepalive__off_by_default),
	SCRIPT(MUST_28__keepalive__two_hours_by_default),
	SCRIPT(MUST_24__keepalive__by_configuration),
	SCRIPT(MUST_29__keepalive__answered__lives),
	SCRIPT(MUST_27__keepalive__silence__timed_out),
	SCRIPT(MUST_26__keepalive__only_when_idle),
	SCRIPT(M02__clock_back__held),
	SCRIPT(M03__late_turn__one_retransmission),
	{NULL, NULL},
};
