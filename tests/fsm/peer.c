/* The peer's life, its clock, and the calls of the application. */
#include "peer.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

const uint8_t mac_ours[6] = {0x02, 0, 0, 0, 0, 1};
const uint8_t mac_theirs[6] = {0x02, 0, 0, 0, 0, 2};

/* Where both sides start: in the middle of nowhere; where the SYN itself is the last number before the wrap, and the
 * peer wraps a little later; where the sign of a 32-bit number turns. */
static const struct {
	uint32_t iss, isn;
} pairs[ISN_PAIRS] = {
	{0x10000000, 0x30000000},
	{0xffffffff, 0xfffffff0},
	{0x7fffffff, 0x7ffffff8},
};

uint64_t peer_arrows;

static const uint8_t secret[32] = "a secret of thirty-two octets..";

/* Blocks of endpoints that are gone: thousands are made, and fresh pages cost more than zeros. */
static struct {
	void *memory;
	size_t bytes;
} spare[32];

static void *
counted_alloc(size_t bytes, void *arg)
{
	struct peer *p = arg;
	void *memory = NULL;

	if (p->started)
		fail_msg("%s: memory allocated in a turn", p->name);
	for (unsigned i = 0; i < 32 && !memory; i++) {
		if (spare[i].memory && spare[i].bytes == bytes) {
			memory = spare[i].memory;
			spare[i].memory = NULL;
		}
	}
	if (!memory)
		memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
	if (!memory)
		return NULL;
	memset(memory, 0, bytes);
	p->taken += bytes;
	return memory;
}

static void
counted_free(void *memory, size_t bytes, void *arg)
{
	struct peer *p = arg;

	if (!memory)
		return;
	p->taken -= bytes;
	for (unsigned i = 0; i < 32; i++) {
		if (!spare[i].memory) {
			spare[i].memory = memory;
			spare[i].bytes = bytes;
			return;
		}
	}
	free(memory);
}

void
peer_addresses(const struct peer *p, uint8_t ours[16], uint8_t theirs[16])
{
	struct fns_addr a, b;

	if (p->second)
		fns_addr_parse(&a, p->v6 ? "2001:db8:1::3" : "198.51.100.3", 1);
	else
		fns_addr_parse(&a, p->v6 ? "2001:db8:1::1" : "198.51.100.1", 1);
	fns_addr_parse(&b, p->v6 ? "2001:db8:1::2" : "198.51.100.2", 1);
	memcpy(ours, a.ip, 16);
	memcpy(theirs, b.ip, 16);
}

static void
configure(struct fns_config *config, struct peer *p)
{
	struct fns_addr a;

	fns_config_default(config);
	config->check = true;
	config->push_every = 0; /* a push is then what empties the queue */
	config->connections = 64;
	config->time_wait = 64;
	config->orphans = 64;
	config->syn_backlog = 16;
	config->listeners = 8;
	config->neighbours = 16;
	config->buffer_bytes = 1 << 20;
	config->resets_per_second = 100000;
	config->port_count = 1;
	memcpy(config->port[0].mac, mac_ours, 6);
	config->port[0].mtu = 1500;
	config->port[0].address_count = 4;
	for (unsigned i = 0; i < 4; i++) {
		static const char *const ip[] = {"198.51.100.1", "2001:db8:1::1", "198.51.100.3",
		                                 "2001:db8:1::3"};

		fns_addr_parse(&a, ip[i], 1);
		memcpy(config->port[0].address[i].ip, a.ip, 16);
		config->port[0].address[i].bits = i & 1 ? 64 : 24;
	}
	config->port[0].announce = false;
	config->alloc = counted_alloc;
	config->free = counted_free;
	config->alloc_arg = p;
}

void
peer_init(struct peer *p, bool v6, unsigned pair)
{
	memset(p, 0, sizeof(*p));
	p->v6 = v6;
	p->pair = pair;
	p->name = "";
	configure(&p->config, p);
	p->offer.mss = peer_mss(p);
	p->offer.ws = NONE;
	p->wnd = 65535;
	p->lport = 8080;
	p->rport = 40000;
	p->outbox = OUTBOX_ROOM;
}

uint32_t
peer_mss(const struct peer *p)
{
	return p->v6 ? 1440 : 1460;
}

uint32_t
peer_full(const struct peer *p)
{
	uint32_t most = p->config.port[0].mtu - (p->v6 ? 60u : 40u);
	uint32_t mss = p->mss_limit && p->mss_limit < most ? p->mss_limit : most;

	return mss - (p->ts_in && p->ts_out ? 12 : 0);
}

