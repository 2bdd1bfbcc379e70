/* TIME-WAIT: §3.6.1, §3.10.7.4, RFC 1337, RFC 6191; section 4 of the rows in close-and-open, rows F12 and G07. */
#include "scripts.h"

static void
T_50__fin_again__acknowledged_and_restarted(struct peer *p)
{
	in_time_wait(p);
	for (unsigned i = 0; i < 3; i++) {
		later(p, 50000);
		arrive(p, FIN | ACK, .seq = 1, .ack = 2);
		expect(p, ACK, .seq = 2, .ack = 2);
		expect_in(p, "TIME-WAIT");
	}
	expect_silence(p, 59900);
	expect_in(p, "TIME-WAIT");
	expect_silence(p, 200);
	expect_in(p, "LISTEN");
}

static void
MUST_13__time_wait__two_msl(struct peer *p)
{
	in_time_wait(p);
	expect_equal(p, peer_stat(p, "time_waits"), 1);
	expect_silence(p, 59990);
	expect_in(p, "TIME-WAIT");
	expect_silence(p, 20);
	expect_in(p, "LISTEN");
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, RST, .seq = 2);
}

static void
time_wait_ms__of_the_configuration(struct peer *p)
{
	p->config.time_wait_ms = 5000;
	in_time_wait(p);
	expect_silence(p, 4990);
	expect_in(p, "TIME-WAIT");
	expect_silence(p, 20);
	expect_in(p, "LISTEN");
}

static void
T_51__rst__rfc1337__ignored(struct peer *p)
{
	expect_true(p, p->config.rfc1337); /* our default */
	in_time_wait(p);
	for (uint32_t seq = 0; seq < 4; seq++) {
		arrive(p, RST, .seq = seq);
		expect_nothing(p);
		expect_fate(p, DROP_TIME_WAIT_RST);
		expect_in(p, "TIME-WAIT");
	}
}

static void
T_51__rst__without_rfc1337__removed(struct peer *p)
{
	p->config.rfc1337 = false;
	in_time_wait(p);
	arrive(p, RST, .seq = 1);
	expect_nothing(p);
	expect_in(p, "TIME-WAIT");
	arrive(p, RST, .seq = 3);
	expect_in(p, "TIME-WAIT");
	arrive(p, RST, .seq = 2);
	expect_nothing(p);
	expect_in(p, "LISTEN");
}

