/* Octets that arrive: order, overlap, windows, the FIN among them (RFC 9293 §3.10.7.4 seventh and eighth, §3.8.6,
 * RFC 2018; rows H). */
#include "scripts.h"

static void
in_order__read__in_order(struct peer *p)
{
	in_established(p);
	for (unsigned i = 0; i < 10; i++) {
		arrive(p, PSH | ACK, .seq = 1 + i * 100, .ack = 1, .len = 100);
		expect_within(p, 40, ACK, .seq = 1, .ack = 101 + i * 100);
	}
	expect_reports(p, FNS_READABLE);
	expect_stream(p, 1000);
}

/* RFC 5681 §4.2: each segment out of order is answered at once; RFC 2018 §4: the newest block first. */
static void
SHLD_31__out_of_order__held_and_sacked(struct peer *p)
{
	p->offer.sack = true;
	in_established(p);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1, .sack = {{11, 21}});
	arrive(p, PSH | ACK, .seq = 41, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1, .sack = {{41, 51}, {11, 21}});
	arrive(p, PSH | ACK, .seq = 61, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1, .sack = {{61, 71}, {41, 51}, {11, 21}});
	arrive(p, PSH | ACK, .seq = 21, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1, .sack = {{11, 31}, {61, 71}, {41, 51}});
	expect_equal(p, fns_readable(p->conn), 0);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 31, .sack = {{61, 71}, {41, 51}});
	expect_stream(p, 30);
	arrive(p, PSH | ACK, .seq = 31, .ack = 1, .len = 30);
	expect(p, ACK, .seq = 1, .ack = 71, .sack = {{41, 51}}); /* came twice */
	expect_stream(p, 40);
}

/* What comes twice is told once, in front: the first octets of it. */
static void
RFC_2883__duplicates__told(struct peer *p)
{
	p->offer.sack = true;
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 99);
	expect(p, ACK, .seq = 1, .ack = 100, .no_sack = true);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 50);
	expect(p, ACK, .seq = 1, .ack = 100, .sack = {{1, 51}});
	arrive(p, ACK, .seq = 200, .ack = 1, .len = 100);
	expect(p, ACK, .seq = 1, .ack = 100, .sack = {{200, 300}});
	arrive(p, ACK, .seq = 400, .ack = 1, .len = 100);
	expect(p, ACK, .seq = 1, .ack = 100, .sack = {{400, 500}, {200, 300}});
	arrive(p, ACK, .seq = 250, .ack = 1, .len = 200);
	expect(p, ACK, .seq = 1, .ack = 100, .sack = {{250, 300}, {200, 500}});
	arrive(p, ACK, .seq = 600, .ack = 1, .len = 100);
	expect(p, ACK, .seq = 1, .ack = 100, .sack = {{600, 700}, {200, 500}});
	arrive(p, ACK, .seq = 50, .ack = 1, .len = 300);
	expect(p, ACK, .seq = 1, .ack = 500, .sack = {{50, 100}, {600, 700}});
	arrive(p, ACK, .seq = 500, .ack = 1, .len = 150);
	expect(p, ACK, .seq = 1, .ack = 700, .sack = {{600, 650}});
	arrive(p, ACK, .seq = 700, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 710, .no_sack = true);
	expect_stream(p, 709);
}

/* Two in one turn: the first; a probe without text: none. */
static void
RFC_2883__duplicates__one_for_an_ack(struct peer *p)
{
	p->offer.sack = true;
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 20);
	expect(p, ACK, .seq = 1, .ack = 21);
	arrive_more(p, ACK, .seq = 1, .ack = 1, .len = 10);
	arrive(p, ACK, .seq = 11, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 21, .sack = {{1, 11}});
	arrive(p, ACK, .seq = 20, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 21, .no_sack = true);
	arrive(p, ACK, .seq = 20, .ack = 1, .len = 1);
	expect(p, ACK, .seq = 1, .ack = 21, .sack = {{20, 21}});
	expect_stream(p, 20);
}

static void
out_of_order__no_sack__duplicate_acks(struct peer *p)
{
	in_established(p);
	for (unsigned i = 3; i > 0; i--) {
		arrive(p, PSH | ACK, .seq = 1 + i * 10, .ack = 1, .len = 10);
		expect(p, ACK, .seq = 1, .ack = 1, .no_sack = true);
	}
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 41);
	expect_stream(p, 40);
}