/* The endpoint's ISS at a certain time, for this flow, by asking it: ISS moves with a clock of 4 us (RFC 9293
 * §3.4.1), so the time at which it has a wanted value follows. */
static uint32_t
probe_iss(bool v6, bool active)
{
	static uint32_t known[2][2];
	static bool is_known[2][2];
	static struct peer probe;

	if (is_known[v6][active])
		return known[v6][active];
	peer_init(&probe, v6, 0);
	probe.name = "probe";
	probe.start_us = 4000000;
	if (active) {
		in_syn_sent(&probe);
	} else {
		in_syn_received(&probe);
	}
	known[v6][active] = probe.iss;
	is_known[v6][active] = true;
	peer_free(&probe);
	return known[v6][active];
}

void
peer_start(struct peer *p, bool active)
{
	struct written hello;

	if (p->shard)
		return;
	if (!p->start_us) {
		uint32_t ticks = pairs[p->pair].iss - probe_iss(p->v6, active);

		p->start_us = 4000000 + (uint64_t)ticks * 4;
	}
	p->isn = pairs[p->pair].isn;
	p->now_us = p->start_us;
	p->shard = fns_shard_new(&p->config, p->secret ? p->secret : secret, p->now_us);
	if (!p->shard) {
		char why[200] = "";

		fns_config_check(&p->config, why, sizeof(why));
		peer_fail(p, HERE, "fns_shard_new: %s: %s", strerror(errno), why);
	}
	p->started = true;
	if (!p->deaf) {
		hello = frame_hello(p);
		p->burst[p->bursts++] = (struct fns_frame){.data = hello.octets, .len = (uint16_t)hello.len};
	}
	turn(p);
}

void
peer_forget(struct peer *p)
{
	p->head = p->tail;
}

static void
abort_one(struct fns_conn *c, void *arg)
{
	(void)arg;
	fns_abort(c);
}

static void
hold_sums(struct peer *p)
{
	struct fns_stat row[FATES_ROOM];
	size_t rows = fns_shard_fates(p->shard, row, FATES_ROOM);
	uint64_t sum = 0;

	assert_true(rows <= FATES_ROOM);
	for (size_t i = 0; i < rows; i++)
		sum += row[i].value;
	expect_equal(p, peer_stat(p, "frames_in"), (int64_t)p->frames);
	expect_equal(p, (int64_t)sum, (int64_t)p->frames + peer_stat(p, "frames_looped"));
	expect_equal(p, peer_stat(p, "conns"), 0);
	if (peer_stat(p, "frames_looped") == 0)
		expect_equal(p, peer_stat(p, "segments_sent"), (int64_t)p->segments_out);
	if (p->closed != p->born)
		peer_fail(p, HERE, "%u connections were the application's, %u ended", p->born, p->closed);
}

void
peer_end(struct peer *p)
{
	if (!p->shard)
		return;
	p->outbox = OUTBOX_ROOM;
	if (p->listener)
		fns_unlisten(p->listener);
	p->listener = NULL;
	fns_shard_each(p->shard, abort_one, NULL);
	turn(p);
	peer_forget(p);
	hold_sums(p);
}

void
peer_free(struct peer *p)
{
	if (p->shard) {
		peer_arrows |= fns_shard_arrows(p->shard);
		fns_shard_free(p->shard);
	}
	p->shard = NULL;
	for (unsigned i = 0; i < p->bursts; i++)
		free(p->burst[i].data);
	p->bursts = 0;
	if (p->taken)
		fail_msg("%s: fns_shard_free kept %llu octets", p->name, (unsigned long long)p->taken);
}

static void
take_frames_out(struct peer *p, const struct fns_outbox *tx)
{
	for (unsigned i = 0; i < tx->used; i++) {
		const struct fns_frame *f = &tx->slot[i];
		uint8_t *exact = malloc(f->len ? f->len : 1);
		struct sent *s = &p->sent[p->tail % SENT_ROOM];
		struct written answer;

		memcpy(exact, f->data, f->len);
		answer = frame_neighbour_answer(p, exact, f->len);
		if (answer.octets && p->bursts < 64)
			p->burst[p->bursts++] =
				(struct fns_frame){.data = answer.octets, .len = (uint16_t)answer.len};
		if (frame_read(p, exact, f->len, s)) {
			if (p->tail - p->head == SENT_ROOM)
				peer_fail(p, HERE, "more frames than a script can want");
			p->tail++;
		}
		free(exact);
	}
}

