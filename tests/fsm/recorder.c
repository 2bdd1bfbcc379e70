/* The flight recorder: what is recorded, of whom, how much of it, and for how long (issue 3, item 7). */
#include "scripts.h"

#include <stdio.h>
#include <string.h>

enum { KEPT = 512 };

static struct fns_record_row rows[KEPT];

static size_t
records(struct peer *p)
{
	size_t n = fns_shard_records(p->shard, rows, KEPT);

	expect_true(p, fns_shard_check(p->shard) == NULL);
	return n;
}

/* The newest there is. */
static const struct fns_record *
newest(struct peer *p)
{
	static struct fns_record record;
	size_t n = records(p), best = 0;

	expect_true(p, n > 0);
	for (size_t i = 1; i < n; i++) {
		if (rows[i].id > rows[best].id)
			best = i;
	}
	expect_equal(p, fns_shard_record(p->shard, rows[best].id, &record), 0);
	return &record;
}

static void
put(char *text, size_t room, const struct fns_record *r, const struct fns_event *e)
{
	bool sent = e->kind == FNS_EVENT_SENT;
	size_t n = strlen(text);

	switch ((enum fns_event_kind)e->kind) {
	case FNS_EVENT_SENT:
	case FNS_EVENT_ARRIVED:
		snprintf(text + n, room - n, "%s%02x:%u+%u%s ", sent ? ">" : "<", e->flags,
		         e->seq - (sent ? r->iss : r->irs), e->len, e->again ? "again" : "");
		break;
	case FNS_EVENT_STATE:
		snprintf(text + n, room - n, "%s ", fns_event_name(e));
		break;
	case FNS_EVENT_CALL:
		snprintf(text + n, room - n, "%s(%u) ", fns_event_name(e), e->len);
		break;
	case FNS_EVENT_TIMEOUT:
		snprintf(text + n, room - n, "%s! ", fns_event_name(e));
		break;
	case FNS_EVENT_REPORTS:
		snprintf(text + n, room - n, "*%u ", e->flags);
		break;
	}
}

/* Events `from` to the last of the newest recording, in short. */
static void
peer_expect_told(struct peer *p, const char *file, int line, unsigned from, const char *all)
{
	const struct fns_record *r = newest(p);
	char text[1024] = "";

	for (unsigned i = from; i < r->row.events; i++)
		put(text, sizeof(text), r, &r->event[i]);
	if (strcmp(text, all) != 0)
		peer_fail(p, file, line, "recorded \"%s\", not \"%s\"", text, all);
}
#define expect_told(p, from, all) peer_expect_told((p), HERE, (from), (all))

/* Another client. */
static void
next_client(struct peer *p)
{
	p->rport++;
	p->iss_known = p->edge_known = false;
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_nothing(p);
}

static void
abort_it(struct peer *p)
{
	call_abort(p);
	expect(p, RST | ACK, .seq = 1, .ack = 1);
}

static void
close_it(struct peer *p)
{
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
}

static void
recorder__off__nothing(struct peer *p)
{
	in_established(p);
	call_send(p, 10);
	peer_forget(p);
	call_abort(p);
	peer_forget(p);
	expect_equal(p, records(p), 0);
	expect_equal(p, peer_stat(p, "recordings"), 0);
}

static void
recorder__passive__events_in_order(struct peer *p)
{
	p->options.record = FNS_ON;
	in_established(p);
	expect_told(p, 0, "<02:0+0 SYN-RECEIVED >12:0+0 <10:1+0 ESTABLISHED *1 ");
	expect_true(p, strcmp(fns_event_from(&newest(p)->event[1]), "LISTEN") == 0);
	expect_true(p, newest(p)->row.close_class == NULL && newest(p)->row.passive);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	peer_forget(p);
	call_receive(p, 4);
	call_receive(p, 6);
	call_send(p, 3);
	call_send(p, 4);
	peer_forget(p);
	expect_told(p, 6, "<18:1+10 *2 >10:1+0 consume(10) send(3) >18:1+3 send(4) ");
}

static void
recorder__active__open_and_refused(struct peer *p)
{
	p->options.record = FNS_ON;
	in_syn_sent(p);
	arrive(p, RST | ACK, .seq = 0u - p->isn, .ack = 1); /* 0 on the wire, as it has no number to say */
	expect_told(p, 0, "open(0) SYN-SENT >02:0+0 <14:0+0 CLOSED *32 ");
	expect_true(p, strcmp(newest(p)->row.close_class, "peer_reset_syn_sent") == 0);
	expect_true(p, newest(p)->row.abnormal && !newest(p)->row.passive);
}

static void
recorder__timeout__retransmission_said(struct peer *p)
{
	p->options.record = FNS_ON;
	in_established(p);
	call_shutdown(p, FNS_SHUT_WR);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_within(p, 3000, FIN | ACK, .seq = 1, .ack = 1);
	expect_told(p, 6, "shutdown(WR)(0) FIN-WAIT-1 >11:1+0 retransmission timeout! >11:1+0again ");
}

/* The reset is no segment of output's, and comes before the end. */
static void
recorder__text_after_close__reset_is_there(struct peer *p)
{
	p->options.record = FNS_ON;
	orphan_in_fin_wait_2(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 2, .len = 10);
	expect(p, RST, .seq = 2);
	expect_told(p, 6, "close(0) FIN-WAIT-1 >11:1+0 <10:1+0 FIN-WAIT-2 <18:1+10 >04:2+0 CLOSED *32 ");
}

