/* Congestion and loss: RFC 5681, 6582 (NewReno), 6675 (SACK), 3042, 3465, 6928; the lies of rows E14 and J. */
#include "scripts.h"

/* The peer takes all; the endpoint has this many full segments in flight, and the window is open. */
static uint32_t
flight_of(struct peer *p, unsigned segments, uint32_t queued)
{
	uint32_t full, sent = 0;

	p->config.buffer_bytes = 16 << 20;
	in_established(p);
	full = peer_full(p);
	call_send(p, queued * full);
	while (peer_pending(p)) {
		expect_equal(p, peer_next(p)->seg.text_len, full);
		sent++;
	}
	expect_equal(p, sent, segments);
	return full;
}

/* Ten segments (RFC 6928), then two more for each that is acknowledged. */
static void
MUST_19__slow_start__doubles(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 100), at = 1 + 10 * full;

	for (unsigned i = 1; i <= 10; i++) {
		arrive(p, ACK, .seq = 1, .ack = 1 + i * full);
		expect_more(p, ACK, .seq = at, .ack = 1, .len = full);
		expect(p, ACK, .seq = at + full, .ack = 1, .len = full);
		at += 2 * full;
	}
	expect_equal(p, peer_status(p).cwnd, 20 * full);
}

/* After a timeout: one segment, and half of the flight is the threshold. */
static void
MUST_19__timeout__one_segment_and_half(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 100), at;

	expect_at(p, peer_rto(p), ACK, .seq = 1, .ack = 1, .len = full);
	expect_equal(p, peer_status(p).cwnd, full);
	expect_equal(p, peer_status(p).ssthresh, 5 * full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full); /* they had all arrived */
	at = 1 + 10 * full;
	while (peer_pending(p) > 1) {
		expect_more(p, ACK, .seq = at, .ack = 1, .len = full);
		at += full;
	}
	expect(p, ACK, .seq = at, .ack = 1, .len = full);
	expect_true(p, peer_status(p).cwnd <= 3 * full); /* RFC 3465: L = 2 */
}

/* Beyond the threshold one segment more for each window. */
static void
MUST_19__congestion_avoidance__one_a_round(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 1000), acked = 1 + 10 * full, before;

	expect_at(p, peer_rto(p), ACK, .seq = 1, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = acked);
	while (peer_status(p).cwnd < peer_status(p).ssthresh) {
		peer_forget(p);
		acked += full;
		arrive(p, ACK, .seq = 1, .ack = acked);
	}
	for (unsigned round = 0; round < 5; round++) {
		before = peer_status(p).cwnd;
		for (uint32_t octets = 0; octets < before; octets += full) {
			peer_forget(p);
			acked += full;
			arrive(p, ACK, .seq = 1, .ack = acked);
		}
		expect_true(p, peer_status(p).cwnd <= before + full && peer_status(p).cwnd >= before);
	}
	expect_true(p, peer_status(p).cwnd > peer_status(p).ssthresh + 3 * full);
}

/* RFC 3042: a new segment for each of the first two; RFC 5681: the third brings back what is missing, and the window
 * is half of the flight and three. */
static void
duplicate_acks__third__fast_retransmit(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 100);

	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1 + 10 * full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1 + 11 * full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect_equal(p, peer_stat(p, "fast_recoveries"), 1);
	expect_equal(p, peer_status(p).ssthresh, 6 * full);
	expect_equal(p, peer_status(p).cwnd, 9 * full);
}

/* What is no duplicate ACK: text in it, another window, nothing in flight. */
static void
duplicate_acks__not_such__ignored(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 10);

	for (unsigned i = 0; i < 5; i++) {
		arrive(p, PSH | ACK, .seq = 1 + i * 10, .ack = 1, .len = 10);
		arrive(p, ACK, .seq = 1 + (i + 1) * 10, .ack = 1, .wnd = 60000 + i);
	}
	expect_equal(p, peer_stat(p, "fast_recoveries"), 0);
	peer_forget(p);
	arrive(p, ACK, .seq = 51, .ack = 1 + 10 * full);
	for (unsigned i = 0; i < 5; i++)
		arrive(p, ACK, .seq = 51, .ack = 1 + 10 * full);
	expect_equal(p, peer_stat(p, "fast_recoveries"), 0);
	later(p, 1000);
	peer_forget(p);
}

/* RFC 6582: a partial ACK brings the next hole back at once, and the recovery lasts until all of the flight is
 * acknowledged. */
static void
newreno__partial_ack__next_hole(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 10);

	for (unsigned i = 0; i < 2; i++)
		arrive(p, ACK, .seq = 1, .ack = 1);
	expect_nothing(p);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 3 * full);
	expect(p, ACK, .seq = 1 + 3 * full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 6 * full);
	expect(p, ACK, .seq = 1 + 6 * full, .ack = 1, .len = full);
	expect_equal(p, peer_stat(p, "fast_recoveries"), 1);
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full);
	expect_nothing(p);
	expect_equal(p, peer_status(p).cwnd, 2 * full); /* max(flight, SMSS) + SMSS, below ssthresh */
	expect_silence(p, 600000);
}

