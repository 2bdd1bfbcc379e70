/* What no honest peer sends: rows E and F of hostile-inputs that need the state machine, PAWS (RFC 7323 §5), bursts
 * that end the connection in their middle. */
#include "scripts.h"

#include <stdlib.h>
#include <string.h>

static void
again(struct peer *p)
{
	bool v6 = p->v6;
	unsigned pair = p->pair;
	const char *name = p->name;

	peer_end(p);
	peer_free(p);
	peer_init(p, v6, pair);
	p->name = name;
}

/* E11: with text the segment may be answered for its text as well, so here stand the rules: no reset but where the
 * cell has one, none for a reset, the same state after, and no more out than one segment without text (G11). */
static void
expect_rules(struct peer *p, const struct cell *cell)
{
	unsigned sent = 0;
	const struct sent *s;

	later(p, 50);
	while ((s = peer_next(p))) {
		if (s->seg.flags & RST && cell->sends != 'R' && cell->sends != 'C')
			peer_fail(p, HERE, "a reset where §3.10.7 has none");
		if (s->seg.text_len)
			peer_fail(p, HERE, "text out");
		sent++;
	}
	expect_true(p, sent <= 1);
	expect_in(p, p->listener && strcmp(cell->after, "CLOSED") == 0 ? "LISTEN" : cell->after);
}

static void
every_flag_octet(struct peer *p, unsigned state)
{
	const struct row *row = &matrix[state];

	/* 256 x 11 x with and without text x two families: each case at one of the pairs */
	for (unsigned flags = p->pair; flags < 256; flags += ISN_PAIRS) {
		for (uint32_t len = 0; len <= 20; len += 20) {
			const struct cell *cell = row->cell;

			while (cell->flags != (flags & (FIN | SYN | RST | ACK)))
				cell++;
			again(p);
			p->config.ecn = FNS_ECN_OFF; /* which would answer two of them */
			row->reach(p);
			matrix_arrive(p, row, cell, flags, (uint8_t)(flags * 7 + len), len);
			if (len == 0)
				matrix_expect(p, row, cell);
			else
				expect_rules(p, cell);
		}
	}
}

#define EVERY(number, name)                                                                                  \
	static void hostile__E11__##name##__every_flag_octet(struct peer *p)                                 \
	{                                                                                                    \
		every_flag_octet(p, number);                                                                 \
	}
MATRIX_LIST(EVERY)

static void
hostile__E02__bad_checksum__dropped(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .bad_cksum = true);
	expect_nothing(p);
	expect_fate(p, DROP_TCP_CKSUM);
	arrive(p, RST, .seq = 1, .bad_cksum = true);
	expect_fate(p, DROP_TCP_CKSUM);
	expect_in(p, "ESTABLISHED");
	expect_equal(p, fns_readable(p->conn), 0);
}

/* MUST-7: of illegal length, on a SYN and elsewhere. */
static void
hostile__E03__illegal_option_on_syn__dropped(struct peer *p)
{
	in_listen(p);
	for (unsigned kind = 2; kind < 256; kind++) {
		for (uint8_t len = 0; len < 2; len++) {
			const uint8_t raw[] = {(uint8_t)kind, len, 0, 0};

			arrive(p, SYN, .mss = NONE, .raw = raw, .raw_len = 4);
			expect_nothing(p);
			expect_fate(p, DROP_TCP_OPTION);
		}
	}
	expect_in(p, "LISTEN");
}

static void
hostile__E03__illegal_option_on_text__ignored(struct peer *p)
{
	uint32_t at = 1;

	p->app.read_all = true;
	in_established(p);
	for (unsigned kind = 2; kind < 256; kind += 11, at++) {
		const uint8_t raw[] = {(uint8_t)kind, 0, 0, 0};

		arrive(p, PSH | ACK, .seq = at, .ack = 1, .len = 1, .raw = raw, .raw_len = 4);
		later(p, 50);
	}
	peer_forget(p);
	expect_equal(p, p->read, at - 1);
}

/* E04: the kind is the last octet there is. */
static void
hostile__E04__option_cut_short__no_harm(struct peer *p)
{
	static const uint8_t nops_then_mss[40] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	                                          1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2};

	in_listen(p);
	for (size_t len = 4; len <= 40; len += 4) {
		arrive(p, SYN, .mss = NONE, .raw = nops_then_mss + 40 - len, .raw_len = len);
		expect_nothing(p);
		expect_fate(p, DROP_TCP_OPTION);
	}
}