/* Without timestamps four blocks fit: the newest three, and then any. */
static void
out_of_order__many__four_blocks(struct peer *p)
{
	p->offer.sack = true;
	in_established(p);
	for (unsigned i = 1; i < 9; i++) {
		arrive(p, PSH | ACK, .seq = 1 + i * 20, .ack = 1, .len = 10);
		if (i < 8)
			peer_forget(p);
	}
	expect(p, ACK, .seq = 1, .ack = 1, .sack = {{161, 171}, {141, 151}, {121, 131}, {21, 31}});
}

/* With timestamps three blocks fit. */
static void
out_of_order__timestamps__three_blocks(struct peer *p)
{
	p->offer.sack = p->offer.ts = true;
	in_established(p);
	for (unsigned i = 1; i < 6; i++) {
		arrive(p, PSH | ACK, .seq = 1 + i * 20, .ack = 1, .len = 10);
		expect_equal(p, peer_pending(p), 1);
		if (i < 5)
			peer_forget(p);
	}
	expect(p, ACK, .seq = 1, .ack = 1, .sack = {{101, 111}, {81, 91}, {61, 71}});
}

static void
H02__duplicate__acknowledged_at_once(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 11);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 11);
	expect_fate(p, DROP_SEQ_DUPLICATE);
	expect_stream(p, 10);
}

/* Old text, and a FIN behind it that is new. */
static void
H02__duplicate_with_fin__fin_taken(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 11);
	arrive(p, FIN | PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 12);
	expect_in(p, "CLOSE-WAIT");
	expect_stream(p, 10);
}

/* Every way in which a segment of 10 octets can lie to 10 octets at 21..31 that are held already. */
static void
H02__overlap__every_relation(struct peer *p)
{
	for (uint32_t left = 5; left <= 40; left++) {
		for (uint32_t len = 1; len <= 25; len += 4) {
			uint32_t base = p->read;

			if (!p->shard)
				in_established(p);
			arrive(p, PSH | ACK, .seq = base + 21, .ack = 1, .len = 10);
			arrive(p, PSH | ACK, .seq = base + left, .ack = 1, .len = len);
			arrive(p, PSH | ACK, .seq = base + 1, .ack = 1, .len = 70);
			later(p, 50);
			peer_forget(p);
			expect_stream(p, 70);
		}
	}
	expect_in(p, "ESTABLISHED");
}

/* The first copy of an octet wins, in order and out of order. */
static void
H03__overlap_with_other_octets__first_wins(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 10);
	arrive(p, PSH | ACK, .seq = 6, .ack = 1, .len = 20,
	       .garble = 0xff); /* 6..11 and 21..26 are new, and wrong */
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
	later(p, 50);
	peer_forget(p);
	expect_equal(p, fns_readable(p->conn), 25);
	for (uint32_t at = 1; at < 26;) {
		const void *run;
		size_t n = fns_peek(p->conn, &run);

		for (size_t i = 0; i < n; i++, at++) {
			bool garbled = (at >= 6 && at < 11) || at >= 21;

			expect_equal(p, ((const uint8_t *)run)[i],
			             peer_pattern(true, at) ^ (garbled ? 0xff : 0));
		}
		fns_consume(p->conn, n);
	}
	turn(p);
}

/* What lies beyond the right edge is cut off; the edge here is that of a window of 4096. */
static void
H01__beyond_the_right_edge__trimmed(struct peer *p)
{
	p->config.rcv_wnd_initial = p->config.rcv_wnd_max = 4096;
	for (uint32_t over = 1; over <= 1000; over *= 10) {
		uint32_t edge;

		if (!p->shard)
			in_established(p);
		edge = p->edge - p->isn;
		arrive(p, ACK, .seq = edge - 10, .ack = 1, .len = 10 + over);
		expect(p, ACK, .seq = 1, .ack = p->read + 1);
		for (uint32_t at = p->read + 1; at != edge - 10;) {
			uint32_t len = edge - 10 - at < 500 ? edge - 10 - at : 500;

			arrive(p, ACK, .seq = at, .ack = 1, .len = len);
			at += len;
		}
		later(p, 50);
		peer_forget(p);
		expect_stream(p, edge - p->read - 1);
		peer_forget(p);
	}
}