/* RFC 6675: only what the peer does not hold. */
static void
sack__two_holes__only_they(struct peer *p)
{
	uint32_t full;

	p->offer.sack = true;
	full = flight_of(p, 10, 10);
	arrive(p, ACK, .seq = 1, .ack = 1, .sack = {{1 + full, 1 + 2 * full}});
	arrive(p, ACK, .seq = 1, .ack = 1, .sack = {{1 + 3 * full, 1 + 4 * full}, {1 + full, 1 + 2 * full}});
	expect_nothing(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .sack = {{1 + 3 * full, 1 + 10 * full}, {1 + full, 1 + 2 * full}});
	expect_more(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect(p, ACK, .seq = 1 + 2 * full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 2 * full, .sack = {{1 + 3 * full, 1 + 10 * full}});
	expect_nothing(p);
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full);
	expect_nothing(p);
	expect_silence(p, 600000);
}

/* A peer that permits SACK and sends no blocks: the third duplicate counts all the same. */
static void
sack__duplicates_without_blocks__fast_retransmit(struct peer *p)
{
	uint32_t full;

	p->offer.sack = true;
	full = flight_of(p, 10, 10);
	for (unsigned i = 0; i < 3; i++)
		arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full);
	expect_nothing(p);
	expect_silence(p, 600000);
}

/* The FIN was lost with the last text, and comes back with it. */
static void
fast_retransmit__last_segment_with_fin(struct peer *p)
{
	uint32_t full = flight_of(p, 4, 4);

	call_shutdown(p, FNS_SHUT_WR);
	expect(p, FIN | ACK, .seq = 1 + 4 * full, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1 + 3 * full);
	for (unsigned i = 0; i < 3; i++)
		arrive(p, ACK, .seq = 1, .ack = 1 + 3 * full);
	expect(p, FIN | PSH | ACK, .seq = 1 + 3 * full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 2 + 4 * full);
	expect_in(p, "FIN-WAIT-2");
}

/* A short one, in front of nothing. */
static void
fast_retransmit__short_segment__as_it_was(struct peer *p)
{
	p->options.no_delay = FNS_ON;
	in_established(p);
	call_send(p, 10);
	call_send(p, 20);
	peer_forget(p);
	for (unsigned i = 0; i < 3; i++)
		arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 30);
}

/* H15: SACK is advisory.  A peer that forgets gets everything again. */
static void
H15__sack__reneged__sent_again(struct peer *p)
{
	uint32_t full, at = 1;

	p->offer.sack = true;
	full = flight_of(p, 4, 4);
	arrive(p, ACK, .seq = 1, .ack = 1, .sack = {{1 + full, 1 + 4 * full}});
	peer_forget(p);
	for (unsigned n = 0; at < 1 + 4 * full && n < 20; n++) {
		const struct sent *s;

		later(p, 3000);
		while ((s = peer_next(p)))
			if (s->seg.seq - p->iss == at)
				at += s->seg.text_len;
		arrive(p, ACK, .seq = 1, .ack = at);
	}
	expect_equal(p, at, 1 + 4 * full);
	expect_equal(p, fns_unacked(p->conn), 0);
}

/* E14: blocks that cannot be. */
static void
E14__sack__lies__discarded(struct peer *p)
{
	uint32_t full;

	p->offer.sack = true;
	full = flight_of(p, 10, 10);
	for (unsigned i = 0; i < 3; i++) {
		arrive(p, ACK, .seq = 1, .ack = 1,
		       .sack = {{1 + 2 * full, 1 + full}, {1 + 20 * full, 1 + 30 * full}});
		arrive(p, ACK, .seq = 1, .ack = 1, .sack = {{0x80000000, 0x7fffffff}, {0, 1 + 10 * full}});
		arrive(p, ACK, .seq = 1, .ack = 1, .sack = {{1 + 5 * full, 0x80000000}, {0xffffff00, 0}});
	}
	peer_forget(p);
	expect_in(p, "ESTABLISHED");
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full);
	peer_forget(p);
	expect_equal(p, fns_unacked(p->conn), 0);
	expect_silence(p, 600000);
}

/* A scoreboard that is full of crumbs. */
static void
E14__sack__crumbs__bounded(struct peer *p)
{
	uint32_t full;

	p->offer.sack = true;
	full = flight_of(p, 10, 10);
	for (uint32_t at = 2; at < 10 * full; at += 4)
		arrive(p, ACK, .seq = 1, .ack = 1, .sack = {{at, at + 1}, {at + 2, at + 3}});
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 1 + 10 * full);
	peer_forget(p);
	expect_equal(p, fns_unacked(p->conn), 0);
}

/* J01: 1,460 ACKs of one octet are worth one segment. */
static void
J01__ack_division__counts_octets(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 100), before = peer_status(p).cwnd;

	for (uint32_t i = 1; i <= full; i++)
		arrive(p, ACK, .seq = 1, .ack = 1 + i);
	expect_true(p, peer_status(p).cwnd <= before + full);
	peer_forget(p);
}