/* E05: a known kind of another length is an unknown one. */
static void
hostile__E05__known_option_of_other_length__ignored(struct peer *p)
{
	static const uint8_t raw[] = {2, 3, 9, 3, 2, 8, 3, 11, 4, 3, 1, 5, 4, 1, 2, 1};

	p->offer.mss = NONE;
	in_listen(p);
	arrive(p, SYN, .raw = raw, .raw_len = sizeof(raw));
	expect(p, SYN | ACK, .ack = 1, .ws = NONE, .sack_ok = NONE);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_equal(p, peer_status(p).mss, p->v6 ? 1220 : 536);
}

static void
hostile__E06__option_twice__first_wins(struct peer *p)
{
	static const uint8_t raw[] = {2, 4, 3, 0, 2, 4, 1, 0, 3, 3, 5, 3, 3, 9, 1, 1};

	p->offer.mss = NONE;
	in_listen(p);
	arrive(p, SYN, .raw = raw, .raw_len = sizeof(raw));
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 100);
	expect_equal(p, peer_status(p).mss, 768);
	expect_equal(p, peer_status(p).snd_wnd, 100 << 5);
}

/* E07: whatever the peer asks for, segments of at least 216 octets (or a division by zero). */
static void
hostile__E07__absurd_mss__clamped(struct peer *p)
{
	static const uint16_t mss[] = {0, 1, 8, 47, 48, 215, 216, 217, 65535};

	for (unsigned i = 0; i < 9; i++) {
		uint32_t at = 1;
		const struct sent *s;

		again(p);
		p->offer.mss = mss[i];
		p->offer.ts = i & 1;
		in_established(p);
		call_send(p, 100000);
		for (unsigned n = 0; at < 100001 && n < 2000; n++) {
			while ((s = peer_next(p)))
				at = s->seg.seq - p->iss + s->seg.text_len;
			arrive(p, ACK, .seq = 1, .ack = at);
		}
		expect_equal(p, at, 100001);
		expect_true(p, p->segments_out <= 20 + 100000u * 11 / 10 / (p->offer.ts ? 204 : 216));
	}
}

/* E09: more than 14 counts as 14; on other segments than SYNs it means nothing. */
static void
hostile__E09__window_scale__at_most_14(struct peer *p)
{
	for (unsigned ws = 0; ws < 256; ws += ws < 20 ? 1 : 47) {
		uint8_t raw[] = {3, 3, (uint8_t)(ws + 1), 1};

		again(p);
		p->offer.ws = ws;
		in_listen(p);
		arrive(p, SYN);
		peer_forget(p);
		arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 3, .raw = raw, .raw_len = 4);
		expect_equal(p, peer_status(p).snd_wnd, 3u << (ws > 14 ? 14 : ws));
	}
}

/* E10, RFC 7323 §3.2. */
static void
hostile__E10__timestamp_missing__dropped(struct peer *p)
{
	p->offer.ts = true;
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .ts_val = NONE);
	expect_nothing(p);
	expect_fate(p, DROP_SEQ_NO_TIMESTAMP);
	expect_equal(p, fns_readable(p->conn), 0);
	expect_in(p, "ESTABLISHED");
	arrive(p, RST, .seq = 1, .ts_val = NONE); /* a reset needs none */
	expect_closed(p, ECONNRESET);
}

static void
hostile__E10__timestamp_not_negotiated__ignored(struct peer *p)
{
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .ts_val = 5, .ts_ecr = 77);
	expect_within(p, 40, ACK, .seq = 1, .ack = 11, .ts_val = NONE);
	expect_stream(p, 10);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 10, .ts_val = 1, .ts_ecr = 77);
	expect_within(p, 40, ACK, .seq = 1, .ack = 21, .ts_val = NONE);
}

/* J06: echoes of what was never sent. */
static void
hostile__E10__false_echoes__rto_in_bounds(struct peer *p)
{
	p->offer.ts = true;
	in_established(p);
	srand(1);
	for (unsigned i = 0; i < 200; i++) {
		uint32_t rto;

		call_send(p, 10);
		peer_forget(p);
		arrive(p, ACK, .seq = 1, .ack = 11 + i * 10, .ts_ecr = i < 3 ? i : (unsigned)rand());
		rto = peer_rto(p);
		expect_true(p, rto >= p->config.rto_min_ms && rto <= 2000);
	}
	expect_in(p, "ESTABLISHED");
}

