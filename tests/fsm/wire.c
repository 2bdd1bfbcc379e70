/* What the segments bear: ECN (RFC 3168), and what the profile bsd sends and takes otherwise than linux: windows,
 * timeouts, resets and SYNs without RFC 5961, SYNs that give their options up. */
#include "scripts.h"

#define CE    3 /* codepoints of the IP header */
#define ECT_0 2

static void
with_ecn(struct peer *p)
{
	in_listen(p);
	arrive(p, SYN | ECE | CWR);
	expect(p, SYN | ACK | ECE, .ack = 1, .tos = 0); /* no codepoint on what is not text */
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

/* RFC 3168 §6.1.3: from the mark until CWR every ACK says so; pure ACKs bear no codepoint (§6.1.4). */
static void
SHLD_8__mark__echoed_until_cwr(struct peer *p)
{
	with_ecn(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 100, .tos = ECT_0);
	expect(p, ACK, .seq = 1, .ack = 101, .tos = 0);
	arrive(p, ACK, .seq = 101, .ack = 1, .len = 100, .tos = CE);
	expect(p, ACK | ECE, .seq = 1, .ack = 201, .tos = 0);
	arrive(p, ACK, .seq = 201, .ack = 1, .len = 100, .tos = ECT_0);
	expect(p, ACK | ECE, .seq = 1, .ack = 301);
	arrive(p, ACK | CWR, .seq = 301, .ack = 1, .len = 100, .tos = ECT_0);
	expect(p, ACK, .seq = 1, .ack = 401);
	arrive(p, ACK | CWR, .seq = 401, .ack = 1, .len = 100, .tos = CE); /* marked itself */
	expect(p, ACK | ECE, .seq = 1, .ack = 501);
	expect_equal(p, peer_stat(p, "ecn_marks"), 2);
	expect_stream(p, 500);
}

/* §6.1.2: once a window, and the next new text says so; §6.1.5: what is sent again bears no codepoint. */
static void
SHLD_8__echo__window_halved_once(struct peer *p)
{
	uint32_t full, at;

	with_ecn(p);
	full = peer_full(p);
	call_send(p, 40 * full);
	for (unsigned i = 0; i < 10; i++) {
		expect_more(p, ACK, .seq = 1 + i * full, .ack = 1, .len = full, .tos = ECT_0);
	}
	arrive(p, ACK | ECE, .seq = 1, .ack = 1 + full);
	expect_nothing(p);
	expect_equal(p, peer_status(p).ssthresh, 5 * full);
	for (unsigned i = 2; i < 5; i++) {
		arrive(p, ACK | ECE, .seq = 1, .ack = 1 + i * full);
		expect_nothing(p);
	}
	expect_equal(p, peer_stat(p, "ecn_reductions"), 1);
	arrive(p, ACK | ECE, .seq = 1, .ack = 1 + 6 * full);
	at = 1 + 10 * full;
	expect(p, ACK | CWR, .seq = at, .ack = 1, .len = full, .tos = ECT_0);
	arrive(p, ACK, .seq = 1, .ack = 1 + 7 * full);
	expect(p, ACK, .seq = at + full, .ack = 1, .len = full, .tos = ECT_0);
	expect_equal(p, peer_stat(p, "ecn_reductions"), 1);
	expect_at(p, peer_rto(p), ACK, .seq = 1 + 7 * full, .ack = 1, .len = full, .tos = 0);
}

static void
ecn__peer_does_not_ask__not_used(struct peer *p)
{
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 100, .tos = CE);
	expect(p, ACK, .seq = 1, .ack = 101);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 101, .len = 100, .tos = 0);
}

/* An active open asks where it is told to, and tries without before it gives up (§6.1.1.1). */
static void
ecn__on__asks_then_goes_without(struct peer *p)
{
	p->config.ecn = FNS_ECN_ON;
	call_open(p);
	expect(p, SYN | ECE | CWR, .tos = 0);
	expect_within(p, 1010, SYN | ECE | CWR);
	expect_within(p, 2010, SYN);
	arrive(p, SYN | ACK, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100, .tos = 0);
}