/* J02: no more can have left the network than was in it. */
static void
J02__duplicate_acks__inflate_by_the_flight(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 400);

	for (unsigned i = 0; i < 10000; i++) {
		arrive(p, ACK, .seq = 1, .ack = 1);
		if (p->text_out > 40 * (uint64_t)full)
			peer_fail(p, HERE, "%llu octets out after %u duplicates",
			          (unsigned long long)p->text_out, i);
		peer_forget(p);
	}
	expect_equal(p, peer_stat(p, "fast_recoveries"), 1);
}

/* J03: what was not sent cannot be acknowledged. */
static void
J03__optimistic_acks__rejected(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 100);

	p->config.challenge_acks = 10;
	for (unsigned i = 0; i < 100; i++) {
		arrive(p, ACK, .seq = 1, .ack = 2 + (10 + i) * full);
		expect_fate(p, DROP_ACK_FUTURE);
	}
	expect_equal(p, p->text_out, 10 * full);
	peer_forget(p);
}

/* J07: a tiny MSS and a huge window do not let loose a storm in one turn. */
static void
J07__one_ack__bounded_burst(struct peer *p)
{
	p->offer.mss = 216;
	p->offer.ws = 14;
	in_established(p);
	call_send(p, 1000000);
	for (unsigned i = 0; i < 30; i++) {
		uint32_t end = 1;
		const struct sent *s;

		while ((s = peer_next(p)))
			end = s->seg.seq - p->iss + s->seg.text_len;
		arrive(p, ACK, .seq = 1, .ack = end);
		expect_true(p, peer_pending(p) <= 64);
	}
	peer_forget(p);
}

/* Each further duplicate says that another segment has left: when as many have as the window lost, new ones go. */
static void
duplicate_acks__in_recovery__let_new_text_out(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 100), before;

	for (unsigned i = 0; i < 3; i++)
		arrive(p, ACK, .seq = 1, .ack = 1);
	peer_forget(p);
	before = peer_status(p).cwnd;
	for (unsigned i = 4; i < 10; i++)
		arrive(p, ACK, .seq = 1, .ack = 1);
	expect_equal(p, peer_status(p).cwnd, before + 6 * full);
	expect_more(p, ACK, .seq = 1 + 12 * full, .ack = 1, .len = full);
	expect_more(p, ACK, .seq = 1 + 13 * full, .ack = 1, .len = full);
	expect(p, ACK, .seq = 1 + 14 * full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + 12 * full); /* full: three in flight, and one more */
	expect(p, ACK, .seq = 1 + 15 * full, .ack = 1, .len = full);
	expect_equal(p, peer_status(p).cwnd, 4 * full);
}

/* The lost retransmission: its timeout, with the back-off of the connection, brings it back. */
static void
fast_retransmit__lost_too__timeout(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 10);

	for (unsigned i = 0; i < 3; i++)
		arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect_within(p, peer_rto(p), ACK, .seq = 1, .ack = 1, .len = full);
	expect_equal(p, peer_status(p).cwnd, full);
}

/* RFC 6582 §3.2: duplicates of before the timeout do not begin a recovery. */
static void
timeout__old_duplicates__no_recovery(struct peer *p)
{
	uint32_t full = flight_of(p, 10, 10);

	expect_at(p, peer_rto(p), ACK, .seq = 1, .ack = 1, .len = full);
	for (unsigned i = 0; i < 9; i++)
		arrive(p, ACK, .seq = 1, .ack = 1);
	expect_equal(p, peer_stat(p, "fast_recoveries"), 0);
	peer_forget(p);
}

const struct script recovery_scripts[] = {
	SCRIPT(MUST_19__slow_start__doubles),
	SCRIPT(MUST_19__timeout__one_segment_and_half),
	SCRIPT(MUST_19__congestion_avoidance__one_a_round),
	SCRIPT(duplicate_acks__third__fast_retransmit),
	SCRIPT(duplicate_acks__not_such__ignored),
	SCRIPT(newreno__partial_ack__next_hole),
	SCRIPT(sack__two_holes__only_they),
	SCRIPT(sack__duplicates_without_blocks__fast_retransmit),
	SCRIPT(fast_retransmit__last_segment_with_fin),
	SCRIPT(fast_retransmit__short_segment__as_it_was),
	SCRIPT(H15__sack__reneged__sent_again),
	SCRIPT(E14__sack__lies__discarded),
	SCRIPT(E14__sack__crumbs__bounded),
	SCRIPT(J01__ack_division__counts_octets),
	SCRIPT(J02__duplicate_acks__inflate_by_the_flight),
	SCRIPT(J03__optimistic_acks__rejected),
	SCRIPT(J07__one_ack__bounded_burst),
	SCRIPT(duplicate_acks__in_recovery__let_new_text_out),
	SCRIPT(fast_retransmit__lost_too__timeout),
	SCRIPT(timeout__old_duplicates__no_recovery),
	{NULL, NULL},
};