/* PAWS, RFC 7323 §5.3: R1. */
static void
hostile__E10__paws__old_duplicate_dropped(struct peer *p)
{
	uint32_t now;

	p->offer.ts = true;
	in_established(p);
	later(p, 10000);
	now = p->isn + (uint32_t)(p->now_us / 1000);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 11, .ts_ecr = now);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 10, .ts_val = (uint32_t)(now - 1));
	expect(p, ACK, .seq = 1, .ack = 11, .ts_ecr = now);
	expect_fate(p, DROP_SEQ_PAWS);
	expect_stream(p, 10);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 10, .ts_val = now);
	expect_within(p, 40, ACK, .seq = 1, .ack = 21, .ts_ecr = now);
}

/* One without text is answered as well, within the limit of challenges. */
static void
hostile__E10__paws__bare_ack_challenged(struct peer *p)
{
	p->offer.ts = true;
	in_established(p);
	later(p, 10000);
	arrive(p, ACK, .seq = 1, .ack = 1, .ts_val = (uint32_t)(p->isn - 1000));
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_fate(p, DROP_SEQ_PAWS);
}

/* H08: after 24 days of silence the clock may have wrapped (§5.5). */
static void
hostile__H08__paws__idle_for_25_days(struct peer *p)
{
	uint32_t now;

	p->offer.ts = true;
	in_established(p);
	now = p->isn + (uint32_t)(p->now_us / 1000);
	later(p, 25ull * 86400 * 1000);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .ts_val = (uint32_t)(now - 100000));
	expect_within(p, 40, ACK, .seq = 1, .ack = 11);
	expect_stream(p, 10);
}

/* The clock of the shard has run for longer than that: TS.Recent is young nevertheless. */
static void
hostile__H08__paws__long_uptime(struct peer *p)
{
	p->offer.ts = true;
	p->start_us = 40ull * 86400 * 1000000;
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10,
	       .ts_val = (uint32_t)(p->isn + p->now_us / 1000 - 1));
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_fate(p, DROP_SEQ_PAWS);
}

/* RFC 7323 §4.3: TS.Recent is of the segment that the ACK answers, not of what came out of order. */
static void
ts_recent__out_of_order__not_taken(struct peer *p)
{
	uint32_t first;

	p->offer.ts = true;
	in_established(p);
	first = p->isn + (uint32_t)(p->now_us / 1000);
	later(p, 1000);
	arrive(p, PSH | ACK, .seq = 11, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 1, .ts_ecr = first);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .ts_val = (uint32_t)(first + 500));
	expect_within(p, 40, ACK, .seq = 1, .ack = 21, .ts_ecr = (uint32_t)(first + 500));
}

/* MUST-5, MUST-6, MUST-64: unknown ones, on any segment, at any alignment. */
static void
hostile__E13__unknown_options__ignored(struct peer *p)
{
	static const uint8_t fast_open[] = {34, 10, 1, 2, 3, 4, 5, 6, 7, 8}, md5[18] = {19, 18},
			     experiment[] = {1, 253, 4, 0xf9, 0x89, 254, 3, 7, 0},
			     nops[40] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, ends[] = {0, 2, 0, 3, 0, 8, 0, 5};
	static const struct {
		const uint8_t *octets;
		size_t len;
	} raw[] = {{fast_open, sizeof(fast_open)},
	           {md5, sizeof(md5)},
	           {experiment, sizeof(experiment)},
	           {nops, sizeof(nops)},
	           {ends, sizeof(ends)}};

	for (unsigned i = 0; i < 5; i++) {
		again(p);
		in_listen(p);
		arrive(p, SYN, .mss = NONE, .raw = raw[i].octets, .raw_len = raw[i].len);
		expect(p, SYN | ACK, .ack = 1);
		arrive(p, ACK, .seq = 1, .ack = 1, .raw = raw[i].octets, .raw_len = raw[i].len);
		expect_in(p, "ESTABLISHED");
		arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .raw = raw[i].octets,
		       .raw_len = raw[i].len);
		expect_within(p, 40, ACK, .seq = 1, .ack = 11);
		expect_stream(p, 10);
	}
}

/* MUST-64: real ones behind one, two and three octets of nothing. */
static void
MUST_64__options__at_any_alignment(struct peer *p)
{
	static const uint8_t raw[] = {1, 1, 1, 2, 4, 3, 0, 3, 3, 2};

	for (unsigned skip = 0; skip < 4; skip++) {
		again(p);
		in_listen(p);
		arrive(p, SYN, .mss = NONE, .raw = raw + skip, .raw_len = sizeof(raw) - skip);
		peer_forget(p);
		arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 100);
		expect_equal(p, peer_status(p).mss, 768);
		expect_equal(p, peer_status(p).snd_wnd, 400);
	}
}

