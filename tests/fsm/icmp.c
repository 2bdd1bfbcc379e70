/* What ICMP says of a connection: RFC 9293 §3.9.2.2, RFC 5461, RFC 5927, RFC 1191 and 8201; rows D02 to D04. */
#include "scripts.h"

static const enum icmp_error soft[] = {NET_UNREACHABLE, HOST_UNREACHABLE, TIME_EXCEEDED, PARAMETER_PROBLEM};
static const enum icmp_error hard[] = {PROTO_UNREACHABLE, PORT_UNREACHABLE, PROHIBITED};

/* In flight: 1 to 101. */
static void
with_flight(struct peer *p)
{
	in_established(p);
	call_send(p, 100);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 100);
}

static void
MUST_56__soft_error__reported_and_survived(struct peer *p)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i == 0)
			with_flight(p);
		arrive_icmp(p, soft[i], 1, 0);
		expect_nothing(p);
		expect_reports(p, FNS_SOFT_ERROR); /* MUST-47, SHLD-25 */
		expect_equal(p, peer_status(p).error, EHOSTUNREACH);
		expect_in(p, "ESTABLISHED");
	}
	arrive(p, ACK, .seq = 1, .ack = 101);
	expect_silence(p, 600000);
	expect_in(p, "ESTABLISHED");
}

/* An error that has healed does not say how it ended. */
static void
MUST_12__soft_error_healed__ends_clean(struct peer *p)
{
	with_flight(p);
	arrive_icmp(p, HOST_UNREACHABLE, 1, 0);
	expect_reports(p, FNS_SOFT_ERROR);
	arrive(p, ACK, .seq = 1, .ack = 101);
	arrive(p, FIN | ACK, .seq = 1, .ack = 101);
	call_close(p);
	expect(p, FIN | ACK, .seq = 101, .ack = 2);
	arrive(p, ACK, .seq = 2, .ack = 102);
	expect_closed(p, 0);
}

/* RFC 5461: a connection that works is not ended by what anybody can send. */
static void
D02__hard_error__synchronized__soft(struct peer *p)
{
	for (unsigned i = 0; i < 3; i++) {
		if (i == 0)
			with_flight(p);
		arrive_icmp(p, hard[i], 1, 0);
		expect_nothing(p);
		expect_reports(p, FNS_SOFT_ERROR);
		expect_equal(p, peer_status(p).error, ECONNREFUSED);
		expect_in(p, "ESTABLISHED");
	}
}

static void
SHLD_26__hard_error__syn_sent__refused(struct peer *p)
{
	in_syn_sent(p);
	arrive_icmp(p, PORT_UNREACHABLE, 0, 0);
	expect_nothing(p);
	expect_in(p, "CLOSED");
	expect_closed(p, ECONNREFUSED);
}

static void
MUST_56__soft_error__syn_sent__goes_on(struct peer *p)
{
	in_syn_sent(p);
	for (unsigned i = 0; i < 4; i++)
		arrive_icmp(p, soft[i], 0, 0);
	expect_in(p, "SYN-SENT");
	expect_at(p, 1000, SYN, .seq = 0);
}

/* RFC 5927: the quoted number must be one that is in flight. */
static void
D02__not_in_flight__ignored(struct peer *p)
{
	static const uint32_t at[] = {0, 101, 102, 0x7fffffff, 0x80000000, 0xffffffff};

	with_flight(p);
	for (unsigned i = 0; i < 6; i++) {
		arrive_icmp(p, PORT_UNREACHABLE, at[i], 0);
		expect_fate(p, DROP_ICMP_NOT_IN_FLIGHT);
		arrive_icmp(p, TOO_BIG, at[i], 1280);
		expect_fate(p, DROP_ICMP_NOT_IN_FLIGHT);
	}
	expect_reports(p, 0);
	expect_nothing(p);
	expect_equal(p, peer_status(p).mss, peer_mss(p));
}

/* MUST-54: for the right connection. */
static void
MUST_54__other_port__ignored(struct peer *p)
{
	with_flight(p);
	p->rport++;
	arrive_icmp(p, PORT_UNREACHABLE, 1, 0);
	p->rport--;
	expect_fate(p, DROP_ICMP_NO_CONN);
	expect_reports(p, 0);
}

static void
MUST_55__source_quench__ignored(struct peer *p)
{
	uint32_t cwnd;

	with_flight(p);
	cwnd = peer_status(p).cwnd;
	arrive_icmp(p, SOURCE_QUENCH, 1, 0);
	expect_nothing(p);
	expect_equal(p, peer_status(p).cwnd, cwnd);
	if (!p->v6) {
		expect_fate(p, DROP_ICMP_TYPE);
		expect_reports(p, 0);
	}
}

/* The same octets again, in segments that fit (H16). */
static void
H16__too_big__smaller_segments(struct peer *p)
{
	uint32_t full, least = 1280 - (p->v6 ? 60 : 40), at = 1;
	const struct sent *s;

	in_established(p);
	full = peer_full(p);
	call_send(p, 4 * full);
	peer_forget(p);
	arrive_icmp(p, TOO_BIG, 1, 1280);
	expect_equal(p, peer_status(p).mss, least);
	later(p, 5000);
	while ((s = peer_next(p))) {
		expect_true(p, s->seg.text_len <= least);
		if (s->seg.seq - p->iss == at)
			at += s->seg.text_len;
	}
	for (unsigned n = 0; n < 20 && at < 1 + 4 * full; n++) {
		arrive(p, ACK, .seq = 1, .ack = at);
		later(p, 1000);
		while ((s = peer_next(p)))
			if (s->seg.seq - p->iss == at)
				at += s->seg.text_len;
	}
	expect_equal(p, at, 1 + 4 * full);
	arrive(p, ACK, .seq = 1, .ack = at);
	expect_equal(p, fns_unacked(p->conn), 0);
}

