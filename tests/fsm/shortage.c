/* Too little of something: pages, ranges, connections, listeners, option sets, ports, memory, room in the outbox at
 * the wrong moment (rows L02, F13, I10); and what a shard says to a configuration that cannot be. */
#include "scripts.h"

#include <stdlib.h>
#include <string.h>

static void
quiet(struct fns_conn *c, unsigned reports, void *user)
{
	(void)c;
	(void)reports;
	(void)user;
}

/* More is offered than there are pages for: what finds none is dropped, and comes again when there is room. */
static void
I10__pages__all_taken__comes_again(struct peer *p)
{
	uint32_t at = 1, dropped = 0;

	p->offer.ws = 7;
	p->config.rcv_wnd_initial = 4 << 20;
	in_established(p);
	for (unsigned i = 0; i < 2000 && !dropped; i++) {
		uint32_t before = peer_status(p).unread;

		arrive(p, ACK, .seq = at, .ack = 1, .len = 1000);
		peer_forget(p);
		at += peer_status(p).unread - before;
		dropped = peer_status(p).unread - before < 1000;
	}
	expect_true(p, dropped);
	expect_in(p, "ESTABLISHED");
	call_receive(p, peer_status(p).unread);
	peer_forget(p);
	arrive(p, PSH | ACK, .seq = at, .ack = 1, .len = 1000);
	expect_within(p, 40, ACK, .seq = 1, .ack = at + 1000);
	expect_stream(p, 1000);
}

/* And out of order: an ACK for each, and not one octet claimed that is not held. */
static void
I10__pages__all_taken_out_of_order__nothing_claimed(struct peer *p)
{
	uint32_t first;

	p->offer.ws = 7;
	p->offer.sack = true;
	p->config.rcv_wnd_initial = 4 << 20;
	in_established(p);
	for (uint32_t at = 1001; at < 3000000; at += 1000) {
		arrive(p, ACK, .seq = at, .ack = 1, .len = 1000);
		peer_forget(p);
	}
	arrive(p, ACK, .seq = 1, .ack = 1, .len = 1000);
	expect_equal(p, peer_pending(p), 1);
	first = peer_next(p)->seg.ack - p->isn;
	expect_equal(p, peer_status(p).unread, first - 1);
	call_receive(p, first - 1);
	later(p, 50);
	peer_forget(p);
	expect_in(p, "ESTABLISHED");
}

static void
I10__pages__all_taken__send_takes_less(struct peer *p)
{
	ptrdiff_t taken;

	p->config.snd_buf_max = 8 << 20;
	in_established(p);
	taken = call_send_some(p, 4 << 20);
	expect_true(p, taken > 0 && taken < 4 << 20);
	expect_equal(p, call_send_some(p, 1000), 0);
	while (peer_pending(p)) {
		const struct sent *s = peer_next(p);
		uint32_t end = s->seg.seq - p->iss + s->seg.text_len;

		if (!peer_pending(p))
			arrive(p, ACK, .seq = 1, .ack = end);
	}
	expect_equal(p, fns_unacked(p->conn), 0);
	expect_true(p, p->reports & FNS_WRITABLE);
}

/* H04: more holes than there are ranges. */
static void
H04__ranges__all_taken__bounded(struct peer *p)
{
	in_established(p);
	for (uint32_t at = 3; at < 1003; at += 2) {
		arrive(p, PSH | ACK, .seq = at, .ack = 1, .len = 1);
		expect(p, ACK, .seq = 1, .ack = 1);
	}
	expect_fate(p, DROP_TEXT_NO_ROOM);
	for (uint32_t at = 1; at < 1003; at += 100)
		arrive(p, PSH | ACK, .seq = at, .ack = 1, .len = 100);
	later(p, 50);
	peer_forget(p);
	expect_stream(p, 1100);
}

