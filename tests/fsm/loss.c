/* Loss with SACK: proportional rate reduction (RFC 6937, 9937), the reordering timer, lost retransmissions and tail loss
 * probes (RFC 8985). */
#include "scripts.h"

/* Ten segments out, a round trip of 100 ms, the peer permits SACK. */
static uint32_t
flight(struct peer *p, unsigned segments, unsigned queued)
{
	uint32_t full;

	p->config.buffer_bytes = 16 << 20;
	p->offer.sack = true;
	in_syn_received(p);
	later(p, 100);
	arrive(p, ACK, .seq = 1, .ack = 1);
	full = peer_full(p);
	call_send(p, queued * full);
	expect_equal(p, peer_pending(p), segments);
	peer_forget(p);
	return full;
}

static void
sack(struct peer *p, uint32_t ack, uint32_t left, uint32_t right)
{
	arrive(p, ACK, .seq = 1, .ack = 1 + ack, .sack = {{1 + left, 1 + right}});
}

/* One segment for each that has left, while the flight is what it should be; ssthresh when it is over. */
static void
RFC_9937__one_lost__one_for_one(struct peer *p)
{
	uint32_t full;

	p->options.congestion = FNS_CC_CUBIC;
	full = flight(p, 10, 17);
	for (uint32_t i = 2; i <= 3; i++)
		sack(p, 0, full, i * full);
	peer_forget(p); /* limited transmit */
	sack(p, 0, full, 4 * full);
	expect(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect_equal(p, peer_status(p).ssthresh, 7 * full);
	for (uint32_t i = 5; i <= 8; i++) {
		unsigned before = (unsigned)p->segments_out;

		sack(p, 0, full, i * full);
		expect_true(p, p->segments_out - before <= 1);
		peer_forget(p);
	}
	arrive(p, ACK, .seq = 1, .ack = (uint32_t)p->text_out + 1 - full);
	expect_equal(p, peer_status(p).cwnd, 7 * full);
	peer_forget(p);
}

/* Four lost at the front of ten: one goes back for each SACK from the third on, no burst. */
static void
RFC_9937__four_lost__in_turn(struct peer *p)
{
	uint32_t full;

	p->options.congestion = FNS_CC_CUBIC;
	full = flight(p, 10, 10);
	sack(p, 0, 4 * full, 5 * full);
	sack(p, 0, 4 * full, 6 * full);
	expect_nothing(p);
	for (uint32_t i = 0; i < 4; i++) {
		sack(p, 0, 4 * full, (7 + i) * full);
		expect(p, ACK, .seq = 1 + i * full, .ack = 1, .len = full);
	}
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full);
	expect_nothing(p);
	call_send(p, 10 * full);
	expect_equal(p, peer_pending(p), 7);
	peer_forget(p);
}

/* What was sent after a retransmission is held, and the retransmission is not: it was lost as well, and goes again at
 * once instead of after a timeout; but not where the octets may come from their first transmission. */
static void
RFC_8985__retransmission_lost__again(struct peer *p)
{
	uint32_t full = flight(p, 10, 10);

	sack(p, 0, 3 * full, 6 * full);
	expect(p, ACK, .seq = 1, .ack = 1, .len = full);
	sack(p, 0, 3 * full, 10 * full);
	expect_more(p, ACK, .seq = 1 + full, .ack = 1, .len = full);
	expect(p, ACK, .seq = 1 + 2 * full, .ack = 1, .len = full);
	later(p, 10);
	sack(p, 0, 2 * full, 10 * full); /* late, not lost */
	expect_nothing(p);
	later(p, 90);
	sack(p, 0, full, 10 * full);
	expect(p, ACK, .seq = 1, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full);
	expect_nothing(p);
	expect_equal(p, peer_stat(p, "timeouts"), 0);
}

/* Fewer than three segments held: the holes have a quarter of a round trip to fill. */
static void
RFC_8985__reordering_timer__then_lost(struct peer *p)
{
	uint32_t full = flight(p, 4, 4);

	later(p, 100);
	sack(p, 0, 3 * full, 4 * full);
	expect_silence(p, 25);
	expect_within(p, 4, ACK, .seq = 1, .ack = 1, .len = full);
	expect_equal(p, peer_stat(p, "fast_recoveries"), 1);
	arrive(p, ACK, .seq = 1, .ack = 1 + 4 * full);
	expect_silence(p, 60000);
}

static void
RFC_8985__reordered_only__no_recovery(struct peer *p)
{
	uint32_t full = flight(p, 4, 4);

	later(p, 100);
	sack(p, 0, 3 * full, 4 * full);
	later(p, 10);
	arrive(p, ACK, .seq = 1, .ack = 1 + 4 * full);
	expect_silence(p, 60000);
	expect_equal(p, peer_stat(p, "fast_recoveries"), 0);
	expect_equal(p, peer_status(p).cwnd, 10 * full);
}