static void
ecn__on__agreed(struct peer *p)
{
	p->config.ecn = FNS_ECN_ON;
	call_open(p);
	expect(p, SYN | ECE | CWR);
	arrive(p, SYN | ACK | ECE, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1, .tos = 0);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100, .tos = ECT_0);
}

/* A peer that mirrors what it gets has not understood: ECE and CWR in a SYN-ACK are no ECN-setup (§6.1.1). */
static void
ecn__mirrored_by_the_peer__not_used(struct peer *p)
{
	p->config.ecn = FNS_ECN_ON;
	call_open(p);
	expect(p, SYN | ECE | CWR);
	arrive(p, SYN | ACK | ECE | CWR, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100, .tos = 0);
}

static void
bsd(struct peer *p)
{
	p->config.profile = FNS_BSD;
	p->config.rcv_wnd_initial = 65536;
	p->config.rcv_wnd_max = 2097152;
	in_established_active(p);
}

/* As large as a whole number of segments: what fits there is taken, also beyond what 16 bits could offer. */
static void
bsd__window__whole_segments(struct peer *p)
{
	uint32_t buffer;

	p->config.strict_reset = false;
	bsd(p);
	buffer = (65536 + peer_mss(p) - 1) / peer_mss(p) * peer_mss(p);
	expect_equal(p, peer_status(p).rcv_wnd, buffer);
	arrive(p, RST, .seq = 1 + buffer);
	expect_fate(p, DROP_RST_OUTSIDE);
	arrive(p, RST, .seq = buffer);
	expect_closed(p, ECONNRESET);
}

/* RFC 793: a SYN in the window resets, one outside is told where we are. */
static void
strict_syn__off__resets(struct peer *p)
{
	p->config.strict_syn = false;
	in_established(p);
	arrive(p, SYN, .seq = 0);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, SYN, .seq = 2);
	expect(p, RST | ACK, .seq = 1, .ack = 1, .wnd = 0);
	expect_closed(p, ECONNRESET);
}

/* Timeouts of a SYN: 1 s, then twice that and 200 ms. */
static void
bsd__rto__slop(struct peer *p)
{
	p->config.profile = FNS_BSD;
	p->config.syn_options_retries = 2;
	call_open(p);
	expect(p, SYN, .ws = 9, .sack_ok = true);
	expect_within(p, 1002, SYN, .ws = 9);
	expect_silence(p, 2198);
	expect_within(p, 4, SYN, .ws = 9);
	expect_silence(p, 4198);
	expect_within(p, 4, SYN, .ws = NONE, .sack_ok = NONE, .ts_val = NONE, .mss = peer_mss(p));
	arrive(p, SYN | ACK, .ack = 1, .sack_ok = true, .ws = 7);
	expect(p, ACK, .seq = 1, .ack = 1, .wnd = 65535); /* what was not offered is not agreed on */
}

/* What an ACK from the future says is not believed, nor the timestamp that came with it. */
static void
PAWS__timestamp_with_a_false_ack__not_taken(struct peer *p)
{
	p->offer.ts = true;
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 9999, .ts_val = (uint32_t)(p->isn + 2000000));
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 1000);
	expect(p, ACK, .seq = 1, .ack = 1001);
}

const struct script wire_scripts[] = {
	SCRIPT(SHLD_8__mark__echoed_until_cwr),
	SCRIPT(SHLD_8__echo__window_halved_once),
	SCRIPT(ecn__peer_does_not_ask__not_used),
	SCRIPT(ecn__on__asks_then_goes_without),
	SCRIPT(ecn__on__agreed),
	SCRIPT(ecn__mirrored_by_the_peer__not_used),
	SCRIPT(bsd__window__whole_segments),
	SCRIPT(strict_syn__off__resets),
	SCRIPT(bsd__rto__slop),
	SCRIPT(PAWS__timestamp_with_a_false_ack__not_taken),
	{NULL, NULL},
};