static void
too_big__one_octet_less__taken(struct peer *p)
{
	with_flight(p);
	arrive_icmp(p, TOO_BIG, 1, 1499);
	expect_fate(p, DROP_TAKEN);
	peer_forget(p);
	expect_equal(p, peer_status(p).mss, peer_mss(p) - 1);
}

/* D03, C08: not larger than what we have, and not below what the protocol lets every link carry. */
static void
D03__too_big__absurd_mtu__ignored(struct peer *p)
{
	static const uint32_t mtu[] = {1, 67, 68, 551, 575, 1500, 1501, 65535, 0xffffffff};

	with_flight(p);
	for (unsigned i = 0; i < 9; i++) {
		arrive_icmp(p, TOO_BIG, 1, mtu[i]);
		expect_fate(p, DROP_ICMP_MTU);
		expect_nothing(p);
	}
	expect_equal(p, peer_status(p).mss, peer_mss(p));
}

static void
C08__too_big__below_1280__ignored_on_v6(struct peer *p)
{
	with_flight(p);
	arrive_icmp(p, TOO_BIG, 1, 1279);
	peer_forget(p);
	expect_equal(p, peer_status(p).mss, p->v6 ? 1440 : 1239);
	expect_in(p, "ESTABLISHED");
}

/* RFC 1191 §5: a router that does not say how much it can carry. */
static void
D03__too_big__no_mtu__least(struct peer *p)
{
	with_flight(p);
	arrive_icmp(p, TOO_BIG, 1, 0);
	peer_forget(p);
	expect_equal(p, peer_status(p).mss, p->v6 ? 1440 : 536);
}

/* Nobody answers for the peer's address: a soft error, and the end by R2 alone. */
static void
D12__neighbour_silent__syn_sent__unreachable(struct peer *p)
{
	p->deaf = true;
	call_open(p);
	expect_nothing(p);
	expect_in(p, "SYN-SENT");
	later(p, 10000);
	expect_nothing(p);
	expect_closed(p, EHOSTUNREACH);
}

/* It answered once, and does not any more: a soft error, then the end by R2. */
static void
D12__neighbour_gone__established__timed_out(struct peer *p)
{
	in_established(p);
	p->deaf = true;
	later(p, 3600000); /* the entry is old now */
	p->reports = 0;
	call_send(p, 10);
	peer_forget(p);
	later(p, 60000);
	peer_forget(p);
	expect_reports(p, FNS_SOFT_ERROR);
	expect_in(p, "ESTABLISHED");
	later(p, 3600000);
	peer_forget(p);
	expect_closed(p, ETIMEDOUT);
}

static void
D12__neighbour_gone_for_a_minute__heals(struct peer *p)
{
	in_established(p);
	p->deaf = true;
	later(p, 3600000);
	call_send(p, 10);
	later(p, 60000);
	peer_forget(p);
	p->deaf = false;
	expect_within(p, 61000, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	arrive(p, ACK, .seq = 1, .ack = 11);
	expect_in(p, "ESTABLISHED");
}

/* The first segment waits for the answer, and is not lost. */
/* Nobody waits for an answer that nobody needs. */
static void
D12__neighbour_silent__closed__freed_at_once(struct peer *p)
{
	p->deaf = true;
	call_open(p);
	later(p, 100);
	call_close(p);
	later(p, 5);
	expect_equal(p, peer_stat(p, "dead"), 0);
	expect_equal(p, peer_stat(p, "conns"), 0);
}

static void
D12__neighbour_answers_late__syn_goes(struct peer *p)
{
	p->deaf = true;
	call_open(p);
	expect_nothing(p);
	later(p, 500);
	expect_nothing(p);
	p->deaf = false;
	later(p, 1400);
	expect_true(p, peer_pending(p) >= 1);
	expect(p, SYN, .seq = 0);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
}

const struct script icmp_scripts[] = {
	SCRIPT(MUST_56__soft_error__reported_and_survived),
	SCRIPT(MUST_12__soft_error_healed__ends_clean),
	SCRIPT(D02__hard_error__synchronized__soft),
	SCRIPT(SHLD_26__hard_error__syn_sent__refused),
	SCRIPT(MUST_56__soft_error__syn_sent__goes_on),
	SCRIPT(D02__not_in_flight__ignored),
	SCRIPT(MUST_54__other_port__ignored),
	SCRIPT(MUST_55__source_quench__ignored),
	SCRIPT(H16__too_big__smaller_segments),
	SCRIPT(D03__too_big__absurd_mtu__ignored),
	SCRIPT(C08__too_big__below_1280__ignored_on_v6),
	SCRIPT(D03__too_big__no_mtu__least),
	SCRIPT(D12__neighbour_silent__syn_sent__unreachable),
	SCRIPT(D12__neighbour_gone__established__timed_out),
	SCRIPT(D12__neighbour_gone_for_a_minute__heals),
	SCRIPT(too_big__one_octet_less__taken),
	SCRIPT(D12__neighbour_silent__closed__freed_at_once),
	SCRIPT(D12__neighbour_answers_late__syn_goes),
	{NULL, NULL},
};