/* Part of the last segment alone: no segment has left. */
static void
RFC_8985__part_of_a_segment__does_not_count(struct peer *p)
{
	uint32_t full = flight(p, 4, 4);

	later(p, 100);
	sack(p, 0, 4 * full - 1, 4 * full);
	expect_silence(p, 100);
	expect_within(p, 10, ACK | PSH, .seq = 1 + 3 * full, .ack = 1, .len = full); /* the probe */
	expect_equal(p, peer_stat(p, "fast_recoveries"), 0);
	arrive(p, ACK, .seq = 1, .ack = 1 + 4 * full);
}

/* The tail: after two round trips its last segment, once; after the timeout the first. */
static void
RFC_8985__tail_lost__one_probe_then_timeout(struct peer *p)
{
	uint32_t full = flight(p, 4, 4);

	expect_silence(p, 200);
	expect_within(p, 8, ACK | PSH, .seq = 1 + 3 * full, .ack = 1, .len = full);
	expect_equal(p, peer_stat(p, "tail_probes"), 1);
	expect_silence(p, 298);
	expect_within(p, 4, ACK, .seq = 1, .ack = 1, .len = full);
	expect_equal(p, peer_stat(p, "timeouts"), 1);
	arrive(p, ACK, .seq = 1, .ack = 1 + 4 * full);
	expect_silence(p, 60000);
}

/* New text if there is some, beyond the congestion window. */
static void
RFC_8985__probe__new_text_first(struct peer *p)
{
	uint32_t full = flight(p, 10, 12);

	expect_silence(p, 200);
	expect_within(p, 8, ACK, .seq = 1 + 10 * full, .ack = 1, .len = full);
	sack(p, 0, 10 * full, 11 * full);
	expect_within(p, 30, ACK, .seq = 1, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 11 * full);
	expect(p, ACK | PSH, .seq = 1 + 11 * full, .ack = 1, .len = full);
}

/* A lone FIN: the peer may delay its ACK, so that the timeout comes first: it is the probe's. */
static void
RFC_8985__fin_alone__probed_at_the_timeout(struct peer *p)
{
	flight(p, 0, 0);
	call_shutdown(p, FNS_SHUT_WR);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_silence(p, 298);
	expect_within(p, 4, FIN | ACK, .seq = 1, .ack = 1);
	expect_silence(p, 298);
	expect_within(p, 4, FIN | ACK, .seq = 1, .ack = 1);
	expect_silence(p, 596);
	expect_within(p, 8, FIN | ACK, .seq = 1, .ack = 1);
	expect_equal(p, peer_stat(p, "tail_probes"), 1);
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect_in(p, "FIN-WAIT-2");
}

/* The probe mended a loss, which the window answers for (§7.4.2) once more is acknowledged; a D-SACK says it did not. */
static void
probe_mends(struct peer *p, bool twice)
{
	uint32_t full = flight(p, 4, 4), end = 1 + 4 * full;

	expect_within(p, 208, ACK | PSH, .seq = 1 + 3 * full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = end);
	if (twice)
		arrive(p, ACK, .seq = 1, .ack = end, .sack = {{end - full, end}});
	call_send(p, full);
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = end + full);
	expect_true(p, (peer_status(p).ssthresh < 10 * full) == !twice);
}

static void
RFC_8985__probe_mended_a_loss__window_reduced(struct peer *p)
{
	probe_mends(p, false);
}

static void
RFC_8985__probe_came_twice__window_stays(struct peer *p)
{
	probe_mends(p, true);
}

/* Other profiles, and peers without SACK, have the timeout alone. */
static void
RFC_8985__bsd__no_probe(struct peer *p)
{
	uint32_t full;

	p->config.profile = FNS_BSD;
	full = flight(p, 4, 4);
	expect_at(p, peer_rto(p), ACK, .seq = 1, .ack = 1, .len = full);
	expect_equal(p, peer_stat(p, "tail_probes"), 0);
}

/* The text of a connection that had none before gets no ACK to wait for: the FIN's goes out after a tick (T-06). */
static void
T_06__fin_first__acknowledged_after_a_tick(struct peer *p)
{
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_nothing(p);
	expect_within(p, 3, ACK, .seq = 1, .ack = 2);
}

const struct script loss_scripts[] = {
	SCRIPT(RFC_9937__one_lost__one_for_one),
	SCRIPT(RFC_9937__four_lost__in_turn),
	SCRIPT(RFC_8985__retransmission_lost__again),
	SCRIPT(RFC_8985__reordering_timer__then_lost),
	SCRIPT(RFC_8985__reordered_only__no_recovery),
	SCRIPT(RFC_8985__part_of_a_segment__does_not_count),
	SCRIPT(RFC_8985__tail_lost__one_probe_then_timeout),
	SCRIPT(RFC_8985__probe__new_text_first),
	SCRIPT(RFC_8985__fin_alone__probed_at_the_timeout),
	SCRIPT(RFC_8985__probe_mended_a_loss__window_reduced),
	SCRIPT(RFC_8985__probe_came_twice__window_stays),
	SCRIPT(RFC_8985__bsd__no_probe),
	SCRIPT(T_06__fin_first__acknowledged_after_a_tick),
	{NULL, NULL},
};