/* The peer ignores the window: nothing is taken, everything is answered (§3.10.7.4 first). */
static void
H01__all_beyond_the_right_edge__dropped(struct peer *p)
{
	uint32_t edge;

	in_established(p);
	edge = p->edge - p->isn;
	arrive(p, PSH | ACK, .seq = edge, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, PSH | ACK, .seq = edge + 100000, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_fate(p, DROP_SEQ_OUTSIDE);
	expect_equal(p, fns_readable(p->conn), 0);
}

/* H09: all orders of three pieces of text and a FIN. */
static void
H09__every_order_of_text_and_fin__one_end(struct peer *p)
{
	static const unsigned order[24][4] = {
		{0, 1, 2, 3}, {0, 1, 3, 2}, {0, 2, 1, 3}, {0, 2, 3, 1}, {0, 3, 1, 2}, {0, 3, 2, 1},
		{1, 0, 2, 3}, {1, 0, 3, 2}, {1, 2, 0, 3}, {1, 2, 3, 0}, {1, 3, 0, 2}, {1, 3, 2, 0},
		{2, 0, 1, 3}, {2, 0, 3, 1}, {2, 1, 0, 3}, {2, 1, 3, 0}, {2, 3, 0, 1}, {2, 3, 1, 0},
		{3, 0, 1, 2}, {3, 0, 2, 1}, {3, 1, 0, 2}, {3, 1, 2, 0}, {3, 2, 0, 1}, {3, 2, 1, 0},
	};

	for (unsigned i = 0; i < 24; i++) {
		if (i == 0)
			in_established(p);
		for (unsigned j = 0; j < 4; j++) {
			unsigned piece = order[i][j];

			expect_in(p, "ESTABLISHED");
			arrive(p, ACK | (piece == 3 ? FIN : 0), .seq = 1 + piece * 10, .ack = 1,
			       .len = piece == 3 ? 0 : 10);
		}
		expect_in(p, "CLOSE-WAIT");
		later(p, 50);
		peer_forget(p);
		expect_stream(p, 30);
		call_abort(p);
		expect(p, RST | ACK, .seq = 1, .ack = 32);
		renumber(p, 100000);
		arrive(p, SYN);
		expect(p, SYN | ACK, .ack = 1);
		arrive(p, ACK, .seq = 1, .ack = 1);
	}
}

/* The FIN's place is fixed by the first: neither text beyond it nor a second FIN elsewhere counts. */
static void
H09__text_after_fin__dropped(struct peer *p)
{
	in_close_wait(p);
	arrive(p, PSH | ACK, .seq = 2, .ack = 1, .len = 10);
	later(p, 50);
	peer_forget(p); /* it may be answered */
	expect_equal(p, fns_readable(p->conn), 0);
	arrive(p, FIN | ACK, .seq = 12, .ack = 1);
	later(p, 50);
	peer_forget(p);
	expect_in(p, "CLOSE-WAIT");
	arrive(p, ACK, .seq = 2, .ack = 1);
	call_send(p, 1);
	expect(p, PSH | ACK, .seq = 1, .ack = 2, .len = 1);
}

static void
H09__text_beyond_a_held_fin__dropped(struct peer *p)
{
	in_established(p);
	arrive(p, FIN | ACK, .seq = 21, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 30);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 22);
	expect_in(p, "CLOSE-WAIT");
	expect_stream(p, 20);
}

/* Text that was held beyond a FIN that comes later. */
static void
H09__fin_before_held_text__text_dropped(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 31, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, FIN | PSH | ACK, .seq = 11, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 22);
	expect_in(p, "CLOSE-WAIT");
	expect_stream(p, 20);
	expect_equal(p, fns_readable(p->conn), 0);
}

/* E12, MUST-30, MUST-31: urgent octets come in line, whatever the pointer says. */
static void
MUST_31__urgent__delivered_in_line(struct peer *p)
{
	static const uint16_t up[] = {0, 1, 10, 11, 1000, 0xffff};
	uint32_t at = 1;

	in_established(p);
	for (unsigned i = 0; i < 6; i++, at += 10) {
		arrive(p, URG | PSH | ACK, .seq = at, .ack = 1, .len = 10, .up = up[i]);
		expect_within(p, 40, ACK, .seq = 1, .ack = at + 10);
	}
	expect_stream(p, 60);
	arrive(p, URG | ACK, .seq = at, .ack = 1, .up = 0xffff);
	expect_nothing(p);
	arrive(p, URG | FIN | ACK, .seq = at, .ack = 1, .up = 1);
	expect_within(p, 40, ACK, .seq = 1, .ack = at + 1);
	expect_in(p, "CLOSE-WAIT");
}