static void
F13__connections__all_taken__refused(struct peer *p)
{
	struct fns_addr remote = {.port = 1};
	uint8_t ours[16];

	p->config.connections = 3;
	peer_start(p, true);
	peer_addresses(p, ours, remote.ip);
	for (unsigned i = 0; i < 3; i++, remote.port++)
		expect_true(p, fns_open(p->shard, NULL, &remote, NULL, quiet, NULL) != NULL);
	errno = 0;
	expect_true(p, fns_open(p->shard, NULL, &remote, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, ENOBUFS);
	expect_equal(p, peer_stat(p, "conns"), 3);
	p->outbox = 0; /* they have no place among the segments of this script */
}

/* Each local port once for one remote one, and then no more; another remote port has them all again. */
static void
F13__ports__all_taken__refused(struct peer *p)
{
	struct fns_addr remote = {.port = 80};
	bool seen[10] = {false};
	struct fns_status status;
	struct fns_conn *c;
	uint8_t ours[16];

	p->config.local_port_first = 40001;
	p->config.local_port_last = 40010;
	peer_start(p, true);
	peer_addresses(p, ours, remote.ip);
	for (unsigned i = 0; i < 10; i++) {
		c = fns_open(p->shard, NULL, &remote, NULL, quiet, NULL);
		expect_true(p, c != NULL);
		fns_status(c, &status);
		expect_true(p, status.local.port >= 40001 && status.local.port <= 40010);
		expect_true(p, !seen[status.local.port - 40001]);
		seen[status.local.port - 40001] = true;
	}
	errno = 0;
	expect_true(p, fns_open(p->shard, NULL, &remote, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, EADDRNOTAVAIL);
	remote.port = 81;
	expect_true(p, fns_open(p->shard, NULL, &remote, NULL, quiet, NULL) != NULL);
	p->outbox = 0;
}

static void
listeners__all_taken__refused(struct peer *p)
{
	struct fns_addr local = {.port = 1};
	struct fns_listener *l[8];

	p->config.listeners = 8;
	peer_start(p, false);
	for (unsigned i = 0; i < 8; i++, local.port++) {
		l[i] = fns_listen(p->shard, &local, NULL, quiet, NULL);
		expect_true(p, l[i] != NULL);
	}
	errno = 0;
	expect_true(p, fns_listen(p->shard, &local, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, ENOBUFS);
	fns_unlisten(l[3]);
	expect_true(p, fns_listen(p->shard, &local, NULL, quiet, NULL) != NULL);
}

/* Three on one port, at any address and at two: each can end without the others. */
static void
listeners__one_port__each_its_own(struct peer *p)
{
	struct fns_addr at = {.port = 8080};
	struct fns_listener *l[3];

	peer_start(p, false);
	for (unsigned i = 0; i < 3; i++) {
		uint8_t theirs[16];

		p->second = i == 2;
		if (i > 0)
			peer_addresses(p, at.ip, theirs);
		l[i] = fns_listen(p->shard, &at, NULL, quiet, NULL);
		expect_true(p, l[i] != NULL);
	}
	fns_unlisten(l[1]);
	arrive(p, SYN);
	expect(p, SYN | ACK, .ack = 1);
	fns_unlisten(l[0]);
	turn(p);
	expect_nothing(p); /* the child is of the one that is left */
	fns_unlisten(l[2]);
	turn(p);
	expect(p, RST | ACK, .seq = 1, .ack = 1);
}

/* Two that share, each found for about half of the flows and always for the same ones; one that does not is not let in. */
static void
listeners__shared__spread_by_flow(struct peer *p)
{
	struct fns_addr at = {.port = 8080};
	struct fns_options share = {.share = FNS_ON};
	struct fns_listener *l[2];

	p->config.listeners = 8;
	p->config.connections = p->config.syn_backlog = 256;
	peer_start(p, false);
	for (unsigned i = 0; i < 2; i++) {
		l[i] = fns_listen(p->shard, &at, &share, quiet, NULL);
		expect_true(p, l[i] != NULL);
	}
	errno = 0;
	expect_true(p, fns_listen(p->shard, &at, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, EADDRINUSE);
	p->lport = 8080;
	for (p->rport = 2000; p->rport < 2100; p->rport++)
		arrive(p, SYN);
	peer_forget(p);
	expect_equal(p, peer_stat(p, "state_SYN_RECEIVED"), 100);
	fns_unlisten(l[0]); /* resets its own */
	turn(p);
	peer_forget(p);
	expect_true(p, peer_stat(p, "state_SYN_RECEIVED") > 20 && peer_stat(p, "state_SYN_RECEIVED") < 80);
	for (p->rport = 2000; p->rport < 2100; p->rport++)
		arrive(p, SYN);
	peer_forget(p);
	expect_equal(p, peer_stat(p, "state_SYN_RECEIVED"), 100);
	fns_unlisten(l[1]);
	turn(p);
	peer_forget(p);
}

/* :: of IPv6 alone leaves 0.0.0.0 to another. */
static void
listeners__v6_only__one_family(struct peer *p)
{
	struct fns_addr any6 = {.port = 8080}, any4 = {.port = 8080};
	struct fns_options only = {.v6_only = FNS_ON};
	struct fns_listener *l6, *l4;

	any4.ip[10] = any4.ip[11] = 0xff;
	p->config.listeners = 8;
	peer_start(p, false);
	l6 = fns_listen(p->shard, &any6, &only, quiet, NULL);
	expect_true(p, l6 != NULL);
	p->lport = 8080;
	arrive(p, SYN);
	if (p->v6)
		expect(p, SYN | ACK, .ack = 1);
	else
		expect(p, RST | ACK, .seq = 0, .ack = 1);
	errno = 0;
	expect_true(p, fns_listen(p->shard, &any6, NULL, quiet, NULL) == NULL);
	expect_equal(p, errno, EADDRINUSE);
	l4 = fns_listen(p->shard, &any4, NULL, quiet, NULL);
	expect_true(p, l4 != NULL);
	fns_unlisten(l6);
	turn(p);
	peer_forget(p);
	fns_unlisten(l4);
}

static void
options__out_of_range__refused(struct peer *p)
{
	static const struct fns_options wrong[] = {{.profile = 77},
	                                           {.dscp = 64},
	                                           {.no_delay = 3},
	                                           {.keepalive = 9}};
	struct fns_addr local = {.port = 99};

	peer_start(p, false);
	for (unsigned i = 0; i < 4; i++) {
		errno = 0;
		expect_true(p, fns_listen(p->shard, &local, &wrong[i], quiet, NULL) == NULL);
		expect_equal(p, errno, EINVAL);
	}
}

static struct fns_conn *
open_with_timeout(struct peer *p, uint16_t port, uint32_t user_timeout_ms)
{
	struct fns_options options = {.user_timeout_ms = user_timeout_ms};
	struct fns_addr remote = {.port = port};
	uint8_t ours[16];

	peer_addresses(p, ours, remote.ip);
	return fns_open(p->shard, NULL, &remote, &options, quiet, NULL);
}

/* A set of options goes back when the last that uses it ends: there are far fewer than these. */
static void
options__many_one_after_another__no_end(struct peer *p)
{
	peer_start(p, true);
	for (uint32_t i = 1; i <= 3000; i++) {
		struct fns_conn *c = open_with_timeout(p, 80, 1000 + i);

		expect_true(p, c != NULL);
		fns_abort(c);
		turn(p); /* aborted before its SYN: nothing goes out */
	}
}

/* And not before: the options of a connection stay what they were, whatever others want. */
static void
options__others_come_and_go__stay(struct peer *p)
{
	p->options.dscp = 46;
	in_syn_sent(p);
	for (uint32_t i = 1; i <= 20; i++) {
		struct fns_conn *c = open_with_timeout(p, 80, 1000 + i);

		expect_true(p, c != NULL);
		fns_abort(c);
		turn(p);
	}
	expect_at(p, 1000, SYN, .seq = 0, .tos = 46 << 2);
}

/* Octets of a segment at most, of an open that asks for `mss`; the open is over then. */
static uint32_t
open_with_mss(struct peer *p, uint16_t mss)
{
	struct fns_options options = {.mss = mss};
	struct fns_addr remote = {.port = 80};
	struct fns_measure measure;
	struct fns_conn *c;
	uint8_t ours[16];

	peer_addresses(p, ours, remote.ip);
	c = fns_open(p->shard, NULL, &remote, &options, quiet, NULL);
	expect_true(p, c != NULL);
	fns_measure(c, &measure);
	fns_abort(c);
	turn(p);
	return measure.rcv_text_max;
}

/* What was given last is at hand for the next; but not once others have its place. */
static void
options__given_again__their_own(struct peer *p)
{
	static const struct fns_options other = {.mss = 500};
	struct fns_addr local = {.port = 99};

	peer_start(p, true);
	expect_equal(p, open_with_mss(p, 1000), 1000);
	expect_equal(p, open_with_mss(p, 1000), 1000);
	expect_true(p, fns_listen(p->shard, &local, &other, quiet, NULL) != NULL);
	expect_equal(p, open_with_mss(p, 1000), 1000);
	expect_equal(p, open_with_mss(p, 500), 500);
	expect_equal(p, open_with_mss(p, 500), 500);
	expect_true(p, open_with_mss(p, 0) > 1000);
	expect_equal(p, open_with_mss(p, 1000), 1000);
}

/* §3.10.4: a CLOSE in SYN-RECEIVED with octets queued waits for ESTABLISHED. */
static void
syn_received__send_and_close__fin_after_text(struct peer *p)
{
	in_syn_received_active(p);
	call_send(p, 10);
	expect_nothing(p);
	call_close(p);
	expect_nothing(p);
	expect_in(p, "SYN-RECEIVED");
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect(p, FIN | PSH | ACK, .seq = 1, .ack = 1, .len = 10);
	expect_in(p, "FIN-WAIT-1");
}

/* The SYN's timeout found no room, and the answer to the first one comes after all. */
static void
L02__syn_again__no_room__answer_comes(struct peer *p)
{
	in_syn_sent(p);
	p->outbox = 0;
	p->now_us += 1500000;
	turn(p);
	p->outbox = OUTBOX_ROOM;
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	call_send(p, 5);
	expect(p, PSH | ACK, .seq = 1, .ack = 1, .len = 5);
}

/* The same for text: an ACK that is owed goes out with the highest number sent. */
static void
L02__text_again__no_room__ack_with_the_highest(struct peer *p)
{
	uint32_t full;

	in_established(p);
	full = peer_full(p);
	call_send(p, 3 * full);
	peer_forget(p);
	p->outbox = 0;
	p->now_us += 500000;
	turn(p);
	arrive(p, PSH | ACK, .seq = 1, .ack = 1, .len = 10, .wnd = 0);
	p->outbox = OUTBOX_ROOM;
	turn(p);
	while (peer_pending(p)) {
		const struct sent *s = peer_next(p);

		expect_equal(p, s->seg.ack - p->isn, 11);
		expect_true(p, s->seg.seq - p->iss == 1 || s->seg.seq - p->iss == 1 + 3 * full);
	}
	arrive(p, ACK, .seq = 11, .ack = 1 + 3 * full);
	later(p, 100);
	peer_forget(p);
	expect_equal(p, fns_unacked(p->conn), 0);
}

/* FNS_CLOSED goes to who is attached then. */
static unsigned attached;

static void
other(struct fns_conn *c, unsigned reports, void *user)
{
	(void)c;
	(void)user;
	attached |= reports;
}

static void
attach__other_handler__gets_the_reports(struct peer *p)
{
	in_established(p);
	attached = 0;
	fns_attach(p->conn, NULL, &attached);
	expect_true(p, fns_user(p->conn) == &attached);
	fns_attach(p->conn, other, &attached);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_equal(p, attached, FNS_PEER_FIN);
	expect_reports(p, 0);
	arrive(p, RST, .seq = 2);
	expect_equal(p, attached, FNS_PEER_FIN | FNS_CLOSED);
	p->closed++; /* it was told to the other */
}

/* Memory that is not there: each of the blocks that fns_shard_new asks for. */
static unsigned allocations, fails_at;
static uint64_t kept;

static void *
failing_alloc(size_t bytes, void *arg)
{
	void *memory;

	(void)arg;
	if (++allocations == fails_at)
		return NULL;
	kept++;
	memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
	return memory ? memset(memory, 0, bytes) : NULL;
}

static void
failing_free(void *memory, size_t bytes, void *arg)
{
	(void)bytes;
	(void)arg;
	kept -= memory != NULL;
	free(memory);
}

static void
memory__any_block_missing__enomem(struct peer *p)
{
	struct fns_config config = p->config;
	const uint8_t secret[32] = {0};
	struct fns_shard *s = NULL;

	config.alloc = failing_alloc;
	config.free = failing_free;
	for (fails_at = 1; fails_at < 100 && !s; fails_at++) {
		allocations = 0;
		kept = 0;
		errno = 0;
		s = fns_shard_new(&config, secret, 0);
		if (s)
			break;
		expect_equal(p, errno, ENOMEM);
		expect_equal(p, (int64_t)kept, 0);
	}
	expect_true(p, s != NULL && fails_at > 5);
	fns_shard_free(s);
	expect_equal(p, (int64_t)kept, 0);
}

static void
memory__of_the_c_library__as_announced(struct peer *p)
{
	struct fns_config config = p->config;
	struct fns_memory row[64];
	const uint8_t secret[32] = {0};
	uint64_t sum = 0;
	size_t rows;
	struct fns_shard *s;

	config.alloc = NULL;
	config.free = NULL;
	s = fns_shard_new(&config, secret, 0);
	expect_true(p, s != NULL);
	expect_true(p, fns_shard_check(s) == NULL);
	fns_shard_free(s);
	rows = fns_config_memory(&config, row, 64);
	expect_true(p, rows > 5 && rows <= 64);
	expect_equal(p, (int64_t)fns_config_memory(&config, NULL, 0), (int64_t)rows);
	for (size_t i = 0; i < rows; i++)
		sum += row[i].bytes;
	peer_start(p, false); /* with counters */
	expect_true(p, p->taken >= sum && p->taken < sum + sum / 8 + (1 << 20));
}

const struct script shortage_scripts[] = {
	SCRIPT(I10__pages__all_taken__comes_again),
	SCRIPT(I10__pages__all_taken_out_of_order__nothing_claimed),
	SCRIPT(I10__pages__all_taken__send_takes_less),
	SCRIPT(H04__ranges__all_taken__bounded),
	SCRIPT(F13__connections__all_taken__refused),
	SCRIPT(F13__ports__all_taken__refused),
	SCRIPT(listeners__all_taken__refused),
	SCRIPT(listeners__shared__spread_by_flow),
	SCRIPT(listeners__v6_only__one_family),
	SCRIPT(listeners__one_port__each_its_own),
	SCRIPT(options__out_of_range__refused),
	SCRIPT(options__many_one_after_another__no_end),
	SCRIPT(options__others_come_and_go__stay),
	SCRIPT(options__given_again__their_own),
	SCRIPT(syn_received__send_and_close__fin_after_text),
	SCRIPT(L02__syn_again__no_room__answer_comes),
	SCRIPT(L02__text_again__no_room__ack_with_the_highest),
	SCRIPT(attach__other_handler__gets_the_reports),
	SCRIPT(memory__any_block_missing__enomem),
	SCRIPT(memory__of_the_c_library__as_announced),
	{NULL, NULL},
};
