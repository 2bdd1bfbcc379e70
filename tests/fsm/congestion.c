/* Congestion control beyond loss: growth that the flight uses (RFC 7661), stretch ACKs (RFC 3465), idle time (RFC 5681
 * §4.1), CUBIC (RFC 9438), and the pushes of a burst. */
#include "scripts.h"

static uint32_t
open_with(struct peer *p, uint32_t segments)
{
	uint32_t full;

	p->config.buffer_bytes = 16 << 20;
	p->offer.ws = 14;
	in_established(p);
	full = peer_full(p);
	call_send(p, segments * full);
	peer_forget(p);
	return full;
}

static void
ack_to(struct peer *p, uint32_t octets)
{
	arrive(p, ACK, .seq = 1, .ack = 1 + octets);
	peer_forget(p);
}

/* Nine of ten segments used: the window grows to twice that, and not beyond. */
static void
RFC_7661__nine_of_ten_used__grows_to_eighteen(struct peer *p)
{
	uint32_t full = open_with(p, 9);

	for (unsigned i = 2; i <= 8; i += 2) {
		ack_to(p, i * full);
		expect_equal(p, peer_status(p).cwnd, (10 + i) * full);
	}
	ack_to(p, 9 * full);
	expect_equal(p, peer_status(p).cwnd, 18 * full);
}

static void
RFC_7661__half_used__stays(struct peer *p)
{
	uint32_t full = open_with(p, 5);

	for (unsigned i = 1; i <= 5; i++) {
		ack_to(p, i * full);
		expect_equal(p, peer_status(p).cwnd, 10 * full);
	}
}

/* An ACK of four segments: each counts, or as in RFC 3465 two. */
static void
RFC_3465__stretch_ack__linux_counts_all(struct peer *p)
{
	uint32_t full = open_with(p, 100);

	ack_to(p, 4 * full);
	expect_equal(p, peer_status(p).cwnd, 14 * full);
}

static void
RFC_3465__stretch_ack__others_count_two(struct peer *p)
{
	uint32_t full;

	p->config.profile = FNS_RFC9293;
	full = open_with(p, 100);
	ack_to(p, 4 * full);
	expect_equal(p, peer_status(p).cwnd, 12 * full);
}

/* What duplicate ACKs have told does not count a second time. */
static void
RFC_3042__reordering__counts_once(struct peer *p)
{
	uint32_t full = open_with(p, 15);

	arrive(p, ACK, .seq = 1, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 1 + 3 * full);
	expect_equal(p, peer_status(p).cwnd, 11 * full);
	expect_more(p, ACK, .seq = 1 + 12 * full, .ack = 1, .len = full);
	expect(p, ACK, .seq = 1 + 13 * full, .ack = 1, .len = full);
}

static uint32_t
grown(struct peer *p)
{
	uint32_t full = open_with(p, 26);

	later(p, 10);
	ack_to(p, 10 * full);
	ack_to(p, 26 * full);
	expect_equal(p, peer_status(p).cwnd, 36 * full);
	return full;
}

static void
RFC_5681__idle__initial_window_again(struct peer *p)
{
	uint32_t full = grown(p);

	later(p, peer_rto(p) + 100);
	call_send(p, 20 * full);
	expect_equal(p, peer_pending(p), 10);
	expect_equal(p, peer_status(p).cwnd, 10 * full);
	peer_forget(p);
}

static void
RFC_5681__idle_shorter_than_rto__no_restart(struct peer *p)
{
	uint32_t full = grown(p);

	later(p, peer_rto(p) / 2);
	call_send(p, 20 * full);
	expect_equal(p, peer_pending(p), 20);
	peer_forget(p);
}

static void
RFC_5681__idle_restart_off__as_it_was(struct peer *p)
{
	uint32_t full;

	p->config.idle_restart = false;
	full = grown(p);
	later(p, 60000);
	call_send(p, 20 * full);
	expect_equal(p, peer_pending(p), 20);
	peer_forget(p);
}