/* Fills the window; RST, URG and ACK are seen nevertheless (MUST-66). */
static void
fill_window(struct peer *p)
{
	p->config.rcv_wnd_initial = p->config.rcv_wnd_max = 4096;
	in_established(p);
	for (uint32_t at = 1; p->edge - p->isn - at > 0;) {
		uint32_t room = p->edge - p->isn - at, len = room < 1000 ? room : 1000;

		arrive(p, ACK, .seq = at, .ack = 1, .len = len);
		later(p, 50);
		at += len;
	}
	peer_forget(p);
	expect_equal(p, p->edge - p->isn, 1 + (uint32_t)fns_readable(p->conn));
}

static void
MUST_66__zero_window__ack_taken(struct peer *p)
{
	uint32_t at;

	fill_window(p);
	at = p->edge - p->isn;
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = at, .len = 10, .wnd = 0);
	arrive(p, ACK, .seq = at, .ack = 11);
	expect_nothing(p);
	expect_equal(p, fns_unacked(p->conn), 0);
}

static void
MUST_66__zero_window__rst_taken(struct peer *p)
{
	fill_window(p);
	arrive(p, RST, .seq = p->edge - p->isn);
	expect_nothing(p);
	expect_in(p, "LISTEN");
	expect_closed(p, ECONNRESET);
}

static void
zero_window__probe__answered(struct peer *p)
{
	uint32_t at;

	fill_window(p);
	at = p->edge - p->isn;
	arrive(p, ACK, .seq = at, .ack = 1, .len = 1); /* as most do */
	expect(p, ACK, .seq = 1, .ack = at, .wnd = 0);
	arrive(p, ACK, .seq = at - 1, .ack = 1); /* as Linux does */
	expect(p, ACK, .seq = 1, .ack = at, .wnd = 0);
}

/* The FIN first, then what is in front of it, while ours is not acknowledged. */
static void
T_12__fin_wait_1__fin_before_text__one_end(struct peer *p)
{
	in_fin_wait_1(p);
	arrive(p, FIN | ACK, .seq = 11, .ack = 1);
	expect(p, ACK, .seq = 2, .ack = 1);
	expect_in(p, "FIN-WAIT-1");
	arrive(p, ACK, .seq = 1, .ack = 2, .len = 10);
	expect(p, ACK, .seq = 2, .ack = 12);
	expect_in(p, "TIME-WAIT");
}

/* A FIN needs no room, and its peer would repeat it for ever. */
static void
zero_window__fin__taken(struct peer *p)
{
	uint32_t at;

	fill_window(p);
	at = p->edge - p->isn;
	arrive(p, FIN | ACK, .seq = at, .ack = 1);
	expect_within(p, 40, ACK, .seq = 1, .ack = at + 1, .wnd = 0);
	expect_in(p, "CLOSE-WAIT");
}

/* MUST-39: the window opens when half of it, or two segments, can be offered; not by dribs. */
static void
MUST_39__read_by_dribs__no_silly_updates(struct peer *p)
{
	uint32_t at, wnd = 0;
	unsigned updates = 0;

	fill_window(p);
	at = p->edge - p->isn;
	while (fns_readable(p->conn) > 0) {
		call_receive(p, 16);
		if (peer_pending(p)) {
			const struct sent *s = peer_next(p);

			expect_equal(p, s->seg.ack - p->isn, at);
			expect_true(p, s->seg.wnd - wnd >= 1000);
			wnd = s->seg.wnd;
			updates++;
		}
	}
	expect_true(p, updates >= 1 && updates <= 4);
}

static void
zero_window__read_all__update(struct peer *p)
{
	uint32_t at, len;

	fill_window(p);
	at = p->edge - p->isn;
	len = (uint32_t)fns_readable(p->conn);
	call_receive(p, len);
	expect(p, ACK, .seq = 1, .ack = at, .wnd = len);
}

/* The window scales as it was negotiated, and grows with use up to its maximum. */
static void
window__used__grows(struct peer *p)
{
	uint32_t at = 1, first, most;

	p->offer.ws = 7;
	p->app.read_all = true;
	p->config.buffer_bytes = 64 << 20;
	in_established(p);
	first = peer_status(p).rcv_wnd;
	for (unsigned i = 0; i < 3000; i++, at += 1000) {
		arrive(p, ACK, .seq = at, .ack = 1, .len = 1000);
		peer_forget(p);
	}
	most = peer_status(p).rcv_wnd;
	expect_true(p, most > first && most <= p->config.rcv_wnd_max);
	expect_true(p, p->scaled && p->edge - (p->isn + at) > first);
	expect_equal(p, p->read, 3000000);
}