/* MAY-2: our ISS is above all that the old incarnation sent. */
static void
T_52__syn_above__new_incarnation(struct peer *p)
{
	uint32_t old;

	in_time_wait(p);
	old = p->iss + 2;
	renumber(p, 1000);
	arrive(p, SYN);
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	expect_true(p, (int32_t)(p->iss - old) >= 65537);
	expect_in(p, "SYN-RECEIVED");
	expect_equal(p, peer_stat(p, "time_waits"), 0);
	expect_equal(p, peer_stat(p, "time_wait_reopens"), 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
}

/* Our own ISS may be above already: the clock has moved on. */
static void
T_52__syn_above_later__iss_by_clock(struct peer *p)
{
	uint32_t old;

	in_time_wait(p);
	old = p->iss;
	later(p, 10000);
	renumber(p, 1000);
	arrive(p, SYN);
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	expect_equal(p, p->iss - old, 2500000);
}

/* RFC 6191: a newer timestamp proves it even where the sequence number does not. */
static void
T_52__syn_below_with_newer_timestamp__new_incarnation(struct peer *p)
{
	p->offer.ts = true;
	in_time_wait(p);
	later(p, 1000);
	renumber(p, (uint32_t)-1000);
	arrive(p, SYN, .ts_val = (uint32_t)(p->isn + 1000 + 60000000));
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
}

static void
T_53__syn_below__acknowledged_again(struct peer *p)
{
	in_time_wait(p);
	later(p, 30000);
	arrive(p, SYN, .seq = (uint32_t)-1000);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_fate(p, DROP_TIME_WAIT_OLD);
	arrive(p, RST, .seq = 2); /* what such a peer says to that */
	expect_nothing(p);
	expect_in(p, "TIME-WAIT");
	expect_silence(p, 29900);
	expect_in(p, "TIME-WAIT");
	expect_silence(p, 200); /* the SYN did not start the clock again */
	expect_in(p, "LISTEN");
}

static void
T_53__syn_above_with_older_timestamp__acknowledged_again(struct peer *p)
{
	p->offer.ts = true;
	in_time_wait(p);
	arrive(p, SYN, .seq = 100000, .ts_val = (uint32_t)(p->isn - 1000));
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
}

static void
F12__syn_ack__acknowledged_again(struct peer *p)
{
	in_time_wait(p);
	arrive(p, SYN | ACK, .seq = 100000, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
}

/* The backlog is full: it stays where it is. */
static void
F12__syn_above__backlog_full__no_incarnation(struct peer *p)
{
	p->config.syn_backlog = 1;
	in_time_wait(p);
	arrive(p, SYN, .port = 40001);
	peer_forget(p);
	arrive(p, SYN, .seq = 100000);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_equal(p, peer_stat(p, "time_waits"), 1);
}

/* There is nobody to take it. */
static void
F12__syn_without_listener__no_incarnation(struct peer *p)
{
	in_established_active(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	arrive(p, SYN, .seq = 100000);
	peer_forget(p); /* an ACK, or nothing */
	expect_in(p, "TIME-WAIT");
}

static void
G07__old_duplicates__no_harm(struct peer *p)
{
	in_time_wait(p);
	arrive(p, ACK, .seq = 2, .ack = 2);
	expect_nothing(p); /* no war of ACKs with another TIME-WAIT */
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect(p, ACK, .seq = 2, .ack = 2);
	arrive(p, PSH | ACK, .seq = 1000, .ack = 2, .len = 10);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
}

/* T-54: an active open over a TIME-WAIT entry, without timestamps to tell the incarnations apart. */
static void
T_54__open_over_time_wait__refused(struct peer *p)
{
	struct fns_addr local = {.port = p->lport}, remote = {.port = p->rport};

	in_time_wait(p);
	peer_addresses(p, local.ip, remote.ip);
	errno = 0;
	expect_true(p, fns_open(p->shard, &local, &remote, NULL, NULL, NULL) == NULL);
	expect_equal(p, errno, EADDRINUSE);
	expect_in(p, "TIME-WAIT");
}

static void
T_55__no_room__gone_at_once(struct peer *p)
{
	p->config.time_wait = 1;
	in_time_wait(p);
	p->rport = 40001;
	p->iss_known = p->edge_known = false;
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_equal(p, peer_stat(p, "time_waits"), 1);
	expect_equal(p, peer_stat(p, "time_wait_overflows"), 1);
	expect_equal(p, p->closed, 2);
}

/* The window and the timestamps of its ACKs are those of the connection. */
static void
time_wait__ack__with_timestamps(struct peer *p)
{
	p->offer.ts = true;
	p->offer.ws = 7;
	in_time_wait(p);
	later(p, 1000);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
}

static void
MUST_48__time_wait__dscp_and_ttl_as_before(struct peer *p)
{
	p->options.dscp = 46;
	p->options.ttl = 7;
	in_time_wait(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2, .tos = 46 << 2, .ttl = 7);
}

/* They end in the order in which they began. */
static void
time_wait__many__each_in_its_time(struct peer *p)
{
	in_listen(p);
	for (unsigned i = 0; i < 10; i++) {
		p->rport = (uint16_t)(41000 + i);
		p->iss_known = p->edge_known = false;
		arrive(p, SYN);
		expect(p, SYN | ACK, .ack = 1);
		arrive(p, ACK, .seq = 1, .ack = 1);
		call_close(p);
		expect(p, FIN | ACK, .seq = 1, .ack = 1);
		arrive(p, FIN | ACK, .seq = 1, .ack = 2);
		expect(p, ACK, .seq = 2, .ack = 2);
		later(p, 1000);
	}
	expect_equal(p, peer_stat(p, "time_waits"), 10);
	later(p, 49990);
	for (int i = 9; i >= 0; i--) {
		later(p, 1000);
		expect_equal(p, peer_stat(p, "time_waits"), i);
	}
}

const struct script timewait_scripts[] = {
	SCRIPT(T_50__fin_again__acknowledged_and_restarted),
	SCRIPT(MUST_13__time_wait__two_msl),
	SCRIPT(time_wait_ms__of_the_configuration),
	SCRIPT(T_51__rst__rfc1337__ignored),
	SCRIPT(T_51__rst__without_rfc1337__removed),
	SCRIPT(T_52__syn_above__new_incarnation),
	SCRIPT(T_52__syn_above_later__iss_by_clock),
	SCRIPT(T_52__syn_below_with_newer_timestamp__new_incarnation),
	SCRIPT(T_53__syn_below__acknowledged_again),
	SCRIPT(T_53__syn_above_with_older_timestamp__acknowledged_again),
	SCRIPT(F12__syn_ack__acknowledged_again),
	SCRIPT(F12__syn_above__backlog_full__no_incarnation),
	SCRIPT(F12__syn_without_listener__no_incarnation),
	SCRIPT(G07__old_duplicates__no_harm),
	SCRIPT(T_54__open_over_time_wait__refused),
	SCRIPT(T_55__no_room__gone_at_once),
	SCRIPT(time_wait__ack__with_timestamps),
	SCRIPT(MUST_48__time_wait__dscp_and_ttl_as_before),
	SCRIPT(time_wait__many__each_in_its_time),
	{NULL, NULL},
};