/* E15: reserved bits, and ECN that nobody negotiated. */
static void
hostile__E15__reserved_bits__ignored(struct peer *p)
{
	p->config.ecn = FNS_ECN_OFF;
	in_listen(p);
	arrive(p, SYN | ECE | CWR, .reserved = 15);
	expect(p, SYN | ACK, .ack = 1); /* no ECE: it is off */
	arrive(p, ACK, .seq = 1, .ack = 1, .reserved = 1);
	for (unsigned i = 0; i < 8; i++) {
		arrive(p, PSH | ACK | (i & 1 ? ECE : 0) | (i & 2 ? CWR : 0), .seq = 1 + i, .ack = 1, .len = 1,
		       .reserved = (uint8_t)(1 << i / 2));
		expect_within(p, 40, ACK, .seq = 1, .ack = 2 + i);
	}
	expect_stream(p, 8);
}

/* F03: what comes on a SYN is not delivered before the handshake. */
static void
hostile__F03__syn_with_text__handshake_first(struct peer *p)
{
	in_listen(p);
	arrive(p, SYN | PSH, .seq = 0, .len = 10);
	expect(p, SYN | ACK, .ack = 1);
	expect_reports(p, 0);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_reports(p, FNS_OPENED);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_within(p, 40, ACK, .seq = 1, .ack = 11);
	expect_stream(p, 10);
}

static void
hostile__F03__syn_with_others__as_documented(struct peer *p)
{
	in_listen(p);
	arrive(p, SYN | RST);
	expect_fate(p, DROP_LISTEN_RST);
	arrive(p, SYN | FIN);
	expect_fate(p, DROP_LISTEN_SYN_FIN);
	arrive(p, SYN | FIN | RST | URG | PSH);
	expect_fate(p, DROP_LISTEN_RST);
	arrive(p, SYN | FIN, .len = 10);
	expect_nothing(p);
	expect_in(p, "LISTEN");
	arrive(p, SYN | URG, .up = 0xffff);
	expect(p, SYN | ACK, .ack = 1);
}

