/* Linger with a time (T-18, T-19), a full backlog (T-23), the end of a listener (T-37), and a four-tuple that comes out
 * of TIME-WAIT by an active open (T-54, RFC 6191). */
#include "scripts.h"

static void
closed_with_linger(struct peer *p, uint32_t ms)
{
	p->options.linger = FNS_ON;
	p->options.linger_ms = ms;
	in_established(p);
	p->reports = 0;
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
}

static void
T_18__linger_2_s__silence__said_and_no_reset(struct peer *p)
{
	closed_with_linger(p, 2000);
	later(p, 1990);
	expect_equal(p, p->reports, 0);
	later(p, 20);
	expect_reports(p, FNS_LINGERED);
	expect_in(p, "FIN-WAIT-1");
	later(p, 100000);
	expect_equal(p, p->reports & FNS_LINGERED, 0); /* once */
	expect_equal(p, peer_stat(p, "resets_sent"), 0);
	peer_forget(p);
}

static void
T_19__linger_2_s__acked_after_1__said_then(struct peer *p)
{
	closed_with_linger(p, 2000);
	later(p, 900);
	peer_forget(p);
	expect_equal(p, p->reports, 0);
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect_reports(p, FNS_LINGERED);
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 59900); /* the time of FIN-WAIT-2, not what was left of linger */
	expect_in(p, "FIN-WAIT-2");
	expect_silence(p, 200);
	expect_in(p, "LISTEN");
	expect_reports(p, FNS_CLOSED);
}

static void
T_19__linger__reset_by_peer__said_with_the_end(struct peer *p)
{
	closed_with_linger(p, 2000);
	arrive(p, RST | ACK, .seq = 1, .ack = 1);
	expect_reports(p, FNS_LINGERED | FNS_CLOSED);
	expect_silence(p, 3000);
	expect_reports(p, 0);
}

static void
T_19__linger__half_closed_before__said_at_once(struct peer *p)
{
	p->options.linger = FNS_ON;
	p->options.linger_ms = 2000;
	in_fin_wait_2(p);
	p->reports = 0;
	call_close(p);
	later(p, 1);
	expect_reports(p, FNS_LINGERED);
	expect_in(p, "FIN-WAIT-2");
}

static void
T_23__backlog_full__reset_by_policy(struct peer *p)
{
	p->config.syn_backlog = 1;
	p->config.backlog_reset = true;
	in_syn_received(p);
	arrive(p, SYN, .port = 40001);
	expect(p, RST | ACK, .zero_seq = true, .ack = 1, .port = 40001);
	expect_fate(p, DROP_LISTEN_BACKLOG);
	expect_equal(p, peer_stat(p, "backlog_overflows"), 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

static void
T_37__listener_ends__children_reset(struct peer *p)
{
	in_syn_received(p);
	fns_unlisten(p->listener);
	p->listener = NULL;
	turn(p);
	expect(p, RST | ACK, .seq = 1, .ack = 1);
	arrive(p, SYN, .seq = 100);
	expect(p, RST | ACK, .zero_seq = true, .ack = 101);
}

static void
T_54__open_over_time_wait__timestamps_and_a_second__reused(struct peer *p)
{
	uint32_t old;

	p->offer.ts = true;
	in_time_wait(p);
	old = p->iss;
	later(p, 1100);
	renumber(p, 1000000);
	call_open(p);
	expect(p, SYN, .seq = 0);
	expect_true(p, (int32_t)(p->iss - (old + 2)) >= 65535); /* above all that the old one sent */
	expect_equal(p, peer_stat(p, "time_waits"), 0);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

static void
T_54__open_over_time_wait__too_young__refused(struct peer *p)
{
	struct fns_addr local = {.port = p->lport}, remote = {.port = p->rport};

	p->offer.ts = true;
	in_time_wait(p);
	later(p, 900);
	peer_addresses(p, local.ip, remote.ip);
	expect_true(p, fns_open(p->shard, &local, &remote, NULL, NULL, NULL) == NULL && errno == EADDRINUSE);
	expect_in(p, "TIME-WAIT");
}

const struct script linger_scripts[] = {
	SCRIPT(T_18__linger_2_s__silence__said_and_no_reset),
	SCRIPT(T_19__linger_2_s__acked_after_1__said_then),
	SCRIPT(T_19__linger__reset_by_peer__said_with_the_end),
	SCRIPT(T_19__linger__half_closed_before__said_at_once),
	SCRIPT(T_23__backlog_full__reset_by_policy),
	SCRIPT(T_37__listener_ends__children_reset),
	SCRIPT(T_54__open_over_time_wait__timestamps_and_a_second__reused),
	SCRIPT(T_54__open_over_time_wait__too_young__refused),
	{NULL, NULL},
};
