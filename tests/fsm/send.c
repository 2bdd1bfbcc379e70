/* What goes out, and when: segmentation, Nagle, silly windows, the peer's window, service and hop fields, an outbox
 * that is full (RFC 9293 §3.7, §3.8.6; rows H). */
#include "scripts.h"

/* MUST-61: PSH on the last; SHLD-28: all but the last are as large as they may be. */
static void
MUST_61__send__full_segments_then_psh(struct peer *p)
{
	uint32_t full, at = 1;

	p->options.profile = FNS_RFC9293;
	in_established(p);
	full = peer_full(p);
	call_send(p, 3 * full + 10);
	for (unsigned i = 0; i < 3; i++, at += full)
		expect_more(p, ACK, .seq = at, .ack = 1, .len = full);
	expect_nothing(p); /* Nagle holds the short one */
	arrive(p, ACK, .seq = 1, .ack = at);
	expect(p, PSH | ACK, .seq = at, .ack = 1, .len = 10);
}

/* Profile linux: full segments hold no short one back, a short one does, until all is acknowledged. */
static void
SHLD_7__nagle__linux__holds_short_behind_short(struct peer *p)
{
	uint32_t full, at;

	in_established(p);
	full = peer_full(p);
	call_send(p, 2 * full + 10);
	expect_more(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect_more(p, ACK, .seq = 1 + full, .ack = 1, .len = full);
	expect(p, PSH | ACK, .seq = 1 + 2 * full, .ack = 1, .len = 10);
	call_send(p, 5);
	expect_nothing(p);
	at = 1 + 2 * full + 10;
	arrive(p, ACK, .seq = 1, .ack = at);
	expect(p, PSH | ACK, .seq = at, .ack = 1, .len = 5);
}

static void
SHLD_7__nagle__small_waits_for_ack(struct peer *p)
{
	in_established(p);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	for (unsigned i = 0; i < 5; i++)
		call_send(p, 10);
	expect_nothing(p);
	arrive(p, ACK, .seq = 1, .ack = 11);
	expect(p, PSH | ACK, .seq = 11, .ack = 1, .len = 50);
}

static void
MUST_17__no_delay__small_goes_at_once(struct peer *p)
{
	p->options.no_delay = FNS_ON;
	in_established(p);
	for (unsigned i = 0; i < 5; i++) {
		call_send(p, 10);
		expect(p, PSH | ACK, .seq = 1 + i * 10, .ack = 1, .len = 10);
	}
}

static void
nagle__full_segment_together__goes(struct peer *p)
{
	uint32_t full;

	in_established(p);
	full = peer_full(p);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	call_send(p, full - 1);
	expect_nothing(p);
	call_send(p, 1);
	expect(p, PSH | ACK, .seq = 11, .ack = 1, .len = full);
}

static void
sends_of(struct peer *p, uint32_t full)
{
	in_established(p);
	expect_equal(p, peer_full(p), full);
	call_send(p, 2 * full);
	expect_more(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect(p, PSH | ACK, .seq = 1 + full, .ack = 1, .len = full);
}

static void
MUST_15__no_mss_option__default(struct peer *p)
{
	p->offer.mss = NONE;
	sends_of(p, p->v6 ? 1220 : 536);
}

static void
MUST_16__small_mss__honoured(struct peer *p)
{
	p->offer.mss = 1000;
	sends_of(p, 1000);
}

/* Options count against the segment, not against the MSS that was announced. */
static void
MUST_16__timestamps__leave_less(struct peer *p)
{
	p->offer.mss = 1000;
	p->offer.ts = true;
	sends_of(p, 988);
}

static void
MUST_16__large_mss__bounded_by_mtu(struct peer *p)
{
	p->offer.mss = 65535;
	sends_of(p, peer_mss(p));
}

static void
SHLD_6__small_mtu__announced(struct peer *p)
{
	p->config.port[0].mtu = 1300;
	in_listen(p);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1, .mss = p->v6 ? 1240 : 1260);
}

/* The peer's window, scaled as agreed; nothing beyond it. */
static void
window__closed_by_text__waits(struct peer *p)
{
	uint32_t full;

	in_established(p);
	full = peer_full(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 2 * full);
	call_send(p, 5 * full);
	expect_more(p, ACK, .seq = 1, .ack = 1, .len = full);
	expect(p, ACK, .seq = 1 + full, .ack = 1, .len = full);
	arrive(p, ACK, .seq = 1, .ack = 1 + full, .wnd = full);
	expect_nothing(p);
	arrive(p, ACK, .seq = 1, .ack = 1 + 2 * full, .wnd = 3 * full);
	expect_more(p, ACK, .seq = 1 + 2 * full, .ack = 1, .len = full);
	expect_more(p, ACK, .seq = 1 + 3 * full, .ack = 1, .len = full);
	expect(p, PSH | ACK, .seq = 1 + 4 * full, .ack = 1, .len = full);
}

/* MUST-1 and REC-1: 65,535 << 14 is positive, and the window of a SYN is not scaled. */
static void
MUST_1__window__unsigned_and_scaled(struct peer *p)
{
	p->offer.ws = 14;
	in_listen(p);
	arrive(p, SYN, .wnd = 65535);
	expect(p, SYN | ACK, .ack = 1);
	expect_equal(p, peer_status(p).snd_wnd, 65535);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 65535);
	expect_equal(p, peer_status(p).snd_wnd, 65535u << 14);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	arrive(p, ACK, .seq = 1, .ack = 11, .wnd = 1);
	expect_equal(p, peer_status(p).snd_wnd, 1 << 14);
}