/* RFC 9438 §4.6: 0.7; then back towards the old window, slower the nearer (concave), and past it. */
static void
RFC_9438__loss__seven_tenths_then_cubic(struct peer *p)
{
	uint32_t full, before, acked, round[24];

	p->options.congestion = FNS_CC_CUBIC;
	p->config.buffer_bytes = 64 << 20;
	p->config.snd_buf_max = 8 << 20;
	full = open_with(p, 5000);
	for (unsigned i = 0; i < 4; i++) { /* slow start to 160 */
		later(p, 100);
		acked = (uint32_t)(p->text_out);
		ack_to(p, acked);
	}
	before = peer_status(p).cwnd;
	expect_equal(p, before, 160 * full);
	for (unsigned i = 0; i < 3; i++)
		arrive(p, ACK, .seq = 1, .ack = 1 + acked);
	expect_equal(p, peer_status(p).ssthresh, before * 7 / 10);
	for (unsigned i = 0; i < 24; i++) {
		uint32_t end = (uint32_t)p->text_out - full; /* one was sent twice */

		peer_forget(p);
		later(p, 100);
		ack_to(p, end);
		round[i] = peer_status(p).cwnd;
	}
	expect_equal(p, round[6], before * 7 / 10); /* slow start until there */
	expect_true(p, round[14] - round[6] > round[23] - round[15]);
	expect_true(p, round[23] > round[15] && round[23] < before);
}

static void
pushes(struct peer *p, uint32_t at, const char *expected)
{
	uint32_t full = peer_full(p);

	for (; *expected; expected++, at += full)
		peer_expect(p, HERE, expected[1] == '\0',
		            EXPECTED(*expected == 'P' ? ACK | PSH : ACK, .seq = at, .ack = 1, .len = full));
}

/* As a stack with segmentation offload has them: the last of two, not the odd one. */
static void
push__linux__every_second(struct peer *p)
{
	uint32_t full;

	p->config.push_every = 2;
	in_syn_received(p);
	later(p, 100);
	arrive(p, ACK, .seq = 1, .ack = 1);
	full = peer_full(p);
	call_send(p, 20 * full);
	pushes(p, 1, ".P.P.P.P.P");
	arrive(p, ACK, .seq = 1, .ack = 1 + 2 * full);
	pushes(p, 1 + 10 * full, ".P.P");
	arrive(p, ACK, .seq = 1, .ack = 1 + 2 * full);
	pushes(p, 1 + 14 * full, ".");
}

/* Half the window at the most, where the round trip is short. */
static void
push__linux__half_the_window(struct peer *p)
{
	p->config.push_every = 2;
	in_established(p);
	call_send(p, 20 * peer_full(p));
	pushes(p, 1, "....P....P");
}

static void
push__bsd__what_empties_the_queue(struct peer *p)
{
	p->config.profile = FNS_BSD;
	p->config.push_every = 2;
	in_established(p);
	call_send(p, 5 * peer_full(p));
	pushes(p, 1, "....P");
}

/* Every second segment, however short; and the first not at once. */
static void
ack__bsd__every_second(struct peer *p)
{
	p->config.profile = FNS_BSD;
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 1);
	expect_nothing(p);
	arrive(p, ACK, .seq = 2, .ack = 1, .len = 2);
	expect(p, ACK, .seq = 1, .ack = 4);
	arrive(p, ACK, .seq = 4, .ack = 1, .len = 4);
	expect_silence(p, 38);
	expect_within(p, 4, ACK, .seq = 1, .ack = 8);
	expect_stream(p, 7);
}

/* All the room there is, also when that is less than a segment more. */
static void
window__bsd__exact(struct peer *p)
{
	uint32_t buffer;

	p->config.profile = FNS_BSD;
	p->config.rcv_wnd_initial = 65536;
	in_established(p);
	buffer = peer_status(p).rcv_wnd;
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 400);
	arrive(p, ACK, .seq = 401, .ack = 1, .len = 400);
	expect(p, ACK, .seq = 1, .ack = 801, .wnd = buffer - 800);
	expect_stream(p, 800);
}

const struct script congestion_scripts[] = {
	SCRIPT(RFC_7661__nine_of_ten_used__grows_to_eighteen),
	SCRIPT(RFC_7661__half_used__stays),
	SCRIPT(RFC_3465__stretch_ack__linux_counts_all),
	SCRIPT(RFC_3465__stretch_ack__others_count_two),
	SCRIPT(RFC_3042__reordering__counts_once),
	SCRIPT(RFC_5681__idle__initial_window_again),
	SCRIPT(RFC_5681__idle_shorter_than_rto__no_restart),
	SCRIPT(RFC_5681__idle_restart_off__as_it_was),
	SCRIPT(RFC_9438__loss__seven_tenths_then_cubic),
	SCRIPT(push__linux__every_second),
	SCRIPT(push__linux__half_the_window),
	SCRIPT(push__bsd__what_empties_the_queue),
	SCRIPT(ack__bsd__every_second),
	SCRIPT(window__bsd__exact),
	{NULL, NULL},
};