static void
one_turn(struct peer *p)
{
	static uint8_t blank[OUTBOX_ROOM][1600];
	static struct fns_frame slot[OUTBOX_ROOM];
	struct fns_outbox tx = {.slot = slot, .room = p->outbox};
	struct fns_frame rx[64];
	unsigned n = p->bursts;
	const char *wrong;

	memset(slot, 0, sizeof(slot));
	for (unsigned i = 0; i < p->outbox; i++) {
		memset(blank[i], 0xa5, sizeof(blank[i])); /* what goes out unwritten shows */
		slot[i].data = blank[i];
		slot[i].room = 1514;
	}
	memcpy(rx, p->burst, n * sizeof(rx[0]));
	p->bursts = 0;
	p->frames += n;
	fns_shard_turn(p->shard, p->now_us, rx, n, &tx);
	for (unsigned i = 0; i < n; i++)
		free(rx[i].data); /* of exact size, gone now: AddressSanitizer sees who kept a pointer, or read beyond */
	if (tx.used > tx.room)
		peer_fail(p, HERE, "the outbox had room for %u frames, not %u", tx.room, tx.used);
	wrong = fns_shard_check(p->shard);
	if (wrong)
		peer_fail(p, HERE, "fns_shard_check: %s", wrong);
	take_frames_out(p, &tx);
}

void
turn(struct peer *p)
{
	struct fns_stat row[FATES_ROOM];
	unsigned rounds = 0;

	peer_start(p, false);
	if (p->bursts) {
		size_t rows = fns_shard_fates(p->shard, row, FATES_ROOM);

		for (size_t i = 0; i < rows && i < FATES_ROOM; i++)
			p->fates[i] = row[i].value;
		p->arrived = p->bursts;
	}
	do {
		one_turn(p);
		if (++rounds > 20)
			peer_fail(p, HERE, "the endpoint asks for its neighbour again and again");
	} while (p->bursts); /* answers of the neighbour */
}

bool
peer_step(struct peer *p, uint64_t until_us)
{
	uint64_t due;

	peer_start(p, false);
	due = fns_shard_due(p->shard);
	p->idle = due <= p->now_us ? p->idle + 1 : 0;
	if (p->idle > 1000)
		peer_fail(p, HERE, "the shard is due at once, again and again");
	if (due > p->now_us)
		p->now_us = due < until_us ? due : until_us;
	turn(p);
	return due <= until_us;
}

void
later(struct peer *p, uint64_t ms)
{
	uint64_t until_us = p->now_us + ms * 1000;

	while (peer_step(p, until_us))
		;
}

/* The application */

static void
read_all(struct peer *p, struct fns_conn *c)
{
	const void *run;
	size_t len;

	while ((len = fns_peek(c, &run))) {
		for (size_t i = 0; i < len; i++)
			if (((const uint8_t *)run)[i] != peer_pattern(true, ++p->read))
				peer_fail(p, HERE, "octet %u of the stream is not what the peer sent",
				          p->read);
		fns_consume(c, len);
	}
}

static void
send_pattern(struct peer *p, struct fns_conn *c, uint32_t len, ptrdiff_t *taken)
{
	uint8_t *octets = malloc(len ? len : 1);

	for (uint32_t i = 0; i < len; i++)
		octets[i] = peer_pattern(false, p->written + 1 + i);
	*taken = fns_send(c, octets, len);
	free(octets);
	if (*taken > 0)
		p->written += (uint32_t)*taken;
}

static void
on_report(struct fns_conn *c, unsigned reports, void *user)
{
	struct peer *p = user;
	ptrdiff_t taken;

	peer_note(p, "            report%s%s%s%s%s%s\n", reports & FNS_OPENED ? " OPENED" : "",
	          reports & FNS_READABLE ? " READABLE" : "", reports & FNS_WRITABLE ? " WRITABLE" : "",
	          reports & FNS_PEER_FIN ? " PEER-FIN" : "", reports & FNS_SOFT_ERROR ? " SOFT-ERROR" : "",
	          reports & FNS_CLOSED ? " CLOSED" : "");
	p->reports |= reports;
	if (reports & FNS_OPENED) {
		struct fns_status status;

		fns_status(c, &status);
		p->opened++;
		p->born += status.passive;
		p->conn = c;
	}
	if (!p->born)
		peer_fail(p, HERE, "a report of a connection that never was the application's");
	if (p->app.read_all)
		read_all(p, c);
	if (reports & FNS_CLOSED) {
		p->closed++;
		if (p->closed > p->born)
			peer_fail(p, HERE, "FNS_CLOSED came twice");
		fns_status(c, &p->end);
		if (p->app.hold)
			fns_hold(c);
		else
			p->conn = NULL;
		return;
	}
	if (reports & FNS_OPENED && p->app.send_on_open)
		send_pattern(p, c, p->app.send_on_open, &taken);
	if (reports & p->app.shutdown_on)
		fns_shutdown(c, FNS_SHUT_WR);
	if (reports & p->app.close_on)
		fns_close(c);
	if (reports & p->app.abort_on)
		fns_abort(c);
}