static void
MUST_1__window__above_32767(struct peer *p)
{
	in_established(p);
	expect_equal(p, peer_status(p).snd_wnd, 65535);
}

/* Sender silly windows: not for less than half of the largest window seen, unless a second goes by (§3.8.6.2.1). */
static void
MUST_38__small_window__waits_for_override(struct peer *p)
{
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 80);
	call_send(p, 1000);
	expect_nothing(p);
	expect_within(p, 1000, ACK, .seq = 1, .ack = 1, .len = 80);
	arrive(p, ACK, .seq = 1, .ack = 81, .wnd = 20000);
	expect(p, PSH | ACK, .seq = 81, .ack = 1, .len = 920);
}

/* A peer whose buffer is smaller than a segment gets what it can hold. */
static void
MUST_38__half_of_its_largest_window__goes(struct peer *p)
{
	p->wnd = 1000;
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 400);
	call_send(p, 2000);
	expect_nothing(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 500);
	expect(p, ACK, .seq = 1, .ack = 1, .len = 500);
}

/* H10, MUST-34: the window moves its right edge to the left over what is in flight. */
static void
MUST_34__window_shrinks__no_new_text(struct peer *p)
{
	uint32_t full;

	in_established(p);
	full = peer_full(p);
	call_send(p, 3 * full);
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .wnd = 1000);
	call_send(p, 3 * full);
	expect_nothing(p);
	expect_at(p, peer_rto(p), ACK, .seq = 1, .ack = 1, .len = 1000); /* SHLD-16 */
	expect_in(p, "ESTABLISHED");
	arrive(p, ACK, .seq = 1, .ack = 1 + 3 * full);
	peer_forget(p);
	expect_equal(p, fns_unacked(p->conn), 3 * full);
	later(p, 10000);
	expect_true(p, peer_pending(p) > 0);
	peer_forget(p);
}

/* Acknowledges what comes out, in order, until nothing is left. */
static void
take_all(struct peer *p, uint32_t taken)
{
	uint32_t to = taken + (uint32_t)fns_unacked(p->conn);

	for (unsigned n = 0; n < 10 && taken < to; n++) {
		const struct sent *s;

		while ((s = peer_next(p))) {
			if (s->seg.seq - p->iss == 1 + taken)
				taken += s->seg.text_len;
		}
		arrive(p, ACK, .seq = 1, .ack = 1 + taken);
	}
}

/* Every shrunken window from 0 to all: neither an assertion nor octets beyond it that are new. */
static void
H10__window_shrinks__every_size(struct peer *p)
{
	uint32_t full, sent = 0;

	in_established(p);
	full = peer_full(p);
	for (uint32_t wnd = 0; wnd <= 3 * full; wnd += 263) {
		call_send(p, 3 * full);
		arrive(p, ACK, .seq = 1, .ack = 1 + sent, .wnd = wnd);
		later(p, 5000);
		take_all(p, sent);
		sent += 3 * full;
		expect_equal(p, fns_unacked(p->conn), 0);
	}
	expect_in(p, "ESTABLISHED");
}

static void
snd_buf__full__writable_later(struct peer *p)
{
	p->config.snd_buf_max = 10000;
	in_established(p);
	expect_reports(p, 0);
	expect_equal(p, fns_writable(p->conn), 10000);
	expect_equal(p, call_send_some(p, 20000), 10000);
	expect_equal(p, fns_writable(p->conn), 0);
	expect_equal(p, call_send_some(p, 10), 0);
	expect_reports(p, 0);
	peer_forget(p);
	arrive(p, ACK, .seq = 1, .ack = 1 + peer_full(p));
	peer_forget(p);
	expect_reports(p, FNS_WRITABLE);
	expect_equal(p, fns_writable(p->conn), peer_full(p));
	arrive(p, ACK, .seq = 1, .ack = 1 + 2 * peer_full(p)); /* nobody has asked again */
	peer_forget(p);
	expect_reports(p, 0);
}

/* An outbox of one frame: nothing is lost, nothing is late by more than the turns it takes. */
static void
outbox__small__all_goes_in_turns(struct peer *p)
{
	uint32_t full;

	in_established(p);
	full = peer_full(p);
	p->outbox = 1;
	call_send(p, 5 * full);
	for (unsigned i = 0; i < 5; i++) {
		expect(p, i == 4 ? PSH | ACK : ACK, .seq = 1 + i * full, .ack = 1, .len = full);
		expect_true(p, i == 4 || fns_shard_due(p->shard) <= p->now_us);
		turn(p);
	}
	expect_nothing(p);
}