/* Who fills it slowly needs no larger one. */
static void
window__filled_slowly__stays(struct peer *p)
{
	uint32_t at = 1, first;

	p->offer.ws = 7;
	p->app.read_all = true;
	in_established(p);
	first = peer_status(p).rcv_wnd;
	for (unsigned i = 0; i < 300; i++, at += 1000) {
		arrive(p, ACK, .seq = at, .ack = 1, .len = 1000);
		later(p, 100);
		peer_forget(p);
	}
	expect_equal(p, peer_status(p).rcv_wnd, first);
}

static void
window__not_scaled__at_most_65535(struct peer *p)
{
	uint32_t at = 1;

	p->app.read_all = true;
	in_established(p);
	for (unsigned i = 0; i < 1000; i++, at += 1000) {
		arrive(p, ACK, .seq = at, .ack = 1, .len = 1000);
		peer_forget(p);
	}
	expect_true(p, p->edge - (p->isn + at) <= 65535 && p->edge - (p->isn + at) > 20000);
}

/* H12: an update that was overtaken by a newer one says nothing. */
static void
H12__old_window_update__ignored(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 10, .wnd = 1000);
	peer_forget(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .wnd = 9);
	later(p, 50);
	peer_forget(p);
	expect_equal(p, peer_status(p).snd_wnd, 1000);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 21, .len = 100);
	arrive(p, ACK, .seq = 21, .ack = 101, .wnd = 500);
	expect_equal(p, peer_status(p).snd_wnd, 500);
	arrive(p, ACK, .seq = 21, .ack = 51, .wnd = 9000); /* an older ACK with the same SEQ */
	expect_equal(p, peer_status(p).snd_wnd, 500);
	arrive(p, ACK, .seq = 21, .ack = 101, .wnd = 0);
	expect_equal(p, peer_status(p).snd_wnd, 0);
	arrive(p, ACK, .seq = 21, .ack = 101, .wnd = 700);
	expect_equal(p, peer_status(p).snd_wnd, 700);
}

/* H19: one segment of two in flight, and a receiver that delays: nobody waits longer than that. */
static void
MUST_59__burst__one_ack(struct peer *p)
{
	in_established(p);
	for (unsigned i = 0; i < 20; i++) /* past the quick ones at the beginning */
		arrive(p, ACK, .seq = 1 + i * 100, .ack = 1, .len = 100);
	later(p, 50);
	peer_forget(p);
	for (unsigned i = 20; i < 29; i++)
		arrive_more(p, ACK, .seq = 1 + i * 100, .ack = 1, .len = 100);
	arrive(p, ACK, .seq = 2901, .ack = 1, .len = 100);
	expect_within(p, 40, ACK, .seq = 1, .ack = 3001);
	expect_stream(p, 3000);
}

const struct script text_scripts[] = {
	SCRIPT(in_order__read__in_order),
	SCRIPT(SHLD_31__out_of_order__held_and_sacked),
	SCRIPT(RFC_2883__duplicates__told),
	SCRIPT(RFC_2883__duplicates__one_for_an_ack),
	SCRIPT(out_of_order__no_sack__duplicate_acks),
	SCRIPT(out_of_order__many__four_blocks),
	SCRIPT(out_of_order__timestamps__three_blocks),
	SCRIPT(H02__duplicate__acknowledged_at_once),
	SCRIPT(H02__duplicate_with_fin__fin_taken),
	SCRIPT(H02__overlap__every_relation),
	SCRIPT(H03__overlap_with_other_octets__first_wins),
	SCRIPT(H01__beyond_the_right_edge__trimmed),
	SCRIPT(H01__all_beyond_the_right_edge__dropped),
	SCRIPT(H09__every_order_of_text_and_fin__one_end),
	SCRIPT(H09__text_after_fin__dropped),
	SCRIPT(H09__text_beyond_a_held_fin__dropped),
	SCRIPT(H09__fin_before_held_text__text_dropped),
	SCRIPT(MUST_31__urgent__delivered_in_line),
	SCRIPT(MUST_66__zero_window__ack_taken),
	SCRIPT(MUST_66__zero_window__rst_taken),
	SCRIPT(zero_window__probe__answered),
	SCRIPT(T_12__fin_wait_1__fin_before_text__one_end),
	SCRIPT(zero_window__fin__taken),
	SCRIPT(MUST_39__read_by_dribs__no_silly_updates),
	SCRIPT(zero_window__read_all__update),
	SCRIPT(window__used__grows),
	SCRIPT(window__filled_slowly__stays),
	SCRIPT(window__not_scaled__at_most_65535),
	SCRIPT(H12__old_window_update__ignored),
	SCRIPT(MUST_59__burst__one_ack),
	{NULL, NULL},
};