void
call_listen(struct peer *p)
{
	struct fns_addr local = {.port = p->lport};

	peer_start(p, false);
	p->listener = fns_listen(p->shard, &local, &p->options, on_report, p);
	if (!p->listener)
		peer_fail(p, HERE, "fns_listen: %s", strerror(errno));
	turn(p);
}

void
call_open(struct peer *p)
{
	struct fns_addr local = {.port = p->lport}, remote = {.port = p->rport};

	peer_start(p, true);
	peer_addresses(p, local.ip, remote.ip);
	peer_note(p, "%9.3f   OPEN\n", (double)(p->now_us - p->start_us) / 1000);
	p->conn = fns_open(p->shard, &local, &remote, &p->options, on_report, p);
	if (!p->conn)
		peer_fail(p, HERE, "fns_open: %s", strerror(errno));
	p->born++;
	p->iss_known = false;
	turn(p);
}

ptrdiff_t
call_send_some(struct peer *p, uint32_t len)
{
	ptrdiff_t taken;

	send_pattern(p, p->conn, len, &taken);
	peer_note(p, "%9.3f   SEND %u: %td\n", (double)(p->now_us - p->start_us) / 1000, len, taken);
	turn(p);
	return taken;
}

void
call_send(struct peer *p, uint32_t len)
{
	ptrdiff_t taken = call_send_some(p, len);

	if (taken != (ptrdiff_t)len)
		peer_fail(p, HERE, "fns_send of %u octets returned %td", len, taken);
}

static void
receive(struct peer *p, uint32_t len)
{
	while (len) {
		const void *run;
		size_t n = fns_peek(p->conn, &run);

		if (!n)
			peer_fail(p, HERE, "%u octets more should be readable", len);
		if (n > len)
			n = len;
		for (size_t i = 0; i < n; i++)
			if (((const uint8_t *)run)[i] != peer_pattern(true, ++p->read))
				peer_fail(p, HERE, "octet %u of the stream is not what the peer sent",
				          p->read);
		fns_consume(p->conn, n);
		len -= (uint32_t)n;
	}
}

void
call_receive(struct peer *p, uint32_t len)
{
	receive(p, len);
	peer_note(p, "%9.3f   RECEIVE %u\n", (double)(p->now_us - p->start_us) / 1000, len);
	turn(p);
}

void
call_shutdown(struct peer *p, enum fns_how how)
{
	int error = fns_shutdown(p->conn, how);

	peer_note(p, "%9.3f   SHUTDOWN\n", (double)(p->now_us - p->start_us) / 1000);
	if (error)
		peer_fail(p, HERE, "fns_shutdown: %s", strerror(-error));
	turn(p);
}

void
call_close(struct peer *p)
{
	peer_note(p, "%9.3f   CLOSE\n", (double)(p->now_us - p->start_us) / 1000);
	fns_close(p->conn);
	p->conn = NULL;
	turn(p);
}

void
call_abort(struct peer *p)
{
	peer_note(p, "%9.3f   ABORT\n", (double)(p->now_us - p->start_us) / 1000);
	fns_abort(p->conn);
	p->conn = NULL;
	turn(p);
}

void
call_set_options(struct peer *p)
{
	int error = fns_set_options(p->conn, &p->options);

	peer_note(p, "%9.3f   SET OPTIONS\n", (double)(p->now_us - p->start_us) / 1000);
	if (error)
		peer_fail(p, HERE, "fns_set_options: %s", strerror(-error));
	turn(p);
}

void
renumber(struct peer *p, uint32_t above)
{
	p->isn += above;
	p->iss_known = false;
	p->ts_in = p->ts_out = false;
	p->edge_known = false;
	p->written = p->read = 0;
}