/* L02: what found no room is not taken for sent. */
static void
L02__outbox__no_room__nothing_advances(struct peer *p)
{
	in_established(p);
	p->outbox = 0;
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	call_send(p, 10);
	for (unsigned i = 0; i < 10; i++)
		turn(p);
	expect_nothing(p);
	p->outbox = OUTBOX_ROOM;
	turn(p);
	expect(p, PSH | ACK, .seq = 1, .ack = 11, .len = 10);
}

static void
L02__outbox__no_room_for_fin__goes_later(struct peer *p)
{
	in_established(p);
	p->outbox = 0;
	call_close(p);
	expect_nothing(p);
	p->outbox = OUTBOX_ROOM;
	turn(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	p->outbox = 0;
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	turn(p);
	expect_nothing(p);
	p->outbox = OUTBOX_ROOM;
	turn(p);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
}

static void
L02__outbox__no_room_for_reset__goes_later(struct peer *p)
{
	in_established(p);
	p->outbox = 0;
	call_abort(p);
	turn(p);
	expect_closed(p, ECONNABORTED);
	p->outbox = OUTBOX_ROOM;
	turn(p);
	expect(p, RST | ACK, .seq = 1, .ack = 1);
	expect_equal(p, peer_stat(p, "dead"), 0);
}

static void
MUST_48__dscp__of_the_options(struct peer *p)
{
	p->options.dscp = 46;
	in_listen(p);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1, .tos = 46 << 2);
	arrive(p, ACK, .seq = 1, .ack = 1);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .tos = 46 << 2);
}

static void
MUST_49__ttl__of_the_options(struct peer *p)
{
	p->options.ttl = 7;
	in_listen(p);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1, .ttl = 7);
	arrive(p, ACK, .seq = 1, .ack = 1);
	call_send(p, 10);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .ttl = 7);
}

static void
MUST_49__ttl__64_by_default(struct peer *p)
{
	in_listen(p);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1, .ttl = 64, .tos = 0);
}

/* MUST-2: a megabyte, each segment verified; the peer acknowledges every second one. */
static void
MUST_2__bulk__every_octet(struct peer *p)
{
	uint32_t total = 1 << 20, next = 1;

	p->config.buffer_bytes = 16 << 20;
	p->config.snd_buf_max = 1 << 20;
	in_established(p);
	call_send(p, total);
	for (unsigned n = 0; next < 1 + total; n++) {
		const struct sent *s = peer_next(p);

		if (s) {
			expect_equal(p, s->seg.seq - p->iss, next);
			next += s->seg.text_len;
		}
		if (n & 1 || !s)
			arrive(p, ACK, .seq = 1, .ack = next);
		if (n > 5000)
			peer_fail(p, HERE, "it takes too long");
	}
	arrive(p, ACK, .seq = 1, .ack = next);
	expect_nothing(p);
	expect_equal(p, fns_unacked(p->conn), 0);
	expect_silence(p, 3600000);
}

const struct script send_scripts[] = {
	SCRIPT(MUST_61__send__full_segments_then_psh),
	SCRIPT(SHLD_7__nagle__linux__holds_short_behind_short),
	SCRIPT(SHLD_7__nagle__small_waits_for_ack),
	SCRIPT(MUST_17__no_delay__small_goes_at_once),
	SCRIPT(nagle__full_segment_together__goes),
	SCRIPT(MUST_15__no_mss_option__default),
	SCRIPT(MUST_16__small_mss__honoured),
	SCRIPT(MUST_16__timestamps__leave_less),
	SCRIPT(MUST_16__large_mss__bounded_by_mtu),
	SCRIPT(SHLD_6__small_mtu__announced),
	SCRIPT(window__closed_by_text__waits),
	SCRIPT(MUST_1__window__unsigned_and_scaled),
	SCRIPT(MUST_1__window__above_32767),
	SCRIPT(MUST_38__small_window__waits_for_override),
	SCRIPT(MUST_38__half_of_its_largest_window__goes),
	SCRIPT(MUST_34__window_shrinks__no_new_text),
	SCRIPT(H10__window_shrinks__every_size),
	SCRIPT(snd_buf__full__writable_later),
	SCRIPT(outbox__small__all_goes_in_turns),
	SCRIPT(L02__outbox__no_room__nothing_advances),
	SCRIPT(L02__outbox__no_room_for_fin__goes_later),
	SCRIPT(L02__outbox__no_room_for_reset__goes_later),
	SCRIPT(MUST_48__dscp__of_the_options),
	SCRIPT(MUST_49__ttl__of_the_options),
	SCRIPT(MUST_49__ttl__64_by_default),
	SCRIPT(MUST_2__bulk__every_octet),
	{NULL, NULL},
};