/* F04: our answer was lost; or another incarnation knocks. */
static void
hostile__F04__syn_again__answered_again(struct peer *p)
{
	in_syn_received(p);
	for (unsigned i = 0; i < 3; i++) {
		later(p, 100);
		arrive(p, SYN);
		expect(p, SYN | ACK, .seq = 0, .ack = 1);
		expect_in(p, "SYN-RECEIVED");
	}
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

static void
hostile__F04__syn_of_another_incarnation__no_second(struct peer *p)
{
	in_syn_received(p);
	arrive(p, SYN, .seq = 0x40000000); /* outside the window: an ACK (§3.10.7.4 first) */
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
	arrive(p, SYN, .seq = 100); /* inside: back to LISTEN (fourth) */
	expect_nothing(p);
	expect_in(p, "LISTEN");
	arrive(p, SYN, .seq = 100);
	expect_equal(p, peer_pending(p), 1);
	peer_forget(p);
	expect_in(p, "SYN-RECEIVED");
}

/* F08: a SYN-ACK that brings octets. */
static void
hostile__F08__syn_ack_with_text__established(struct peer *p)
{
	in_syn_sent(p);
	arrive(p, SYN | ACK | PSH, .seq = 0, .ack = 1, .len = 10);
	expect_equal(p, peer_pending(p), 1);
	peer_forget(p); /* with or without the text */
	expect_in(p, "ESTABLISHED");
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	later(p, 50);
	peer_forget(p);
	expect_stream(p, 10);
}

static void
hostile__F08__syn_ack_again__challenged(struct peer *p)
{
	in_established_active(p);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

static void
hostile__F09__reset_in_syn_sent__needs_ack(struct peer *p)
{
	in_syn_sent(p);
	for (unsigned flags = 0; flags < 256; flags++) {
		if (!(flags & RST) || flags & ACK)
			continue;
		arrive(p, flags, .seq = 0);
		expect_nothing(p);
		expect_in(p, "SYN-SENT");
	}
}

/* H22: four segments in one burst, in each of their 24 orders: whoever comes after the end finds nothing. */
static void
hostile__H22__burst__every_order(struct peer *p)
{
	static const unsigned flags[4] = {RST, PSH | ACK, FIN | ACK, SYN};

	for (unsigned order = 0; order < 256; order++) {
		unsigned a = order & 3, b = order >> 2 & 3, c = order >> 4 & 3, d = order >> 6 & 3;

		if ((1u << a | 1u << b | 1u << c | 1u << d) != 15)
			continue;
		again(p);
		in_established(p);
		for (unsigned i = 0; i < 4; i++) {
			unsigned which = order >> 2 * i & 3, f = flags[which];

			if (i < 3)
				arrive_more(p, f, .seq = 1, .ack = f & ACK ? 1 : 0,
				            .len = which == 1 ? 10 : 0);
			else
				arrive(p, f, .seq = 1, .ack = f & ACK ? 1 : 0, .len = which == 1 ? 10 : 0);
		}
		later(p, 100);
		peer_forget(p);
		expect_true(p, p->closed <= 1);
	}
}

/* The listener goes: what it accepted lives on as before, new ones meet nobody.  Who is still in SYN-RECEIVED is reset
 * (class__reset_unlisten). */
static void
hostile__N05__unlisten__accepted_live_on(struct peer *p)
{
	in_established(p);
	fns_unlisten(p->listener);
	p->listener = NULL;
	turn(p);
	expect_nothing(p);
	expect_in(p, "ESTABLISHED");
	arrive(p, ACK | PSH, .seq = 1, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 1, .ack = 11);
	expect_stream(p, 10);
	call_send(p, 10);
	turn(p);
	expect(p, ACK | PSH, .seq = 1, .ack = 11, .len = 10);
	p->rport++;
	arrive(p, SYN);
	expect_equal(p, peer_stat(p, "resets_sent"), 1);
	peer_forget(p);
	p->rport--;
	arrive(p, ACK | FIN, .seq = 11, .ack = 11);
	expect_in(p, "CLOSE-WAIT");
	call_close(p);
}

/* Ports of zero, and a segment to itself. */
static void
port_zero__dropped(struct peer *p)
{
	in_listen(p);
	p->rport = 0;
	arrive(p, SYN);
	expect_nothing(p);
	expect_fate(p, DROP_TCP_PORT_ZERO);
}

const struct script hostile_scripts[] = {
#define X(number, name) SCRIPT(hostile__E11__##name##__every_flag_octet),
	MATRIX_LIST(X)
#undef X
		SCRIPT(hostile__E02__bad_checksum__dropped),
	SCRIPT(hostile__E03__illegal_option_on_syn__dropped),
	SCRIPT(hostile__E03__illegal_option_on_text__ignored),
	SCRIPT(hostile__E04__option_cut_short__no_harm),
	SCRIPT(hostile__E05__known_option_of_other_length__ignored),
	SCRIPT(hostile__E06__option_twice__first_wins),
	SCRIPT(hostile__E07__absurd_mss__clamped),
	SCRIPT(hostile__E09__window_scale__at_most_14),
	SCRIPT(hostile__E10__timestamp_missing__dropped),
	SCRIPT(hostile__E10__timestamp_not_negotiated__ignored),
	SCRIPT(hostile__E10__false_echoes__rto_in_bounds),
	SCRIPT(hostile__E10__paws__old_duplicate_dropped),
	SCRIPT(hostile__E10__paws__bare_ack_challenged),
	SCRIPT(hostile__H08__paws__idle_for_25_days),
	SCRIPT(hostile__H08__paws__long_uptime),
	SCRIPT(ts_recent__out_of_order__not_taken),
	SCRIPT(hostile__E13__unknown_options__ignored),
	SCRIPT(MUST_64__options__at_any_alignment),
	SCRIPT(hostile__E15__reserved_bits__ignored),
	SCRIPT(hostile__F03__syn_with_text__handshake_first),
	SCRIPT(hostile__F03__syn_with_others__as_documented),
	SCRIPT(hostile__F04__syn_again__answered_again),
	SCRIPT(hostile__F04__syn_of_another_incarnation__no_second),
	SCRIPT(hostile__F08__syn_ack_with_text__established),
	SCRIPT(hostile__F08__syn_ack_again__challenged),
	SCRIPT(hostile__F09__reset_in_syn_sent__needs_ack),
	SCRIPT(hostile__H22__burst__every_order),
	SCRIPT(hostile__N05__unlisten__accepted_live_on),
	SCRIPT(port_zero__dropped),
	{NULL, NULL},
};