/* Of many events the last 32 are there, and how many were before is said. */
static void
recorder__many_events__wraps(struct peer *p)
{
	const struct fns_record *r;

	p->options.record = FNS_ON;
	in_established(p);
	for (uint32_t i = 0; i < 50; i++) {
		call_send(p, 10);
		peer_forget(p);
		arrive(p, ACK, .seq = 1, .ack = 1 + 10 * (i + 1));
	}
	r = newest(p);
	expect_equal(p, r->row.events, 32);
	expect_equal(p, r->row.lost, 6 + 3 * 50 - 32);
	for (unsigned i = 1; i < 32; i++)
		expect_true(p, r->event[i].at_us >= r->event[i - 1].at_us);
	expect_equal(p, r->event[31].kind, FNS_EVENT_ARRIVED);
	expect_equal(p, r->event[31].ack - r->iss, 501);
	expect_equal(p, r->event[1].ack - r->iss, 501 - 10 * 10);
}

static void
recorder__sampled__one_in_three(struct peer *p)
{
	p->config.record_sample = 3;
	in_established(p);
	for (unsigned i = 1; i < 9; i++)
		next_client(p);
	expect_equal(p, peer_stat(p, "recordings"), 3);
	expect_equal(p, records(p), 3);
	for (unsigned i = 0; i < 3; i++)
		expect_equal(p, rows[i].remote.port, p->rport - 8 + 3 * i);
}

static void
recorder__sampled_but_off__nothing(struct peer *p)
{
	p->config.record_sample = 1;
	p->options.record = FNS_OFF;
	in_established(p);
	expect_equal(p, records(p), 0);
}

static void
recorder__no_rings__nothing(struct peer *p)
{
	p->config.recorders = 0;
	p->config.record_sample = 1;
	p->options.record = FNS_ON;
	in_established(p);
	abort_it(p);
	expect_equal(p, records(p), 0);
}

static void
recorder__abnormal_ends__last_256_kept(struct peer *p)
{
	struct fns_record record;

	p->options.record = FNS_ON;
	in_established(p);
	abort_it(p);
	for (unsigned i = 1; i < 300; i++) {
		next_client(p);
		abort_it(p);
	}
	expect_equal(p, records(p), 256);
	for (unsigned i = 0; i < 256; i++)
		expect_true(p, rows[i].id > 300 - 256 && rows[i].abnormal);
	expect_equal(p, fns_shard_record(p->shard, 300 - 256, &record), -ENOENT);
	expect_equal(p, fns_shard_record(p->shard, 300, &record), 0);
}

static void
recorder__graceful_ends__last_32_kept(struct peer *p)
{
	p->options.record = FNS_ON;
	in_established(p);
	abort_it(p);
	for (unsigned i = 1; i < 50; i++) {
		next_client(p);
		close_it(p);
	}
	expect_equal(p, records(p), 33);
	expect_told(p, 6, "close(0) FIN-WAIT-1 >11:1+0 <11:1+0 FIN-WAIT-2 TIME-WAIT *32 >10:2+0 ");
}

/* Live ones are never taken; of ended ones the graceful go first, and of those the oldest. */
static void
recorder__few_rings__graceful_given_up_first(struct peer *p)
{
	p->options.record = FNS_ON;
	p->config.recorders = 3;
	in_established(p);
	abort_it(p);
	next_client(p);
	close_it(p);
	next_client(p);
	close_it(p);
	next_client(p); /* takes that of the second */
	expect_equal(p, records(p), 3);
	expect_true(p, rows[0].abnormal && rows[1].close_class == NULL && !rows[2].abnormal);
	next_client(p);
	next_client(p);
	expect_equal(p, records(p), 3);
	for (unsigned i = 0; i < 3; i++)
		expect_true(p, rows[i].close_class == NULL);
	next_client(p);
	expect_equal(p, records(p), 3);
	expect_equal(p, peer_stat(p, "recordings_refused"), 1);
	expect_equal(p, peer_stat(p, "recordings"), 6);
}

/* Room for fewer than there are is no harm. */
static void
recorder__list__fills_what_fits(struct peer *p)
{
	p->options.record = FNS_ON;
	in_established(p);
	next_client(p);
	rows[1].id = 77;
	expect_equal(p, fns_shard_records(p->shard, rows, 1), 2);
	expect_equal(p, rows[1].id, 77);
	expect_equal(p, fns_shard_records(p->shard, NULL, 0), 2);
}

const struct script recorder_scripts[] = {
	SCRIPT(recorder__off__nothing),
	SCRIPT(recorder__passive__events_in_order),
	SCRIPT(recorder__active__open_and_refused),
	SCRIPT(recorder__timeout__retransmission_said),
	SCRIPT(recorder__text_after_close__reset_is_there),
	SCRIPT(recorder__many_events__wraps),
	SCRIPT(recorder__sampled__one_in_three),
	SCRIPT(recorder__sampled_but_off__nothing),
	SCRIPT(recorder__no_rings__nothing),
	SCRIPT(recorder__abnormal_ends__last_256_kept),
	SCRIPT(recorder__graceful_ends__last_32_kept),
	SCRIPT(recorder__few_rings__graceful_given_up_first),
	SCRIPT(recorder__list__fills_what_fits),
	{NULL, NULL},
};
