/* Profile bsd where it is not linux: state by state what FreeBSD answers, and what its sysctls change. */
#include "scripts.h"

static void
bsd(struct peer *p)
{
	p->config.profile = FNS_BSD;
}

static void
T_09__bsd__crossing_fin__ours_again(struct peer *p)
{
	bsd(p);
	in_fin_wait_1(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	expect_in(p, "CLOSING");
	arrive(p, SYN, .seq = 2); /* the challenge is bare */
	expect(p, ACK, .seq = 2, .ack = 2);
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
}

/* The peer's FIN comes again, and acknowledges ours. */
static void
fin_again(struct peer *p, uint8_t profile, const char *after)
{
	p->config.profile = profile;
	in_fin_wait_1(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	peer_forget(p);
	expect_in(p, "CLOSING");
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, after);
}

static void
T_09__linux__closing__fin_again__acks(struct peer *p)
{
	fin_again(p, FNS_LINUX, "TIME-WAIT");
}

static void
T_09__bsd__closing__fin_again__acks(struct peer *p)
{
	fin_again(p, FNS_BSD, "TIME-WAIT");
}

static void
T_09__rfc9293__closing__fin_again__old(struct peer *p)
{
	fin_again(p, FNS_RFC9293, "CLOSING");
}

static void
T_11__linux__last_ack__fin_again__acks(struct peer *p)
{
	in_last_ack(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect_nothing(p);
	expect_closed(p, 0);
}

/* A FIN that the window still holds back is not sent for it. */
static void
T_09__bsd__crossing_fin__ours_unsent(struct peer *p)
{
	bsd(p);
	p->wnd = 0;
	in_established(p);
	call_send(p, 10);
	call_shutdown(p, FNS_SHUT_WR);
	expect_nothing(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 2);
	expect_in(p, "CLOSING");
}

static void
late_reset(struct peer *p, uint8_t profile, void (*reach)(struct peer *), int error)
{
	p->config.profile = profile;
	reach(p);
	arrive(p, RST, .seq = 2);
	expect_nothing(p);
	expect_closed(p, error);
}

static void
RFC_9293_3_10_7_4__late_reset__bsd__closing__tells(struct peer *p)
{
	bsd(p);
	in_fin_wait_1(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	arrive(p, RST, .seq = 2);
	expect_nothing(p);
	expect_closed(p, ECONNRESET);
}

static void
RFC_9293_3_10_7_4__late_reset__bsd__last_ack__tells(struct peer *p)
{
	late_reset(p, FNS_BSD, in_last_ack, ECONNRESET);
}

static void
RFC_9293_3_10_7_4__late_reset__linux__closing__tells(struct peer *p)
{
	late_reset(p, FNS_LINUX, in_closing, ECONNRESET);
}

static void
RFC_9293_3_10_7_4__late_reset__rfc9293__closing__silent(struct peer *p)
{
	late_reset(p, FNS_RFC9293, in_closing, 0);
}

static void
T_61__bsd__close_wait__reset__tells(struct peer *p)
{
	late_reset(p, FNS_BSD, in_close_wait, ECONNRESET);
}

static void
bsd__listen__syn_ack__silent(struct peer *p)
{
	bsd(p);
	in_listen(p);
	arrive(p, SYN | ACK, .seq = 0, .ack = 17);
	expect_nothing(p);
	expect_fate(p, DROP_LISTEN_ACK);
	arrive(p, ACK, .seq = 0, .ack = 17); /* any other is reset (MUST-8) */
	expect(p, RST, .seq = 17);
}

static void
bsd__listen__syn_fin__opens(struct peer *p)
{
	bsd(p);
	in_listen(p);
	arrive(p, SYN | FIN, .len = 3);
	expect(p, SYN | ACK, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
}

/* Wherever it comes. */
static void
drop_syn_fin__everywhere__silent(struct peer *p)
{
	p->config.drop_syn_fin = true;
	bsd(p);
	in_listen(p);
	arrive(p, SYN | FIN);
	expect_nothing(p);
	expect_fate(p, DROP_SYN_FIN);
	p->lport++; /* nobody listens there */
	arrive(p, SYN | FIN);
	expect_nothing(p);
	expect_fate(p, DROP_SYN_FIN);
	p->lport--;
}

static void
drop_syn_fin__syn_sent__silent(struct peer *p)
{
	p->config.drop_syn_fin = true;
	in_syn_sent(p);
	arrive(p, SYN | FIN);
	expect_nothing(p);
	expect_in(p, "SYN-SENT");
}

/* What has no ACK is met with silence, a FIN and an old SYN too. */
static void
T_53__bsd__time_wait__no_ack__silent(struct peer *p)
{
	static const unsigned flags[] = {0, FIN, SYN, SYN | FIN, PSH};

	bsd(p);
	in_time_wait(p);
	for (unsigned i = 0; i < 5; i++) {
		for (uint32_t seq = 1; seq <= 2; seq++) {
			arrive(p, flags[i], .seq = seq);
			expect_nothing(p);
			expect_fate(p, DROP_TIME_WAIT_OLD);
		}
	}
	arrive(p, SYN | ACK, .seq = 2, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	arrive(p, FIN | ACK, .seq = 3, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_nothing(p);
	expect_in(p, "TIME-WAIT");
}

static void
reopen(struct peer *p, unsigned flags)
{
	bsd(p);
	in_time_wait(p);
	renumber(p, 65537);
	arrive(p, flags, .seq = 0);
	expect(p, SYN | ACK, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
}

static void
T_52__bsd__time_wait__syn_above__opens(struct peer *p)
{
	reopen(p, SYN);
}

static void
T_52__bsd__time_wait__syn_fin_above__opens(struct peer *p)
{
	reopen(p, SYN | FIN);
}

/* The embryo's window is what its SYN-ACK offered; that of a simultaneous open is the whole buffer. */
static void
T_59__bsd__syn_received__reset_at_the_right_edge__challenged(struct peer *p)
{
	bsd(p);
	p->config.rcv_wnd_initial = 65536;
	in_syn_received(p);
	arrive(p, RST, .seq = 65536);
	expect_nothing(p);
	expect_fate(p, DROP_RST_OUTSIDE);
	arrive(p, RST, .seq = 65535);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, RST | ACK, .seq = 65535, .ack = 7);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

static void
T_59__bsd__syn_received_active__reset_at_the_right_edge__challenged(struct peer *p)
{
	uint32_t whole = p->v6 ? 46 * 1440 : 45 * 1460;

	bsd(p);
	p->config.rcv_wnd_initial = 65536;
	p->offer.ws = NONE;
	in_syn_received_active(p);
	arrive(p, RST, .seq = whole + 1);
	expect_nothing(p);
	arrive(p, RST, .seq = whole);
	expect(p, ACK, .seq = 1, .ack = 1);
	arrive(p, RST, .seq = 1);
	expect_closed(p, ECONNREFUSED);
}

static void
strict_reset__off__right_edge__resets(struct peer *p)
{
	p->config.strict_reset = false;
	bsd(p);
	in_established(p);
	arrive(p, RST, .seq = peer_status(p).rcv_wnd + 1);
	expect_fate(p, DROP_RST_OUTSIDE);
	arrive(p, RST, .seq = peer_status(p).rcv_wnd);
	expect_closed(p, ECONNRESET);
}

/* §3.10.7.3, fourth: queued for ESTABLISHED, and acknowledged there. */
static void
T_49__bsd__syn_with_text__kept(struct peer *p)
{
	bsd(p);
	in_syn_sent(p);
	arrive(p, SYN, .seq = 0, .len = 3);
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
	expect_equal(p, fns_readable(p->conn), 0);
	arrive(p, ACK, .seq = 4, .ack = 1);
	expect_in(p, "ESTABLISHED");
	expect_stream(p, 3);
	expect_within(p, 41, ACK, .seq = 1, .ack = 4);
}

/* More of it comes, and that again; the FIN with the SYN was not taken. */
static void
T_49__rfc9293__syn_with_text__then_more(struct peer *p)
{
	p->config.profile = FNS_RFC9293;
	in_syn_sent(p);
	arrive(p, SYN | FIN, .seq = 0, .len = 3);
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
	expect(p, ACK, .seq = 1, .ack = 6);
	expect_stream(p, 5);
	expect_in(p, "ESTABLISHED");
}

static void
T_49__syn_with_text__reset__nothing_left(struct peer *p)
{
	bsd(p);
	in_syn_sent(p);
	arrive(p, SYN, .seq = 0, .len = 1000);
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	arrive(p, RST, .seq = 1);
	expect_closed(p, ECONNREFUSED);
}

static void
SHLD_26__bsd__time_exceeded__syn_sent__unreachable(struct peer *p)
{
	bsd(p);
	in_syn_sent(p);
	arrive_icmp(p, TIME_EXCEEDED, 1, 0);
	expect_fate(p, DROP_ICMP_NOT_IN_FLIGHT);
	arrive_icmp(p, TIME_EXCEEDED, 0, 0);
	expect_nothing(p);
	expect_closed(p, EHOSTUNREACH);
}

static void
icmp_may_reset__off__syn_sent__goes_on(struct peer *p)
{
	static const enum icmp_error all[] = {NET_UNREACHABLE, PROTO_UNREACHABLE, PORT_UNREACHABLE,
	                                      PROHIBITED,      TIME_EXCEEDED,     PARAMETER_PROBLEM};

	bsd(p);
	p->config.icmp_may_reset = false;
	in_syn_sent(p);
	for (unsigned i = 0; i < 6; i++)
		arrive_icmp(p, all[i], 0, 0);
	expect_in(p, "SYN-SENT");
	expect_within(p, 1002, SYN, .seq = 0);
}

/* A SYN fits everywhere: it waits for its time. */
static void
D03__too_big__syn_sent__not_sent_again(struct peer *p)
{
	in_syn_sent(p);
	arrive_icmp(p, TOO_BIG, 0, 1300);
	expect_silence(p, 998);
	expect_within(p, 4, SYN, .seq = 0);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
}

static void
open_ms__silence__timed_out(struct peer *p)
{
	p->config.open_ms = 5000;
	call_open(p);
	expect(p, SYN, .seq = 0);
	expect_within(p, 1002, SYN, .seq = 0);
	expect_within(p, 2002, SYN, .seq = 0);
	expect_silence(p, 1990);
	expect_open(p);
	later(p, 20);
	expect_nothing(p);
	expect_closed(p, ETIMEDOUT);
}

/* Options set meanwhile do not lift it. */
static void
open_ms__options_set__timed_out(struct peer *p)
{
	p->options.open_ms = 5000;
	call_open(p);
	later(p, 1000);
	p->options.no_delay = FNS_ON;
	call_set_options(p);
	later(p, 3990);
	expect_open(p);
	later(p, 20);
	peer_forget(p);
	expect_closed(p, ETIMEDOUT);
}

/* It is over with ESTABLISHED, and keep-alive's time is another. */
static void
open_ms__established__forgotten(struct peer *p)
{
	p->options.open_ms = 5000;
	in_established_active(p);
	expect_silence(p, 20000);
	expect_in(p, "ESTABLISHED");
}

static void
unknown__drop_syn__other_segments_reset(struct peer *p)
{
	p->config.unknown = FNS_UNKNOWN_DROP_SYN;
	in_closed(p);
	arrive(p, SYN);
	expect_nothing(p);
	expect_fate(p, DROP_CLOSED_IGNORED);
	arrive(p, ACK, .seq = 5, .ack = 7);
	expect(p, RST, .seq = 7);
}

static void
unknown__drop__silent(struct peer *p)
{
	p->config.unknown = FNS_UNKNOWN_DROP;
	in_closed(p);
	arrive(p, SYN);
	expect_nothing(p);
	arrive(p, ACK, .seq = 5, .ack = 7);
	expect_nothing(p);
	expect_fate(p, DROP_CLOSED_IGNORED);
}

/* Every second segment, from the first on. */
static void
RFC_5681_4_2__bsd__first_segment__delayed(struct peer *p)
{
	bsd(p);
	in_established(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_nothing(p);
	expect_within(p, 41, ACK, .seq = 1, .ack = 11);
}

/* All room is told, but for what a window field cannot say. */
static void
SHLD_14__bsd__text__window_creeps(struct peer *p)
{
	uint32_t whole = p->v6 ? 46 * 1440 : 45 * 1460;

	bsd(p);
	p->config.rcv_wnd_initial = 65536;
	p->offer.sack = true;
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 99);
	expect_nothing(p);
	arrive(p, ACK, .seq = 200, .ack = 1, .len = 100);
	expect(p, ACK, .seq = 1, .ack = 100, .wnd = 65535, .sack = {{200, 300}});
	arrive(p, ACK, .seq = 100, .ack = 1, .len = 700);
	expect(p, ACK, .seq = 1, .ack = 800, .wnd = whole - 799, .sack = {{200, 300}});
	call_receive(p, 799);
	expect_nothing(p); /* not worth a segment */
	arrive(p, FIN | ACK, .seq = 800, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 801, .wnd = 65535);
}

static void
RFC_5681_4_2__bsd__second_segment__at_once(struct peer *p)
{
	bsd(p);
	in_established(p);
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 1);
	expect_nothing(p);
	arrive(p, ACK, .seq = 2, .ack = 1, .len = 2);
	expect(p, ACK, .seq = 1, .ack = 4);
	arrive(p, ACK, .seq = 4, .ack = 1, .len = 1);
	expect_nothing(p);
	expect_within(p, 41, ACK, .seq = 1, .ack = 5);
}

/* 65,700 octets in units of 64 are 1,027, not 1,026. */
static void
SHLD_14__bsd__scaled_window__rounded_up(struct peer *p)
{
	uint32_t whole = p->v6 ? 46 * 1440 : 45 * 1460;

	bsd(p);
	p->config.rcv_wnd_initial = 65536;
	p->config.rcv_wnd_max = 2 << 20;
	p->offer.ws = 6;
	in_established_active(p);
	arrive(p, SYN, .seq = 1);
	expect(p, ACK, .seq = 1, .ack = 1, .wnd = (whole + 63) / 64);
}

const struct script bsd_scripts[] = {
	SCRIPT(T_09__bsd__crossing_fin__ours_again),
	SCRIPT(T_09__bsd__crossing_fin__ours_unsent),
	SCRIPT(T_09__linux__closing__fin_again__acks),
	SCRIPT(T_09__bsd__closing__fin_again__acks),
	SCRIPT(T_09__rfc9293__closing__fin_again__old),
	SCRIPT(T_11__linux__last_ack__fin_again__acks),
	SCRIPT(RFC_9293_3_10_7_4__late_reset__bsd__closing__tells),
	SCRIPT(RFC_9293_3_10_7_4__late_reset__bsd__last_ack__tells),
	SCRIPT(RFC_9293_3_10_7_4__late_reset__linux__closing__tells),
	SCRIPT(RFC_9293_3_10_7_4__late_reset__rfc9293__closing__silent),
	SCRIPT(T_61__bsd__close_wait__reset__tells),
	SCRIPT(bsd__listen__syn_ack__silent),
	SCRIPT(bsd__listen__syn_fin__opens),
	SCRIPT(drop_syn_fin__everywhere__silent),
	SCRIPT(drop_syn_fin__syn_sent__silent),
	SCRIPT(T_53__bsd__time_wait__no_ack__silent),
	SCRIPT(T_52__bsd__time_wait__syn_above__opens),
	SCRIPT(T_52__bsd__time_wait__syn_fin_above__opens),
	SCRIPT(T_59__bsd__syn_received__reset_at_the_right_edge__challenged),
	SCRIPT(T_59__bsd__syn_received_active__reset_at_the_right_edge__challenged),
	SCRIPT(strict_reset__off__right_edge__resets),
	SCRIPT(T_49__bsd__syn_with_text__kept),
	SCRIPT(T_49__rfc9293__syn_with_text__then_more),
	SCRIPT(T_49__syn_with_text__reset__nothing_left),
	SCRIPT(SHLD_26__bsd__time_exceeded__syn_sent__unreachable),
	SCRIPT(icmp_may_reset__off__syn_sent__goes_on),
	SCRIPT(D03__too_big__syn_sent__not_sent_again),
	SCRIPT(open_ms__silence__timed_out),
	SCRIPT(open_ms__options_set__timed_out),
	SCRIPT(open_ms__established__forgotten),
	SCRIPT(unknown__drop_syn__other_segments_reset),
	SCRIPT(unknown__drop__silent),
	SCRIPT(RFC_5681_4_2__bsd__first_segment__delayed),
	SCRIPT(SHLD_14__bsd__text__window_creeps),
	SCRIPT(RFC_5681_4_2__bsd__second_segment__at_once),
	SCRIPT(SHLD_14__bsd__scaled_window__rounded_up),
	{NULL, NULL},
};
